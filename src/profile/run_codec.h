// The run (command, host, times, losses) as a protobuf message; fields in format.h.
//
//   std::string payload = encode_run(profile.run);
//   std::optional<Run> run = decode_run(payload);       // none: malformed
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profiler/profile.h"

namespace profiler::profile {

[[nodiscard]] std::string encode_run(const Run& run);
[[nodiscard]] std::optional<Run> decode_run(std::string_view payload);

}  // namespace profiler::profile
