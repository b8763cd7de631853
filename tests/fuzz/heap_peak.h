// How much memory of operator new a piece of code holds at most. Not counted: what C libraries take
// from malloc.
//
//   HeapPeak peak;
//   read(file);
//   peak.bytes();        // above what was held when it was made
//
// One at a time; replaces operator new of the program that it is linked into.
#pragma once

#include <cstddef>

namespace profiler::test {

class HeapPeak {
 public:
  HeapPeak();
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::size_t before_;
};

/// For fuzzers: ends the program if there was more, and says how much.
void expect_at_most(std::size_t limit, const HeapPeak& peak);

}  // namespace profiler::test
