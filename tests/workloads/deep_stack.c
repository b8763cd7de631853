// Processes and threads that are deep in recursion most of the time.
//
//   deep_stack [KIB=45] [SECONDS=1] [LATER=1]
//
// Four workers of SECONDS of CPU time each: the main thread, a second thread, a child forked at the
// start, and one forked when the main thread has used half of its time. Each spends phases of about
// 20 ms in deep(), below KIB of stack, and of about 4 ms in shallow(), below next to none. With
// LATER 0 there is no second child, and three workers.
//
// Known beforehand: the CPU time of each, and how much of it in all was spent in deep(). With 45
// KiB a copy of 32 KiB of the stack is too short there, and one of 64 KiB is not.
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

static int depth;
static _Atomic uint64_t* deep_ns;  // Of all processes.

NOINLINE static void bottom(double cpu_s) {
  const double began = thread_cpu_s();
  spin_until(began + cpu_s);
  *deep_ns += (uint64_t)((thread_cpu_s() - began) * 1e9);
  NO_TAIL_CALL();
}

NOINLINE static void deep(int levels, double cpu_s) {
  volatile char frame[232];  // 256 bytes with what the call takes.
  frame[0] = (char)levels;
  if (levels > 1)
    deep(levels - 1, cpu_s);
  else
    bottom(cpu_s);
  frame[1] = frame[0];
}

NOINLINE static void shallow(double cpu_s) {
  spin_until(thread_cpu_s() + cpu_s);
  NO_TAIL_CALL();
}

NOINLINE static void work(double cpu_s) {
  const double end = thread_cpu_s() + cpu_s;
  while (thread_cpu_s() < end) {
    deep(depth, varied(0.020));
    shallow(varied(0.004));
  }
}

static void* thread(void* cpu_s) {
  work(*(double*)cpu_s);
  return NULL;
}

static pid_t child(double cpu_s) {
  const pid_t pid = fork();
  if (pid < 0) exit(1);
  if (pid == 0) {
    work(cpu_s);
    _exit(0);
  }
  return pid;
}

static double join_child(pid_t pid) {
  struct rusage usage;
  int status = 0;
  if (wait4(pid, &status, 0, &usage) != pid || status != 0) exit(1);
  return timeval_s(usage.ru_utime) + timeval_s(usage.ru_stime);
}

int main(int argc, char** argv) {
  depth = (int)(argument(argc, argv, 1, 45) * 4);
  double cpu_s = argument(argc, argv, 2, 1);
  const int later = (int)argument(argc, argv, 3, 1);
  deep_ns = mmap(NULL, sizeof *deep_ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (deep_ns == MAP_FAILED) return 1;

  const pid_t first = child(cpu_s);
  pthread_t second;
  if (pthread_create(&second, NULL, thread, &cpu_s) != 0) return 1;
  work(cpu_s / 2);
  const pid_t last = later != 0 ? child(cpu_s) : 0;
  work(cpu_s / 2);
  pthread_join(second, NULL);
  double children_cpu_s = join_child(first);
  if (later != 0) children_cpu_s += join_child(last);
  printf("{\"workload\":\"deep_stack\",\"cpu_s\":%.6f,\"deep_s\":%.6f",
         process_cpu_s() + children_cpu_s, (double)*deep_ns * 1e-9);
  print_rusage();
  puts("}");
  return 0;
}
