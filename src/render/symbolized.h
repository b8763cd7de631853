// What a symbolizer answers about one address, as a few lines of text or as one line of JSON.
//
//   append_symbolized_text(text, ModuleAddress(0x1139), answer);
//   // 0x1139 Arena::grow(unsigned long) at /src/arena.cc:41 (inlined)
//   //        main at /src/main.cc:12
//
// The innermost function first; without a line, "at" and what follows it are missing.
#pragma once

#include <string>

#include "profiler/address.h"
#include "profiler/symbol.h"

namespace profiler::render {

void append_symbolized_text(std::string& text, ModuleAddress address, const Symbolized& answer);

/// {"address":"0x1139","naming":"symbol","frames":[{"function":…,"inlined":true,…},…]}
void append_symbolized_json(std::string& text, ModuleAddress address, const Symbolized& answer);

}  // namespace profiler::render
