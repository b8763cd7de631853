#include "render/syscalls.h"

#include <fmt/format.h>

#include <cstring>

#include "render/amount.h"
#include "render/printable.h"
#include "render/run_text.h"
#include "render/short_name.h"

namespace profiler::render {

SyscallsReport syscalls_report(const Profile& profile, const std::vector<const Sample*>& samples,
                               SyscallGrouping by, std::uint16_t event) {
  const bool is_grouped = by == profile.syscalls.grouping;
  return {.profile = &profile,
          .by = is_grouped ? by : SyscallGrouping::kNone,
          .table = view::syscall_table(profile, by),
          .ledger = view::sys_ledger(profile, samples),
          .event = &main_event(profile, event),
          .quality = view::quality(profile, samples),
          .advice = view::advice(profile, samples)};
}

std::string errno_name(std::int32_t number) {
  const char* name = strerrorname_np(number);
  return name != nullptr ? name : fmt::format("errno {}", number);
}

std::string_view backend_name(SyscallBackend backend) {
  switch (backend) {
    case SyscallBackend::kNone:
      return "none";
    case SyscallBackend::kBpf:
      return "bpf";
    case SyscallBackend::kRing:
      return "ring";
  }
  return "none";
}

std::string_view grouping_name(SyscallGrouping grouping) {
  switch (grouping) {
    case SyscallGrouping::kNone:
      return "";
    case SyscallGrouping::kThread:
      return "thread";
    case SyscallGrouping::kProcess:
      return "process";
    case SyscallGrouping::kCgroup:
      return "cgroup";
  }
  return "";
}

std::string advice_text(const view::Advice& advice) {
  std::string text = fmt::format("{} are {} of {}", advice.subject, percent(advice.share),
                                 advice.of_real_time ? "real time" : "CPU time");
  std::string evidence;
  if (!advice.caller.function.empty()) {
    constexpr std::size_t kRoom = 48;
    evidence =
        fmt::format("{} {}", short_name(printable(advice.caller.function), kRoom),
                    place_text(advice.caller.module, advice.caller.file, advice.caller.line));
  }
  if (!advice.evidence.empty()) evidence += (evidence.empty() ? "" : "; ") + advice.evidence;
  if (!evidence.empty()) text += fmt::format(" ({})", evidence);
  return fmt::format("{}: {}", text, advice.remedy);
}

}  // namespace profiler::render
