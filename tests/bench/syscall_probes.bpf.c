// SPDX-License-Identifier: GPL-2.0 OR MIT
// What the counting of system calls is compared with (syscall_figures.py): the cheapest pair of
// probes there can be, one that also reads the clock, and the scheme of perf's BPF summary: two
// hashes, one of what each thread is in, one of what each call took.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

__u64 last_ns = 0;

SEC("tp_btf/sys_enter")
int empty_enter(void* context) { return 0; }
SEC("tp_btf/sys_exit")
int empty_exit(void* context) { return 0; }

SEC("tp_btf/sys_enter")
int clock_enter(void* context) {
  last_ns = bpf_ktime_get_ns();
  return 0;
}
SEC("tp_btf/sys_exit")
int clock_exit(void* context) {
  last_ns = bpf_ktime_get_ns();
  return 0;
}

struct entered {
  __u64 ns;
  __u32 number;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 10240);
  __type(key, __u32);
  __type(value, struct entered);
} in_call SEC(".maps");
struct sums {
  __u64 calls;
  __u64 ns;
  __u64 shortest;
  __u64 longest;
  __u64 errors;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 10240);
  __type(key, __u64);
  __type(value, struct sums);
} by_call SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(hash_enter, void* registers, long number) {
  __u32 tid = bpf_get_current_pid_tgid();
  struct entered entered = {.ns = bpf_ktime_get_ns(), .number = number};
  bpf_map_update_elem(&in_call, &tid, &entered, BPF_ANY);
  return 0;
}
SEC("tp_btf/sys_exit")
int BPF_PROG(hash_exit, void* registers, long result) {
  __u32 tid = bpf_get_current_pid_tgid();
  struct entered* entered = bpf_map_lookup_elem(&in_call, &tid);
  if (!entered) return 0;
  const __u64 ns = bpf_ktime_get_ns() - entered->ns;
  __u64 key = (__u64)tid << 32 | entered->number;
  struct sums* sums = bpf_map_lookup_elem(&by_call, &key);
  if (!sums) {
    struct sums none = {.shortest = ns};
    bpf_map_update_elem(&by_call, &key, &none, BPF_NOEXIST);
    sums = bpf_map_lookup_elem(&by_call, &key);
  }
  if (sums) {
    __sync_fetch_and_add(&sums->calls, 1);
    __sync_fetch_and_add(&sums->ns, ns);
    if (result < 0) __sync_fetch_and_add(&sums->errors, 1);
    if (ns < sums->shortest) sums->shortest = ns;
    if (ns > sums->longest) sums->longest = ns;
  }
  bpf_map_delete_elem(&in_call, &tid);
  return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
