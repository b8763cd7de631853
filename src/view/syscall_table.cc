#include "view/syscall_table.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "view/stack_weights.h"

namespace profiler::view {
namespace {

/// Of an account's row: its row of the table.
using RowOf = std::vector<std::size_t>;

void add(SyscallTableRow& to, const SyscallRow& from) {
  // Of no finished call there is no shortest.
  const bool has_none = to.durations.total() == 0;
  const bool adds_none = from.durations.total() == 0;
  if (!adds_none) to.min_ns = has_none ? from.min_ns : std::min(to.min_ns, from.min_ns);
  to.max_ns = std::max(to.max_ns, from.max_ns);
  to.calls += from.calls;
  to.errors += from.errors;
  to.restarts += from.restarts;
  to.unfinished += from.unfinished;
  to.begun_before += from.begun_before;
  to.returned += from.returned;
  to.wall_ns += from.wall_ns;
  to.cpu_ns += from.cpu_ns;
  to.durations += from.durations;
}

RowOf add_rows(const Profile& profile, bool grouped, SyscallTable& table) {
  using Key = std::tuple<std::string, SyscallAbi, std::int32_t, std::int64_t, std::string>;
  std::map<Key, std::size_t> known;
  RowOf row_of;
  std::vector<double> squares;
  for (std::size_t i = 0; i < profile.syscalls.rows.size(); ++i) {
    const SyscallRow& from = profile.syscalls.rows[SyscallIndex(i)];
    const Key key{profile.text(from.name), from.abi, from.number, grouped ? from.group_id : 0,
                  grouped ? profile.text(from.group) : std::string()};
    const auto [found, is_new] = known.try_emplace(key, table.rows.size());
    if (is_new) {
      SyscallTableRow& row = table.rows.emplace_back();
      std::tie(row.name, row.abi, row.number, row.group_id, row.group) = key;
      squares.push_back(0);
    }
    row_of.push_back(found->second);
    SyscallTableRow& row = table.rows[found->second];
    add(row, from);
    squares[found->second] += from.squares_ns2;
    row.of_account.emplace_back(i);
    table.calls += from.calls;
    table.errors += from.errors;
    table.wall_ns += from.wall_ns;
    table.cpu_ns += from.cpu_ns;
  }
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    SyscallTableRow& row = table.rows[i];
    if (row.calls == 0) continue;
    const auto calls = static_cast<double>(row.calls);
    row.mean_ns = static_cast<double>(row.wall_ns) / calls;
    row.stddev_ns = std::sqrt(std::max(0.0, squares[i] / calls - row.mean_ns * row.mean_ns));
    if (row.durations.total() < kFewCalls) continue;
    // The middle of a bucket may lie outside of what was seen.
    const auto quantile = [&row](double q) {
      return std::max(row.min_ns, std::min(row.max_ns, row.durations.quantile(q)));
    };
    row.p50_ns = quantile(0.5);
    row.p99_ns = quantile(0.99);
  }
  return row_of;
}

void add_errors(const Profile& profile, const RowOf& row_of, SyscallTable& table) {
  std::vector<std::map<std::int32_t, std::uint64_t>> counts(table.rows.size());
  for (const SyscallErrorRow& error : profile.syscalls.errors)
    counts[row_of[error.row.row()]][error.error] += error.count;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (const auto& [number, count] : counts[i]) table.rows[i].errnos.push_back({number, count});
    std::ranges::stable_sort(table.rows[i].errnos, std::greater{}, &SyscallErrno::count);
  }
}

void add_callers(const Profile& profile, const RowOf& row_of, SyscallTable& table) {
  std::vector<std::map<CallSite, SyscallCaller>> callers(table.rows.size());
  std::map<NodeIndex, CallSite> sites;
  for (const SyscallCallerRow& from : profile.syscalls.callers) {
    const NodeIndex leaf = profile.stacks[from.stack].user;
    const auto [known, is_new] = sites.try_emplace(leaf);
    if (is_new) known->second = call_site(profile, leaf);
    SyscallCaller& caller = callers[row_of[from.row.row()]][known->second];
    caller.calls += from.calls;
    caller.wall_ns += from.wall_ns;
    caller.cpu_ns += from.cpu_ns;
    caller.samples += from.samples;
  }
  for (std::size_t i = 0; i < callers.size(); ++i) {
    for (auto& [site, caller] : callers[i]) {
      static_cast<CallSite&>(caller) = site;
      table.rows[i].callers.push_back(std::move(caller));
    }
  }
}

