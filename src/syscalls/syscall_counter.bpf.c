// SPDX-License-Identifier: GPL-2.0 OR MIT
// Counts and times system calls inside the kernel.
//
// Each CPU has a slot that describes the thread it runs: that makes entering and leaving a call
// cheap, as it takes no look-up of the thread. At a context switch the slot is put away into
// `threads` and filled from there again, which also keeps the time off the CPU apart.
//
//   sys_enter      slot: which call, when
//   sys_exit       wall = now - entered, CPU = wall - time off the CPU; added to the call's row
//   sched_switch   slot <-> threads
//
// Tracing programs run with preemption disabled, so a CPU's slot and rows are written by one
// program at a time.
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "syscalls/counter_layout.h"

// As far as they are looked at; offsets come from the running kernel's BTF.
struct thread_info {
  __u32 status;
  unsigned long flags;
} __attribute__((preserve_access_index));
struct task_struct {
  int pid;
  int tgid;
  unsigned int __state;
  struct thread_info thread_info;
} __attribute__((preserve_access_index));
struct task_struct___before_5_14 {
  long state;
} __attribute__((preserve_access_index));

#define TASK_DEAD 0x80
#define MAX_ERRNO 4095
#define ERESTARTSYS 512
#define ERESTART_RESTARTBLOCK 516

// Set before loading.
const volatile __u32 scope = SYSCALL_SCOPE_PROCESSES;
const volatile __u32 grouping = SYSCALL_GROUP_NONE;
const volatile __u32 cpus = 1;
const volatile __u32 own_process = 0;
// Calls count from the next exec of the roots on. No bool: bpftool would call it _Bool, which C++
// need not know.
const volatile __u8 held_until_exec = 0;
// Of accumulated time in calls, one stack each; 0: none.
const volatile __u64 sample_period_ns = 0;

__u64 begin_ns = 0;  // Of counting.
// What did not fit.
__u64 threads_lost = 0;
__u64 calls_lost = 0;
__u64 errors_lost = 0;
__u64 samples_lost = 0;
__u64 killed_ns = 0;

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);  // Set to the number of CPUs before loading.
  __type(key, __u32);
  __type(value, struct syscall_slot);
} slots SEC(".maps");

// Of CPU c and call n: row c * SYSCALL_ROWS + n.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, SYSCALL_ROWS);  // Likewise.
  __type(key, __u32);
  __type(value, struct syscall_row);
} rows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 65536);
  __type(key, struct syscall_key);
  __type(value, struct syscall_row);
} other_rows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 65536);
  __type(key, struct syscall_error_key);
  __type(value, __u64);
} error_counts SEC(".maps");

// By address of the task_struct: it stays the same when a thread that execs takes on the id of its
// process. Rows go when their thread ends.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 32768);
  __type(key, __u64);
  __type(value, struct syscall_thread);
} threads SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 32768);
  __type(key, __u32);
  __type(value, __u8);
} roots SEC(".maps");

// With grouping by thread or process: what those were called that have ended.
struct group_name {
  char text[16];
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 32768);
  __type(key, __u64);
  __type(value, struct group_name);
} group_names SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} cgroups SEC(".maps");

// An event a CPU, of type PERF_COUNT_SW_BPF_OUTPUT, with the user's registers and stack.
struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(max_entries, 1);  // Set to the number of CPUs before loading.
  __type(key, __u32);
  __type(value, __u32);
} outputs SEC(".maps");

static const struct syscall_row kEmptyRow;

static __always_inline struct syscall_slot* current_slot(void) {
  __u32 cpu = bpf_get_smp_processor_id();
  return bpf_map_lookup_elem(&slots, &cpu);
}

static __always_inline __u64 group_of(const struct task_struct* task) {
  if (grouping == SYSCALL_GROUP_THREAD) return task->pid;
  if (grouping == SYSCALL_GROUP_PROCESS) return task->tgid;
  return 0;
}

