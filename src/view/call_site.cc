#include "view/call_site.h"

#include <algorithm>
#include <cstddef>

#include "view/call_path.h"
#include "view/module_name.h"
#include "view/runtime_code.h"

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

CallSite describe(const Profile& profile, FrameIndex index, const Location* location) {
  CallSite site;
  const Frame& frame = profile.frames[index];
  site.inlined = location != nullptr && is_inlined(profile, frame, *location);
  site.module = module_name(profile, frame.module);
  if (location != nullptr) {
    site.function = profile.text(profile.functions[location->function].name);
    site.file = profile.text(location->file);
    site.line = location->line;
  } else {
    PathEntry address;
    address.kind = PathEntry::Kind::kAddress;
    address.frame = index;
    site.function = label(profile, address);
  }
  return site;
}

}  // namespace

CallSite call_site(const Profile& profile, NodeIndex leaf) {
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
  return innermost ? describe(profile, innermost, innermost_location) : CallSite{};
}

}  // namespace profiler::view
