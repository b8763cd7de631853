// What usually helps where one cause dominates, with the evidence for it: nothing is said of what
// was not measured, and nothing where no one cause has a fifth of the time.
//
//   for (const Advice& a : advice(profile, select(profile, {})))
//     a.subject, a.share, a.caller.function, a.evidence, a.remedy
//
// The rules are a table in advice.cc, each with its thresholds. Some need counted calls
// (Profile::syscalls), as the mean size of a read is known by nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profiler/profile.h"
#include "view/call_site.h"

namespace profiler::view {

struct Advice {
  std::string_view rule;      ///< A name for programs: "heap-trim".
  std::string_view subject;   ///< What takes the time, in the plural: "page faults and brk".
  double share = 0;           ///< Its part of the time, 0 to 1.
  bool of_real_time = false;  ///< Else of CPU time.
  CallSite caller;            ///< The code that has most of it; empty: not known.
  std::string evidence;       ///< "17 bytes a call on average"; "" where the share says it all.
  std::string_view remedy;    ///< A sentence that stands behind a colon.
};

/// By share, largest first. `samples`: of one event.
[[nodiscard]] std::vector<Advice> advice(const Profile& profile,
                                         const std::vector<const Sample*>& samples);

}  // namespace profiler::view
