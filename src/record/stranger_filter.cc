#include "record/stranger_filter.h"

#include <utility>
#include <vector>

#include "record/clock.h"

namespace profiler::record {
namespace {

/// Each takes a few of the worker's rounds. A tree that is not caught up with by then never is.
constexpr int kMaxAttempts = 10;

}  // namespace

StrangerFilter::StrangerFilter(const EventSet& events, Worker& worker)
    : events_(&events), worker_(&worker), thread_([this] { run(); }) {}

StrangerFilter::~StrangerFilter() { thread_.join(); }

void StrangerFilter::run() {
  auto filter = ProcessFilter::load();
  if (!filter) {
    report("other processes are left out after copying: " + filter.error().message());
    return;
  }
  filter_ = *std::move(filter);
  if (!add_all_targets(*filter_)) {
    report("other processes are left out after copying: the target forks too fast");
    return;
  }
  const auto attached = filter_->attach(*events_);
  report(attached ? "other processes are left out in the kernel, by BPF"
                  : "other processes are left out after copying: " + attached.error().message());
}

bool StrangerFilter::add_all_targets(ProcessFilter& filter) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto targets = worker_->targets_as_of(monotonic_ns()).get();
    if (!targets) return false;  // The recording has ended.
    bool somebody_new = false;
    for (const Pid pid : *targets) {
      if (filter.contains(pid)) continue;
      somebody_new = true;
      if (!filter.add(pid)) return false;
    }
    if (!somebody_new) return true;
  }
  return false;
}

void StrangerFilter::report(std::string line) {
  const std::lock_guard lock(mutex_);
  report_ = std::move(line);
}

std::optional<std::string> StrangerFilter::take_report() {
  const std::lock_guard lock(mutex_);
  return std::exchange(report_, std::nullopt);
}

}  // namespace profiler::record
