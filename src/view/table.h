// Rows of every flat table: what a line of `report` is about, and what it is charged.
//
//   Table rows = function_table(profile, samples, {});
//   sort_table(rows, SortKey::kTotal);
//   rows[0].label, rows[0].charge.total.sys
//
// Rows hold text, not row numbers: a renderer needs no profile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/weight.h"

namespace profiler::view {

/// What a thread did with its life, and how the scheduler treated it (thread_times.h).
struct ThreadTimes {
  std::uint64_t lifetime_ns = 0;         ///< From its first to its last moment in the recording.
  std::uint64_t on_cpu_ns = 0;           ///< Exact,
  std::optional<std::uint64_t> user_ns;  ///< divided by samples into this
  std::optional<std::uint64_t> sys_ns;   ///< and this; none where there are no samples at all.
  std::uint64_t blocked_ns = 0;
  std::uint64_t runnable_ns = 0;
  std::uint64_t unknown_ns = 0;
  std::uint64_t voluntary = 0;  ///< Switches away from a CPU, as the next.
  std::uint64_t preempted = 0;
  std::uint64_t migrations = 0;
  /// How long it waited for a CPU each time; none where it never did.
  std::optional<std::uint64_t> mean_delay_ns;
  std::optional<std::uint64_t> p99_delay_ns;
  std::uint64_t longest_delay_ns = 0;

  [[nodiscard]] std::uint64_t wait_ns() const { return blocked_ns + runnable_ns; }
};

/// Which of the fields are set depends on what the table is grouped by.
struct TableRow {
  std::string label;         ///< Whole: names are shortened only by a text renderer.
  std::string module = {};   ///< Last part of its path.
  std::string path = {};     ///< Of the module, by module.
  std::string file = {};     ///< Of the function's declaration; by line: of the line.
  std::uint32_t line = 0;    ///< 0: not known.
  bool kernel = false;       ///< A kernel function, or the node that stands for the kernel.
  bool inlined = false;      ///< By function and by line: in all of its time it was inlined.
  std::string process = {};  ///< By process and by thread.
  std::optional<Pid> pid = {};
  std::optional<Tid> tid = {};
  std::uint64_t processes = 0;  ///< By process: how many have that name.
  std::uint64_t functions = 0;  ///< By line: how many share it; the label is the heaviest's.
  Charge charge = {};
  std::optional<ThreadTimes> times = {};  ///< By thread, where waiting was recorded.
};

using Table = std::vector<TableRow>;

enum class SortKey : std::uint8_t { kTotal, kSelf, kUser, kSys, kWait, kName, kSamples };

/// What a row is sorted by; 0 for kName.
[[nodiscard]] std::uint64_t sort_value(const Charge& charge, SortKey key);

/// Heaviest first, by name where equal; kName: by name. kUser, kSys and kWait go by total.
void sort_table(Table& table, SortKey key);

}  // namespace profiler::view