// Fills a slot for a thread that `threads` does not know.
static __always_inline void meet(struct syscall_slot* slot, struct task_struct* task, __u64 now) {
  slot->tracked = 0;
  slot->undecided = 0;
  __u32 id = task->tgid;
  if (task->pid == 0 || id == own_process) return;
  if (scope == SYSCALL_SCOPE_ALL) {
    slot->tracked = 1;
  } else if (scope == SYSCALL_SCOPE_CGROUP) {
    slot->undecided = 1;
  } else {
    if (scope == SYSCALL_SCOPE_THREADS) id = task->pid;
    if (!bpf_map_lookup_elem(&roots, &id)) return;
    slot->tracked = 1;
  }
  slot->thread.group = group_of(task);
  slot->thread.enter_ns = now;
  slot->thread.off_ns = 0;
  slot->thread.state = SYSCALL_STATE_UNKNOWN;
  slot->thread.held = held_until_exec;
  slot->thread.dying = 0;
}

static __always_inline void switch_in(struct syscall_slot* slot, struct task_struct* task,
                                      __u64 now) {
  __u64 key = (__u64)task;
  slot->task = key;
  const struct syscall_thread* known = bpf_map_lookup_elem(&threads, &key);
  if (!known) {
    meet(slot, task, now);
    return;
  }
  slot->tracked = 1;
  slot->undecided = 0;
  slot->thread = *known;
  slot->thread.off_ns += now - known->off_since_ns;
}

// Whether the slot is that of a thread that counts. Only until the first context switch of a CPU it
// may be that of none.
static __always_inline bool counts(struct syscall_slot* slot, struct task_struct* task) {
  if (slot->task != (__u64)task) switch_in(slot, task, bpf_ktime_get_ns());
  if (scope == SYSCALL_SCOPE_CGROUP && slot->undecided) {
    slot->undecided = 0;
    slot->tracked = bpf_current_task_under_cgroup(&cgroups, 0) == 1;
  }
  if (!slot->tracked) return false;
  if (grouping == SYSCALL_GROUP_CGROUP) slot->thread.group = bpf_get_current_cgroup_id();
  return true;
}

static __always_inline __u32 call_of(struct task_struct* task, long number) {
  __u32 abi = SYSCALL_ABI_NATIVE;
#if defined(__TARGET_ARCH_x86)
  const __u32 kTsCompat = 2;           // asm/thread_info.h
  const __u32 kX32Bit = 0x40000000;  // asm/unistd.h
  if (task->thread_info.status & kTsCompat) {
    abi = SYSCALL_ABI_COMPAT32;
  } else if (number > 0 && (number & kX32Bit)) {
    abi = SYSCALL_ABI_X32;
  }
#elif defined(__TARGET_ARCH_arm64)
  const unsigned long kTif32Bit = 1UL << 22;  // asm/thread_info.h
  if (task->thread_info.flags & kTif32Bit) abi = SYSCALL_ABI_COMPAT32;
#endif
  return abi << SYSCALL_ABI_SHIFT | ((__u32)number & SYSCALL_NUMBER_MASK);
}

static __always_inline bool is_exec(__u32 call) {
#if defined(__TARGET_ARCH_x86)
  return call == 59 || call == 322 ||                        // execve, execveat
         call == (SYSCALL_ABI_COMPAT32 << SYSCALL_ABI_SHIFT | 11) ||
         call == (SYSCALL_ABI_COMPAT32 << SYSCALL_ABI_SHIFT | 358);
#else
  return call == 221 || call == 281;
#endif
}

