// System calls that measure their own CPU time.
//
//   clocked_calls [THREADS=2] [ROUNDS=500] [MOVE=0] [SIZE=4]
//
// A round is a read of /dev/zero, one of /dev/urandom, a write to a file in memory, each of SIZE
// times 50 microseconds or more, a getppid, which does nothing, and a sleep of half a millisecond of
// which hardly any is spent on a CPU. With MOVE, another thread keeps moving the workers from CPU to
// CPU. Prints a line of JSON: CPU seconds of read, getrandom, pwrite64, getppid and clock_nanosleep.
//
// Known from CLOCK_THREAD_CPUTIME_ID, read around each call. Two things more are in the difference:
//
// - Reading that clock is a call itself. What it costs depends on what the timed call left of the
//   caches: behind one that moved megabytes it is two to three times what it is in a loop. So it is
//   measured where it stands: CLOCK_MONOTONIC, which is no call, is read inside of the pair, and
//   what the pair shows more than the time between is what the pair costs. Where the thread was
//   switched out, or its CPU stolen, it shows less instead; the median over all calls of a kind has
//   neither. That has been taken off each call. Nothing that a profiler says goes into it.
// - The way into the kernel and out of it, and what watching a call costs on either side of the
//   moments that are noted. The getppid shows it: its time is printed as if each had taken as long as
//   the median of them. Compare the time of another call less that, and less the median of getppid
//   where calls were counted.
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

enum { kRead, kGetrandom, kWrite, kNothing, kSleep, kCalls, kMaxThreads = 64 };
static const char* const kNames[kCalls] = {"read", "getrandom", "pwrite64", "getppid",
                                           "clock_nanosleep"};
enum { kReadBytes = 1280 << 10, kRandomBytes = 18 << 10, kWriteBytes = 512 << 10 };

struct Sums {
  double cpu_s;
  double* clock_s;    // Of each call, what reading the clock took.
  double* between_s;  // And what the call took, wherever its thread was.
};
static struct Sums sums[kMaxThreads][kCalls];
static _Atomic int worker_ids[kMaxThreads];
static _Atomic int running;
static int rounds;
static size_t size;
static unsigned cpus;

#define TIMED(call, statement)                                   \
  do {                                                           \
    const double cpu_before = thread_cpu_s();                    \
    const double before = seconds_of(CLOCK_MONOTONIC);           \
    statement;                                                   \
    const double between = seconds_of(CLOCK_MONOTONIC) - before; \
    const double cpu = thread_cpu_s() - cpu_before;              \
    own[call].cpu_s += cpu;                                      \
    own[call].clock_s[i] = cpu - between;                        \
    own[call].between_s[i] = between;                            \
  } while (0)

static void* work(void* argument) {
  const int index = (int)(long)argument;
  worker_ids[index] = (int)syscall(SYS_gettid);
  struct Sums* own = sums[index];
  char* buffer = mmap(NULL, size * kReadBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  const int zero = open("/dev/zero", O_RDONLY);
  const int memory = (int)syscall(SYS_memfd_create, "clocked", 0u);
  if (buffer == MAP_FAILED || zero < 0 || memory < 0) exit(2);
  const ssize_t read_bytes = (ssize_t)size * kReadBytes;
  const ssize_t write_bytes = (ssize_t)size * kWriteBytes;
  const size_t random_bytes = size * kRandomBytes;
  for (int i = 0; i < rounds; ++i) {
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = 500000};
    TIMED(kRead, if (read(zero, buffer, (size_t)read_bytes) != read_bytes) exit(3));
    TIMED(kGetrandom, if (getrandom(buffer, random_bytes, 0) < 0) exit(4));
    TIMED(kWrite, if (pwrite(memory, buffer, (size_t)write_bytes, 0) != write_bytes) exit(5));
    TIMED(kNothing, syscall(SYS_getppid));
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

static int by_value(const void* a, const void* b) {
  const double x = *(const double*)a;
  const double y = *(const double*)b;
  return (x > y) - (x < y);
}

static double median(double* values, size_t count) {
  qsort(values, count, sizeof *values, by_value);
  return values[count / 2];
}

int main(int argc, char** argv) {
  const int threads = (int)argument(argc, argv, 1, 2);
  rounds = (int)argument(argc, argv, 2, 500);
  size = (size_t)argument(argc, argv, 4, 4);
  if (threads < 1 || threads > kMaxThreads || rounds < 1 || size < 1) return 2;
  const size_t calls = (size_t)threads * (size_t)rounds;
  double* clock_s[kCalls];
  double* between_s[kCalls];
  for (int call = 0; call < kCalls; ++call) {
    clock_s[call] = calloc(calls, sizeof(double));
    between_s[call] = calloc(calls, sizeof(double));
    for (int i = 0; i < threads; ++i) {
      sums[i][call].clock_s = clock_s[call] + i * rounds;
      sums[i][call].between_s = between_s[call] + i * rounds;
    }
  }
  cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
  pthread_t workers[kMaxThreads];
  pthread_t mover;
  running = threads;
  for (long i = 0; i < threads; ++i) pthread_create(&workers[i], NULL, work, (void*)i);
  const int moves = argument(argc, argv, 3, 0) != 0;
  if (moves) pthread_create(&mover, NULL, move, (void*)(long)threads);
  for (int i = 0; i < threads; ++i) pthread_join(workers[i], NULL);
  if (moves) pthread_join(mover, NULL);

  printf("{\"rounds\":%zu", calls);
  // A sleep is switched out by nature: the clock is taken to cost there what it does in the loop.
  double cost_s = 0;
  for (int call = 0; call < kCalls; ++call) {
    if (call != kSleep) cost_s = median(clock_s[call], calls);
    double sum = 0;
    for (int i = 0; i < threads; ++i) sum += sums[i][call].cpu_s;
    sum -= cost_s * (double)calls;
    if (call == kNothing) sum = median(between_s[call], calls) * (double)calls;
    printf(",\"%s\":%.9f", kNames[call], sum);
    if (call != kSleep) printf(",\"%s_clock_ns\":%.0f", kNames[call], cost_s * 1e9);
  }
  printf("}\n");
  return 0;
}
