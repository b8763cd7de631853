// The cheapest system call, again and again: what watching system calls adds to each.
//
//   call_loop [CALLS] [PROCESSES]
//
// Makes CALLS calls of getppid(2) in each of PROCESSES processes, each on a CPU of its own. Prints
// a line of JSON: the CPU time of a call in nanoseconds, of the slowest process.
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

int main(int argc, char** argv) {
  const long calls = (long)argument(argc, argv, 1, 1e6);
  const int processes = (int)argument(argc, argv, 2, 1);
  if (processes < 1 || processes > 256) return 2;
  double* ns =
      mmap(NULL, 256 * sizeof *ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < processes; ++i) {
    if (fork() != 0) continue;
    if (processes > 1) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET((unsigned)i % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &one);
      sched_setaffinity(0, sizeof one, &one);
    }
    const double before = thread_cpu_s();
    for (long call = 0; call < calls; ++call) syscall(SYS_getppid);
    ns[i] = (thread_cpu_s() - before) * 1e9 / (double)calls;
    _exit(0);
  }
  while (wait(NULL) > 0) continue;
  double slowest = 0;
  for (int i = 0; i < processes; ++i) slowest = ns[i] > slowest ? ns[i] : slowest;
  printf("{\"calls\":%ld,\"ns\":%.1f}\n", calls * processes, slowest);
  return 0;
}
