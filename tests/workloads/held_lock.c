// A lock that one of four threads holds for known times, while the others want it.
//
//   held_lock [ROUNDS]
//
// The thread `holder` takes the lock, sleeps with it and lets it go; three others take it and let
// it go at once, and sleep a little in between. Prints a line of JSON: seconds and number of waits
// by class, and for each thread its lifetime_s, cpu_s and lock_s.
#define _GNU_SOURCE
#include <pthread.h>

#include "waits.h"

enum { kThreads = 4 };

struct thread {
  char name[16];
  double lifetime_s;
  double cpu_s;
  double lock_s;
};
static struct thread threads[kThreads];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t start;
static int rounds;
static _Atomic int held;

NOINLINE static void take_lock(struct thread* thread) {
  const double before = off_cpu_s();
  pthread_mutex_lock(&lock);
  const double waited = off_cpu_s() - before;
  add_wait(kLock, waited);
  thread->lock_s += waited;
}

static void* hold(void* argument) {
  struct thread* thread = argument;
  pthread_setname_np(pthread_self(), thread->name);
  WAIT(kLock, pthread_barrier_wait(&start));
  const double began = now_s();
  for (int i = 0; i < rounds; ++i) {
    take_lock(thread);
    nap(varied(0.02));
    pthread_mutex_unlock(&lock);
    nap(varied(0.005));
  }
  held = 1;
  thread->lifetime_s = now_s() - began;
  thread->cpu_s = thread_cpu_s();
  return NULL;
}

static void* want(void* argument) {
  struct thread* thread = argument;
  pthread_setname_np(pthread_self(), thread->name);
  WAIT(kLock, pthread_barrier_wait(&start));
  const double began = now_s();
  while (!held) {
    take_lock(thread);
    pthread_mutex_unlock(&lock);
    nap(0.002);
  }
  thread->lifetime_s = now_s() - began;
  thread->cpu_s = thread_cpu_s();
  return NULL;
}

int main(int argc, char** argv) {
  rounds = (int)argument(argc, argv, 1, 30);
  waits_begin();
  pthread_barrier_init(&start, NULL, kThreads);
  pthread_t ids[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    snprintf(threads[i].name, sizeof threads[i].name, i == 0 ? "holder" : "wanter-%d", i);
    pthread_create(&ids[i], NULL, i == 0 ? hold : want, &threads[i]);
  }
  // To wait for a thread is to wait for a futex.
  for (int i = 0; i < kThreads; ++i) WAIT(kLock, pthread_join(ids[i], NULL));
  printf("{");
  waits_print();
  printf(",\"threads\":{");
  for (int i = 0; i < kThreads; ++i)
    printf("%s\"%s\":{\"lifetime_s\":%.6f,\"cpu_s\":%.6f,\"lock_s\":%.6f}", i > 0 ? "," : "",
           threads[i].name, threads[i].lifetime_s, threads[i].cpu_s, threads[i].lock_s);
  printf("}}\n");
  return 0;
}
