// What the workloads that wait share: the time that calls spend off the CPU, summed by class of
// waiting. The sums are shared with children, so that each process adds its own.
//
//   waits_begin();
//   WAIT(kPipe, read(fd, &byte, 1));   // CLOCK_MONOTONIC around it, less the thread's CPU time
//   waits_print();                     // "waits":{"pipe":0.123456},"counts":{"pipe":1}
#pragma once

#include <stdatomic.h>
#include <sys/mman.h>

#include "truth.h"

// As the profiler's report names them.
enum wait_class {
  kLock,
  kSleep,
  kPoll,
  kPipe,
  kSocket,
  kTerminal,
  kDisk,
  kChild,
  kStopped,
  kClasses
};
static const char* const kClassNames[kClasses] = {"lock",     "sleep", "poll",  "pipe",   "socket",
                                                  "terminal", "disk",  "child", "stopped"};

struct waits {
  _Atomic long ns[kClasses];
  _Atomic long count[kClasses];
};
static struct waits* waits;

static inline double now_s(void) { return seconds_of(CLOCK_MONOTONIC); }
// Time off the CPU since some moment: differences of it tell.
static inline double off_cpu_s(void) { return now_s() - thread_cpu_s(); }

static inline void waits_begin(void) {
  waits = mmap(NULL, sizeof *waits, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (waits == MAP_FAILED) exit(2);
}

static inline void add_wait(enum wait_class class, double seconds) {
  atomic_fetch_add(&waits->ns[class], (long)(seconds * 1e9));
  atomic_fetch_add(&waits->count[class], 1);
}

#define WAIT(class, statement)                  \
  do {                                          \
    const double before_wait = off_cpu_s();     \
    statement;                                  \
    add_wait(class, off_cpu_s() - before_wait); \
  } while (0)

static inline void nap(double seconds) {
  const struct timespec time = {.tv_sec = (time_t)seconds,
                                .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
  WAIT(kSleep, nanosleep(&time, NULL));
}

static inline void waits_print(void) {
  const char* comma = "";
  printf("\"waits\":{");
  for (int i = 0; i < kClasses; ++i) {
    if (waits->count[i] == 0) continue;
    printf("%s\"%s\":%.9f", comma, kClassNames[i], (double)waits->ns[i] * 1e-9);
    comma = ",";
  }
  printf("},\"counts\":{");
  comma = "";
  for (int i = 0; i < kClasses; ++i) {
    if (waits->count[i] == 0) continue;
    printf("%s\"%s\":%ld", comma, kClassNames[i], waits->count[i]);
    comma = ",";
  }
  printf("}");
}
