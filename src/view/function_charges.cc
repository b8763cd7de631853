#include "view/function_charges.h"

#include "view/call_path.h"
#include "view/group_charges.h"
#include "view/module_name.h"

namespace profiler::view {

FunctionCharges::FunctionCharges(const Profile& profile, const TableOptions& options)
    : profile_(profile), options_(options), steps_(profile), compiled_(profile.functions.size()) {}

std::vector<Charge> FunctionCharges::charges(const std::vector<const Sample*>& samples) {
  PathEntry broken;
  broken.kind = PathEntry::Kind::kBroken;

  Grouping grouping;
  grouping.of_frame = [&](FrameIndex frame) -> std::span<const std::uint32_t> {
    standalone_.clear();
    for (const StepId step : steps_.of_frame(frame)) {
      standalone_.push_back(steps_.standalone(step));
      if (const PathEntry entry = steps_.entry(step); entry.function && !entry.inlined)
        compiled_[entry.function.row()] = true;
    }
    return standalone_;
  };
  grouping.of_kernel = [&](const Stack& stack) {
    return steps_.of(folded_kernel(profile_, stack));
  };
  grouping.of_nothing = [&] { return steps_.of(broken); };
  return charge_groups(profile_, samples, options_.kernel_frames, grouping);
}

TableRow FunctionCharges::row(StepId step) const {
  const PathEntry entry = steps_.entry(step);
  TableRow row;
  row.label = label(profile_, entry);
  if (entry.kind == PathEntry::Kind::kFunction) {
    const Function& function = profile_.functions[entry.function];
    row.module = module_name(profile_, function.module);
    row.file = profile_.text(function.file);
    row.line = function.line;
    row.kernel = function.kernel;
    row.inlined = !compiled_[entry.function.row()];
  } else if (entry.kind == PathEntry::Kind::kAddress && entry.frame) {
    const ModuleIndex module = profile_.frames[entry.frame].module;
    row.module = module_name(profile_, module);
    row.kernel = module && is_kernel(profile_.modules[module].kind);
  } else if (is_kernel_step(entry)) {
    row.module = "[kernel]";
    row.kernel = true;
  }
  return row;
}

}  // namespace profiler::view
