#include "syscalls/call_totals.h"

#include <algorithm>

#include "kernel/syscall_table.h"

namespace profiler::syscalls {
namespace {

CallKey key_of(const SyscallRow& row) {
  return {.group = row.group_id, .number = row.number, .abi = row.abi};
}

std::string_view known_name(std::int32_t number, SyscallAbi abi) {
#if defined(__aarch64__)
  // 32-bit Arm has a table of its own, which is not among ours.
  return abi == SyscallAbi::kNative ? kernel::syscall_name(number, kernel::Abi::kAarch64)
                                    : std::string_view();
#else
  switch (abi) {
    case SyscallAbi::kNative:
      return kernel::syscall_name(number, kernel::Abi::kX86_64);
    case SyscallAbi::kCompat32:
      return kernel::syscall_name(number, kernel::Abi::kI386);
    case SyscallAbi::kX32:
      return kernel::syscall_name(number, kernel::Abi::kX32);
  }
  return {};
#endif
}

}  // namespace

std::string call_name(std::int32_t number, SyscallAbi abi) {
  const std::string_view name = known_name(number, abi);
  return name.empty() ? "syscall_" + std::to_string(number) : std::string(name);
}

std::size_t CallTotals::HashKey::operator()(const CallKey& key) const {
  const std::uint64_t mixed =
      (static_cast<std::uint64_t>(key.group) * 0x9e3779b97f4a7c15) ^
      (static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.number)) * 0xc2b2ae3d27d4eb4f) ^
      static_cast<std::uint64_t>(key.abi);
  return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

void CallTotals::Row::add_error(std::int32_t error, std::uint64_t count) {
  const auto known = std::ranges::find(errors, error, &ErrorCount::first);
  if (known != errors.end()) {
    known->second += count;
  } else {
    errors.emplace_back(error, count);
  }
}

CallTotals::Row& CallTotals::row(const CallKey& key) {
  std::uint32_t& recent = recent_[HashKey{}(key) % recent_.size()];
  if (recent != 0 && rows_[recent - 1].key == key) return rows_[recent - 1];
  const auto [known, is_new] = by_key_.emplace(key, rows_.size());
  if (is_new) {
    Row& row = rows_.emplace_back();
    row.key = key;
    row.sums.group_id = key.group;
    row.sums.number = key.number;
    row.sums.abi = key.abi;
  }
  recent = known->second + 1;
  return rows_[known->second];
}

const SyscallRow* CallTotals::find(const CallKey& key) const {
  const auto known = by_key_.find(key);
  return known == by_key_.end() ? nullptr : &rows_[known->second].sums;
}

void CallTotals::add(const CallKey& key, const FinishedCall& call) {
  Row& row = this->row(key);
  SyscallRow& sums = row.sums;
  const std::uint64_t wall = call.wall_ns;
  sums.min_ns = sums.calls == 0 ? wall : std::min(sums.min_ns, wall);
  sums.max_ns = std::max(sums.max_ns, wall);
  ++calls_;
  ++sums.calls;
  sums.begun_before += call.begun_before ? 1 : 0;
  sums.wall_ns += wall;
  sums.cpu_ns += call.cpu_ns;
  sums.squares_ns2 += static_cast<double>(wall) * static_cast<double>(wall);
  sums.durations.add(wall);
  if (call.end == CallEnd::kUnfinished) ++sums.unfinished;
  if (call.end != CallEnd::kReturned) return;
  switch (kind_of_result(call.result)) {
    case ResultKind::kSuccess:
      sums.returned += static_cast<std::uint64_t>(call.result);
      break;
    case ResultKind::kError:
      ++sums.errors;
      row.add_error(static_cast<std::int32_t>(-call.result), 1);
      break;
    case ResultKind::kRestart:
      ++sums.restarts;
      break;
  }
}

void CallTotals::add_row(const SyscallRow& from, std::span<const ErrorCount> errors) {
  if (from.calls == 0) return;
  Row& row = this->row(key_of(from));
  SyscallRow& sums = row.sums;
  sums.min_ns = sums.calls == 0 ? from.min_ns : std::min(sums.min_ns, from.min_ns);
  sums.max_ns = std::max(sums.max_ns, from.max_ns);
  calls_ += from.calls;
  sums.calls += from.calls;
  sums.errors += from.errors;
  sums.restarts += from.restarts;
  sums.unfinished += from.unfinished;
  sums.begun_before += from.begun_before;
  sums.returned += from.returned;
  sums.wall_ns += from.wall_ns;
  sums.cpu_ns += from.cpu_ns;
  sums.squares_ns2 += from.squares_ns2;
  sums.durations += from.durations;
  for (const auto& [error, count] : errors) row.add_error(error, count);
}

SyscallAccount CallTotals::account(const AccountOptions& options, const Intern& intern) const {
  std::vector<std::uint32_t> order(rows_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return rows_[i].key; });

  SyscallAccount account;
  account.backend = options.backend;
  account.grouping = options.grouping;
  account.rows.reserve(rows_.size());
  const bool grouped = options.grouping != SyscallGrouping::kNone && options.group_name;
  StringIndex group;
  const Row* before = nullptr;
  for (const std::uint32_t i : order) {
    const Row& row = rows_[i];
    if (grouped && (before == nullptr || before->key.group != row.key.group)) {
      group = intern(options.group_name(row.key.group));
    }
    before = &row;
    SyscallRow told = row.sums;
    told.name = intern(call_name(row.key.number, row.key.abi));
    told.group = group;
    const SyscallIndex index = account.rows.push_back(told);
    std::vector<ErrorCount> errors = row.errors;
    std::ranges::sort(errors);
    for (const auto& [error, count] : errors) {
      account.errors.push_back({.row = index, .error = error, .count = count});
    }
  }
  return account;
}

std::optional<SyscallIndex> find_row(const SyscallAccount& account, const CallKey& key) {
  const auto& rows = account.rows.rows();
  const auto row = std::ranges::lower_bound(rows, key, {}, key_of);
  if (row == rows.end() || key_of(*row) != key) return std::nullopt;
  return SyscallIndex(static_cast<std::size_t>(row - rows.begin()));
}

}  // namespace profiler::syscalls
