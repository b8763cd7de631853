#include "view/wait_ledger.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "view/thread_identity.h"

namespace profiler::view {
namespace {

/// Call sites of stacks, each looked for once.
class Callers {
 public:
  explicit Callers(const Profile& profile) : profile_(profile) {}
  const CallSite& of(StackIndex stack) {
    const NodeIndex user = stack ? profile_.stacks[stack].user : NodeIndex();
    const auto [known, is_new] = sites_.try_emplace(user.row());
    if (is_new) known->second = call_site(profile_, user);
    return known->second;
  }

 private:
  const Profile& profile_;
  std::unordered_map<std::uint32_t, CallSite> sites_;
};

}  // namespace

std::vector<WaitRow> wait_ledger(const Profile& profile,
                                 const std::vector<const Sample*>& samples) {
  struct Sum {
    Weight weight;
    std::set<ThreadIndex> threads;
    std::map<CallSite, WaitCaller> callers;
  };
  std::array<Sum, kWaitClasses> sums;
  // Many samples share a stack, and sites are dear to compare.
  std::map<std::pair<WaitClass, StackIndex>, WaitCaller> stacks;
  for (const Sample* sample : samples) {
    if (sample->mode != Mode::kWait) continue;
    Sum& sum = sums[static_cast<std::size_t>(sample->wait)];
    sum.weight.add(*sample);
    sum.threads.insert(sample->thread);
    WaitCaller& stack = stacks[{sample->wait, sample->stack}];
    stack.wait += sample->weight;
    stack.waits += sample->waits;
  }
  Callers callers(profile);
  for (const auto& [key, weight] : stacks) {
    WaitCaller& caller = sums[static_cast<std::size_t>(key.first)].callers[callers.of(key.second)];
    caller.wait += weight.wait;
    caller.waits += weight.waits;
  }

  std::vector<WaitRow> rows;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    Sum& sum = sums[i];
    if (sum.weight.empty()) continue;
    WaitRow row;
    row.wait = static_cast<WaitClass>(i);
    row.weight = sum.weight;
    std::set<std::pair<Pid, Tid>> threads;
    for (const ThreadIndex thread : sum.threads) threads.insert(thread_id(profile, thread));
    row.threads = threads.size();
    for (auto& [site, caller] : sum.callers) {
      static_cast<CallSite&>(caller) = site;
      row.callers.push_back(std::move(caller));
    }
    std::ranges::stable_sort(row.callers, std::greater{}, &WaitCaller::wait);
    rows.push_back(std::move(row));
  }
  sort_waits(rows, SortKey::kWait);
  return rows;
}

void sort_waits(std::vector<WaitRow>& rows, SortKey key) {
  std::ranges::stable_sort(rows, [key](const WaitRow& a, const WaitRow& b) {
    if (key == SortKey::kName) return name(a.wait) < name(b.wait);
    if (key == SortKey::kSamples) return a.weight.waits > b.weight.waits;
    return a.weight.wait > b.weight.wait;
  });
}

std::vector<IdleThreads> idle_threads(const Profile& profile,
                                      const std::vector<const Sample*>& samples) {
  // Candidates by their schedule: life and time on the CPU.
  struct Life {
    std::uint64_t ns = 0;
    std::uint64_t on_cpu_ns = 0;
  };
  std::map<std::pair<Pid, Tid>, Life> lives;
  for (const ThreadSchedule& schedule : profile.schedules) {
    const auto [pid, tid] = thread_id(profile, schedule.thread);
    if (pid == tid) continue;
    Life& life = lives[{pid, tid}];
    life.ns += schedule.last_ns - schedule.first_ns;
    life.on_cpu_ns += schedule.on_cpu_ns;
  }
  std::erase_if(lives, [](const auto& each) {
    return each.second.ns == 0 || each.second.on_cpu_ns * 100 >= each.second.ns;
  });
  if (lives.empty()) return {};

  struct Waits {
    Weight all;
    std::map<CallSite, std::uint64_t> callers;
    std::set<ThreadIndex> rows;
  };
  std::map<std::pair<Pid, Tid>, Waits> waits;
  Callers callers(profile);
  for (const Sample* sample : samples) {
    if (sample->mode != Mode::kWait || !sample->thread) continue;
    const auto thread = thread_id(profile, sample->thread);
    if (!lives.contains(thread)) continue;
    Waits& sum = waits[thread];
    sum.all.add(*sample);
    sum.rows.insert(sample->thread);
    if (sample->stack) sum.callers[callers.of(sample->stack)] += sample->weight;
  }

  std::map<CallSite, IdleThreads> idle;
  for (const auto& [thread, sum] : waits) {
    const auto most =
        std::ranges::max_element(sum.callers, {}, [](const auto& caller) { return caller.second; });
    if (most == sum.callers.end() || most->first.function.empty()) continue;
    if (most->second * 100 <= sum.all.wait * 99) continue;
    IdleThreads& pool = idle[most->first];
    pool.caller = most->first;
    pool.weight += sum.all;
    ++pool.threads;
    pool.rows.insert(pool.rows.end(), sum.rows.begin(), sum.rows.end());
  }
  std::vector<IdleThreads> pools;
  for (auto& [site, pool] : idle) {
    std::ranges::sort(pool.rows);
    pools.push_back(std::move(pool));
  }
  std::ranges::stable_sort(pools, std::greater{},
                           [](const IdleThreads& pool) { return pool.weight.wait; });
  return pools;
}

std::vector<const Sample*> samples_without(const std::vector<const Sample*>& samples,
                                           const std::vector<IdleThreads>& idle) {
  std::set<ThreadIndex> threads;
  for (const IdleThreads& pool : idle) threads.insert(pool.rows.begin(), pool.rows.end());
  std::vector<const Sample*> rest;
  for (const Sample* sample : samples) {
    if (sample->mode != Mode::kWait || !threads.contains(sample->thread)) rest.push_back(sample);
  }
  return rest;
}

}  // namespace profiler::view
