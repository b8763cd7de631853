#include "view/function_table.h"

#include "view/function_charges.h"

namespace profiler::view {

Table function_table(const Profile& profile, const std::vector<const Sample*>& samples,
                     const TableOptions& options) {
  FunctionCharges functions(profile, options);
  Table table;
  StepId step = 0;
  for (const Charge& charge : functions.charges(samples)) {
    if (!charge.total.empty()) {
      TableRow& row = table.emplace_back(functions.row(step));
      row.charge = charge;
    }
    ++step;
  }
  sort_table(table, SortKey::kTotal);
  return table;
}

}  // namespace profiler::view
