// Nothing but system calls, from as many threads as are asked for.
//
//   call_storm [THREADS=2] [CALLS=1000000]
//
// Known beforehand: each thread makes CALLS calls of getppid, on a CPU of its own as long as there
// are enough. Prints the wall and CPU time that one call took.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "truth.h"

static long calls;
static double cpu_s[256];

static void* run(void* argument) {
  const long number = (long)argument;
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET((int)(number % sysconf(_SC_NPROCESSORS_ONLN)), &cpu);
  sched_setaffinity(0, sizeof cpu, &cpu);  // Where it may not, it runs wherever it likes.
  const double begin = thread_cpu_s();
  for (long i = 0; i < calls; ++i)
    if (syscall(SYS_getppid) < 0) abort();
  cpu_s[number] = thread_cpu_s() - begin;
  return NULL;
}

int main(int argc, char** argv) {
  pthread_t threads[256];
  const long count = (long)argument(argc, argv, 1, 2);
  calls = (long)argument(argc, argv, 2, 1e6);
  if (count < 1 || count > 256) return 1;
  const double begin = seconds_of(CLOCK_MONOTONIC);
  for (long i = 0; i < count; ++i)
    if (pthread_create(&threads[i], NULL, run, (void*)i) != 0) return 1;
  double sum = 0;
  for (long i = 0; i < count; ++i) {
    pthread_join(threads[i], NULL);
    sum += cpu_s[i];
  }
  const double wall = seconds_of(CLOCK_MONOTONIC) - begin;
  printf("{\"workload\":\"call_storm\",\"calls\":%ld,\"wall_s\":%.6f,\"cpu_ns\":%.1f}\n",
         calls * count, wall, sum / (double)(calls * count) * 1e9);
  return 0;
}
