// Where an exporter's bytes go, piece by piece: a profile written as text can be far larger than
// the profile.
//
//   std::string text;
//   write_folded(profile, samples, {}, [&](std::string_view bytes) { text += bytes; });
#pragma once

#include <functional>
#include <string_view>

namespace profiler::exporter {

/// Takes bytes in order. A sink that has failed takes the rest and drops it.
using Sink = std::function<void(std::string_view)>;

}  // namespace profiler::exporter
