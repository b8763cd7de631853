// Rows of a flat table under construction, numbered by what they are about. Used inside src/view
// only.
//
//   TableRows<std::string> rows;
//   std::uint32_t group = rows.number(path, [&] { return TableRow{.label = path}; });
//   return rows.finish(charge_groups(…));
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "view/table.h"

namespace profiler::view {

template <class Key>
class TableRows {
 public:
  /// The row's number; `describe` makes it where the key is new.
  template <class Describe>
  std::uint32_t number(const Key& key, Describe describe) {
    const auto [found, is_new] =
        numbers_.try_emplace(key, static_cast<std::uint32_t>(table_.size()));
    if (is_new) table_.push_back(describe());
    return found->second;
  }
  TableRow& operator[](std::uint32_t number) { return table_[number]; }
  [[nodiscard]] std::size_t size() const { return table_.size(); }

  /// The rows, with what they were charged; those that were charged nothing are dropped.
  Table finish(const std::vector<Charge>& charges) {
    Table charged;
    for (std::size_t i = 0; i < charges.size() && i < table_.size(); ++i) {
      if (charges[i].total.empty()) continue;
      table_[i].charge = charges[i];
      charged.push_back(std::move(table_[i]));
    }
    return charged;
  }

 private:
  std::map<Key, std::uint32_t> numbers_;
  Table table_;
};

/// What stands for the kernel where its frames are folded.
[[nodiscard]] inline TableRow kernel_row(std::string label) {
  TableRow row;
  row.label = std::move(label);
  row.module = "[kernel]";
  row.kernel = true;
  return row;
}

}  // namespace profiler::view
