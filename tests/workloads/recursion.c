// A function that calls itself DEPTH times before it spends its time.
//
//   recursion [DEPTH=100] [SECONDS=1]
//
// Known beforehand: the chain is main, DEPTH times descend, bottom. A frame of descend takes about
// 200 bytes, so 2,000 of them take 400 KB: more than a copy of the stack can hold (64 KB at most),
// and such stacks must be called truncated. At a depth of 100 a copy of 32 KiB holds them all.
#include "truth.h"

NOINLINE static void bottom(double cpu_s) {
  spin_until(thread_cpu_s() + cpu_s);
  NO_TAIL_CALL();
}

NOINLINE static void descend(int depth, double cpu_s) {
  volatile char frame[168];
  frame[0] = (char)depth;
  if (depth > 1)
    descend(depth - 1, cpu_s);
  else
    bottom(cpu_s);
  frame[1] = frame[0];
}

int main(int argc, char** argv) {
  const int depth = (int)argument(argc, argv, 1, 100);
  descend(depth < 1 ? 1 : depth, argument(argc, argv, 2, 1));
  printf("{\"workload\":\"recursion\",\"depth\":%d,\"cpu_s\":%.6f", depth, process_cpu_s());
  print_rusage();
  puts("}");
  return 0;
}
