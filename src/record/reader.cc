#include "record/reader.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "record/clock.h"
#include "record/urgency.h"

namespace profiler::record {
namespace {

constexpr std::chrono::milliseconds kRound(50);
/// The first rounds are shorter, each by so much longer than the one before: what the worker
/// decides by the first samples (larger stack copies) is decided while they are few.
constexpr std::chrono::milliseconds kFirstRound(5);
/// After a ring had to call for it: do not let a ring that is always half full make it spin.
constexpr std::chrono::milliseconds kShortestRound(2);

}  // namespace

Reader::Reader(EventSet& events, std::span<const events::EventLayout> layouts, Handoff& handoff,
               const ReaderSettings& settings)
    : handoff_(&handoff),
      drain_(layouts, settings.budget_bytes, settings.own_pid),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  polled_.push_back({.fd = wake_.get(), .events = POLLIN, .revents = 0});
  for (EventRing& ring : events.rings()) new_rings_.push_back(&ring);
  thread_ = std::thread([this] { run(); });
}

Reader::~Reader() {
  if (thread_.joinable()) stop();
}

void Reader::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

ReaderResult Reader::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
  thread_.join();
  return result_;
}

void Reader::add(EventRing& ring) {
  {
    const std::lock_guard lock(new_rings_mutex_);
    new_rings_.push_back(&ring);
  }
  wake();
}

void Reader::take_new_rings() {
  const std::lock_guard lock(new_rings_mutex_);
  for (EventRing* ring : new_rings_) {
    rings_.push_back(ring);
    polled_.push_back({.fd = ring->poll_fd, .events = POLLIN, .revents = 0});
  }
  new_rings_.clear();
}

void Reader::run() {
  ::pthread_setname_np(::pthread_self(), "profiler-reader");
  make_thread_urgent();
  take_new_rings();
  // A record's time is taken a little before the record can be seen. What is older than the start
  // of the round before this one has been seen by now.
  std::uint64_t previous_began = 0;
  std::chrono::milliseconds length{0};
  while (!stopping_.load(std::memory_order_acquire)) {
    length = std::min(kRound, length + kFirstRound);
    const int ready = ::poll(polled_.data(), polled_.size(), static_cast<int>(length.count()));
    if ((polled_[0].revents & POLLIN) != 0) {
      std::uint64_t times = 0;
      [[maybe_unused]] const ssize_t taken = ::read(wake_.get(), &times, sizeof times);
      take_new_rings();
    }
    for (pollfd& entry : polled_) {
      // Its task has ended (POLLHUP): nothing to be waited for there, but perhaps to be read.
      if ((entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) entry.fd = -1;
      entry.revents = 0;
    }
    const std::uint64_t began = monotonic_ns();
    round(previous_began);
    previous_began = began;
    if (ready > 0 && !stopping_.load(std::memory_order_acquire)) {
      ::poll(polled_.data(), 1, static_cast<int>(kShortestRound.count()));
    }
  }
  round(std::numeric_limits<std::uint64_t>::max());
  handoff_->close();

  result_.counts = drain_.counts();
  for (const EventRing* ring : rings_) result_.malformed += ring->reader.malformed();
  result_.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void Reader::round(std::uint64_t release_until_ns) {
  DrainRound drained;
  drained.release_until_ns = release_until_ns;
  std::uint32_t source = 0;
  for (EventRing* ring : rings_) {
    drain_.copy(ring->reader, {.source = source++, .layout = layout_row(ring->kind)}, *handoff_,
                drained);
  }
  dropped_.store(drain_.counts().samples_dropped, std::memory_order_relaxed);
  handoff_->push(std::move(drained));
}

}  // namespace profiler::record
