#include "view/stack_weights.h"

#include <cstdint>
#include <unordered_map>

namespace profiler::view {

std::vector<StackWeight> stack_weights(const Profile& profile,
                                       const std::vector<const Sample*>& samples, bool by_process) {
  // The process's name where asked for, the stack, and whether its kernel part is hidden.
  struct Key {
    std::uint32_t process_name;
    std::uint32_t stack;
    bool hidden_kernel;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      const std::uint64_t both = std::uint64_t{key.process_name} << 32 | key.stack;
      return static_cast<std::size_t>(
          (both + (key.hidden_kernel ? 1 : 0)) * 0x9e37'79b9'7f4a'7c15ULL >> 7);
    }
  };
  std::unordered_map<Key, std::size_t, Hash> rows;
  std::vector<StackWeight> weights;
  for (const Sample* sample : samples) {
    Stack stack;
    if (sample->stack) {
      stack = profile.stacks[sample->stack];
    } else {
      stack.end = StackEnd::kNoMapping;
    }
    StringIndex process_name;
    if (by_process && sample->thread) {
      if (const ProcessIndex process = profile.threads[sample->thread].process; process)
        process_name = profile.processes[process].name;
    }
    const bool hidden = sample->mode == Mode::kSys && !stack.kernel && !stack.cause;
    const auto [found, is_new] =
        rows.try_emplace({process_name.row(), sample->stack.row(), hidden}, weights.size());
    if (is_new) {
      weights.push_back(
          {.stack = stack, .process_name = process_name, .weight = {}, .hidden_kernel = hidden});
    }
    weights[found->second].weight.add(*sample);
  }
  return weights;
}

}  // namespace profiler::view
