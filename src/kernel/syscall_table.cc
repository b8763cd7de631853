#include "kernel/syscall_table.h"

#include <algorithm>
#include <span>
#include <unordered_set>

namespace profiler::kernel {
namespace {

struct Row {
  int number;
  std::string_view name;
};

constexpr Row kCallsOfX8664[] = {
#include "kernel/syscall_table_x86_64.inc"
};
constexpr Row kCallsOfAarch64[] = {
#include "kernel/syscall_table_aarch64.inc"
};

static_assert(std::ranges::is_sorted(kCallsOfX8664, {}, &Row::number));
static_assert(std::ranges::is_sorted(kCallsOfAarch64, {}, &Row::number));

std::span<const Row> table_of(Abi abi) {
  return abi == Abi::kX86_64 ? std::span<const Row>(kCallsOfX8664)
                             : std::span<const Row>(kCallsOfAarch64);
}

}  // namespace

std::string_view syscall_name(int number, Abi abi) {
  const auto table = table_of(abi);
  const auto row = std::ranges::lower_bound(table, number, {}, &Row::number);
  return row != table.end() && row->number == number ? row->name : std::string_view();
}

bool is_syscall(std::string_view name) {
  static const auto kAllNames = [] {
    std::unordered_set<std::string_view> names;
    for (const Row& row : kCallsOfX8664) names.insert(row.name);
    for (const Row& row : kCallsOfAarch64) names.insert(row.name);
    return names;
  }();
  return kAllNames.contains(name);
}

}  // namespace profiler::kernel