static __always_inline struct syscall_row* row_of(__u64 group, __u32 call) {
  if (grouping == SYSCALL_GROUP_NONE && call < SYSCALL_ROWS) {
    __u32 index = bpf_get_smp_processor_id() * SYSCALL_ROWS + call;
    return bpf_map_lookup_elem(&rows, &index);
  }
  struct syscall_key key = {.group = group, .call = call};
  struct syscall_row* row = bpf_map_lookup_elem(&other_rows, &key);
  if (row) return row;
  bpf_map_update_elem(&other_rows, &key, &kEmptyRow, BPF_NOEXIST);
  return bpf_map_lookup_elem(&other_rows, &key);
}

static __always_inline void add_square(struct syscall_row* row, __u64 ns) {
  __u64 low, high = 0;
  if (ns >> 32) {
    // Of more than four seconds the lowest 16 bits are left out.
    const __u64 part = (ns >> 16) * (ns >> 16);
    low = part << 32;
    high = part >> 32;
  } else {
    low = ns * ns;
  }
  row->squares_low += low;
  row->squares_high += high + (row->squares_low < low);
}

static __always_inline void count_error(__u64 group, __u32 call, long result) {
  struct syscall_error_key key = {.group = group, .call = call, .error = (__s32)-result};
  __u64* count = bpf_map_lookup_elem(&error_counts, &key);
  if (!count) {
    const __u64 none = 0;
    bpf_map_update_elem(&error_counts, &key, &none, BPF_NOEXIST);
    count = bpf_map_lookup_elem(&error_counts, &key);
  }
  if (count) {
    __sync_fetch_and_add(count, 1);
  } else {
    __sync_fetch_and_add(&errors_lost, 1);
  }
}

// A finished call. Its result is looked at by the caller.
static __always_inline struct syscall_row* add_call(struct syscall_slot* slot, __u64 wall,
                                                    __u64 cpu) {
  struct syscall_row* row = row_of(slot->thread.group, slot->thread.call);
  if (!row) {
    __sync_fetch_and_add(&calls_lost, 1);
    return row;
  }
  row->wall_ns += wall;
  row->cpu_ns += cpu;
  if (wall < row->min_ns || row->calls == 0) row->min_ns = wall;
  if (wall > row->max_ns) row->max_ns = wall;
  row->calls++;
  add_square(row, wall);
  const __u32 bucket = syscall_bucket(wall);
  if (bucket < SYSCALL_BUCKETS) row->buckets[bucket]++;
  return row;
}

// How many ends of periods lie within `ns` of accumulated time. Each period's lies at a random place
// in it, so that no rhythm of the program's can keep in step.
static __always_inline __u32 ticks(__s64* left, __u64* phase, __u64 ns) {
  *left -= (__s64)ns;
  if (*left > 0) return 0;
  const __u64 over = (__u64)-*left;
  const __u64 next_phase = bpf_get_prandom_u32() % (__u32)sample_period_ns;
  // To the end of the period in which the tick was, the whole ones that have passed since, and to
  // the place in the next.
  __u64 until = sample_period_ns - *phase + next_phase;
  __u32 count = 1;
  if (over >= until) {
    const __u64 more = (over - until) / sample_period_ns + 1;
    count += (__u32)more;
    until += more * sample_period_ns;
  }
  *phase = next_phase;
  *left = (__s64)(until - over);
  return count;
}

