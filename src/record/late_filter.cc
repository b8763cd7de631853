#include "record/late_filter.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "record/clock.h"

namespace profiler::record {
namespace {

/// Each takes a few of the worker's rounds. A tree that is not caught up with by then never is.
constexpr int kMaxAttempts = 10;

}  // namespace

LateFilter::LateFilter(const EventSet& events, Worker& worker, LateFilterSettings settings)
    : events_(&events), worker_(&worker), settings_(std::move(settings)), thread_([this] {
        Outcome outcome = run();
        {
          const std::lock_guard lock(mutex_);
          outcome_ = std::move(outcome);
          is_done_ = true;
          done_.notify_all();
        }
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(settings_.wake_fd, &one, sizeof one);
      }) {}

LateFilter::~LateFilter() { thread_.join(); }

LateFilter::Outcome LateFilter::run() {
  auto filter = ProcessFilter::load(settings_.extra);
  if (!filter) {
    return {.report = "other processes are left out after copying: " + filter.error().message()};
  }
  filter_ = *std::move(filter);
  if (settings_.everybody) {
    filter_->keep_everybody();
    return {.report = "nobody is left out by BPF", .filter = &*filter_};
  }
  const auto left_out = leave_strangers_out(*filter_);
  return {.report = left_out ? "other processes are left out in the kernel, by BPF"
                             : "other processes are left out after copying: " +
                                   left_out.error().message(),
          .filter = &*filter_};
}

Result<void> LateFilter::leave_strangers_out(ProcessFilter& filter) {
  if (!add_all_targets(filter)) {
    filter.keep_everybody();
    return std::unexpected(Error{.what = "the target forks too fast"});
  }
  return filter.attach(*events_);
}

bool LateFilter::add_all_targets(ProcessFilter& filter) {
  const auto add = [&](Pid pid) { return filter.contains(pid) || filter.add(pid); };
  if (!std::ranges::all_of(settings_.roots, add)) return false;
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

void LateFilter::wait() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return is_done_; });
}

std::optional<LateFilter::Outcome> LateFilter::take_outcome() {
  const std::lock_guard lock(mutex_);
  return std::exchange(outcome_, std::nullopt);
}

}  // namespace profiler::record
