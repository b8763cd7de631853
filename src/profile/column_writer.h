// One column of a table as varints: what format.h calls a column.
//
//   ColumnWriter line;
//   line.add(41);                 // one byte for values below 128
//   line.add_signed(-3);          // zigzag
//   line.bytes();
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/duration_histogram.h"

namespace profiler::profile {

/// 0, -1, 1, -2, … as 0, 1, 2, 3, …
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

/// `to - from` modulo 2^64 as a signed number: adding it to `from` gives `to` whatever they are.
constexpr std::int64_t difference(std::uint64_t to, std::uint64_t from) {
  return static_cast<std::int64_t>(to - from);
}

class ColumnWriter {
 public:
  void add(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  void add_signed(std::int64_t value) { add(zigzag(value)); }
  /// The value less the one before.
  void add_delta(std::uint64_t value) {
    add_signed(difference(value, last_));
    last_ = value;
  }
  /// The distance to one more than the highest value so far, modulo 2^32.
  void add_back(std::uint32_t value) {
    add(static_cast<std::uint32_t>(next_ - value));
    if (value >= next_ && value != UINT32_MAX) next_ = value + 1;
  }
  /// Bytes as they are, for columns of text.
  void add_bytes(std::string_view bytes) { bytes_ += bytes; }

  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::uint64_t last_ = 0;
  std::uint32_t next_ = 0;
};

/// Those buckets that are not empty, as format.h has them, and how many.
inline void add_histogram(const DurationHistogram& histogram, ColumnWriter& filled,
                          ColumnWriter& buckets) {
  std::size_t count = 0;
  std::size_t next = 0;
  for (std::size_t bucket = 0; bucket < histogram.counts.size(); ++bucket) {
    if (histogram.counts[bucket] == 0) continue;
    buckets.add(bucket - next);
    buckets.add(histogram.counts[bucket]);
    next = bucket + 1;
    ++count;
  }
  filled.add(count);
}

}  // namespace profiler::profile
