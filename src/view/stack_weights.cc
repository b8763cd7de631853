#include "view/stack_weights.h"

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "view/scheduler_frames.h"

namespace profiler::view {
namespace {

/// What of it is charged, by what it is summed by.
struct Key {
  std::uint32_t process_name;
  std::uint32_t stack;
  WaitClass wait;  ///< kNone: on the CPU.
  bool hidden_kernel;
  bool operator==(const Key&) const = default;
};

struct Hash {
  std::size_t operator()(const Key& key) const {
    const std::uint64_t both = std::uint64_t{key.process_name} << 32 | key.stack;
    const std::uint64_t rest =
        static_cast<std::uint64_t>(key.wait) << 1 | (key.hidden_kernel ? 1 : 0);
    return static_cast<std::size_t>((both + rest) * 0x9e37'79b9'7f4a'7c15ULL >> 7);
  }
};

Stack stack_of(const Profile& profile, const Sample& sample) {
  Stack stack;
  if (sample.stack) {
    stack = profile.stacks[sample.stack];
  } else {
    stack.end = sample.mode == Mode::kWait ? StackEnd::kNoUserStack : StackEnd::kNoMapping;
  }
  stack.wait = sample.mode == Mode::kWait ? sample.wait : WaitClass::kNone;
  return stack;
}

}  // namespace

std::vector<StackWeight> stack_weights(const Profile& profile,
                                       const std::vector<const Sample*>& samples, bool by_process) {
  std::unordered_map<Key, std::size_t, Hash> rows;
  std::vector<StackWeight> weights;
  std::optional<SchedulerFrames> scheduler;
  for (const Sample* sample : samples) {
    Stack stack = stack_of(profile, *sample);
    StringIndex process_name;
    if (by_process && sample->thread) {
      if (const ProcessIndex process = profile.threads[sample->thread].process; process)
        process_name = profile.processes[process].name;
    }
    const bool is_wait = sample->mode == Mode::kWait;
    const bool hidden = is_wait || (sample->mode == Mode::kSys && !stack.kernel && !stack.cause);
    const auto [found, is_new] = rows.try_emplace(
        {process_name.row(), sample->stack.row(), stack.wait, hidden}, weights.size());
    if (is_new) {
      if (stack.wait == WaitClass::kRunnable) {
        stack.kernel = {};
        stack.cause = {};
      } else if (is_wait && stack.kernel) {
        if (!scheduler) scheduler.emplace(profile);
        stack.kernel = scheduler->strip(stack.kernel);
      }
      weights.push_back(
          {.stack = stack, .process_name = process_name, .weight = {}, .hidden_kernel = hidden});
    }
    weights[found->second].weight.add(*sample);
  }
  return weights;
}

}  // namespace profiler::view
