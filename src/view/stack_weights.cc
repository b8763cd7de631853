#include "view/stack_weights.h"

#include <cstdint>
#include <unordered_map>

namespace profiler::view {
namespace {

/// What of it is charged, by what it is summed by.
struct Key {
  std::uint32_t owner;  ///< A row: of a name, of a thread, or none.
  std::uint32_t stack;
  WaitClass wait;  ///< kNone: on the CPU.
  bool hidden_kernel;
  bool operator==(const Key&) const = default;
};

struct Hash {
  std::size_t operator()(const Key& key) const {
    const std::uint64_t both = std::uint64_t{key.owner} << 32 | key.stack;
    const std::uint64_t rest =
        static_cast<std::uint64_t>(key.wait) << 1 | (key.hidden_kernel ? 1 : 0);
    return static_cast<std::size_t>((both + rest) * 0x9e37'79b9'7f4a'7c15ULL >> 7);
  }
};

enum class Owner : std::uint8_t { kNone, kProcessName, kThread };

bool is_hidden(const Profile& profile, const Sample& sample) {
  if (sample.mode == Mode::kWait) return true;
  if (sample.mode != Mode::kSys) return false;
  return !sample.stack ||
         (!profile.stacks[sample.stack].kernel && !profile.stacks[sample.stack].cause);
}

StringIndex process_name(const Profile& profile, const Sample& sample) {
  const ProcessIndex process =
      sample.thread ? profile.threads[sample.thread].process : ProcessIndex();
  return process ? profile.processes[process].name : StringIndex();
}

std::vector<StackWeight> sum(const Profile& profile, const std::vector<const Sample*>& samples,
                             Owner by) {
  std::unordered_map<Key, std::size_t, Hash> rows;
  std::vector<StackWeight> weights;
  ChargedStacks stacks(profile);
  for (const Sample* sample : samples) {
    StringIndex name;
    ThreadIndex thread;
    if (by == Owner::kProcessName) name = process_name(profile, *sample);
    if (by == Owner::kThread) thread = sample->thread;
    const Key key{.owner = by == Owner::kThread ? thread.row() : name.row(),
                  .stack = sample->stack.row(),
                  .wait = sample->mode == Mode::kWait ? sample->wait : WaitClass::kNone,
                  .hidden_kernel = is_hidden(profile, *sample)};
    const auto [found, is_new] = rows.try_emplace(key, weights.size());
    if (is_new) {
      weights.push_back(stacks.of(*sample));
      weights.back().process_name = name;
      weights.back().thread = thread;
    }
    weights[found->second].weight.add(*sample);
  }
  return weights;
}

}  // namespace

StackWeight ChargedStacks::of(const Sample& sample) {
  StackWeight charged;
  Stack& stack = charged.stack;
  const bool is_wait = sample.mode == Mode::kWait;
  if (sample.stack) {
    stack = profile_.stacks[sample.stack];
  } else {
    stack.end = is_wait ? StackEnd::kNoUserStack : StackEnd::kNoMapping;
  }
  stack.wait = is_wait ? sample.wait : WaitClass::kNone;
  charged.hidden_kernel = is_hidden(profile_, sample);
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
  return sum(profile, samples, by_process ? Owner::kProcessName : Owner::kNone);
}

std::vector<StackWeight> thread_stack_weights(const Profile& profile,
                                              const std::vector<const Sample*>& samples) {
  return sum(profile, samples, Owner::kThread);
}

}  // namespace profiler::view
