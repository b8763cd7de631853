// A program in two versions, whose functions' CPU time is known.
//
//   changed_work [SECONDS=1]         changed_work_newer [SECONDS=1]
//
// Known beforehand: of SECONDS, the older version spends 0.4 in steady, 0.3 in grows, 0.2 in
// shrinks.part.0 and 0.1 in dropped. The newer one spends 0.4 in steady, 0.6 in grows (twice as
// much), 0.1 in shrinks (half as much, and called by its plain name) and 0.2 in added: 1.3 in all.
// It is built with other options, and its functions lie in another order: their addresses, sizes
// and the build id are others. Prints the CPU time of each by CLOCK_THREAD_CPUTIME_ID.
#include "truth.h"

static double spent[5];

#define WORK(function, index, symbol)          \
  NOINLINE void function(double cpu_s) symbol; \
  NOINLINE void function(double cpu_s) {       \
    const double begin = thread_cpu_s();       \
    spin_until(begin + cpu_s);                 \
    spent[index] += thread_cpu_s() - begin;    \
    NO_TAIL_CALL();                            \
  }

#ifdef NEWER
WORK(added, 3, )
WORK(shrinks, 2, )
WORK(grows, 1, )
WORK(steady, 0, )
#else
WORK(steady, 0, )
WORK(dropped, 4, )
WORK(grows, 1, )
WORK(shrinks, 2, __asm__("shrinks.part.0"))
#endif

int main(int argc, char** argv) {
  const double seconds = argument(argc, argv, 1, 1);
  const double slice = 0.01;
  for (double done = 0; done < seconds; done += slice) {
    const double length = varied(slice);
    steady(0.4 * length);
#ifdef NEWER
    grows(0.6 * length);
    shrinks(0.1 * length);
    added(0.2 * length);
#else
    grows(0.3 * length);
    shrinks(0.2 * length);
    dropped(0.1 * length);
#endif
  }
  printf(
      "{\"workload\":\"changed_work\",\"cpu_s\":%.6f,\"spent_s\":{\"steady\":%.6f,\"grows\":%.6f,"
      "\"shrinks\":%.6f,\"added\":%.6f,\"dropped\":%.6f}}\n",
      thread_cpu_s(), spent[0], spent[1], spent[2], spent[3], spent[4]);
  return 0;
}
