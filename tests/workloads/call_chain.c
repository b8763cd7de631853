// One call chain: main -> alpha -> beta -> gamma -> spin.
//
//   call_chain [SECONDS=1]
//
// Known beforehand: practically all CPU time is in spin (spin_until is inlined there), under
// exactly that chain. Built without frame pointers; also stripped (call_chain_stripped: ranges
// instead of names) and static (call_chain_static: no loader, no libc.so).
#include "truth.h"

NOINLINE void spin(double cpu_s) {
  spin_until(thread_cpu_s() + cpu_s);
  NO_TAIL_CALL();
}
// The C library has a function named gamma.
NOINLINE void gamma_(double cpu_s) __asm__("gamma");
void gamma_(double cpu_s) {
  spin(cpu_s);
  NO_TAIL_CALL();
}
NOINLINE void beta(double cpu_s) {
  gamma_(cpu_s);
  NO_TAIL_CALL();
}
NOINLINE void alpha(double cpu_s) {
  beta(cpu_s);
  NO_TAIL_CALL();
}

int main(int argc, char** argv) {
  alpha(argument(argc, argv, 1, 1));
  printf(
      "{\"workload\":\"call_chain\",\"chain\":[\"main\",\"alpha\",\"beta\",\"gamma\",\"spin\"],"
      "\"cpu_"
      "s\":%.6f",
      process_cpu_s());
  print_rusage();
  puts("}");
  return 0;
}