// On the CPU and off it are two clocks: of calls that wait a few tell most, of those that work many
// are needed.
static __always_inline void sample_caller(void* context, struct syscall_slot* slot, __u64 wall,
                                          __u64 cpu, __u64 now) {
  if (!slot->started) {
    slot->started = 1;
    slot->cpu_phase_ns = bpf_get_prandom_u32() % (__u32)sample_period_ns;
    slot->off_phase_ns = bpf_get_prandom_u32() % (__u32)sample_period_ns;
    slot->cpu_left_ns = slot->cpu_phase_ns;
    slot->off_left_ns = slot->off_phase_ns;
  }
  const __u32 cpu_ticks = ticks(&slot->cpu_left_ns, &slot->cpu_phase_ns, cpu);
  __u32 off_ticks = 0;
  if (slot->thread.off_ns) {
    off_ticks = ticks(&slot->off_left_ns, &slot->off_phase_ns, slot->thread.off_ns);
    // A thousand threads wait a thousand seconds a second.
    if (off_ticks && now - slot->last_off_sample_ns < sample_period_ns) off_ticks = 0;
    if (off_ticks) slot->last_off_sample_ns = now;
  }
  if (!cpu_ticks && !off_ticks) return;
  struct syscall_caller_record record = {.group = slot->thread.group,
                                         .wall_ns = wall,
                                         .cpu_ns = cpu,
                                         .call = slot->thread.call,
                                         .cpu_ticks = cpu_ticks,
                                         .off_ticks = off_ticks};
  if (bpf_perf_event_output(context, &outputs, BPF_F_CURRENT_CPU, &record, sizeof record) != 0) {
    __sync_fetch_and_add(&samples_lost, 1);
  }
}

static __always_inline void add_result(struct syscall_slot* slot, struct syscall_row* row,
                                       long result) {
  if (result > 0) {
    row->returned += result;
  } else if (result < 0 && result >= -MAX_ERRNO) {
    if (result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK) {
      row->restarts++;
    } else {
      row->errors++;
      count_error(slot->thread.group, slot->thread.call, result);
    }
  }
}

// The end of a call whose beginning was not seen.
static __always_inline void leave_unknown(struct syscall_slot* slot, struct task_struct* task,
                                          __u64 now, long result, long number) {
  const __u8 state = slot->thread.state;
  slot->thread.state = SYSCALL_STATE_USER;
  if (state == SYSCALL_STATE_CREATED || slot->thread.held) return;
  slot->thread.call = call_of(task, number);
  if (state == SYSCALL_STATE_USER) {
    // Refused by seccomp before it began.
    struct syscall_row* refused = add_call(slot, 0, 0);
    if (refused) add_result(slot, refused, result);
    return;
  }
#if defined(__TARGET_ARCH_x86)
  // clone, fork, vfork, clone3; those of 32 bits.
  const bool creates = number == 56 || number == 57 || number == 58 || number == 435 ||
                       number == 2 || number == 120 || number == 190;
#else
  const bool creates = number == 220 || number == 435;
#endif
  if (creates && result == 0) return;
  // Perhaps it began not before counting, but was forgotten since: its time is not known.
  if (threads_lost) {
    __sync_fetch_and_add(&calls_lost, 1);
    return;
  }
  struct syscall_row* row =
      add_call(slot, now - begin_ns, now - slot->thread.enter_ns - slot->thread.off_ns);
  if (!row) return;
  row->begun_before++;
  add_result(slot, row, result);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, void* registers, long number) {
  struct syscall_slot* slot = current_slot();
  if (!slot) return 0;
  struct task_struct* task = bpf_get_current_task_btf();
  if (!counts(slot, task)) return 0;
  const __u32 call = call_of(task, number);
  if (slot->thread.held && !is_exec(call)) return 0;
  slot->thread.call = call;
  slot->thread.off_ns = 0;
  slot->thread.state = SYSCALL_STATE_CALL;
  slot->thread.enter_ns = bpf_ktime_get_ns();
  return 0;
}

