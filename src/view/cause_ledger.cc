#include "view/cause_ledger.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "view/call_path.h"
#include "view/module_name.h"
#include "view/runtime_code.h"
#include "view/stack_weights.h"

namespace profiler::view {
namespace {

bool is_runtime(const Profile& profile, const Frame& frame, const Location* location) {
  if (frame.module &&
      is_runtime_module(base_name(profile.text(profile.modules[frame.module].path))))
    return true;
  return location != nullptr && location->function &&
         is_runtime_function(profile.text(profile.functions[location->function].system_name));
}

/// The location of a frame that is not its last, the function that was compiled.
bool is_inlined(const Profile& profile, const Frame& frame, const Location& location) {
  const LocationIndex last(frame.name.first.row() + frame.name.count - 1);
  return profile.locations.contains(last) && &profile.locations[last] != &location;
}

CauseCaller describe(const Profile& profile, FrameIndex index, const Location* location) {
  CauseCaller caller;
  const Frame& frame = profile.frames[index];
  caller.inlined = location != nullptr && is_inlined(profile, frame, *location);
  caller.module = module_name(profile, frame.module);
  if (location != nullptr) {
    caller.function = profile.text(profile.functions[location->function].name);
    caller.file = profile.text(location->file);
    caller.line = location->line;
  } else {
    PathEntry address;
    address.kind = PathEntry::Kind::kAddress;
    address.frame = index;
    caller.function = label(profile, address);
  }
  return caller;
}

/// The position in the program's own code from which a stack entered the kernel.
CauseCaller caller_of(const Profile& profile, NodeIndex leaf) {
  FrameIndex innermost;
  const Location* innermost_location = nullptr;
  for (NodeIndex n = leaf; n; n = profile.nodes[n].parent) {
    const FrameIndex index = profile.nodes[n].frame;
    if (!index) continue;
    const Frame& frame = profile.frames[index];
    // Innermost inlined function first. A frame without a name is one step, with no location.
    const std::size_t steps = std::max<std::size_t>(frame.name.count, 1);
    for (std::size_t i = 0; i < steps; ++i) {
      const Location* location = nullptr;
      if (i < frame.name.count) {
        const LocationIndex row(frame.name.first.row() + i);
        if (!profile.locations.contains(row) || !profile.locations[row].function) continue;
        location = &profile.locations[row];
      }
      if (!is_runtime(profile, frame, location)) return describe(profile, index, location);
      if (!innermost) {
        innermost = index;
        innermost_location = location;
      }
    }
  }
  return innermost ? describe(profile, innermost, innermost_location) : CauseCaller{};
}

using CallerKey = std::tuple<std::string, std::string, std::string, std::uint32_t, bool>;
using CauseKey = std::tuple<KernelEntryKind, std::string, KernelEntryKind, std::string>;

}  // namespace

std::vector<CauseRow> cause_ledger(const Profile& profile,
                                   const std::vector<const Sample*>& samples) {
  struct Sum {
    Weight weight;
    std::map<CallerKey, CauseCaller> callers;
  };
  std::map<CauseKey, Sum> sums;
  // Many stacks share a user part.
  std::map<NodeIndex, CauseCaller> callers;
  for (const StackWeight& s : stack_weights(profile, samples)) {
    if (s.weight.sys == 0) continue;
    Weight sys = s.weight;
    sys.user = 0;
    const Cause cause = s.stack.cause ? profile.causes[s.stack.cause] : Cause{};
    Sum& sum = sums[{cause.cause.kind, profile.text(cause.cause.name), cause.entry.kind,
                     profile.text(cause.entry.name)}];
    sum.weight += sys;

    const auto [known, is_new] = callers.try_emplace(s.stack.user);
    if (is_new) known->second = caller_of(profile, s.stack.user);
    const CauseCaller& caller = known->second;
    CauseCaller& row =
        sum.callers
            .try_emplace({caller.function, caller.module, caller.file, caller.line, caller.inlined},
                         caller)
            .first->second;
    row.sys += sys.sys;
    row.samples += sys.samples;
  }

  std::vector<CauseRow> rows;
  for (auto& [key, sum] : sums) {
    CauseRow row;
    std::tie(row.kind, row.name, row.entry_kind, row.entry_name) = key;
    row.weight = sum.weight;
    for (auto& [caller_key, caller] : sum.callers) row.callers.push_back(std::move(caller));
    std::ranges::stable_sort(row.callers, std::greater{}, &CauseCaller::sys);
    rows.push_back(std::move(row));
  }
  std::ranges::stable_sort(rows, std::greater{},
                           [](const CauseRow& row) { return row.weight.sys; });
  return rows;
}

void sort_causes(std::vector<CauseRow>& rows, SortKey key) {
  std::ranges::stable_sort(rows, [key](const CauseRow& a, const CauseRow& b) {
    if (key == SortKey::kName) {
      return std::pair(cause_label(a.kind, a.name), cause_label(a.entry_kind, a.entry_name)) <
             std::pair(cause_label(b.kind, b.name), cause_label(b.entry_kind, b.entry_name));
    }
    if (key == SortKey::kSamples) return a.weight.samples > b.weight.samples;
    return a.weight.sys > b.weight.sys;
  });
}

std::string cause_label(KernelEntryKind kind, const std::string& name) {
  switch (kind) {
    case KernelEntryKind::kSyscall:
      return name.empty() ? "system call" : name;
    case KernelEntryKind::kFault:
      return name.empty() ? "page fault" : "page fault (" + name + ")";
    default:
      return std::string(profiler::name(kind)) + (name.empty() ? "" : " " + name);
  }
}

}  // namespace profiler::view
