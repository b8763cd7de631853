// Where a program's own code is behind something that the kernel, or a library, did: the caller of
// a cause and of a system call.
//
//   CallSite site = call_site(profile, stack.user);
//   site.function, site.file, site.line                    // "Arena::grow", "arena.cc", 41
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "profiler/profile.h"

namespace profiler::view {

struct CallSite {
  std::string function;    ///< "" if there is no user frame: a kernel thread, an unknown stack.
  std::string module;      ///< Last part of its path.
  std::string file;        ///< Of the call. "": not known.
  std::uint32_t line = 0;  ///< Of the call. 0: not known.
  bool inlined = false;    ///< The function was inlined there.
  auto operator<=>(const CallSite&) const = default;
};

/// The innermost user frame outside run-time support code (runtime_code.h), else the innermost.
/// `leaf`: of the user part of a stack; none: an empty site.
[[nodiscard]] CallSite call_site(const Profile& profile, NodeIndex leaf);

}  // namespace profiler::view
