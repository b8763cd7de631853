// Two threads of one CPU that wake each other in turn, so that each turn is a context switch.
//
//   switch_storm [ROUNDS] [WORK] [pipe|futex]
//
// A round is two switches, and WORK steps of computing (of about a nanosecond) before each: it sets
// how many switches there are a second. Prints a line of JSON: switches, real_s, cpu_s, per_second
// (of CPU time, which is all of the time where nobody else wants that CPU), and wait_s, what both
// threads together were off the CPU.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "waits.h"

static long rounds;
static long work;
static int by_futex;
static int pipes[2][2];
static _Atomic int turn;
static double off_s[2];

static void compute(void) {
  uint64_t x = 88172645463325252u;
  for (long i = 0; i < work; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  __asm__ volatile("" : : "r"(x));
}

NOINLINE static void await_turn(int me) {
  if (by_futex) {
    while (turn != me) syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 1 - me, NULL, NULL, 0);
    return;
  }
  char byte;
  if (read(pipes[me][0], &byte, 1) != 1) exit(3);
}

NOINLINE static void give_turn(int to) {
  if (by_futex) {
    turn = to;
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return;
  }
  if (write(pipes[to][1], "x", 1) != 1) exit(3);
}

static void play(int me) {
  const double before = off_cpu_s();
  for (long i = 0; i < rounds; ++i) {
    if (i > 0 || me == 1) await_turn(me);
    compute();
    give_turn(1 - me);
  }
  off_s[me] = off_cpu_s() - before;
}

static void* answer(void* argument) {
  (void)argument;
  play(1);
  return NULL;
}

int main(int argc, char** argv) {
  rounds = (long)argument(argc, argv, 1, 50000);
  work = (long)argument(argc, argv, 2, 0);
  by_futex = argc > 3 && strcmp(argv[3], "futex") == 0;
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 2;
  int cpu = CPU_SETSIZE - 1;
  while (!CPU_ISSET(cpu, &cpus)) --cpu;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) return 2;
  if (pipe(pipes[0]) != 0 || pipe(pipes[1]) != 0) return 2;
  const double began = now_s();
  const double cpu_before = process_cpu_s();
  pthread_t other;
  pthread_create(&other, NULL, answer, NULL);
  play(0);
  pthread_join(other, NULL);
  const double real_s = now_s() - began;
  const double cpu_s = process_cpu_s() - cpu_before;
  printf("{\"switches\":%ld,\"real_s\":%.6f,\"cpu_s\":%.6f,\"per_second\":%.0f,\"wait_s\":%.6f}\n",
         2 * rounds, real_s, cpu_s, 2 * (double)rounds / cpu_s, off_s[0] + off_s[1]);
  return 0;
}
