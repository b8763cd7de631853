// What every form of a report on counted system calls is made from.
//
//   SyscallsReport report = syscalls_report(profile, samples, profile.syscalls.grouping);
//   out = syscalls_text(report, {.errors = true}, style);      // syscalls_text.h
//   out = syscalls_json(report, {});                           // syscalls_json.h
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/profile.h"
#include "view/advice.h"
#include "view/quality.h"
#include "view/sys_ledger.h"
#include "view/syscall_table.h"

namespace profiler::render {

/// Lives no longer than the profile.
struct SyscallsReport {
  const Profile* profile = nullptr;
  SyscallGrouping by = SyscallGrouping::kNone;  ///< What rows of the table are told apart by.
  view::SyscallTable table;
  view::SysLedger ledger;
  const EventInfo* event = nullptr;  ///< Of the samples.
  view::Quality quality;             ///< Likewise.
  std::vector<view::Advice> advice;
};

/// `samples`: of one event, whose row of Run::events is `event`.
[[nodiscard]] SyscallsReport syscalls_report(const Profile& profile,
                                             const std::vector<const Sample*>& samples,
                                             SyscallGrouping by, std::uint16_t event = 0);

/// "EAGAIN"; "errno 4711" for a number without a name.
[[nodiscard]] std::string errno_name(std::int32_t number);
/// "bpf", "ring", "none": of formats for programs.
[[nodiscard]] std::string_view backend_name(SyscallBackend backend);
/// "thread", "process", "cgroup"; "" for none.
[[nodiscard]] std::string_view grouping_name(SyscallGrouping grouping);

/// "page faults and brk are 71 % of CPU time (Arena::grow arena.cc:41): the heap is …"
[[nodiscard]] std::string advice_text(const view::Advice& advice);

}  // namespace profiler::render
