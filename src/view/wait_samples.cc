#include "view/wait_samples.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>

#include "view/proportion.h"

namespace profiler::view {
namespace {

/// What of an estimate falls into one slot of time becomes one sample a stack. Slots are longer
/// where the stacks are many, so that a stratum has about that many samples at most.
constexpr std::uint64_t kShortestSlotNs = 100'000'000;
constexpr std::uint64_t kSamplesAStratum = 1024;

/// In place of a length: of all waits for a CPU. Where a thread is preempted has little to do with
/// for how long.
constexpr int kAnyLength = 1000;

/// Waits of about the same length, of one thread or process.
struct StratumKey {
  std::uint32_t owner = 0;
  bool is_process = false;
  bool runnable = false;
  int log2 = 0;
  auto operator<=>(const StratumKey&) const = default;
};

/// The waits of a stratum of which stacks were taken.
struct Stratum {
  std::map<StackIndex, std::uint64_t> ns;  ///< By stack.
  std::uint64_t all_ns = 0;
};

/// A wait, or several of one thread.
struct Waits {
  std::uint64_t time_ns = std::numeric_limits<std::uint64_t>::max();  ///< When the first began.
  std::uint64_t ns = 0;
  std::uint64_t count = 0;
};

int log2_of(const Wait& wait) {
  return static_cast<int>(std::bit_width(wait.ns / std::max<std::uint64_t>(wait.count, 1)));
}

class WaitSampler {
 public:
  explicit WaitSampler(const Profile& profile) : profile_(profile) {}

  std::vector<Sample> samples() {
    for (const Wait& wait : profile_.waits) {
      last_ns_ = std::max(last_ns_, wait.time_ns);
      if (!wait.stack) continue;
      learn(wait);
      add(wait.thread, wait.stack, wait.runnable, {wait.time_ns, wait.ns, wait.count});
    }
    collect();
    for (const auto& [key, waits] : unsampled_) estimate(key.first, waits);
    return std::move(samples_);
  }

 private:
  [[nodiscard]] StratumKey key_of(const Wait& wait) const {
    return {.owner = wait.thread.row(),
            .is_process = false,
            .runnable = wait.runnable,
            .log2 = log2_of(wait)};
  }

  [[nodiscard]] StratumKey of_process(StratumKey key) const {
    const ThreadIndex thread(key.owner);
    const ProcessIndex process =
        profile_.threads.contains(thread) ? profile_.threads[thread].process : ProcessIndex();
    key.owner = process.row();
    key.is_process = true;
    return key;
  }

  [[nodiscard]] static StratumKey of_length(StratumKey key, int log2) {
    key.log2 = log2;
    return key;
  }

  void learn(const Wait& wait) {
    const StratumKey key = key_of(wait);
    for (const StratumKey& each : {key, of_process(key)}) {
      learn(wait, each);
      if (wait.runnable) learn(wait, of_length(each, kAnyLength));
    }
  }

  void learn(const Wait& wait, const StratumKey& key) {
    Stratum& stratum = strata_[key];
    stratum.ns[wait.stack] += wait.ns;
    stratum.all_ns += wait.ns;
  }

  [[nodiscard]] const Stratum* find(const StratumKey& key) const {
    const auto found = strata_.find(key);
    return found == strata_.end() || found->second.all_ns == 0 ? nullptr : &found->second;
  }

  /// Whose stacks waits of that stratum are charged to; null: there are none.
  const Stratum* source(const StratumKey& key) {
    const auto [known, is_new] = sources_.try_emplace(key, nullptr);
    if (is_new) {
      const StratumKey process = of_process(key);
      for (const StratumKey& each :
           {key, process, of_length(key, key.log2 - 1), of_length(key, key.log2 + 1),
            of_length(process, key.log2 - 1), of_length(process, key.log2 + 1),
            of_length(key, kAnyLength), of_length(process, kAnyLength)}) {
        known->second = find(each);
        if (known->second != nullptr) break;
      }
    }
    return known->second;
  }

  [[nodiscard]] std::uint64_t slot_of(const Wait& wait, const Stratum* stratum) const {
    const std::uint64_t stacks = stratum == nullptr ? 1 : stratum->ns.size();
    std::uint64_t slot_ns = kShortestSlotNs;
    while (last_ns_ / slot_ns * stacks > kSamplesAStratum) slot_ns *= 2;
    return wait.time_ns / slot_ns;
  }

