// Four threads with shares of the CPU time of 4 : 3 : 2 : 1.
//
//   threads [SECONDS=1]      of CPU time, of all threads together
//
// Known beforehand: thread worker-1 has 40 % of the CPU time, worker-2 30 %, worker-3 20 %,
// worker-4 10 %, all of it in work, called from run. The main thread only waits.
#define _GNU_SOURCE
#include <pthread.h>

#include "truth.h"

enum { kThreads = 4 };

struct Worker {
  pthread_t thread;
  double cpu_s;       // to spend
  double measured_s;  // spent
};

NOINLINE static void work(double cpu_s) {
  spin_until(cpu_s);
  NO_TAIL_CALL();
}

static void* run(void* argument) {
  struct Worker* worker = argument;
  work(worker->cpu_s);
  worker->measured_s = thread_cpu_s();
  return NULL;
}

int main(int argc, char** argv) {
  const double total = argument(argc, argv, 1, 1);
  struct Worker workers[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    workers[i].cpu_s = total * (kThreads - i) / 10;
    if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0) return 1;
    char name[16];
    snprintf(name, sizeof name, "worker-%d", i + 1);
    pthread_setname_np(workers[i].thread, name);
  }
  printf("{\"workload\":\"threads\",\"threads\":{");
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(workers[i].thread, NULL);
    printf("%s\"worker-%d\":%.6f", i == 0 ? "" : ",", i + 1, workers[i].measured_s);
  }
  printf("},\"cpu_s\":%.6f", process_cpu_s());
  print_rusage();
  puts("}");
  return 0;
}
