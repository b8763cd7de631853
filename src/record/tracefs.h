// The kernel's trace points, as tracefs lists them: which there are, the number by which
// perf_event_open(2) knows each, and how its records are laid out.
//
//   Result<Tracefs> tracefs = Tracefs::open();
//   attr.type = PERF_TYPE_TRACEPOINT;
//   attr.config = *tracefs->id({"raw_syscalls", "sys_enter"});
//   for (const TracepointName& found : *tracefs->matching("syscalls", "sys_enter_*")) …
//
// Reads only. Where it is not mounted it is attached to a descriptor of ours and nowhere else: the
// machine stays as it was. Errors are one line that says what to do.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/error.h"
#include "record/file_descriptor.h"
#include "record/tracepoint_format.h"

namespace profiler::record {

struct TracepointName {
  std::string system;  ///< "raw_syscalls"
  std::string name;    ///< "sys_enter"
  /// As perf and the kernel's documentation write it: "raw_syscalls:sys_enter".
  [[nodiscard]] std::string text() const { return system + ":" + name; }
  auto operator<=>(const TracepointName&) const = default;
};

class Tracefs {
 public:
  /// Where it is mounted by custom, else attached.
  static Result<Tracefs> open();
  /// The first of these directories that is one, else what `attach` gives: the descriptor of a
  /// tracefs, or a negated errno.
  static Result<Tracefs> open(std::span<const std::string> mounts, int (*attach)());

  /// Error: no such trace point, or not permitted.
  [[nodiscard]] Result<std::uint64_t> id(const TracepointName& point) const;
  [[nodiscard]] Result<TracepointFormat> format(const TracepointName& point) const;
  /// Both may be patterns of glob(7). Sorted; empty if there is none.
  [[nodiscard]] Result<std::vector<TracepointName>> matching(const std::string& system,
                                                             const std::string& name) const;
  /// Sorted.
  [[nodiscard]] Result<std::vector<std::string>> systems() const;
  /// Names of one system, sorted; empty if there is no such system.
  [[nodiscard]] Result<std::vector<std::string>> names(const std::string& system) const;

 private:
  explicit Tracefs(FileDescriptor events) : events_(std::move(events)) {}
  [[nodiscard]] Result<std::string> read(const TracepointName& point, const char* file) const;

  FileDescriptor events_;  // The directory "events".
};

/// A tracefs that is mounted nowhere (fsopen(2), Linux 5.2); a negated errno if that is refused.
[[nodiscard]] int attach_tracefs();

}  // namespace profiler::record