  void collect() {
    for (const Wait& wait : profile_.waits) {
      if (wait.stack) continue;
      const StratumKey key = key_of(wait);
      Waits& waits = unsampled_[{key, slot_of(wait, source(key))}];
      waits.time_ns = std::min(waits.time_ns, wait.time_ns);
      waits.ns += wait.ns;
      waits.count += wait.count;
    }
  }

  /// Time exactly by proportion. Of the waits, which cannot be divided, each stack gets its whole
  /// ones; the others go to stacks at even distances, from one that is different each time.
  void estimate(const StratumKey& key, const Waits& waits) {
    const ThreadIndex thread =
        profile_.threads.contains(ThreadIndex(key.owner)) ? ThreadIndex(key.owner) : ThreadIndex();
    const Stratum* const stratum = source(key);
    if (stratum == nullptr) {
      add(thread, {}, key.runnable, waits);
      return;
    }
    const std::uint64_t all = stratum->all_ns;
    std::vector<std::pair<StackIndex, Waits>> parts;
    std::uint64_t ns_left = waits.ns;
    std::uint64_t count_left = waits.count;
    std::size_t heaviest = 0;
    for (const auto& [stack, ns] : stratum->ns) {
      const Waits share{.time_ns = waits.time_ns,
                        .ns = proportion(waits.ns, ns, all),
                        .count = proportion(waits.count, ns, all)};
      ns_left -= share.ns;
      count_left -= share.count;
      parts.emplace_back(stack, share);
      if (share.ns > parts[heaviest].second.ns) heaviest = parts.size() - 1;
    }
    parts[heaviest].second.ns += ns_left;

    // The golden ratio: the next place is always far from those before.
    constexpr double kTurn = 0.618033988749895;
    turn_ += kTurn;
    turn_ -= static_cast<double>(static_cast<std::uint64_t>(turn_));
    const double distance =
        static_cast<double>(all) / static_cast<double>(std::max<std::uint64_t>(count_left, 1));
    double place = turn_ * distance;
    double end = 0;
    std::size_t at = 0;
    for (const auto& [stack, ns] : stratum->ns) {
      end += static_cast<double>(ns);
      for (; count_left != 0 && place < end; --count_left) {
        ++parts[at].second.count;
        place += distance;
      }
      ++at;
    }
    parts[heaviest].second.count += count_left;
    for (const auto& [stack, share] : parts) add(thread, stack, key.runnable, share);
  }

  void add(ThreadIndex thread, StackIndex stack, bool runnable, const Waits& waits) {
    if (waits.ns == 0 && waits.count == 0) return;
    Sample sample;
    sample.time_ns = waits.time_ns;
    sample.weight = waits.ns;
    sample.thread = thread;
    sample.stack = stack;
    sample.mode = Mode::kWait;
    sample.wait = wait_class(profile_, stack, runnable);
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint16_t>::max();
    std::uint64_t left = waits.count;
    sample.waits = static_cast<std::uint16_t>(std::min(left, kMost));
    samples_.push_back(sample);
    // More than a sample can say: others, of no weight, say the rest.
    sample.weight = 0;
    while ((left -= sample.waits) != 0) {
      sample.waits = static_cast<std::uint16_t>(std::min(left, kMost));
      samples_.push_back(sample);
    }
  }

  const Profile& profile_;
  std::map<StratumKey, Stratum> strata_;
  std::map<StratumKey, const Stratum*> sources_;
  /// Those without a stack, by slot of time.
  std::map<std::pair<StratumKey, std::uint64_t>, Waits> unsampled_;
  std::uint64_t last_ns_ = 0;
  double turn_ = 0;
  std::vector<Sample> samples_;
};

}  // namespace

std::vector<Sample> wait_samples(const Profile& profile) { return WaitSampler(profile).samples(); }

WaitClass wait_class(const Profile& profile, StackIndex stack, bool runnable) {
  if (runnable) return WaitClass::kRunnable;
  if (!stack) return WaitClass::kNotSampled;
  const WaitClass wait = profile.stacks[stack].wait;
  return wait == WaitClass::kNone || wait == WaitClass::kRunnable ? WaitClass::kOther : wait;
}

bool shows_waiting(const Profile& profile, const EventInfo& event) {
  return profile.run.wait_coverage != WaitCoverage::kNone && event.is_time();
}

}  // namespace profiler::view
