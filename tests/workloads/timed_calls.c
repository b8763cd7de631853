// System calls that say themselves how long they took.
//
//   timed_calls [THREADS=1] [CALLS=500] [MIB=4]
//
// Known beforehand: each thread makes CALLS calls of read (MIB megabytes of /dev/zero), of getppid,
// of ppoll that waits for a millisecond, and CALLS / 10 of readv from a pipe that another thread
// (of which there is one for each) fills a millisecond later. Prints the CPU time of the first two
// between two looks at CLOCK_THREAD_CPUTIME_ID, itself a call: what getppid shows is nearly all due
// to those looks. Above two threads, or with anything else running, calls are interrupted by
// others.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "truth.h"

static int calls;
static size_t bytes;
static int zero;

struct Work {
  pthread_t thread;
  pthread_t filler;
  int pipe[2];
  double read_s;
  double getppid_s;
};

static void millisecond(void) {
  struct timespec time = {0, 1000000};
  if (syscall(SYS_ppoll, NULL, 0, &time, NULL, 8) != 0) abort();
}

static void* fill(void* argument) {
  struct Work* work = argument;
  for (int i = 0; i < calls / 10; ++i) {
    millisecond();
    if (write(work->pipe[1], "x", 1) != 1) abort();
  }
  return NULL;
}

static void* run(void* argument) {
  struct Work* work = argument;
  char* buffer = malloc(bytes);
  for (size_t i = 0; i < bytes; i += 4096) buffer[i] = 1;
  for (int i = 0; i < calls; ++i) {
    const double begin = thread_cpu_s();
    if (read(zero, buffer, bytes) != (ssize_t)bytes) abort();
    const double middle = thread_cpu_s();
    if (syscall(SYS_getppid) < 0) abort();
    const double end = thread_cpu_s();
    work->read_s += middle - begin;
    work->getppid_s += end - middle;
    millisecond();
  }
  if (pthread_create(&work->filler, NULL, fill, work) != 0) abort();
  const struct iovec part = {buffer, 1};
  for (int i = 0; i < calls / 10; ++i)
    if (readv(work->pipe[0], &part, 1) != 1) abort();
  pthread_join(work->filler, NULL);
  free(buffer);
  return NULL;
}

int main(int argc, char** argv) {
  enum { kMost = 64 };
  static struct Work work[kMost];
  const int threads = (int)argument(argc, argv, 1, 1);
  calls = (int)argument(argc, argv, 2, 500);
  bytes = (size_t)(argument(argc, argv, 3, 4) * 1048576);
  zero = open("/dev/zero", O_RDONLY);
  if (zero < 0 || threads < 1 || threads > kMost) return 1;
  for (int i = 0; i < threads; ++i)
    if (pipe(work[i].pipe) != 0 || pthread_create(&work[i].thread, NULL, run, &work[i]) != 0)
      return 1;
  double read_s = 0;
  double getppid_s = 0;
  for (int i = 0; i < threads; ++i) {
    pthread_join(work[i].thread, NULL);
    read_s += work[i].read_s;
    getppid_s += work[i].getppid_s;
  }
  printf("{\"workload\":\"timed_calls\",\"calls\":%d,\"read_s\":%.9f,\"getppid_s\":%.9f}\n",
         calls * threads, read_s, getppid_s);
  return 0;
}
