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
constexpr Row kCallsOfI386[] = {
#include "kernel/syscall_table_i386.inc"
};
constexpr Row kCallsOfX32[] = {
#include "kernel/syscall_table_x32.inc"
};

static_assert(std::ranges::is_sorted(kCallsOfX8664, {}, &Row::number));
static_assert(std::ranges::is_sorted(kCallsOfAarch64, {}, &Row::number));
static_assert(std::ranges::is_sorted(kCallsOfI386, {}, &Row::number));
static_assert(std::ranges::is_sorted(kCallsOfX32, {}, &Row::number));
constexpr int kFirstOfX32 = kCallsOfX32[0].number;

std::span<const Row> table_of(int number, Abi abi) {
  switch (abi) {
    case Abi::kX86_64:
      break;
    case Abi::kAarch64:
      return kCallsOfAarch64;
    case Abi::kI386:
      return kCallsOfI386;
    case Abi::kX32:
      if (number >= kFirstOfX32) return kCallsOfX32;
      break;
  }
  return kCallsOfX8664;
}

}  // namespace

std::string_view syscall_name(int number, Abi abi) {
  const auto table = table_of(number, abi);
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
