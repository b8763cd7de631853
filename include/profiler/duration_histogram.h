// Durations counted in buckets that grow with them: four to each power of two, so that any quantile
// is known to within a quarter.
//
//   DurationHistogram h;
//   h.add(1500);                                   // nanoseconds
//   h.quantile(0.99);                              // the middle of the bucket that holds it
//
// Bucket 0 holds what is shorter than kShortest, the last one everything from kLongest on. The BPF
// program counts by the same rule (src/syscalls/syscall_counter.bpf.c); a test compares the two.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace profiler {

struct DurationHistogram {
  static constexpr unsigned kShortestLog2 = 5;  ///< 32 ns
  static constexpr unsigned kLongestLog2 = 40;  ///< 18 minutes
  static constexpr std::uint64_t kShortest = std::uint64_t{1} << kShortestLog2;
  static constexpr std::uint64_t kLongest = std::uint64_t{1} << kLongestLog2;
  static constexpr std::size_t kBuckets = 1 + 4 * (kLongestLog2 - kShortestLog2) + 1;

  std::array<std::uint64_t, kBuckets> counts{};
  bool operator==(const DurationHistogram&) const = default;

  [[nodiscard]] static constexpr std::size_t bucket(std::uint64_t ns) {
    if (ns < kShortest) return 0;
    if (ns >= kLongest) return kBuckets - 1;
    const auto log2 = static_cast<unsigned>(std::bit_width(ns)) - 1;
    return 1 + 4 * (log2 - kShortestLog2) + ((ns >> (log2 - 2)) & 3);
  }
  /// The shortest duration of a bucket.
  [[nodiscard]] static constexpr std::uint64_t lower(std::size_t bucket) {
    if (bucket == 0) return 0;
    if (bucket >= kBuckets - 1) return kLongest;
    const std::size_t log2 = kShortestLog2 + (bucket - 1) / 4;
    return (std::uint64_t{4} + (bucket - 1) % 4) << (log2 - 2);
  }
  /// The shortest that is too long for it; of the last bucket, as if it were as wide as another.
  [[nodiscard]] static constexpr std::uint64_t upper(std::size_t bucket) {
    return bucket >= kBuckets - 1 ? 2 * kLongest : lower(bucket + 1);
  }

  void add(std::uint64_t ns, std::uint64_t times = 1) { counts[bucket(ns)] += times; }
  DurationHistogram& operator+=(const DurationHistogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) counts[i] += other.counts[i];
    return *this;
  }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts) sum += count;
    return sum;
  }
  /// The bucket that holds the quantile `q` (0 to 1) by the nearest-rank rule; 0 if there is none.
  [[nodiscard]] std::size_t quantile_bucket(double q) const {
    const auto all = static_cast<double>(total());
    double seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += static_cast<double>(counts[i]);
      if (counts[i] != 0 && seen >= q * all) return i;
    }
    return 0;
  }
  /// The middle of that bucket, in nanoseconds.
  [[nodiscard]] std::uint64_t quantile(double q) const {
    const std::size_t i = quantile_bucket(q);
    return lower(i) + (upper(i) - lower(i)) / 2;
  }
};

}  // namespace profiler
