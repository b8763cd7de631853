// Our chains of a perf.data against those of perf script, sample by sample: how many are equal, and
// each kind of difference by name, with one example.
//
//   Result<Comparison> all = compare_with_perf("perf.data");
//   all->suspicious();                  // samples where perf may be right and we are not
//   fputs(all->text().c_str(), stdout);
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "profiler/error.h"
#include "tests/oracle/perf/perf_script.h"

namespace profiler::oracle {

struct DifferenceClass {
  std::size_t count = 0;
  bool suspicious = false;
  std::string example;
};

struct Comparison {
  std::size_t samples = 0;
  std::size_t unpaired = 0;  ///< Of perf's, without one of ours at that time in that thread.
  std::size_t equal = 0;
  std::size_t extended = 0;  ///< Perf's chain, and then more, as far as the code tells.
  std::size_t extending_frames = 0;
  std::map<std::string, DifferenceClass> classes;

  [[nodiscard]] std::size_t suspicious() const;
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] Result<Comparison> compare_with_perf(const std::string& path);
/// Both by time and thread. `ends`: why each of ours ended.
[[nodiscard]] Comparison compare(const std::vector<ShownSample>& ours,
                                 const std::vector<std::string>& ends,
                                 const std::vector<ShownSample>& perfs);

}  // namespace profiler::oracle
