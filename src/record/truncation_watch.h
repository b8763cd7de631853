// Decides whether the copies of user stacks are too short too often: more than 1 % of the last
// 1,000, of 100 at least. So a program that is deep from its start is found at its second sample,
// and one that becomes deep after an hour within a few.
//
//   TruncationWatch watch;
//   watch.on_copy(end == StackEnd::kDumpTooShort);   // each sample with a copy of a user stack
//   if (watch.wants_larger()) …
//
// Those that are too short because they were cut for want of room do not count: larger ones would
// make that worse. For 100 samples after one no decision is made.
#pragma once

#include <bitset>
#include <cstddef>

namespace profiler::record {

class TruncationWatch {
 public:
  static constexpr std::size_t kWindow = 1000;
  static constexpr std::size_t kFewest = 100;
  static constexpr std::size_t kPermitted = 100;  ///< One in so many.

  /// A copy of the size that was asked for, or of enough.
  void on_copy(bool too_short) {
    if (unpressed_ < kFewest) ++unpressed_;
    if (copies_ < kWindow) {
      ++copies_;
    } else if (was_short_[next_]) {
      --short_;
    }
    was_short_[next_] = too_short;
    if (too_short) ++short_;
    next_ = (next_ + 1) % kWindow;
  }
  /// A copy that is too short because it was cut.
  void on_shortened() { unpressed_ = 0; }

  [[nodiscard]] bool wants_larger() const {
    const std::size_t of = copies_ < kFewest ? kFewest : copies_;
    return unpressed_ >= kFewest && short_ * kPermitted > of;
  }
  /// What wants_larger() goes by.
  [[nodiscard]] std::size_t copies() const { return copies_; }
  [[nodiscard]] std::size_t too_short() const { return short_; }

 private:
  std::bitset<kWindow> was_short_;  // The last ones, the oldest at `next_` once there are as many.
  std::size_t next_ = 0;
  std::size_t copies_ = 0;
  std::size_t short_ = 0;
  std::size_t unpressed_ = kFewest;
};

}  // namespace profiler::record
