// Very many threads at once, each with one wait for all others.
//
//   many_threads [THREADS] [SECONDS]    10000; of the waits, beside what starting them all takes
//
// They wait at a barrier, which opens that long after the last was started, and end. Prints a line
// of JSON: threads, and of all of them together lifetime_s (from before each was started until it
// is about to end), cpu_s and lock_s, the time off the CPU at the barrier; of the process real_s.
// Where so many threads are refused: how many there were, and "refused", the reason.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "waits.h"

enum { kStackBytes = 32 << 10 };

struct thread {
  pthread_t id;
  double began_s;
  double lifetime_s;
  double cpu_s;
  double lock_s;
};
static pthread_barrier_t everybody;

NOINLINE static void wait_for_everybody(struct thread* thread) {
  const double before = off_cpu_s();
  pthread_barrier_wait(&everybody);
  thread->lock_s = off_cpu_s() - before;
}

static void* wait_once(void* argument) {
  struct thread* thread = argument;
  wait_for_everybody(thread);
  thread->cpu_s = thread_cpu_s();
  thread->lifetime_s = now_s() - thread->began_s;
  return NULL;
}

int main(int argc, char** argv) {
  const double began = now_s();
  const int count = (int)argument(argc, argv, 1, 10000);
  if (count < 1) return 2;
  struct thread* threads = calloc((size_t)count, sizeof *threads);
  if (threads == NULL) return 3;
  pthread_barrier_init(&everybody, NULL, (unsigned)count + 1);
  // Without a guard page, for the limit is on mappings.
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, kStackBytes);
  pthread_attr_setguardsize(&small, 0);
  for (int i = 0; i < count; ++i) {
    threads[i].began_s = now_s();
    const int error = pthread_create(&threads[i].id, &small, wait_once, &threads[i]);
    if (error == 0) continue;
    printf("{\"threads\":%d,\"refused\":\"%s\"}\n", i, strerror(error));
    return 0;
  }
  usleep((useconds_t)(argument(argc, argv, 2, 1) * 1e6));
  pthread_barrier_wait(&everybody);
  double lifetime_s = 0;
  double cpu_s = 0;
  double lock_s = 0;
  for (int i = 0; i < count; ++i) {
    pthread_join(threads[i].id, NULL);
    lifetime_s += threads[i].lifetime_s;
    cpu_s += threads[i].cpu_s;
    lock_s += threads[i].lock_s;
  }
  printf("{\"threads\":%d,\"lifetime_s\":%.6f,\"cpu_s\":%.6f,\"lock_s\":%.6f,\"real_s\":%.6f}\n",
         count, lifetime_s, cpu_s, lock_s, now_s() - began);
  return 0;
}
