// perf_chains PERF.DATA...: each recording's chains, ours against perf script's. The status is 1 if
// perf may be right about a sample where we are not: those classes are marked.
#include <cstdio>

#include "tests/oracle/perf/comparison.h"

int main(int argc, char** argv) {
  bool clean = argc > 1;
  if (argc < 2) std::fputs("usage: perf_chains PERF.DATA...\n", stderr);
  for (int i = 1; i < argc; ++i) {
    const auto all = profiler::oracle::compare_with_perf(argv[i]);
    if (!all) {
      std::fprintf(stderr, "perf_chains: %s\n", all.error().message().c_str());
      clean = false;
      continue;
    }
    std::printf("%s\n%s", argv[i], all->text().c_str());
    clean = clean && all->suspicious() == 0;
  }
  return clean ? 0 : 1;
}
