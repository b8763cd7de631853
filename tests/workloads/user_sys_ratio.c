// Spends USER_SHARE of its CPU time in user mode and the rest in read(2).
//
//   user_sys_ratio [SECONDS=1] [USER_SHARE=0.7]
//
// Known beforehand: user phases (compute) are arithmetic, sys phases (fill_from_zero) copy zeros
// into memory that is already there, 2 MiB a call: the way into the kernel and out of it, of which
// a part is user mode, is a thousandth of that. So user : sys is USER_SHARE : 1 - USER_SHARE, all
// sys is the system call read, and its caller is fill_from_zero. Prints the CPU time of the phases
// by CLOCK_THREAD_CPUTIME_ID, and what getrusage says, which the kernel may have split by a 4 ms
// tick.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "truth.h"

static char buffer[2 * 1024 * 1024];

NOINLINE static void compute(double cpu_s) {
  spin_until(cpu_s);
  NO_TAIL_CALL();
}

NOINLINE static long fill_from_zero(int zero, double cpu_s) {
  long calls = 0;
  do {
    if (read(zero, buffer, sizeof buffer) != (ssize_t)sizeof buffer) abort();
    ++calls;
  } while (thread_cpu_s() < cpu_s);
  return calls;
}

int main(int argc, char** argv) {
  const double total = argument(argc, argv, 1, 1);
  const double user_share = argument(argc, argv, 2, 0.7);
  const double slice = 0.02;
  const int zero = open("/dev/zero", O_RDONLY);
  if (zero < 0) return 1;
  memset(buffer, 1, sizeof buffer);

  double user = 0;
  double sys = 0;
  long calls = 0;
  const double begin = thread_cpu_s();
  while (user + sys < total) {
    // Each phase gets what it lacks, so that an overrun of one is made up for in the next.
    const double target = user + sys + varied(slice);
    const double a = thread_cpu_s();
    compute(a + target * user_share - user);
    const double b = thread_cpu_s();
    calls += fill_from_zero(zero, b + target * (1 - user_share) - sys);
    const double c = thread_cpu_s();
    user += b - a;
    sys += c - b;
  }
  printf(
      "{\"workload\":\"user_sys_ratio\",\"user_s\":%.6f,\"sys_s\":%.6f,\"cpu_s\":%.6f,\"reads\":%"
      "ld",
      user, sys, thread_cpu_s() - begin, calls);
  print_rusage();
  puts("}");
  return 0;
}
