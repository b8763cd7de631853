// What a symbolizer answers about one address, as a few lines of text or as one line of JSON.
//
//   std::string frame = symbolized_frame_text(answer.frames[0], true);
//   append_symbolized_text(text, ModuleAddress(0x1139), frames);
//   // 0x1139 Arena::grow(unsigned long) at /src/arena.cc:41 (inlined)
//   //        main at /src/main.cc:12
//
// In two steps, because the same frames come again and again: who answers many keeps each once.
// The innermost function first; without a line, "at" and what follows it are missing.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "profiler/address.h"
#include "profiler/profile.h"
#include "profiler/symbol.h"

namespace profiler::render {

[[nodiscard]] std::string symbolized_frame_text(const SourceFrame& frame, bool inlined);
/// `frames`: from symbolized_frame_text().
void append_symbolized_text(std::string& text, ModuleAddress address, Naming naming,
                            std::span<const std::string_view> frames);

/// {"function":…,"inlined":true,…}
[[nodiscard]] std::string symbolized_frame_json(const SourceFrame& frame, bool inlined);
/// {"address":"0x1139","naming":"symbol","frames":[…]}
void append_symbolized_json(std::string& text, ModuleAddress address, Naming naming,
                            std::span<const std::string_view> frames);

}  // namespace profiler::render
