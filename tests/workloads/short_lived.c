// A program that is over before a 999 Hz event has fired once.
//
//   short_lived [SECONDS=0.001]
//
// Known beforehand: it spends that much CPU time in moment; with starting and ending, a process
// takes about twice a millisecond.
#include "truth.h"

NOINLINE static void moment(double cpu_s) {
  spin_until(thread_cpu_s() + cpu_s);
  NO_TAIL_CALL();
}

int main(int argc, char** argv) {
  moment(argument(argc, argv, 1, 0.001));
  printf("{\"workload\":\"short_lived\",\"cpu_s\":%.6f", process_cpu_s());
  print_rusage();
  puts("}");
  return 0;
}
