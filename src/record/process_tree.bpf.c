// SPDX-License-Identifier: GPL-2.0 OR MIT
// Keeps the sampling events of whole CPUs to one process tree: `targets` holds the thread group ids
// of the tree and follows fork; a sample taken in any other process is dropped before it is
// written. The loader puts the roots into `targets`, and only then attaches keep_target to the
// events. Of the tree's context switches on_switch writes a record each, and has those sampled that
// are to have a stack: as many as tell where the time went. Ids are those of the initial pid
// namespace.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "record/switch_record.h"

// As far as it is looked at; offsets come from the running kernel's BTF.
struct sched_info {
  unsigned long long last_arrival;  // On its CPU, by sched_clock().
} __attribute__((preserve_access_index));

struct task_struct {
  int pid;
  int tgid;
  unsigned int __state;
  int exit_state;
  struct sched_info sched_info;
} __attribute__((preserve_access_index));

// Until Linux 5.14.
struct task_struct___old {
  long state;
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

// Of a thread of the target, once it was seen to switch or to be made.
struct thread {
  __u64 entered_ns;  // The CPU that it is on; 0: it is on none, or that was not seen.
  __u64 woken_ns;
  __u64 sampled_ns;  // When a stack of it was taken last.
  __u32 awaited;     // Of the wait that it is in.
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct thread);
} threads SEC(".maps");

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

// Events by CPU to write to when a thread is woken from a wait whose stack was taken, with its
// number as raw data: who did it is on the stack.
struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} waker_events SEC(".maps");

// It waits for a CPU from now on.
SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct* woken) {
  struct thread* thread = bpf_task_storage_get(&threads, woken, 0, 0);
  if (thread) thread->woken_ns = bpf_ktime_get_ns();
  return 0;
}

// In whoever wakes it.
SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct* woken) {
  struct thread* thread = bpf_task_storage_get(&threads, woken, 0, 0);
  if (!thread) return 0;
  if (!thread->awaited) return 0;
  thread->awaited = 0;
  __u64 data = (__u32)woken->pid;
  bpf_perf_event_output(ctx, &waker_events, BPF_F_CURRENT_CPU, &data, sizeof(data));
  return 0;
}

// A ring for each CPU (switch_record.h), with its size, and events to write to when one of its
// halves is full: whoever reads it is woken.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, 4096 + SWITCH_RECORD_BYTES);
} switch_rings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} full_events SEC(".maps");

const volatile __u64 ring_control_bytes = 4096;
const volatile __u64 ring_data_bytes = SWITCH_RECORD_BYTES;

// Set by the loader when it reads the rings.
__u32 writes_switches = 0;

static __always_inline struct switch_record* record_at(char* ring, __u64 head) {
  __u64 position = head & (ring_data_bytes - 1) & ~(__u64)(SWITCH_RECORD_BYTES - 1);
  return (struct switch_record*)(ring + ring_control_bytes + position);
}

static __always_inline void put_record(char* ring, __u64* head, __u16 type, __u16 misc,
                                       struct task_struct* task, __u64 now, __u32 cpu, __u64 first,
                                       __u64 second) {
  struct switch_record* record = record_at(ring, *head);
  *head += SWITCH_RECORD_BYTES;
  record->header.type = type;
  record->header.misc = misc;
  record->header.size = SWITCH_RECORD_BYTES;
  record->u.lost.id = first;
  record->u.lost.count = second;
  record->reserved = 0;
  record->pid = task->tgid;
  record->tid = task->pid;
  record->time_ns = now;
  record->cpu = cpu;
  record->reserved_cpu = 0;
  record->id = 0;
}

static __always_inline int is_runnable(struct task_struct* task) {
  if (bpf_core_field_exists(task->__state)) return task->__state == 0;
  return BPF_CORE_READ((struct task_struct___old*)task, state) == 0;
}

// Kernels may keep switches away from some tasks to themselves. When the thread that came next leaves
// its CPU, the scheduler knows when it had come; by another clock, which is so much behind.
__u64 sched_clock_behind_ns = 0;

static __always_inline __u64 arrival_of(struct task_struct* task) {
  return bpf_core_field_exists(task->sched_info.last_arrival) ? task->sched_info.last_arrival : 0;
}

// When the thread that leaves had come, if that was not seen; else 0.
static __always_inline __u64 unseen_arrival(struct task_struct* left, struct thread* thread) {
  const __u64 arrived = arrival_of(left);
  if (!thread || !arrived) return 0;
  if (!thread->entered_ns) return sched_clock_behind_ns ? arrived + sched_clock_behind_ns : 0;
  sched_clock_behind_ns = thread->entered_ns - arrived;
  thread->entered_ns = 0;
  return 0;
}

struct switching {
  struct task_struct* left;  // Of the target; or null. Likewise:
  struct task_struct* entered;
  __u64 left_entered_ns;  // unseen_arrival()
  __u64 left_woken_ns;
  __u64 woken_ns;  // Of the one that enters.
  __u64 now;
  int preempted;
};

