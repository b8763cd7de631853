#include "view/table.h"

#include <algorithm>
#include <tuple>

namespace profiler::view {

std::uint64_t sort_value(const Charge& charge, SortKey key) {
  switch (key) {
    case SortKey::kTotal:
      return charge.total.all();
    case SortKey::kSelf:
      return charge.self.all();
    case SortKey::kUser:
      return charge.total.user;
    case SortKey::kSys:
      return charge.total.sys;
    case SortKey::kWait:
      return charge.total.wait;
    case SortKey::kSamples:
      return charge.total.samples;
    case SortKey::kName:
      return 0;
  }
  return 0;
}

void sort_table(Table& table, SortKey key) {
  std::ranges::sort(table, [key](const TableRow& a, const TableRow& b) {
    const std::uint64_t value_a = sort_value(a.charge, key);
    const std::uint64_t value_b = sort_value(b.charge, key);
    if (value_a != value_b) return value_a > value_b;
    if (key == SortKey::kWait && a.charge.self.wait != b.charge.self.wait)
      return a.charge.self.wait > b.charge.self.wait;
    if (key != SortKey::kName && a.charge.self.all() != b.charge.self.all())
      return a.charge.self.all() > b.charge.self.all();
    if (key == SortKey::kSelf && a.charge.total.all() != b.charge.total.all())
      return a.charge.total.all() > b.charge.total.all();
    // All there is where nothing but waits was selected.
    if (key == SortKey::kSelf && a.charge.self.wait != b.charge.self.wait)
      return a.charge.self.wait > b.charge.self.wait;
    if (key != SortKey::kName && a.charge.total.wait != b.charge.total.wait)
      return a.charge.total.wait > b.charge.total.wait;
    return std::tie(a.label, a.module, a.file, a.line, a.pid, a.tid) <
           std::tie(b.label, b.module, b.file, b.line, b.pid, b.tid);
  });
}

}  // namespace profiler::view
