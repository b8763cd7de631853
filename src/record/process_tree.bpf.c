// SPDX-License-Identifier: GPL-2.0 OR MIT
// Keeps the sampling events of whole CPUs to one process tree: `targets` holds the thread group ids
// of the tree and follows fork; a sample taken in any other process is dropped before it is
// written. The loader puts the roots into `targets`, and only then attaches keep_target to the
// events. Of context switches, on_switch has those sampled that are to have a stack: as many as tell
// where the time went. Ids are those of the initial pid namespace.
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

// Set when `targets` was full, or by the loader: then the samples of all are kept, and user space
// sorts them.
__u32 keeps_everybody = 0;

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child) {
  __u32 parent_id = parent->tgid;
  __u32 child_id = child->tgid;
  const __u8 present = 1;
  if (child_id == parent_id) return 0;  // A thread.
  if (!bpf_map_lookup_elem(&targets, &parent_id)) return 0;
  if (bpf_map_update_elem(&targets, &child_id, &present, BPF_ANY) != 0) keeps_everybody = 1;
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
  return keeps_everybody || bpf_map_lookup_elem(&targets, &id) != 0;
}

// Stacks of waits are paid for with time: each costs COST_NS of it, and a CPU earns as much as
// goes by, up to MOST_NS. As long as it can pay, every switch gets one, so that most programs have all.
// When it no longer can, there is a storm of switches: until it has earned MOST_NS again they are taken
// at random moments, in no rhythm that a program could share, and beside those only of threads that
// have had none for a while, whatever the others do.
#define COST_NS 1000000
#define MOST_NS (64 * COST_NS)
#define STORM_INTERVAL_NS (3 * COST_NS / 2)
#define WHILE_NS (10 * COST_NS)

struct pace {
  __s64 earned_ns;
  __u64 paid_at_ns;
  __u64 next_ns;  // In a storm; 0: there is none.
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct pace);
} paces SEC(".maps");

// When each thread was sampled last.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, __u32);
  __type(value, __u64);
} sampled SEC(".maps");

// Threads in a wait whose stack was taken, and events by CPU to write to when one is woken, with its
// number as raw data: who did it is on the stack.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, __u32);
  __type(value, __u8);
} awaited SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} waker_events SEC(".maps");

const volatile __u32 wants_wakers = 0;

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct* woken) {
  __u64 data = (__u32)woken->pid;
  __u32 tid = data;
  if (bpf_map_delete_elem(&awaited, &tid) != 0) return 0;
  bpf_perf_event_output(ctx, &waker_events, BPF_F_CURRENT_CPU, &data, sizeof(data));
  return 0;
}

static __always_inline int is_due(const struct pace* pace, __u64 now, __u32 tid) {
  __u64* last;
  if (pace->next_ns == 0 || now >= pace->next_ns) return 1;
  if (pace->earned_ns < -(__s64)MOST_NS) return 0;
  last = bpf_map_lookup_elem(&sampled, &tid);
  return !last || now - *last >= WHILE_NS;
}

// By CPU: whose samples these are.
struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} switch_events SEC(".maps");

// Still in the thread that leaves: the kernel takes its stack and registers.
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, int preempted, struct task_struct* left) {
  const __u32 zero = 0;
  __u64 data = 0;
  __u32 tid = left->pid;
  __u32 id = left->tgid;
  if (tid == 0) return 0;  // The idle task waits for nothing.
  if (!keeps_everybody && !bpf_map_lookup_elem(&targets, &id)) return 0;
  struct pace* pace = bpf_map_lookup_elem(&paces, &zero);
  if (!pace) return 0;
  __u64 now = bpf_ktime_get_ns();
  pace->earned_ns += now - pace->paid_at_ns;
  pace->paid_at_ns = now;
  if (pace->earned_ns >= MOST_NS) {
    pace->earned_ns = MOST_NS;
    pace->next_ns = 0;
  }
  if (!is_due(pace, now, tid)) return 0;
  pace->earned_ns -= COST_NS;
  if (pace->next_ns != 0 || pace->earned_ns < COST_NS)
    pace->next_ns = now + STORM_INTERVAL_NS / 2 + bpf_get_prandom_u32() % STORM_INTERVAL_NS;
  bpf_map_update_elem(&sampled, &tid, &now, BPF_ANY);
  if (wants_wakers) {
    const __u8 present = 1;
    bpf_map_update_elem(&awaited, &tid, &present, BPF_ANY);
  }
  bpf_perf_event_output(ctx, &switch_events, BPF_F_CURRENT_CPU, &data, sizeof(data));
  return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
