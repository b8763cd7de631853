#include "record/reader.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <limits>
#include <utility>

#include "record/clock.h"

namespace profiler::record {
namespace {

constexpr std::chrono::milliseconds kRound(50);
/// After a ring had to call for it: do not let a ring that is always half full make it spin.
constexpr std::chrono::milliseconds kShortestRound(2);

}  // namespace

Reader::Reader(EventSet& events, std::span<const events::EventLayout> layouts, Handoff& handoff,
               const ReaderSettings& settings)
    : events_(&events),
      handoff_(&handoff),
      drain_(layouts, settings.budget_bytes, settings.own_pid),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

Reader::~Reader() {
  if (thread_.joinable()) stop();
}

ReaderResult Reader::stop() {
  stopping_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  thread_.join();
  return result_;
}

void Reader::run() {
  ::pthread_setname_np(::pthread_self(), "profiler-reader");
  std::vector<pollfd> polled;
  polled.push_back({.fd = wake_.get(), .events = POLLIN, .revents = 0});
  for (const EventRing& ring : events_->rings()) {
    polled.push_back({.fd = ring.poll_fd, .events = POLLIN, .revents = 0});
  }

  // A record's time is taken a little before the record can be seen. What is older than the start
  // of the round before this one has been seen by now.
  std::uint64_t previous_began = 0;
  while (!stopping_.load(std::memory_order_acquire)) {
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(kRound.count()));
    for (pollfd& entry : polled) {
      // Its task has ended (POLLHUP): nothing to be waited for there, but perhaps to be read.
      if ((entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) entry.fd = -1;
      entry.revents = 0;
    }
    const std::uint64_t began = monotonic_ns();
    round(previous_began);
    previous_began = began;
    if (ready > 0 && !stopping_.load(std::memory_order_acquire)) {
      ::poll(polled.data(), 1, static_cast<int>(kShortestRound.count()));
    }
  }
  round(std::numeric_limits<std::uint64_t>::max());
  handoff_->close();

  result_.counts = drain_.counts();
  for (const EventRing& ring : events_->rings()) result_.malformed += ring.reader.malformed();
  result_.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void Reader::round(std::uint64_t release_until_ns) {
  DrainRound drained;
  drained.release_until_ns = release_until_ns;
  std::uint32_t source = 0;
  for (EventRing& ring : events_->rings()) {
    drain_.copy(ring.reader,
                {.source = source++, .layout = ring.side ? kSideLayout : kSampleLayout}, *handoff_,
                drained);
  }
  dropped_.store(drain_.counts().samples_dropped, std::memory_order_relaxed);
  handoff_->push(std::move(drained));
}

}  // namespace profiler::record
