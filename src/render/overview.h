// The one screen of `profiler time`: where the seconds went, how far that can be trusted, and what
// to ask next.
//
//   std::fputs(overview_text(profile, view::overview(profile, samples), style, {}).c_str(),
//   stderr);
#pragma once

#include <cstdint>
#include <string>

#include "profiler/profile.h"
#include "render/syscalls.h"
#include "render/text_line.h"
#include "view/overview.h"

namespace profiler::render {

struct OverviewOptions {
  std::string profile_path = "profiler.data";  ///< For the commands under "Next:".
  std::uint16_t event = 0;                     ///< Row of Run::events that the samples are of.
  std::size_t causes = 6;
  std::size_t functions = 8;
  std::size_t syscalls = 6;
  /// Where system calls were counted too.
  const SyscallsReport* counted = nullptr;
};

[[nodiscard]] std::string overview_text(const Profile& profile, const view::Overview& overview,
                                        const TextStyle& style, const OverviewOptions& options);

}  // namespace profiler::render
