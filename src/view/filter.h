// Which samples a view looks at.
//
//   Filter filter;
//   filter.sys_only = true;
//   std::vector<const Sample*> chosen = select(profile, filter);
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
  std::uint16_t event = 0;  ///< Row of Run::events.
};

/// The samples that match, by time.
[[nodiscard]] std::vector<const Sample*> select(const Profile& profile, const Filter& filter);

}  // namespace profiler::view
