#include "view/stack_weights.h"

#include <utility>

namespace profiler::view {
namespace {

std::vector<StackWeight> sum(const Profile& profile, const std::vector<const Sample*>& samples,
                             StackOwner by) {
  StackRows stacks(profile, by);
  for (const Sample* sample : samples) stacks.add(*sample);
  return std::move(stacks.rows());
}

}  // namespace

std::size_t StackRows::Hash::operator()(const Key& key) const {
  const std::uint64_t both = std::uint64_t{key.owner} << 32 | key.stack;
  const std::uint64_t rest =
      static_cast<std::uint64_t>(key.wait) << 2 | static_cast<std::uint64_t>(key.mode);
  return static_cast<std::size_t>((both + rest) * 0x9e37'79b9'7f4a'7c15ULL >> 7);
}

std::size_t StackRows::add(const Sample& sample) {
  StringIndex process_name;
  ThreadIndex thread;
  if (by_ == StackOwner::kProcessName && sample.thread) {
    if (const ProcessIndex process = profile_.threads[sample.thread].process; process)
      process_name = profile_.processes[process].name;
  } else if (by_ == StackOwner::kThread) {
    thread = sample.thread;
  }
  const auto [found, is_new] =
      numbers_.try_emplace({.owner = thread ? thread.row() : process_name.row(),
                            .stack = sample.stack.row(),
                            .mode = sample.mode,
                            .wait = sample.mode == Mode::kWait ? sample.wait : WaitClass::kNone},
                           rows_.size());
  if (is_new) {
    StackWeight& row = rows_.emplace_back(charged_.of(sample));
    row.process_name = process_name;
    row.thread = thread;
  }
  rows_[found->second].weight.add(sample);
  return found->second;
}

StackWeight ChargedStacks::of(const Sample& sample) {
  const bool is_wait = sample.mode == Mode::kWait;
  StackWeight charged;
  charged.mode = sample.mode;
  Stack& stack = charged.stack;
  if (sample.stack) {
    stack = profile_.stacks[sample.stack];
  } else {
    stack.end = is_wait ? StackEnd::kNoUserStack : StackEnd::kNoMapping;
  }
  stack.wait = is_wait ? sample.wait : WaitClass::kNone;
  charged.hidden_kernel = is_wait || (sample.mode == Mode::kSys && !stack.kernel && !stack.cause);
  if (stack.wait == WaitClass::kRunnable) {
    stack.kernel = {};
    stack.cause = {};
  } else if (is_wait && stack.kernel) {
    if (!scheduler_) scheduler_.emplace(profile_);
    stack.kernel = scheduler_->strip(stack.kernel);
  }
  return charged;
}

std::vector<StackWeight> stack_weights(const Profile& profile,
                                       const std::vector<const Sample*>& samples, bool by_process) {
  return sum(profile, samples, by_process ? StackOwner::kProcessName : StackOwner::kNone);
}

std::vector<StackWeight> thread_stack_weights(const Profile& profile,
                                              const std::vector<const Sample*>& samples) {
  return sum(profile, samples, StackOwner::kThread);
}

}  // namespace profiler::view
