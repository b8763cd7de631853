#include "pipeline/interner.h"

#include <functional>
#include <ranges>
#include <string>

namespace profiler::pipeline {

Interner::Interner(Profile& profile) : profile_(profile) {
  // A profile read from a file has strings already; nothing is added to its other tables.
  for (std::uint32_t row = 0; row < profile.strings.size(); ++row) {
    strings_.find_or_insert(
        mix(std::hash<std::string_view>{}(profile.strings[StringIndex(row)])),
        [](std::uint32_t) { return false; }, [row] { return row; });
  }
}

StringIndex Interner::string(std::string_view text) {
  const auto& strings = profile_.strings.rows();
  return StringIndex(strings_.find_or_insert(
      mix(std::hash<std::string_view>{}(text)),
      [&](std::uint32_t row) { return strings[row] == text; },
      [&] { return profile_.strings.push_back(std::string(text)).row(); }));
}

FrameIndex Interner::frame(ModuleIndex module, std::uint64_t address) {
  const auto& frames = profile_.frames.rows();
  return FrameIndex(frames_.find_or_insert(
      mix(address + mix(module.row())),
      [&](std::uint32_t row) {
        return frames[row].address == address && frames[row].module == module;
      },
      [&] {
        return profile_.frames.push_back({.module = module, .address = address, .name = {}}).row();
      }));
}

NodeIndex Interner::node(NodeIndex parent, FrameIndex frame) {
  const auto& nodes = profile_.nodes.rows();
  const StackNode key{.parent = parent, .frame = frame};
  return NodeIndex(nodes_.find_or_insert(
      mix(std::uint64_t{parent.row()} << 32 | frame.row()),
      [&](std::uint32_t row) { return nodes[row] == key; },
      [&] { return profile_.nodes.push_back(key).row(); }));
}

NodeIndex Interner::chain(std::span<const FrameIndex> innermost_first) {
  NodeIndex leaf;
  for (const FrameIndex frame : innermost_first | std::views::reverse) leaf = node(leaf, frame);
  return leaf;
}

StackIndex Interner::stack(const Stack& stack) {
  const auto& stacks = profile_.stacks.rows();
  return StackIndex(stacks_.find_or_insert(
      mix((std::uint64_t{stack.user.row()} << 32 | stack.kernel.row()) +
          mix(static_cast<std::uint64_t>(stack.end) << 16 | stack.joined_frames)),
      [&](std::uint32_t row) {
        return stacks[row].user == stack.user && stacks[row].kernel == stack.kernel &&
               stacks[row].end == stack.end && stacks[row].joined_frames == stack.joined_frames;
      },
      [&] { return profile_.stacks.push_back(stack).row(); }));
}

}  // namespace profiler::pipeline
