// A program counted by the ring backend, from its exec to its end.
//
//   if (const auto why = counting_refused()) GTEST_SKIP() << *why;
//   CountedRun run = count_run({workload("many_calls"), "3"}, {});
//   run.row("read").calls, run.errors("read"), run.out
//
// Not here: attaching to what runs already.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiler/syscall_account.h"
#include "record/record_options.h"
#include "syscalls/ring_counter.h"
#include "tests/support/strace_counts.h"

namespace profiler::syscalls {

struct CountedRun {
  SyscallAccount account;
  std::vector<std::string> strings;
  std::string out;  ///< What the program wrote.
  int status = -1;
  std::uint64_t ring_bytes = 0;
  std::uint64_t reader_cpu_ns = 0;
  std::uint64_t records = 0;

  [[nodiscard]] const std::string& text(StringIndex index) const { return strings[index.row()]; }
  /// Of the first group that has it; one without calls if none has.
  [[nodiscard]] SyscallRow row(const std::string& name) const;
  /// All groups together, as strace tells them.
  [[nodiscard]] test::CallCounts counts() const;
  /// A number that the program has printed: `"read_s":0.25`.
  [[nodiscard]] double printed(const std::string& key) const;
};

/// Why it cannot be done here; none if it can.
[[nodiscard]] std::optional<std::string> counting_refused();
[[nodiscard]] std::string workload(const std::string& name);
[[nodiscard]] CountedRun count_run(const std::vector<std::string>& command,
                                   const RingSettings& settings,
                                   std::optional<Coverage> coverage = std::nullopt);
/// The account of a backend, with the strings it was given.
void take_account(const RingCounter& backend, CountedRun& run);

}  // namespace profiler::syscalls
