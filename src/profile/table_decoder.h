// The inverse of TableEncoder, over payloads that may say anything.
//
//   if (const char* reason = decode_table(ChunkType::kNodes, payload, profile)) …   // damaged
//
// A payload that is refused leaves the profile as it was. After one that is accepted, every row
// number in the profile is valid and parents precede children, except Sample::event: the run is
// not known here.
#pragma once

#include <string_view>

#include "profile/format.h"
#include "profiler/profile.h"

namespace profiler::profile {

/// Null: decoded, or of a type that is no table of this version. Else what is wrong with it.
[[nodiscard]] const char* decode_table(ChunkType type, std::string_view payload, Profile& profile);

}  // namespace profiler::profile
