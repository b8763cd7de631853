#include "view/function_table.h"

#include <utility>

#include "view/group_charges.h"
#include "view/module_name.h"
#include "view/step_table.h"

namespace profiler::view {
namespace {

TableRow describe(const Profile& profile, const PathEntry& entry) {
  TableRow row;
  row.label = label(profile, entry);
  if (entry.kind == PathEntry::Kind::kFunction) {
    const Function& function = profile.functions[entry.function];
    row.module = module_name(profile, function.module);
    row.file = profile.text(function.file);
    row.line = function.line;
    row.kernel = function.kernel;
  } else if (entry.kind == PathEntry::Kind::kAddress && entry.frame) {
    const ModuleIndex module = profile.frames[entry.frame].module;
    row.module = module_name(profile, module);
    row.kernel = module && is_kernel(profile.modules[module].kind);
  } else if (is_kernel_step(entry)) {
    row.module = "[kernel]";
    row.kernel = true;
  }
  return row;
}

}  // namespace

Table function_table(const Profile& profile, const std::vector<const Sample*>& samples,
                     const TableOptions& options) {
  StepTable steps(profile);
  std::vector<StepId> standalone;
  std::vector<bool> compiled(profile.functions.size());  // Met as a function of its own.
  PathEntry broken;
  broken.kind = PathEntry::Kind::kBroken;

  Grouping grouping;
  grouping.of_frame = [&](FrameIndex frame) -> std::span<const std::uint32_t> {
    standalone.clear();
    for (const StepId step : steps.of_frame(frame)) {
      standalone.push_back(steps.standalone(step));
      if (const PathEntry entry = steps.entry(step); entry.function && !entry.inlined)
        compiled[entry.function.row()] = true;
    }
    return standalone;
  };
  grouping.of_kernel = [&](const Stack& stack) { return steps.of(folded_kernel(profile, stack)); };
  grouping.of_nothing = [&] { return steps.of(broken); };

  Table table;
  StepId step = 0;
  for (const Charge& charge : charge_groups(profile, samples, options.kernel_frames, grouping)) {
    if (!charge.total.empty()) {
      const PathEntry entry = steps.entry(step);
      TableRow& row = table.emplace_back(describe(profile, entry));
      row.inlined = entry.function && !compiled[entry.function.row()];
      row.charge = charge;
    }
    ++step;
  }
  sort_table(table, SortKey::kTotal);
  return table;
}

}  // namespace profiler::view
