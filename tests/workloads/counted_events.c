// Events of which the number is known: system calls, page faults, context switches.
//
//   counted_events [CALLS=300] [PAGES=300] [SLEEPS=50]
//
// Known beforehand: ask_for_memory calls brk CALLS times, touch_pages writes to PAGES pages of new
// memory, each a page fault, and sleep_often gives up the CPU as often as the kernel counts then.
// Prints those numbers.
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "truth.h"

enum { kPageSize = 4096 };

NOINLINE static void ask_for_memory(long calls) {
  const long end = syscall(SYS_brk, 0);
  for (long i = 1; i < calls; ++i) syscall(SYS_brk, end);
  NO_TAIL_CALL();
}

NOINLINE static void touch_pages(volatile char* memory, long pages) {
  for (long i = 0; i < pages; ++i) memory[i * kPageSize] = 1;
  NO_TAIL_CALL();
}

NOINLINE static void sleep_often(long sleeps) {
  const struct timespec time = {.tv_sec = 0, .tv_nsec = 300000};
  for (long i = 0; i < sleeps; ++i) nanosleep(&time, NULL);
  NO_TAIL_CALL();
}

int main(int argc, char** argv) {
  const long calls = (long)argument(argc, argv, 1, 300);
  const long pages = (long)argument(argc, argv, 2, 300);
  const long sleeps = (long)argument(argc, argv, 3, 50);
  const size_t size = (size_t)pages * kPageSize;
  // Large pages would be one fault for many.
  char* const memory =
      mmap(NULL, size + kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || madvise(memory, size + kPageSize, MADV_NOHUGEPAGE) != 0) abort();
  ask_for_memory(calls);
  touch_pages(memory, pages);
  struct rusage before;
  struct rusage after;
  getrusage(RUSAGE_SELF, &before);
  sleep_often(sleeps);
  getrusage(RUSAGE_SELF, &after);
  printf("{\"workload\":\"counted_events\",\"calls\":%ld,\"pages\":%ld", calls, pages);
  printf(",\"voluntary_switches\":%ld,\"involuntary_switches\":%ld}\n",
         after.ru_nvcsw - before.ru_nvcsw, after.ru_nivcsw - before.ru_nivcsw);
  return 0;
}
