// A function's source and instructions with their time, for programs: schema profiler.annotate/1,
// which tests/golden/profiler.annotate-1.schema.json describes.
//
//   out = annotate_json(input, nullptr);
//
// Only lines that have time are there; names are whole. "instructions" is there if there are
// blocks. "instructions" is there if they were asked for.
#pragma once

#include <string>
#include <vector>

#include "render/annotate_asm.h"
#include "render/annotate_text.h"

namespace profiler::render {

[[nodiscard]] std::string annotate_json(const AnnotateInput& input,
                                        const std::vector<AsmBlock>* blocks);

}  // namespace profiler::render
