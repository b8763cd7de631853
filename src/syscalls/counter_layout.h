// What the BPF program that counts system calls (syscall_counter.bpf.c, in C) and its loader
// (bpf_counter.cc, in C++) share: the layout of maps and of the records of sampled callers.
// Times are in nanoseconds of CLOCK_MONOTONIC.
#pragma once

#include <linux/types.h>

// C, with the names of C.
// NOLINTBEGIN(readability-identifier-naming)

// A call is named by its number and, in the upper bits, whose number it is.
#define SYSCALL_ABI_SHIFT 30
#define SYSCALL_ABI_NATIVE 0U
#define SYSCALL_ABI_COMPAT32 1U
#define SYSCALL_ABI_X32 2U
#define SYSCALL_NUMBER_MASK ((1U << SYSCALL_ABI_SHIFT) - 1)

// Native calls up to here have a row of their own on each CPU, found without a look-up; the others,
// and all calls when they are told apart by thread, process or cgroup, are found in a hash.
#define SYSCALL_ROWS 512U

// DurationHistogram (profiler/duration_histogram.h).
#define SYSCALL_SHORTEST_LOG2 5U
#define SYSCALL_LONGEST_LOG2 40U
#define SYSCALL_BUCKETS (1 + 4 * (SYSCALL_LONGEST_LOG2 - SYSCALL_SHORTEST_LOG2) + 1)

// Without a loop: each step halves what is left.
static inline __u32 syscall_log2(__u64 value) {
  __u32 log2 = 0;
  if (value >> 32) {
    log2 += 32;
    value >>= 32;
  }
  if (value >> 16) {
    log2 += 16;
    value >>= 16;
  }
  if (value >> 8) {
    log2 += 8;
    value >>= 8;
  }
  if (value >> 4) {
    log2 += 4;
    value >>= 4;
  }
  if (value >> 2) {
    log2 += 2;
    value >>= 2;
  }
  return log2 + (value >> 1);
}

static inline __u32 syscall_bucket(__u64 ns) {
  if (ns < 1ULL << SYSCALL_SHORTEST_LOG2) return 0;
  if (ns >= 1ULL << SYSCALL_LONGEST_LOG2) return SYSCALL_BUCKETS - 1;
  const __u32 log2 = syscall_log2(ns);
  return 1 + 4 * (log2 - SYSCALL_SHORTEST_LOG2) + ((ns >> (log2 - 2)) & 3);
}

struct syscall_row {
  __u64 calls;
  __u64 errors;
  __u64 restarts;
  __u64 begun_before;
  __u64 wall_ns;
  __u64 cpu_ns;
  __u64 min_ns;  // 0 as long as there is no call.
  __u64 max_ns;
  // Sum of the squares of wall times, 128 bits.
  __u64 squares_low;
  __u64 squares_high;
  __u64 returned;  // SyscallRow::returned
  __u64 buckets[SYSCALL_BUCKETS];
};

// Of calls that have no row of their own.
struct syscall_key {
  __u64 group;  // Thread, process or cgroup; 0 without grouping.
  __u32 call;
  __u32 zero;
};

struct syscall_error_key {
  __u64 group;
  __u32 call;
  __s32 error;
};

enum syscall_state {
  SYSCALL_STATE_USER,     // Not in a call.
  SYSCALL_STATE_CALL,     // In one that was seen to begin.
  SYSCALL_STATE_UNKNOWN,  // Not seen before: perhaps in one.
  SYSCALL_STATE_CREATED,  // Has yet to return from the call that created it.
  SYSCALL_STATE_DYING,    // Ending, though no call of its own ends it.
};

// What is known of a thread while it is on no CPU; a slot holds the same while it is on one.
struct syscall_thread {
  __u64 group;
  __u64 enter_ns;  // When it entered the call; DYING: when it began to end; UNKNOWN: first seen.
  __u64 off_ns;    // Since then, off the CPU.
  __u64 off_since_ns;
  __u32 call;
  __u8 state;
  __u8 held;  // Has yet to become the program: calls do not count.
  __u8 dying;
  __u8 zero;
};

// One a CPU.
struct syscall_slot {
  __u64 task;  // Address of the task_struct.
  struct syscall_thread thread;
  __u8 tracked;
  __u8 undecided;  // Whether it is in the cgroup has to be asked when it makes a call.
  __u8 started;    // The phases below are set.
  __u8 zero[5];
  // Until the next stack is to be taken: of time in calls on the CPU, and off it.
  __s64 cpu_left_ns;
  __s64 off_left_ns;
  __u64 cpu_phase_ns;
  __u64 off_phase_ns;
  __u64 last_off_sample_ns;
  __u64 padding[4];  // To whole cache lines.
};

// Raw data of a record with the user's registers and stack at the end of a call.
struct syscall_caller_record {
  __u64 group;
  __u64 wall_ns;  // Of this call.
  __u64 cpu_ns;
  __u32 call;
  __u32 cpu_ticks;  // Periods of accumulated CPU time that ended within it.
  __u32 off_ticks;  // Likewise, of time off the CPU.
  __u32 zero;
};

enum syscall_grouping {
  SYSCALL_GROUP_NONE,
  SYSCALL_GROUP_THREAD,
  SYSCALL_GROUP_PROCESS,
  SYSCALL_GROUP_CGROUP,
};

enum syscall_scope {
  SYSCALL_SCOPE_PROCESSES,  // Those of `roots`, and all that they fork.
  SYSCALL_SCOPE_THREADS,    // Those of `roots`.
  SYSCALL_SCOPE_CGROUP,
  SYSCALL_SCOPE_ALL,
};

// NOLINTEND(readability-identifier-naming)
