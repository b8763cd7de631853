#include "export/places.h"

#include <algorithm>

#include "export/clean_name.h"
#include "view/module_name.h"

namespace profiler::exporter {

using view::PathEntry;
using Kind = PathEntry::Kind;

Code code_of(const Profile& profile, const PathEntry& entry) {
  if (view::is_kernel_step(entry)) return Code::kKernel;
  if (entry.kind != Kind::kFunction && entry.kind != Kind::kAddress) return Code::kMark;
  ModuleIndex module;
  if (entry.function) {
    module = profile.functions[entry.function].module;
    if (profile.functions[entry.function].kernel) return Code::kKernel;
  } else if (entry.frame) {
    module = profile.frames[entry.frame].module;
  }
  const ModuleKind kind = module ? profile.modules[module].kind : ModuleKind::kUnmapped;
  if (view::is_kernel(kind)) return Code::kKernel;
  if (entry.inlined) return Code::kInlined;
  const bool generated = kind == ModuleKind::kAnonymous || kind == ModuleKind::kJitDump;
  return generated ? Code::kGenerated : Code::kUser;
}

Places::Places(const Profile& profile, KernelFrames kernel)
    : profile_(profile),
      fold_(kernel == KernelFrames::kFolded),
      frame_places_(static_cast<std::uint32_t>(profile.frames.size() + 1)),
      first_mark_function_(static_cast<std::uint32_t>(profile.functions.size()) + frame_places_) {
  first_.reserve(frame_places_ + 1);
  for (std::size_t i = 0; i < profile.frames.size(); ++i) add_steps(FrameIndex(i));
  add_steps({});
  first_.push_back(static_cast<std::uint32_t>(steps_.size()));
}

void Places::add_steps(FrameIndex frame) {
  const std::size_t begin = steps_.size();
  first_.push_back(static_cast<std::uint32_t>(begin));
  view::for_each_location(profile_, frame, [&](LocationIndex location) {
    PathEntry entry;
    entry.function = profile_.locations[location].function;
    entry.inlined = steps_.size() != begin;
    steps_.push_back({.function = entry.function.row(),
                      .location = location,
                      .code = code_of(profile_, entry),
                      .inlined = entry.inlined});
  });
  if (steps_.size() != begin) return;
  PathEntry entry;
  entry.kind = Kind::kAddress;
  entry.frame = frame;
  const std::uint32_t place = frame ? frame.row() : frame_places_ - 1;
  steps_.push_back({.function = static_cast<FunctionId>(profile_.functions.size()) + place,
                    .location = {},
                    .code = code_of(profile_, entry),
                    .inlined = false});
}

PlaceId Places::mark(const PathEntry& entry) {
  const auto [found, is_new] = mark_places_.try_emplace(entry, static_cast<PlaceId>(size()));
  if (is_new) {
    mark_steps_.push_back({.function = static_cast<FunctionId>(functions()),
                           .location = {},
                           .code = code_of(profile_, entry),
                           .inlined = false});
    marks_.push_back(entry);
  }
  return found->second;
}

PlaceId Places::process(StringIndex name) {
  PathEntry entry;
  entry.kind = Kind::kProcess;
  entry.process_name = name;
  return mark(entry);
}

void Places::append_chain(NodeIndex leaf) {
  const auto begin = static_cast<std::ptrdiff_t>(path_.size());
  for (NodeIndex n = leaf; n; n = profile_.nodes[n].parent) {
    const FrameIndex frame = profile_.nodes[n].frame;
    path_.push_back(frame ? frame.row() : frame_places_ - 1);
  }
  std::reverse(path_.begin() + begin, path_.end());
}

std::span<const PlaceId> Places::path(const view::StackWeight& s) {
  path_.clear();
  PathEntry entry;
  if (const Completeness how_far = completeness(s.stack.end); how_far != Completeness::kComplete) {
    entry.kind = how_far == Completeness::kTruncated ? Kind::kTruncated : Kind::kBroken;
    path_.push_back(mark(entry));
  }
  append_chain(s.stack.user);
  if (!fold_ && s.stack.kernel) {
    append_chain(s.stack.kernel);
  } else if (s.stack.kernel || s.stack.cause || s.hidden_kernel) {
    path_.push_back(mark(view::folded_kernel(profile_, s.stack)));
  }
  if (const auto wait = view::wait_node(s.stack)) path_.push_back(mark(*wait));
  if (path_.empty()) {
    entry.kind = Kind::kBroken;
    path_.push_back(mark(entry));
  }
  return path_;
}

std::span<const Step> Places::steps(PlaceId place) const {
  if (place >= frame_places_) return {&mark_steps_[place - frame_places_], 1};
  return {steps_.data() + first_[place], first_[place + 1] - first_[place]};
}

const Frame* Places::frame(PlaceId place) const {
  return place < profile_.frames.size() ? &profile_.frames[FrameIndex(place)] : nullptr;
}

const Function* Places::function(FunctionId function) const {
  return function < profile_.functions.size() ? &profile_.functions[FunctionIndex(function)]
                                              : nullptr;
}

ModuleIndex Places::module(FunctionId id) const {
  if (const Function* known = function(id)) return known->module;
  if (id >= first_mark_function_) return {};
  const Frame* const unnamed = frame(id - static_cast<FunctionId>(profile_.functions.size()));
  return unnamed != nullptr ? unnamed->module : ModuleIndex();
}

bool Places::is_process(FunctionId function) const {
  return function >= first_mark_function_ &&
         marks_[function - first_mark_function_].kind == Kind::kProcess;
}

std::string Places::name(FunctionId id) const {
  PathEntry entry;
  if (id < profile_.functions.size()) {
    entry.function = FunctionIndex(id);
  } else if (id >= first_mark_function_) {
    entry = marks_[id - first_mark_function_];
  } else {
    entry.kind = Kind::kAddress;
    const std::size_t place = id - profile_.functions.size();
    if (place < profile_.frames.size()) entry.frame = FrameIndex(place);
  }
  return clean_name(view::label(profile_, entry));
}

}  // namespace profiler::exporter
