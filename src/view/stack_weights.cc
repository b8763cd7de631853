#include "view/stack_weights.h"

#include <utility>

namespace profiler::view {

StackWeight ChargedStacks::of(const Sample& sample) {
  const bool is_wait = sample.mode == Mode::kWait;
  Stack stack;
  if (sample.stack) {
    stack = profile_.stacks[sample.stack];
  } else {
    stack.end = is_wait ? StackEnd::kNoUserStack : StackEnd::kNoMapping;
  }
  stack.wait = is_wait ? sample.wait : WaitClass::kNone;
  const bool hidden_kernel =
      is_wait || (sample.mode == Mode::kSys && !stack.kernel && !stack.cause);
  if (stack.wait == WaitClass::kRunnable) {
    stack.kernel = {};
    stack.cause = {};
  } else if (is_wait && stack.kernel) {
    if (!scheduler_) scheduler_.emplace(profile_);
    stack.kernel = scheduler_->strip(stack.kernel);
  }
  return {.stack = stack,
          .process_name = {},
          .thread = {},
          .mode = sample.mode,
          .weight = {},
          .hidden_kernel = hidden_kernel};
}

std::size_t StackRows::Hash::operator()(const Key& key) const {
  const std::uint64_t both = std::uint64_t{key.owner} << 32 | key.stack;
  const std::uint64_t rest =
      static_cast<std::uint64_t>(key.wait) << 2 | static_cast<std::uint64_t>(key.mode);
  return static_cast<std::size_t>((both + rest) * 0x9e37'79b9'7f4a'7c15ULL >> 7);
}

std::size_t StackRows::add(const Sample& sample) {
  StringIndex name;
  if (by_ != StackOwner::kNone && sample.thread) {
    if (const ProcessIndex process = profile_.threads[sample.thread].process; process)
      name = profile_.processes[process].name;
  }
  const ThreadIndex thread = by_ == StackOwner::kThread ? sample.thread : ThreadIndex();
  const auto [found, is_new] =
      numbers_.try_emplace({.owner = by_ == StackOwner::kThread ? thread.row() : name.row(),
                            .stack = sample.stack.row(),
                            .mode = sample.mode,
                            .wait = sample.mode == Mode::kWait ? sample.wait : WaitClass::kNone},
                           rows_.size());
  if (is_new) {
    rows_.push_back(charged_.of(sample));
    rows_.back().process_name = name;
    rows_.back().thread = thread;
  }
  rows_[found->second].weight.add(sample);
  return found->second;
}

std::vector<StackWeight> stack_weights(const Profile& profile,
                                       const std::vector<const Sample*>& samples, StackOwner by) {
  StackRows stacks(profile, by);
  for (const Sample* sample : samples) stacks.add(*sample);
  return std::move(stacks.rows());
}

}  // namespace profiler::view
