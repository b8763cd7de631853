// Interns strings, frames, call chains and stacks into the tables of a Profile: each distinct one
// is stored once, and equal ones get the same row.
//
//   Interner interner(profile);
//   NodeIndex leaf = interner.chain(frames);            // frames: innermost first
//   StackIndex s = interner.stack({.user = leaf, .end = StackEnd::kUndefinedReturnAddress});
//
// The Profile outlives the Interner, and its interned tables are changed by nobody else.
#pragma once

#include <span>
#include <string_view>

#include "pipeline/row_set.h"
#include "profiler/profile.h"

namespace profiler::pipeline {

class Interner {
 public:
  explicit Interner(Profile& profile);

  StringIndex string(std::string_view text);
  FrameIndex frame(ModuleIndex module, std::uint64_t address);
  NodeIndex node(NodeIndex parent, FrameIndex frame);
  /// The node of the innermost frame; none for an empty chain.
  NodeIndex chain(std::span<const FrameIndex> innermost_first);
  StackIndex stack(const Stack& stack);

 private:
  Profile& profile_;
  RowSet strings_;
  RowSet frames_;
  RowSet nodes_;
  RowSet stacks_;
};

}  // namespace profiler::pipeline
