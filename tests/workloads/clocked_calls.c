// System calls that measure their own CPU time: each thread makes calls of well over 50
// microseconds and reads CLOCK_THREAD_CPUTIME_ID around each, so that the sum by call is known.
//
//   clocked_calls [THREADS] [ROUNDS] [MOVE]
//
// A round is a read of /dev/zero, one of /dev/urandom, a write to a file in memory, and a sleep of
// which hardly any is spent on a CPU. With MOVE, another thread keeps moving the workers from CPU
// to CPU. Prints a line of JSON: CPU seconds of read, getrandom, pwrite64 and clock_nanosleep, less
// what reading the clock costs.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "truth.h"

enum { kRead, kGetrandom, kWrite, kSleep, kCalls, kMaxThreads = 64 };
static const char* const kNames[kCalls] = {"read", "getrandom", "pwrite64", "clock_nanosleep"};
enum { kReadBytes = 4 << 20, kRandomBytes = 64 << 10, kWriteBytes = 1 << 20 };

static double cpu_s[kMaxThreads][kCalls];
static _Atomic int worker_ids[kMaxThreads];
static _Atomic int running;
static int rounds;
static unsigned cpus;

#define TIMED(call, statement)            \
  do {                                    \
    const double before = thread_cpu_s(); \
    statement;                            \
    own[call] += thread_cpu_s() - before; \
  } while (0)

// What TIMED measures of nothing.
static double clock_cost_s(void) {
  double own[1] = {0};
  enum { kTimes = 2000 };
  for (int i = 0; i < kTimes; ++i) TIMED(0, (void)0);
  return own[0] / kTimes;
}

static void* work(void* argument) {
  const int index = (int)(long)argument;
  worker_ids[index] = (int)syscall(SYS_gettid);
  double* own = cpu_s[index];
  char* buffer = mmap(NULL, kReadBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  const int zero = open("/dev/zero", O_RDONLY);
  const int memory = (int)syscall(SYS_memfd_create, "clocked", 0u);
  if (buffer == MAP_FAILED || zero < 0 || memory < 0) exit(2);
  for (int i = 0; i < rounds; ++i) {
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = 200000};
    TIMED(kRead, if (read(zero, buffer, kReadBytes) != kReadBytes) exit(3));
    TIMED(kGetrandom, if (getrandom(buffer, kRandomBytes, 0) < 0) exit(4));
    TIMED(kWrite, if (pwrite(memory, buffer, kWriteBytes, 0) != kWriteBytes) exit(5));
    TIMED(kSleep, clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL));
  }
  close(memory);
  --running;
  return NULL;
}

static void* move(void* argument) {
  const int threads = (int)(long)argument;
  for (unsigned turn = 0; running > 0; ++turn) {
    for (int i = 0; i < threads; ++i) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET((turn + (unsigned)i) % cpus, &one);
      if (worker_ids[i] != 0) sched_setaffinity(worker_ids[i], sizeof one, &one);
    }
    usleep(2000);
  }
  return NULL;
}

int main(int argc, char** argv) {
  const int threads = (int)argument(argc, argv, 1, 2);
  rounds = (int)argument(argc, argv, 2, 500);
  if (threads < 1 || threads > kMaxThreads) return 2;
  cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
  pthread_t workers[kMaxThreads];
  pthread_t mover;
  running = threads;
  for (long i = 0; i < threads; ++i) pthread_create(&workers[i], NULL, work, (void*)i);
  const int moves = argument(argc, argv, 3, 0) != 0;
  if (moves) pthread_create(&mover, NULL, move, (void*)(long)threads);
  for (int i = 0; i < threads; ++i) pthread_join(workers[i], NULL);
  if (moves) pthread_join(mover, NULL);

  const double clock_s = clock_cost_s() * threads * rounds;
  printf("{\"rounds\":%d", threads * rounds);
  for (int call = 0; call < kCalls; ++call) {
    double sum = 0;
    for (int i = 0; i < threads; ++i) sum += cpu_s[i][call];
    printf(",\"%s\":%.9f", kNames[call], sum - clock_s);
  }
  printf("}\n");
  return 0;
}
