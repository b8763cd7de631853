// Numbers as people read them: seconds with as many digits as mean something, other events' counts
// with a unit, shares; sample counts in place of shares where there are too few samples.
//
//   AmountFormat format(event, total);                    // total: the largest to be shown
//   format.amount(w.sys);                                 // "0.639", or "12.3 M"
//   format.share(w.sys);                                  // "12.9 %"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/profile.h"
#include "view/weight.h"

namespace profiler::render {

/// Below this many samples a percentage would pretend a precision that is not there.
inline constexpr std::uint64_t kFewSamples = 30;

class AmountFormat {
 public:
  /// Shares are of `whole`.
  AmountFormat(const EventInfo& event, const view::Weight& whole);

  /// For what was waited: shares are of `whole`'s wait, whose length is no matter of samples.
  [[nodiscard]] static AmountFormat of_waits(const view::Weight& whole);

  /// "0.639"; "0" for nothing at all.
  [[nodiscard]] std::string amount(std::uint64_t weight) const;
  /// The same with its unit: "0.639 s", "12.3 M cycles".
  [[nodiscard]] std::string amount_with_unit(std::uint64_t weight) const;
  /// "12.9 %", or with few samples their count.
  [[nodiscard]] std::string share(std::uint64_t weight, std::uint64_t samples) const;
  /// Title of a column of shares: "share", or "samples".
  [[nodiscard]] std::string_view share_title() const { return few_ ? "samples" : "share"; }
  [[nodiscard]] bool few_samples() const { return few_; }
  [[nodiscard]] double fraction(std::uint64_t weight) const;

 private:
  AmountFormat() = default;

  bool is_time_ = true;
  std::string unit_ = "s";
  int digits_ = 3;
  bool few_ = false;
  std::uint64_t whole_ = 0;
};

/// Decimals that suit times of about that size: three below 10 s.
[[nodiscard]] int second_digits(std::uint64_t largest_ns);
/// The same with more for less than a second: four digits of whatever it is, six at most.
[[nodiscard]] int fine_second_digits(std::uint64_t largest_ns);
/// "12.345"
[[nodiscard]] std::string seconds(std::uint64_t ns, int digits);
/// "2.31 µs", "840 ns", "12.3 s": three digits of any duration.
[[nodiscard]] std::string duration(double ns);
/// "12,345"
[[nodiscard]] std::string grouped(std::uint64_t count);
/// "12.9 %"; "< 0.1 %" for the smallest, "> 99.9 %" for not quite all; "–" of nothing.
[[nodiscard]] std::string percent(std::uint64_t part, std::uint64_t whole);
/// "12.9 %" of a part from 0 to 1, as percent() has it.
[[nodiscard]] std::string percent(double part);
/// All digits of a time, for machines: "0.0125", "3".
[[nodiscard]] std::string exact_seconds(std::uint64_t ns);

/// "–": not measured.
inline constexpr std::string_view kNotMeasured = "–";

}  // namespace profiler::render
