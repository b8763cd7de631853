// The cheapest system call, again and again: what watching system calls adds to each.
//
//   call_loop [CALLS=1000000] [PROCESSES=1] [THREADS=1]
//
// Known beforehand: CALLS calls of getppid(2) in each of THREADS threads of each of PROCESSES
// processes; where there is more than one, each is on a CPU of its own as long as there are enough.
// Prints a line of JSON: all calls, and the CPU time of one in nanoseconds, of the slowest thread.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

enum { kMost = 256 };
static long calls;
static long loops;
static double* ns;  // Of each loop; shared by all processes.

static void* loop(void* argument) {
  const long index = (long)argument;
  if (loops > 1) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((unsigned)index % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &one);
    sched_setaffinity(0, sizeof one, &one);  // Where it may not, it runs wherever it likes.
  }
  const double before = thread_cpu_s();
  for (long call = 0; call < calls; ++call) syscall(SYS_getppid);
  ns[index] = (thread_cpu_s() - before) * 1e9 / (double)calls;
  return NULL;
}

int main(int argc, char** argv) {
  calls = (long)argument(argc, argv, 1, 1e6);
  const long processes = (long)argument(argc, argv, 2, 1);
  const long threads = (long)argument(argc, argv, 3, 1);
  loops = processes * threads;
  if (calls < 1 || processes < 1 || threads < 1 || loops > kMost) return 2;
  ns = mmap(NULL, kMost * sizeof *ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  long process = processes - 1;
  while (process > 0 && fork() != 0) --process;  // This one is the last, number 0.
  pthread_t others[kMost];
  const long first = process * threads;
  for (long i = 1; i < threads; ++i)
    if (pthread_create(&others[i], NULL, loop, (void*)(first + i)) != 0) return 1;
  loop((void*)first);
  for (long i = 1; i < threads; ++i) pthread_join(others[i], NULL);
  if (process > 0) _exit(0);
  while (wait(NULL) > 0) continue;
  double slowest = 0;
  for (long i = 0; i < loops; ++i) slowest = ns[i] > slowest ? ns[i] : slowest;
  printf("{\"calls\":%ld,\"ns\":%.1f}\n", calls * loops, slowest);
  return 0;
}