static __always_inline long number_of(void* registers) {
#if defined(__TARGET_ARCH_x86)
  // struct pt_regs: orig_ax is its 16th word (asm/ptrace.h).
  long number = -1;
  bpf_probe_read_kernel(&number, sizeof number, (const char*)registers + 15 * 8);
  return number;
#else
  // struct pt_regs: syscallno follows regs[31], sp, pc, pstate and orig_x0.
  int number = -1;
  bpf_probe_read_kernel(&number, sizeof number, (const char*)registers + 35 * 8);
  return number;
#endif
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, void* registers, long result) {
  struct syscall_slot* slot = current_slot();
  if (!slot) return 0;
  struct task_struct* task = bpf_get_current_task_btf();
  if (!counts(slot, task)) return 0;
  const __u64 now = bpf_ktime_get_ns();
  if (slot->thread.state != SYSCALL_STATE_CALL) {
    leave_unknown(slot, task, now, result, number_of(registers));
    return 0;
  }
  slot->thread.state = SYSCALL_STATE_USER;
  if (slot->thread.held) {
    if (result != 0) return 0;
    slot->thread.held = 0;
  }
  const __u64 wall = now - slot->thread.enter_ns;
  const __u64 cpu = wall - slot->thread.off_ns;
  struct syscall_row* row = add_call(slot, wall, cpu);
  if (!row) return 0;
  add_result(slot, row, result);
  if (sample_period_ns) sample_caller(ctx, slot, wall, cpu, now);
  return 0;
}

static __always_inline bool is_dead(struct task_struct* task) {
  if (bpf_core_field_exists(task->__state)) return task->__state & TASK_DEAD;
  struct task_struct___before_5_14* old = (void*)task;
  long state = 0;
  bpf_core_read(&state, sizeof state, &old->state);
  return state & TASK_DEAD;
}

static __always_inline void switch_out(struct syscall_slot* slot, struct task_struct* task,
                                       __u64 now) {
  __u64 key = slot->task;
  if (slot->thread.dying && is_dead(task)) {
    const __u64 wall = now - slot->thread.enter_ns;
    const __u64 cpu = wall - slot->thread.off_ns;
    if (slot->thread.state == SYSCALL_STATE_CALL) {
      add_call(slot, wall, cpu);
    } else {
      __sync_fetch_and_add(&killed_ns, cpu);
    }
    bpf_map_delete_elem(&threads, &key);
    return;
  }
  slot->thread.off_since_ns = now;
  struct syscall_thread* known = bpf_map_lookup_elem(&threads, &key);
  if (known) {
    *known = slot->thread;
  } else if (bpf_map_update_elem(&threads, &key, &slot->thread, BPF_ANY) != 0) {
    __sync_fetch_and_add(&threads_lost, 1);
  }
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempted, struct task_struct* previous, struct task_struct* next) {
  struct syscall_slot* slot = current_slot();
  if (!slot) return 0;
  const __u64 now = bpf_ktime_get_ns();
  if (slot->tracked && slot->task == (__u64)previous) switch_out(slot, previous, now);
  switch_in(slot, next, now);
  return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child) {
  if (scope != SYSCALL_SCOPE_PROCESSES) return 0;
  struct syscall_slot* slot = current_slot();
  if (!slot || !counts(slot, parent)) return 0;
  __u64 key = (__u64)child;
  struct syscall_thread thread = {.group = group_of(child),
                                  .state = SYSCALL_STATE_CREATED,
                                  .held = slot->thread.held,
                                  .off_since_ns = bpf_ktime_get_ns()};
  if (bpf_map_update_elem(&threads, &key, &thread, BPF_ANY) != 0) {
    __sync_fetch_and_add(&threads_lost, 1);
  }
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_process_exit, struct task_struct* task) {
  struct syscall_slot* slot = current_slot();
  if (!slot || !counts(slot, task)) return 0;
  if (grouping == SYSCALL_GROUP_THREAD ||
      (grouping == SYSCALL_GROUP_PROCESS && task->pid == task->tgid)) {
    const __u64 group = slot->thread.group;
    struct group_name name;
    bpf_get_current_comm(name.text, sizeof name.text);
    bpf_map_update_elem(&group_names, &group, &name, BPF_ANY);
  }
  slot->thread.dying = 1;
  if (slot->thread.state == SYSCALL_STATE_CALL) return 0;
  slot->thread.state = SYSCALL_STATE_DYING;
  slot->thread.enter_ns = bpf_ktime_get_ns();
  slot->thread.off_ns = 0;
  return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
