// The machine code of a function that was annotated: read from the files that ran, decoded, and
// laid beside its samples.
//
//   auto code = function_code(profile, annotation, {.sysroot = ""});
//   code->blocks[0].instructions[0].text;
//
// A file is taken only if its build id is the recorded one. Samples are counted at the instruction
// that holds their address, which of a call is one before the address that it returns to.
#pragma once

#include <string>
#include <vector>

#include "profiler/error.h"
#include "profiler/profile.h"
#include "render/annotate_asm.h"
#include "view/annotation.h"

namespace profiler::cli {

struct FunctionCode {
  std::vector<render::AsmBlock> blocks;  ///< Heaviest first.
  std::vector<std::string> notes;        ///< What could not be read, a line each.
};

/// `sysroot`: where the files lie if not here. Error: no code at all could be read.
[[nodiscard]] Result<FunctionCode> function_code(const Profile& profile,
                                                 const view::Annotation& annotation,
                                                 const std::string& sysroot);

}  // namespace profiler::cli
