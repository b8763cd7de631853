// Three calls on three lines of one function: two of functions that are inlined, one of a function
// that reads.
//
//   inlined_calls [SECONDS=1]
//
// Known beforehand: half of the CPU time is on the line that calls heavy, a fifth on that of light,
// both in user mode and inlined into outer, and three tenths on that of read_zeros, nearly all of
// them in the kernel. Prints the lines, and the CPU time of each phase by CLOCK_THREAD_CPUTIME_ID.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "truth.h"

static char buffer[2 * 1024 * 1024];
static int zero;
static double heavy_s, light_s, read_s;
static int heavy_line, light_line, read_line;

__attribute__((always_inline)) static inline void heavy(double cpu_s) { spin_until(cpu_s); }
__attribute__((always_inline)) static inline void light(double cpu_s) { spin_until(cpu_s); }

NOINLINE static void read_zeros(double cpu_s) {
  do {
    if (read(zero, buffer, sizeof buffer) != (ssize_t)sizeof buffer) abort();
  } while (thread_cpu_s() < cpu_s);
}

NOINLINE static void outer(double total) {
  while (heavy_s + light_s + read_s < total) {
    // Each phase gets what it lacks, so that an overrun of one is made up for in the next.
    const double target = heavy_s + light_s + read_s + varied(0.02);
    const double a = thread_cpu_s();
    heavy(a + 0.5 * target - heavy_s), heavy_line = __LINE__;
    const double b = thread_cpu_s();
    light(b + 0.2 * target - light_s), light_line = __LINE__;
    const double c = thread_cpu_s();
    read_zeros(c + 0.3 * target - read_s), read_line = __LINE__;
    const double d = thread_cpu_s();
    heavy_s += b - a;
    light_s += c - b;
    read_s += d - c;
  }
}

int main(int argc, char** argv) {
  zero = open("/dev/zero", O_RDONLY);
  if (zero < 0) return 1;
  memset(buffer, 1, sizeof buffer);
  outer(argument(argc, argv, 1, 1));
  printf(
      "{\"workload\":\"inlined_calls\",\"heavy_s\":%.6f,\"light_s\":%.6f,\"read_s\":%.6f,"
      "\"heavy_line\":%d,\"light_line\":%d,\"read_line\":%d",
      heavy_s, light_s, read_s, heavy_line, light_line, read_line);
  print_rusage();
  puts("}");
  return 0;
}
