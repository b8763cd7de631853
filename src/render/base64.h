// Base64 (RFC 4648, section 4), for bytes that must stand in text.
//
//   base64("\x01\x02");        // "AQI="
#pragma once

#include <string>
#include <string_view>

namespace profiler::render {

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace profiler::render
