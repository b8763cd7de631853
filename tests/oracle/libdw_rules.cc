// Compares unwind rules with libdw's and prints a table:
//
//   libdw_rules [-n ADDRESSES] FILE…
//
// Exits with 1 if anything differs.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/oracle/libdw_comparison.h"

int main(int argc, char** argv) {
  using namespace profiler;
  std::vector<std::string> files(argv + 1, argv + argc);
  std::size_t count = 20000;
  if (files.size() > 1 && files[0] == "-n") {
    count = std::strtoull(files[1].c_str(), nullptr, 10);
    files.erase(files.begin(), files.begin() + 2);
  }
  if (files.empty() || count == 0) {
    std::fputs("usage: libdw_rules [-n ADDRESSES] FILE…\n", stderr);
    return 2;
  }
  bool all_equal = true;
  std::printf("%9s %9s %9s %7s  file\n", "functions", "addresses", "equal", "fast");
  for (const std::string& file : files) {
    const auto found = oracle::compare_with_libdw(file, count, 20261121);
    if (!found) {
      std::printf("%9s %9s %9s %7s  %s\n", "-", "-", "-", "-", found.error().message().c_str());
      continue;
    }
    std::printf("%9zu %9zu %9zu %6.2f%%  %s\n", found->functions, found->addresses, found->equal,
                100.0 * static_cast<double>(found->fast) / static_cast<double>(found->addresses),
                file.c_str());
    for (const auto& [what, times] : found->differences)
      std::printf("%29zu differ: %s\n", times, what.c_str());
    for (const std::string& example : found->examples)
      std::printf("%29s %s\n", "", example.c_str());
    all_equal = all_equal && found->equal == found->addresses;
  }
  return all_equal ? 0 : 1;
}
