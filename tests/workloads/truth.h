// What the workloads share: CPU clocks, and a loop that spends a known amount of CPU time in user
// mode. A workload prints what it measured of itself as one line of JSON, at the end.
//
//   #include "truth.h"
//   spin_until(thread_cpu_s() + 0.5);      // half a second of this thread's CPU time, in user mode
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

// A function that stays one of its own, even if another has the same body.
#define NOINLINE __attribute__((noinline, noclone, no_icf))
// Keeps the call before it from becoming a jump, so that the caller stays on the stack.
#define NO_TAIL_CALL() __asm__ volatile("" ::: "memory")

static inline double seconds_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static inline double thread_cpu_s(void) { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }
static inline double process_cpu_s(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

// Inlined, so that the time is that of the caller. The clock is a system call: it is asked about
// every 100 microseconds, which keeps its share below half a percent.
__attribute__((always_inline)) static inline void spin_until(double cpu_s) {
  uint64_t x = 88172645463325252u;
  do {
    for (int i = 0; i < 50000; ++i) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
    }
    __asm__ volatile("" : : "r"(x));
  } while (thread_cpu_s() < cpu_s);
}

// `length` times a number from 0.5 to 1.5, another one each time. Phases that all last equally long
// can keep step with the ticks of a sampling clock, which then sees one phase more than its share.
static inline double varied(double length) {
  static uint64_t x = 88172645463325252u;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return length * (0.5 + (double)(x >> 11) * 0x1p-53);
}

// Argument `index` as a number, or what stands for it.
static inline double argument(int argc, char** argv, int index, double otherwise) {
  return argc > index ? atof(argv[index]) : otherwise;
}

static inline double timeval_s(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

// Prints `,"rusage_user_s":…,"rusage_sys_s":…,"minor_faults":…` of this process.
static inline void print_rusage(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf(",\"rusage_user_s\":%.6f,\"rusage_sys_s\":%.6f,\"minor_faults\":%ld",
         timeval_s(usage.ru_utime), timeval_s(usage.ru_stime), usage.ru_minflt);
}
