// A pool of threads that is idle for most of its life.
//
//   idle_pool [THREADS] [JOBS]
//
// The main thread reads from a pipe that a child writes to (the answer to "what was waited for"),
// and hands a job to the pool now and then. Prints a line of JSON: idle_s and busy_s, in sum over
// the pool's threads, and the waits by class.
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "waits.h"

enum { kMaxThreads = 256 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int jobs;
static int over;
static _Atomic long busy_ns;

NOINLINE static int next_job(void) {
  pthread_mutex_lock(&mutex);
  while (jobs == 0 && !over) pthread_cond_wait(&changed, &mutex);
  const int found = jobs > 0;
  if (found) --jobs;
  pthread_mutex_unlock(&mutex);
  return found;
}

static void* work(void* argument) {
  (void)argument;
  pthread_setname_np(pthread_self(), "pool");
  for (int more = 1; more;) {
    WAIT(kLock, more = next_job());
    if (!more) break;
    const double began = thread_cpu_s();
    spin_until(began + 0.002);
    busy_ns += (long)((thread_cpu_s() - began) * 1e9);
  }
  return NULL;
}

NOINLINE static void read_message(int fd) {
  char byte;
  WAIT(kPipe, if (read(fd, &byte, 1) != 1) exit(3));
}

int main(int argc, char** argv) {
  const int count = (int)argument(argc, argv, 1, 16);
  const int messages = (int)argument(argc, argv, 2, 30);
  int ends[2];
  if (count < 1 || count > kMaxThreads || pipe(ends) != 0) return 2;
  waits_begin();
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < messages; ++i) {
      nap(varied(0.02));
      if (write(ends[1], "x", 1) != 1) _exit(1);
    }
    _exit(0);
  }
  pthread_t ids[kMaxThreads];
  for (int i = 0; i < count; ++i) pthread_create(&ids[i], NULL, work, NULL);
  for (int i = 0; i < messages; ++i) {
    read_message(ends[0]);
    pthread_mutex_lock(&mutex);
    ++jobs;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
  }
  pthread_mutex_lock(&mutex);
  over = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < count; ++i) WAIT(kLock, pthread_join(ids[i], NULL));
  WAIT(kChild, waitpid(child, NULL, 0));
  printf("{");
  waits_print();
  printf(",\"busy_s\":%.6f}\n", (double)busy_ns * 1e-9);
  return 0;
}
