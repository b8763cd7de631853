// Which samples a view looks at.
//
//   Filter filter;
//   filter.sys_only = true;
//   std::vector<const Sample*> chosen = select(profile, filter);
//
//   const Selection both = select_with_waits(profile, filter);    // waits too, where recorded
//   function_table(profile, both.samples, {});
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

/// All conditions must hold; an empty text or a full range matches everything. Texts match as
/// substrings, ids (pid, tid) also as whole numbers.
struct Filter {
  std::string process = {};
  std::string thread = {};
  std::string module = {};    ///< Some frame of the stack lies in it.
  std::string function = {};  ///< Some frame of the stack is it, whole or as tables show it.
  std::string cause = {};     ///< "read", "fault", "syscall", …: of cause or entry.
  std::uint64_t from_ns = 0;  ///< Since the start of the recording, half-open.
  std::uint64_t until_ns = std::numeric_limits<std::uint64_t>::max();
  bool sys_only = false;
  bool wait_only = false;
  WaitClass wait = WaitClass::kNone;  ///< Only waits for that; kNone: all there is.
  std::uint16_t event = 0;            ///< Row of Run::events.
};

/// The samples that match, by time. None of them is a wait.
[[nodiscard]] std::vector<const Sample*> select(const Profile& profile, const Filter& filter);

/// Of `waits` (wait_samples.h), those that match. A wait that reaches into the filter's time from
/// without has the part of its weight that lies within.
[[nodiscard]] std::vector<Sample> select_waits(const Profile& profile, std::vector<Sample> waits,
                                               const Filter& filter);

/// Samples on the CPU, and waits made into samples. Lives no longer than the profile.
struct Selection {
  Selection() = default;
  Selection(Selection&&) = default;
  Selection& operator=(Selection&&) = default;
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;
  ~Selection() = default;

  std::vector<Sample> waits;
  std::vector<const Sample*> samples;  ///< All that views look at: into the profile, and `waits`.
  bool has_waits = false;              ///< Waiting was recorded, and can be shown beside the event.
};
[[nodiscard]] Selection select_with_waits(const Profile& profile, const Filter& filter);

/// Threads, by row, that the filter's process and thread match.
[[nodiscard]] std::vector<bool> matching_threads(const Profile& profile, const Filter& filter);
/// Whether the filter chooses by process and thread only: then it chooses whole threads.
[[nodiscard]] bool selects_whole_threads(const Filter& filter);

}  // namespace profiler::view
