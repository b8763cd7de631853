// A function's source with the time of each line, for people. The instructions are in
// annotate_asm.h.
//
//   AnnotateInput input{.profile = &profile, .event = &event, .sampled = sampled,
//                       .annotation = &annotation, .sources = sources};
//   out = annotate_text(input, {.context = 3}, style);
//
//    user    sys   self     line  /src/arena.cc
//                             30  void* Arena::grow(unsigned long bytes) {
//   0.003  0.890  0.003  >    44    memset(chunk, 0, bytes);
//                                   └ memset 0.890
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "render/charge_columns.h"
#include "render/source_text.h"
#include "render/text_line.h"
#include "view/annotation.h"
#include "view/weight.h"

namespace profiler::render {

/// Lives no longer than what it points to.
struct AnnotateInput {
  const Profile* profile = nullptr;
  const EventInfo* event = nullptr;
  view::Weight sampled;  ///< All samples that were looked at.
  const view::Annotation* annotation = nullptr;
  std::vector<SourceText> sources;      ///< One for each file of the annotation.
  std::string selection = {};           ///< The filter in words.
  std::vector<std::string> notes = {};  ///< What could not be had, a line each.
};

struct AnnotateOptions {
  std::size_t context = 3;  ///< Lines, or instructions, around those with time.
  std::size_t limit = 40;   ///< Lines with time, the heaviest; 0: all.
  bool whole = false;       ///< From the declaration to the end, whatever has time.
};

/// Which function, how much time it has, what to be careful with.
[[nodiscard]] std::string annotate_head(const AnnotateInput& input, const TextStyle& style);

[[nodiscard]] std::string annotate_text(const AnnotateInput& input, const AnnotateOptions& options,
                                        const TextStyle& style);

/// "└ memset 0.890, std::max (inlined) 0.012": the heaviest callees, on a few lines of `width`
/// columns; none if none is worth it.
[[nodiscard]] std::vector<std::string> callees_text(const std::vector<view::LineCallee>& callees,
                                                    const AmountFormat& format, std::size_t width);

/// Of rows that are numbered 0, 1, …, those that are wanted, those up to `context` from one, and
/// gaps of two: as ranges [first, second).
[[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> ranges_around(
    const std::vector<std::size_t>& wanted, std::size_t context, std::size_t size);

}  // namespace profiler::render
