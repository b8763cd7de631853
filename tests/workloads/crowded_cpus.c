// More threads that compute than CPUs: one of each has to wait for a CPU. So does a napper, each
// time that it is woken.
//
//   crowded_cpus [SECONDS] [MORE]      a spinner per CPU it may use, and MORE (1)
//
// Prints a line of JSON, for each spinner: lifetime_s, cpu_s (its clock), runnable_s (what it was
// not on a CPU of its lifetime), delay_s (what /proc says it waited for a CPU; less than 0: not
// told); for the napper: naps, and delay_s since its birth.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include "waits.h"

enum { kMaxThreads = 256 };

struct thread {
  double lifetime_s;
  double cpu_s;
  double delay_s;
};
static struct thread threads[kMaxThreads];
static double until_s;

static double delay_s(void) {
  unsigned long long ran;
  unsigned long long delayed;
  FILE* file = fopen("/proc/thread-self/schedstat", "r");
  if (file == NULL) return -1;
  const int fields = fscanf(file, "%llu %llu", &ran, &delayed);
  fclose(file);
  return fields == 2 ? (double)delayed * 1e-9 : -1;
}

static void* spin(void* argument) {
  struct thread* thread = argument;
  char name[16];
  snprintf(name, sizeof name, "spinner-%d", (int)(thread - threads));
  pthread_setname_np(pthread_self(), name);
  const double began = now_s();
  const double cpu_before = thread_cpu_s();
  const double delay_before = delay_s();
  while (now_s() < until_s) spin_until(thread_cpu_s() + 0.001);
  const double delay_after = delay_s();
  thread->delay_s = delay_after < 0 ? -1 : delay_after - delay_before;
  thread->cpu_s = thread_cpu_s() - cpu_before;
  thread->lifetime_s = now_s() - began;
  return NULL;
}

static struct thread napper;
static long naps;

static void* nap_often(void* argument) {
  (void)argument;
  pthread_setname_np(pthread_self(), "napper");
  while (now_s() < until_s) {
    const struct timespec shortly = {.tv_nsec = 2000000};
    nanosleep(&shortly, NULL);
    ++naps;
  }
  napper.delay_s = delay_s();
  return NULL;
}

int main(int argc, char** argv) {
  until_s = now_s() + argument(argc, argv, 1, 1);
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 2;
  const int count = CPU_COUNT(&cpus) + (int)argument(argc, argv, 2, 1);
  if (count < 1 || count > kMaxThreads) return 2;
  pthread_t ids[kMaxThreads];
  for (int i = 0; i < count; ++i) pthread_create(&ids[i], NULL, spin, &threads[i]);
  pthread_t napping;
  pthread_create(&napping, NULL, nap_often, NULL);
  for (int i = 0; i < count; ++i) pthread_join(ids[i], NULL);
  pthread_join(napping, NULL);
  printf("{\"threads\":{");
  for (int i = 0; i < count; ++i)
    printf(
        "%s\"spinner-%d\":{\"lifetime_s\":%.6f,\"cpu_s\":%.6f,\"runnable_s\":%.6f,\"delay_s\":%."
        "6f}",
        i > 0 ? "," : "", i, threads[i].lifetime_s, threads[i].cpu_s,
        threads[i].lifetime_s - threads[i].cpu_s, threads[i].delay_s);
  printf("},\"napper\":{\"naps\":%ld,\"delay_s\":%.6f}}\n", naps, napper.delay_s);
  return 0;
}