static __always_inline void write_switch(void* ctx, const struct switching* what) {
  __u32 cpu = bpf_get_smp_processor_id();
  char* ring = bpf_map_lookup_elem(&switch_rings, &cpu);
  if (!ring) return;
  struct perf_event_mmap_page* control = (struct perf_event_mmap_page*)ring;
  volatile __u64* lost = (volatile __u64*)(ring + SWITCH_RING_LOST_AT);
  const __u64 first_head = *(volatile __u64*)&control->data_head;
  const __u64 tail = *(volatile __u64*)&control->data_tail;
  __u64 head = first_head;
  const __u32 records =
      (what->left != 0) + (what->left_entered_ns != 0) + (what->entered != 0);
  // One more, for what was lost.
  if (ring_data_bytes - (head - tail) < (records + 1) * SWITCH_RECORD_BYTES) {
    *lost += records;
    return;
  }
  if (*lost) {
    put_record(ring, &head, PERF_RECORD_LOST, 0, what->left ? what->left : what->entered, what->now,
               cpu, 0, *lost);
    *lost = 0;
  }
  if (what->left && what->left_entered_ns)
    put_record(ring, &head, PERF_RECORD_SWITCH_CPU_WIDE, 0, what->left, what->left_entered_ns, cpu,
               0, what->left_woken_ns);
  if (what->left) {
    __u16 misc = PERF_RECORD_MISC_SWITCH_OUT;
    if (what->preempted) misc |= PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
    put_record(ring, &head, PERF_RECORD_SWITCH_CPU_WIDE, misc, what->left, what->now, cpu, 0, 0);
  }
  if (what->entered)
    put_record(ring, &head, PERF_RECORD_SWITCH_CPU_WIDE, 0, what->entered, what->now, cpu, 0,
               what->woken_ns);
  // A full barrier: who sees the head sees the records before it.
  __sync_lock_test_and_set(&control->data_head, head);
  if ((head ^ first_head) & (ring_data_bytes / 2)) {
    __u64 data = 0;
    bpf_perf_event_output(ctx, &full_events, BPF_F_CURRENT_CPU, &data, sizeof(data));
  }
}

// By CPU: whose samples stacks of waits are.
struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} switch_events SEC(".maps");

const volatile __u32 wants_stacks = 0;

static __always_inline int is_due(const struct pace* pace, __u64 now,
                                  const struct thread* thread) {
  if (pace->next_ns == 0 || now >= pace->next_ns) return 1;
  if (pace->earned_ns < -(__s64)MOST_NS) return 0;
  return !thread || now - thread->sampled_ns >= WHILE_NS;
}

// Still in the thread that leaves: the kernel takes its stack and registers.
static __always_inline void sample_wait(void* ctx, struct thread* left, __u64 now) {
  const __u32 zero = 0;
  __u64 data = 0;
  struct pace* pace = bpf_map_lookup_elem(&paces, &zero);
  if (!pace) return;
  pace->earned_ns += now - pace->paid_at_ns;
  pace->paid_at_ns = now;
  if (pace->earned_ns >= MOST_NS) {
    pace->earned_ns = MOST_NS;
    pace->next_ns = 0;
  }
  if (!is_due(pace, now, left)) return;
  pace->earned_ns -= COST_NS;
  if (pace->next_ns != 0 || pace->earned_ns < COST_NS)
    pace->next_ns = now + STORM_INTERVAL_NS / 2 + bpf_get_prandom_u32() % STORM_INTERVAL_NS;
  if (left) {
    left->sampled_ns = now;
    left->awaited = 1;
  }
  bpf_perf_event_output(ctx, &switch_events, BPF_F_CURRENT_CPU, &data, sizeof(data));
}

// Whether the task is of the target; then with what is kept of it, if there is memory for that.
static __always_inline int is_of_target(struct task_struct* task, struct thread** thread) {
  __u32 id = task->tgid;
  if (task->pid == 0) return 0;  // The idle task waits for nothing.
  *thread = bpf_task_storage_get(&threads, task, 0, 0);
  if (*thread) return 1;
  if (!keeps_everybody && !bpf_map_lookup_elem(&targets, &id)) return 0;
  *thread = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  return 1;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, int preempted, struct task_struct* left, struct task_struct* entered) {
  struct thread* leaver = 0;
  struct thread* enterer = 0;
  if (!writes_switches) return 0;
  const int leaves = is_of_target(left, &leaver);
  const int enters = is_of_target(entered, &enterer);
  if (!leaves && !enters) return 0;
  const __u64 now = bpf_ktime_get_ns();
  const struct switching what = {
      .left = leaves ? left : 0,
      .entered = enters ? entered : 0,
      .left_entered_ns = leaves ? unseen_arrival(left, leaver) : 0,
      .left_woken_ns = leaver ? leaver->woken_ns : 0,
      .woken_ns = enterer ? enterer->woken_ns : 0,
      .now = now,
      .preempted = preempted || is_runnable(left),
  };
  if (enterer) enterer->entered_ns = now;
  write_switch(ctx, &what);
  // A thread that has ended waits for nothing.
  if (leaves && wants_stacks && !left->exit_state) sample_wait(ctx, leaver, now);
  return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
