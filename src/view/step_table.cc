#include "view/step_table.h"

#include "view/source_function.h"

namespace profiler::view {

StepTable::StepTable(const Profile& profile, bool merge_recursion)
    : function_end_(static_cast<StepId>(2 * profile.functions.size())),
      frame_end_(static_cast<StepId>(function_end_ + profile.frames.size())) {
  if (merge_recursion) source_ = source_functions(profile);
  PathEntry no_frame;
  no_frame.kind = PathEntry::Kind::kAddress;
  no_frame_ = of(no_frame);

  CallPath entries;
  first_.reserve(profile.frames.size() + 1);
  for (std::size_t i = 0; i < profile.frames.size(); ++i) {
    first_.push_back(static_cast<std::uint32_t>(steps_.size()));
    entries.clear();
    append_frame(profile, FrameIndex(i), entries);
    for (const PathEntry& entry : entries) steps_.push_back(of(entry));
  }
  first_.push_back(static_cast<std::uint32_t>(steps_.size()));
}

std::span<const StepId> StepTable::of_frame(FrameIndex frame) const {
  if (!frame) return {&no_frame_, 1};
  const std::uint32_t begin = first_[frame.row()];
  return {steps_.data() + begin, first_[frame.row() + 1] - begin};
}

StepId StepTable::of(const PathEntry& entry) {
  if (entry.kind == PathEntry::Kind::kFunction && entry.function)
    return static_cast<StepId>(2 * entry.function.row() + (entry.inlined ? 1 : 0));
  if (entry.kind == PathEntry::Kind::kAddress && entry.frame)
    return function_end_ + entry.frame.row();
  const auto [found, is_new] = other_ids_.try_emplace(entry, static_cast<StepId>(size()));
  if (is_new) others_.push_back(entry);
  return found->second;
}

PathEntry StepTable::entry(StepId step) const {
  PathEntry entry;
  if (step < function_end_) {
    entry.function = FunctionIndex(step / 2);
    entry.inlined = step % 2 != 0;
  } else if (step < frame_end_) {
    entry.kind = PathEntry::Kind::kAddress;
    entry.frame = FrameIndex(step - function_end_);
  } else {
    entry = others_[step - frame_end_];
  }
  return entry;
}

}  // namespace profiler::view
