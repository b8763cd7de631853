// A program whose file is gone, or is another one, while it runs.
//
//   moved_away SECONDS [OTHER]
//
// Known beforehand: it removes its own file, or renames OTHER over it, and then spends its CPU time
// in older_version. The same program built as moved_away_newer calls that function newer_version:
// with it for OTHER, names read from the path are wrong ones.
#include <limits.h>
#include <unistd.h>

#include "truth.h"

NOINLINE void FUNCTION(double cpu_s) {
  spin_until(thread_cpu_s() + cpu_s);
  NO_TAIL_CALL();
}

int main(int argc, char** argv) {
  char self[PATH_MAX] = "";
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return 1;
  if ((argc > 2 ? rename(argv[2], self) : unlink(self)) != 0) return 2;
  FUNCTION(argument(argc, argv, 1, 1));
  printf("{\"workload\":\"moved_away\",\"cpu_s\":%.6f}\n", process_cpu_s());
  return 0;
}
