// Two recordings over one set of tables, in which a function that both have is one row: whatever
// looks at a profile then looks at either, and what it says of one fits what it says of the other.
//
//   const JoinedProfile joined = join_profiles({old, old_samples}, {new, new_samples});
//   function_table(joined.profile, joined.before());     // rows of the same names as …
//   function_table(joined.profile, joined.after());
//
// Modules, functions and files are matched by name (diff_match.h) and are called as in the second
// recording where it has them; the program that was recorded is the same one by whatever name.
// Threads are one where their names and their processes' are; pids and tids are not kept. Code that
// is known by its address only is one function a module ("[unnamed in prog]") where both recordings
// have the module, but not the same build of it: addresses say nothing then. The run is the
// second's.
#pragma once

#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

/// What is looked at of a recording: its samples of one event, and waits made into samples.
struct DiffSide {
  const Profile& profile;
  const std::vector<const Sample*>& samples;
};

struct JoinedProfile {
  Profile profile;  ///< Has no samples of its own.
  std::vector<Sample> samples_before;
  std::vector<Sample> samples_after;

  /// As views take them. Live no longer than this.
  [[nodiscard]] std::vector<const Sample*> before() const { return pointers(samples_before); }
  [[nodiscard]] std::vector<const Sample*> after() const { return pointers(samples_after); }

 private:
  static std::vector<const Sample*> pointers(const std::vector<Sample>& samples) {
    std::vector<const Sample*> pointers;
    pointers.reserve(samples.size());
    for (const Sample& sample : samples) pointers.push_back(&sample);
    return pointers;
  }
};

[[nodiscard]] JoinedProfile join_profiles(const DiffSide& before, const DiffSide& after);

}  // namespace profiler::view
