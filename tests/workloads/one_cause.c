// Programs that one cause dominates, and the same done well.
//
//   one_cause CASE [SECONDS=0.4]
//
// Known beforehand: which advice `profiler time` or `profiler syscalls` gives for each case. A case
// with -not in its name does what the other does, in a way of which there is nothing to say.
// Prints the case, its CPU time, and how long it waited for flushes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

enum { kPageSize = 4096, kBlocks = 512, kBlockSize = 32 * 1024, kLarge = 64 << 20 };
static double seconds;
static double waited;  // In flushes.

static void fail(const char* what) {
  perror(what);
  exit(1);
}

NOINLINE static void touch(char* memory, long bytes) {
  for (long at = 0; at < bytes; at += kPageSize) *(volatile char*)(memory + at) = 1;
  NO_TAIL_CALL();
}

static void grow_and_shrink(void) {
  static char* blocks[kBlocks];
  while (process_cpu_s() < seconds) {
    for (int i = 0; i < kBlocks; ++i) {
      blocks[i] = malloc(kBlockSize);
      if (blocks[i] == NULL) abort();
      touch(blocks[i], kBlockSize);
    }
    for (int i = kBlocks; i-- != 0;) free(blocks[i]);
  }
}
static void grow_once(void) {
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  grow_and_shrink();
}

static void map_again(void) {
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  while (process_cpu_s() < seconds) {
    char* block = malloc(kLarge);
    if (block == NULL) abort();
    touch(block, kLarge);
    free(block);
  }
}
static void map_once(void) {
  char* block = malloc(8 << 20);
  if (block == NULL) abort();
  while (process_cpu_s() < seconds) touch(block, 8 << 20);
}

static void touch_once(void) {
  const long bytes = 400L << 20;
  char* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  touch(memory, bytes);
}

static void read_zeros(size_t bytes) {
  static char buffer[64 * 1024];
  const int zeros = open("/dev/zero", O_RDONLY);
  if (zeros < 0) fail("/dev/zero");
  while (process_cpu_s() < seconds)
    for (int i = 0; i < 1000; ++i)
      if (read(zeros, buffer, bytes) != (ssize_t)bytes) fail("read");
}
static void read_little(void) { read_zeros(1); }
static void read_much(void) { read_zeros(64 * 1024); }

static void write_and_flush(int often) {
  char name[] = "one_cause.XXXXXX";
  const int file = mkstemp(name);
  if (file < 0) fail("a file in the current folder");
  unlink(name);
  for (int i = 0; i < 20000 && waited < seconds && (often || i < 100); ++i) {
    if (write(file, name, sizeof name) < 0) fail("write");
    if (!often) continue;
    const double before = seconds_of(CLOCK_MONOTONIC);
    if (fsync(file) != 0) fail("fsync");
    waited += seconds_of(CLOCK_MONOTONIC) - before;
  }
  if (!often) spin_until(seconds);
}
static void flush_each(void) { write_and_flush(1); }
static void flush_never(void) { write_and_flush(0); }

static void poll_pipe(int timeout_ms, long times) {
  int ends[2];
  if (pipe(ends) != 0) fail("pipe");
  struct pollfd wanted = {.fd = ends[0], .events = POLLIN};
  for (long i = 0; i < times; ++i) {
    poll(&wanted, 1, timeout_ms);
    if (i % 100 == 0 && process_cpu_s() >= 2 * seconds) break;
  }
}
static void poll_at_once(void) { poll_pipe(0, 100L << 20); }
static void poll_and_wait(void) {
  spin_until(seconds);
  poll_pipe(1, 1200);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;
static int done;

static void* take_turns(void* mine) {
  const int me = *(int*)mine;
  pthread_mutex_lock(&lock);
  while (!done) {
    while (turn != me && !done) pthread_cond_wait(&turned, &lock);
    turn = !me;
    if (process_cpu_s() >= seconds) done = 1;
    pthread_cond_signal(&turned);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}
static void* work_alone(void* mine) {
  (void)mine;
  spin_until(seconds / 2);
  pthread_mutex_lock(&lock);
  ++turn;
  pthread_mutex_unlock(&lock);
  return NULL;
}
static void two_threads(void* (*run)(void*)) {
  pthread_t threads[2];
  int numbers[2] = {0, 1};
  for (int i = 0; i < 2; ++i)
    if (pthread_create(&threads[i], NULL, run, &numbers[i]) != 0) fail("pthread_create");
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
}
static void hand_over(void) { two_threads(take_turns); }
static void hold_seldom(void) { two_threads(work_alone); }

static void look_for(const char* name) {
  while (process_cpu_s() < seconds)
    for (int i = 0; i < 1000; ++i) {
      const int file = open(name, O_RDONLY);
      if (file >= 0) close(file);
    }
}
static void look_in_vain(void) { look_for("/usr/lib/no-such-folder/libnothing.so"); }
static void look_and_find(void) { look_for("/dev/null"); }

static void start_many(int most) {
  const double begin = seconds_of(CLOCK_MONOTONIC);
  for (int i = 0; i < most && seconds_of(CLOCK_MONOTONIC) - begin < 3 * seconds; ++i) {
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
  }
}
static void start_again(void) { start_many(1 << 20); }
static void start_few(void) {
  start_many(3);
  spin_until(seconds);
}

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"heap-trim", grow_and_shrink},    {"heap-trim-not", grow_once},
    {"heap-map", map_again},           {"heap-map-not", map_once},
    {"new-memory", touch_once},        {"new-memory-not", map_once},
    {"small-transfers", read_little},  {"small-transfers-not", read_much},
    {"flushing", flush_each},          {"flushing-not", flush_never},
    {"polling", poll_at_once},         {"polling-not", poll_and_wait},
    {"lock-contention", hand_over},    {"lock-contention-not", hold_seldom},
    {"failing-lookups", look_in_vain}, {"failing-lookups-not", look_and_find},
    {"process-storm", start_again},    {"process-storm-not", start_few},
};

int main(int argc, char** argv) {
  seconds = argument(argc, argv, 2, 0.4);
  for (size_t i = 0; argc > 1 && i < sizeof kCases / sizeof *kCases; ++i) {
    if (strcmp(argv[1], kCases[i].name) != 0) continue;
    kCases[i].run();
    printf("{\"workload\":\"one_cause\",\"case\":\"%s\",\"cpu_s\":%.6f,\"waited_s\":%.4f", argv[1],
           process_cpu_s(), waited);
    print_rusage();
    puts("}");
    return 0;
  }
  fputs("usage: one_cause CASE [SECONDS]\n", stderr);
  return 2;
}
