// A function's instructions beside its source lines, with the time of each. Reading and decoding
// them is not done here (cli/function_code.h).
//
//   out = annotate_asm_text(input, blocks, {.context = 3}, style);
//
//    user    sys   self    address  app::churn<unsigned int>
//                                   18    for (const T& value : values)
//   0.010      0  0.010       21c0  movl (%rax), %ecx
//   0.031      0  0.031  >    21c5  xorl %ecx, %edx                     app::mix (inlined)
//   tmpl.cc:12
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "render/annotate_text.h"
#include "render/text_line.h"
#include "view/weight.h"

namespace profiler::render {

struct AsmInstruction {
  std::uint64_t address = 0;  ///< In the module, as linked.
  std::string text;
  bool follows = true;       ///< Directly the one before it: code of others lies not between.
  std::uint32_t file = 0;    ///< Of the function's own line: AsmBlock::files.
  std::uint32_t line = 0;    ///< 0: not known.
  std::string inlined = {};  ///< The innermost function inlined there; "": the function itself.
  std::string inlined_file = {};
  std::uint32_t inlined_line = 0;
  view::Charge charge = {};
};

/// A piece of code: a copy of the function, its .cold part, or what it was inlined into.
struct AsmBlock {
  std::string symbol;  ///< Demangled.
  std::string module;
  std::vector<AsmInstruction> instructions;  ///< Only the function's own, by address.
  std::vector<std::string> files;            ///< As recorded.
};

/// Sources are those of the input, found by their recorded path.
[[nodiscard]] std::string annotate_asm_text(const AnnotateInput& input,
                                            const std::vector<AsmBlock>& blocks,
                                            const AnnotateOptions& options, const TextStyle& style);

}  // namespace profiler::render
