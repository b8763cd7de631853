// The words of a flame graph: what a frame is called, and how much it is.
//
//   amount(event, {.user = 1'234'000'000, .sys = 0, .samples = 1234});  // "1.234 s user"
//   origin(profile, entry);                                             // "inlined, libc.so.6"
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/call_path.h"
#include "view/weight.h"

namespace profiler::render {

/// "1.234 s" for nanoseconds, else "1,234 cycles": all digits, whatever the total.
[[nodiscard]] std::string quantity(const EventInfo& event, std::uint64_t weight);

/// All modes: "1.234 s user", "1.500 s (1.200 s user, 0.300 s sys)", "2.000 s wait".
[[nodiscard]] std::string amount(const EventInfo& event, const view::Weight& weight);

/// "1,234 samples, 56 waits"
[[nodiscard]] std::string sample_count(const view::Weight& weight);
/// "1 sample", "1,234 samples"
[[nodiscard]] std::string sample_count(std::uint64_t samples);

/// Frames' labels, those of functions as tables have them (view/simple_name.h); never empty, and
/// not longer than a tooltip can bear.
class FrameNames {
 public:
  /// `profile` outlives it.
  explicit FrameNames(const Profile& profile)
      : profile_(profile), functions_(profile.functions.size()) {}

  [[nodiscard]] std::string of(const view::PathEntry& entry) const;

 private:
  const Profile& profile_;
  mutable std::vector<std::string> functions_;  ///< Names that were asked for.
};

/// Where the frame's code comes from: "libc.so.6", "kernel", "inlined, prog"; "" if nothing is to
/// be said.
[[nodiscard]] std::string origin(const Profile& profile, const view::PathEntry& entry);

}  // namespace profiler::render
