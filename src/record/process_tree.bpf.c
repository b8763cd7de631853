// SPDX-License-Identifier: GPL-2.0 OR MIT
// Keeps the sampling events of whole CPUs to one process tree: `targets` holds the thread group ids
// of the tree and follows fork; a sample taken in any other process is dropped before it is
// written. The loader puts the roots into `targets`, and only then attaches keep_target to the
// events. Ids are those of the initial pid namespace.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// As far as it is looked at; offsets come from the running kernel's BTF.
struct task_struct {
  int pid;
  int tgid;
} __attribute__((preserve_access_index));

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 32768);
  __type(key, __u32);
  __type(value, __u8);
} targets SEC(".maps");

// Set when `targets` was full: then every sample is kept, and user space sorts them.
__u32 overflowed = 0;

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child) {
  __u32 parent_id = parent->tgid;
  __u32 child_id = child->tgid;
  const __u8 present = 1;
  if (child_id == parent_id) return 0;  // A thread.
  if (!bpf_map_lookup_elem(&targets, &parent_id)) return 0;
  if (bpf_map_update_elem(&targets, &child_id, &present, BPF_ANY) != 0) overflowed = 1;
  return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(on_free, struct task_struct* task) {
  __u32 id = task->tgid;
  if (task->pid == task->tgid) bpf_map_delete_elem(&targets, &id);
  return 0;
}

SEC("perf_event")
int keep_target(void* context) {
  __u32 id = bpf_get_current_pid_tgid() >> 32;
  return overflowed || bpf_map_lookup_elem(&targets, &id) != 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
