// Goes down and up to depths chosen at random, through left() or right(), and spends its time there.
//
//   wandering_stack [SECONDS=1] [DEPTH=300]
//
// Known beforehand: chains of main, then step and left or step and right in any order, at most
// DEPTH of them, then step and spend. A frame of left and right takes about 200 bytes and says
// nothing of the way that led to it, so a stack that is put together of two others by mistake is
// found out: it has a left for a right.
#include "truth.h"

static double end_s;
static int max_depth;
static int wanted_depth;

static unsigned random_bits(void) {
  static uint64_t x = 88172645463325252u;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return (unsigned)(x >> 32);
}

NOINLINE static void spend(void) {
  spin_until(thread_cpu_s() + varied(1e-3));
  NO_TAIL_CALL();
}

NOINLINE static void step(int depth);

NOINLINE static void left(int depth) {
  volatile char frame[168];
  frame[0] = 0;
  step(depth);
  frame[1] = frame[0];
}

NOINLINE static void right(int depth) {
  volatile char frame[168];
  frame[0] = 0;
  step(depth);
  frame[1] = frame[0];
}

static void choose_depth(int depth) {
  // Mostly not far away, now and then anywhere.
  const int all = random_bits() % 16 == 0;
  const int from = all || depth < 20 ? 0 : depth - 20;
  const int to = all || depth + 20 > max_depth ? max_depth : depth + 20;
  wanted_depth = from + (int)(random_bits() % (unsigned)(to - from + 1));
}

NOINLINE static void step(int depth) {
  for (;;) {
    if (depth == wanted_depth) {
      spend();
      choose_depth(depth);
      if (thread_cpu_s() >= end_s) wanted_depth = -1;
    } else if (depth > wanted_depth) {
      return;
    } else if ((random_bits() & 1U) != 0) {
      left(depth + 1);
    } else {
      right(depth + 1);
    }
  }
}

int main(int argc, char** argv) {
  end_s = thread_cpu_s() + argument(argc, argv, 1, 1);
  max_depth = (int)argument(argc, argv, 2, 300);
  step(0);
  printf("{\"workload\":\"wandering_stack\",\"cpu_s\":%.6f", process_cpu_s());
  print_rusage();
  puts("}");
  return 0;
}
