// Keeps a thread from being sampled twice. Attaching opens inherited events on the threads that
// /proc lists; one that is created meanwhile may be listed and have inherited events as well, and
// all that it creates would inherit both.
//
//   DuplicateGuard guard(events.sample_roots());     // event id -> the thread it was opened on
//   if (guard.is_duplicate(tid, event_id)) drop;
//
// Each thread belongs to the root whose event sampled it first.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "profiler/event.h"

namespace profiler::record {

class DuplicateGuard {
 public:
  using Roots = std::unordered_map<std::uint64_t, Tid>;

  /// Without roots nothing is ever a duplicate.
  explicit DuplicateGuard(Roots roots) : roots_(std::move(roots)) {}

  [[nodiscard]] bool is_duplicate(Tid tid, std::uint64_t event_id) {
    const auto root = roots_.find(event_id);
    if (root == roots_.end()) return false;
    return root_of_thread_.try_emplace(tid, root->second).first->second != root->second;
  }
  /// Its id may be given to another.
  void on_exit(Tid tid) { root_of_thread_.erase(tid); }

 private:
  Roots roots_;
  std::unordered_map<Tid, Tid> root_of_thread_;
};

}  // namespace profiler::record