/// Of a row and of a caller; 0 for kName.
template <class Row>
double common_value(const Row& row, SyscallSort key) {
  if (key == SyscallSort::kWall) return static_cast<double>(row.wall_ns);
  if (key == SyscallSort::kCalls) return static_cast<double>(row.calls);
  return static_cast<double>(row.cpu_ns);
}

double sort_value(const SyscallTableRow& row, SyscallSort key) {
  switch (key) {
    case SyscallSort::kErrors:
      return static_cast<double>(row.errors);
    case SyscallSort::kMean:
      return row.mean_ns;
    case SyscallSort::kMax:
      return static_cast<double>(row.max_ns);
    case SyscallSort::kP99:
      return static_cast<double>(row.p99_ns.value_or(0));
    case SyscallSort::kName:
      return 0;
    default:
      return common_value(row, key);
  }
}

}  // namespace

SyscallTable syscall_table(const Profile& profile, SyscallGrouping by) {
  SyscallTable table;
  const bool grouped = by != SyscallGrouping::kNone && by == profile.syscalls.grouping;
  const RowOf row_of = add_rows(profile, grouped, table);
  add_errors(profile, row_of, table);
  add_callers(profile, row_of, table);
  const std::optional<std::uint64_t>& charged = profile.run.charged.sys_ns;
  // The kernel's clock may have seen nothing at all of a short program.
  table.sys_is_charged = charged.value_or(0) != 0;
  table.sys_ns = table.sys_is_charged ? *charged : table.cpu_ns;
  sort_syscalls(table, SyscallSort::kCpu);
  return table;
}

void sort_syscalls(SyscallTable& table, SyscallSort key) {
  std::ranges::stable_sort(table.rows, [key](const SyscallTableRow& a, const SyscallTableRow& b) {
    const double value_a = sort_value(a, key);
    const double value_b = sort_value(b, key);
    if (value_a != value_b) return value_a > value_b;
    return std::tie(a.name, a.abi, a.number, a.group, a.group_id) <
           std::tie(b.name, b.abi, b.number, b.group, b.group_id);
  });
  for (SyscallTableRow& row : table.rows) {
    std::ranges::stable_sort(row.callers, [key](const SyscallCaller& a, const SyscallCaller& b) {
      return common_value(a, key) > common_value(b, key);
    });
  }
}

CallTree syscall_callers(const Profile& profile, const SyscallTableRow& row, double min_share) {
  std::vector<bool> wanted(profile.syscalls.rows.size());
  for (const SyscallIndex index : row.of_account) wanted[index.row()] = true;
  std::map<StackIndex, Weight> weights;
  for (const SyscallCallerRow& caller : profile.syscalls.callers) {
    if (!wanted[caller.row.row()]) continue;
    weights[caller.stack] += {.user = caller.wall_ns - std::min(caller.wall_ns, caller.cpu_ns),
                              .sys = caller.cpu_ns,
                              .samples = caller.calls};
  }
  std::vector<StackWeight> stacks;
  for (const auto& [index, weight] : weights) {
    StackWeight& stack = stacks.emplace_back();
    stack.stack = profile.stacks[index];
    stack.stack.kernel = {};
    stack.stack.cause = {};
    stack.weight = weight;
  }
  return tree_of_stacks(profile, std::move(stacks), {.inverted = true, .min_share = min_share});
}

std::string syscall_label(const SyscallTableRow& row) {
  switch (row.abi) {
    case SyscallAbi::kNative:
      break;
    case SyscallAbi::kCompat32:
      return row.name + " (32-bit)";
    case SyscallAbi::kX32:
      return row.name + " (x32)";
  }
  return row.name;
}

}  // namespace profiler::view
