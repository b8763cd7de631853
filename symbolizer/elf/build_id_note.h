// The build id among the notes of an ELF file (note name "GNU", type NT_GNU_BUILD_ID).
//
//   BuildId id = build_id_in_notes(bytes_of_a_PT_NOTE);
#pragma once

#include <cstddef>
#include <span>

#include "profiler/build_id.h"

namespace symbolizer {

/// Empty if there is none, or the notes are damaged before it.
[[nodiscard]] profiler::BuildId build_id_in_notes(std::span<const std::byte> notes);

/// perf pads ids shorter than 20 bytes with zeros where it has no room for their size.
[[nodiscard]] bool same_build_id(const profiler::BuildId& a, const profiler::BuildId& b);

}  // namespace symbolizer
