#include "view/thread_times.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "profiler/duration_histogram.h"
#include "view/proportion.h"
#include "view/thread_identity.h"

namespace profiler::view {
namespace {

/// What a row of a table by thread is about.
using RowKey = std::tuple<Pid, Tid, std::string, std::string>;

RowKey key_of(const TableRow& row) {
  return {row.pid.value_or(0), row.tid.value_or(0), row.process, row.label};
}

ThreadTimes& operator+=(ThreadTimes& times, const ThreadSchedule& schedule) {
  times.lifetime_ns += schedule.last_ns - schedule.first_ns;
  times.on_cpu_ns += schedule.on_cpu_ns;
  times.blocked_ns += schedule.blocked_ns;
  times.runnable_ns += schedule.runnable_ns;
  times.unknown_ns += schedule.unknown_ns;
  times.voluntary += schedule.voluntary;
  times.preempted += schedule.preempted;
  times.migrations += schedule.migrations;
  times.longest_delay_ns = std::max(times.longest_delay_ns, schedule.longest_delay_ns);
  return times;
}

void tell_delays(const DurationHistogram& delays, ThreadTimes& times) {
  const std::uint64_t count = delays.total();
  if (count == 0) return;
  times.mean_delay_ns = times.runnable_ns / count;
  // In the bucket of the longest nothing says where, but of that one.
  const bool is_longest =
      delays.quantile_bucket(0.99) >= DurationHistogram::bucket(times.longest_delay_ns);
  times.p99_delay_ns = is_longest ? times.longest_delay_ns : delays.quantile(0.99);
}

/// Of threads in no sample, as their process's samples are divided, or everybody's.
class Division {
 public:
  explicit Division(const Table& rows) {
    for (const TableRow& row : rows) {
      all_ += row.charge.total;
      processes_[row.pid] += row.charge.total;
    }
  }
  void divide(TableRow& row) const {
    ThreadTimes& times = *row.times;
    const auto process = processes_.find(row.pid);
    const Weight* sampled = &row.charge.total;
    if (sampled->all() == 0 && process != processes_.end()) sampled = &process->second;
    if (sampled->all() == 0) sampled = &all_;
    if (sampled->all() == 0) return;
    times.user_ns = proportion(times.on_cpu_ns, sampled->user, sampled->all());
    times.sys_ns = times.on_cpu_ns - *times.user_ns;
  }

 private:
  Weight all_;
  std::map<std::optional<Pid>, Weight> processes_;
};

}  // namespace

void add_thread_times(const Profile& profile, const Filter& filter, Table& rows) {
  if (profile.run.wait_coverage == WaitCoverage::kNone || !selects_whole_threads(filter)) return;
  std::map<RowKey, std::size_t> known;
  for (std::size_t i = 0; i < rows.size(); ++i) known.emplace(key_of(rows[i]), i);
  std::map<std::size_t, DurationHistogram> delays;  // By row.
  const std::vector<bool> chosen = matching_threads(profile, filter);
  for (const ThreadSchedule& schedule : profile.schedules) {
    if (!schedule.thread || !chosen[schedule.thread.row()]) continue;
    TableRow row = thread_row(profile, schedule.thread);
    const auto [found, is_new] = known.try_emplace(key_of(row), rows.size());
    if (is_new) rows.push_back(std::move(row));
    std::optional<ThreadTimes>& times = rows[found->second].times;
    if (!times) times.emplace();
    *times += schedule;
    delays[found->second] += schedule.delays;
  }
  for (const auto& [row, histogram] : delays) tell_delays(histogram, *rows[row].times);
  const Division division(rows);
  for (TableRow& row : rows)
    if (row.times) division.divide(row);
}

WaitTotals wait_totals(const Profile& profile) {
  WaitTotals totals;
  std::set<std::pair<Pid, Tid>> threads;
  for (const ThreadSchedule& schedule : profile.schedules) {
    threads.insert(thread_id(profile, schedule.thread));
    totals.wait_ns += schedule.blocked_ns + schedule.runnable_ns;
    totals.unknown_ns += schedule.unknown_ns;
  }
  totals.threads = threads.size();
  return totals;
}

WaitCounts wait_counts(const Profile& profile) {
  WaitCounts counts;
  for (const Wait& wait : profile.waits) {
    counts.waits += wait.count;
    if (wait.stack) counts.stacks += wait.count;
  }
  return counts;
}

}  // namespace profiler::view
