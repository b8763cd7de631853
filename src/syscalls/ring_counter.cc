#include "syscalls/ring_counter.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>
#include <vector>

#include "record/clock.h"
#include "record/proc_scan.h"
#include "record/proc_stat.h"
#include "record/urgency.h"

namespace profiler::syscalls {
namespace {

// Rings wake the reader when an eighth is full. This is for what comes slowly.
constexpr int kPeriodMs = 50;

}  // namespace

Result<std::unique_ptr<RingCounter>> RingCounter::attach(const record::Target& target,
                                                         const record::RecordOptions& options,
                                                         const RingSettings& settings) {
  auto events = RingEvents::open(target, options, settings.ring_bytes);
  if (!events) return std::unexpected(events.error());
  record::FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) {
    return std::unexpected(Error{.what = "cannot make an eventfd", .system_error = errno});
  }
  std::unique_ptr<RingCounter> ring(
      new RingCounter(*std::move(events), settings, target.is_system_wide()));
  ring->wake_ = std::move(wake);
  ring->events_.enable();
  ring->add_target(target, options);
  ring->thread_ = std::thread([raw = ring.get()] { raw->run(); });
  return ring;
}

RingCounter::RingCounter(RingEvents events, const RingSettings& settings, bool all)
    : events_(std::move(events)),
      groups_(settings.grouping),
      tracker_({.all = all,
                .start_ns = record::monotonic_ns(),
                .switches_after_end = events_.coverage() == Coverage::kPerCpu,
                .group_of = [this](Pid pid, Tid tid) { return groups_.id_of(pid, tid); },
                .parent_of = [](Pid pid) -> std::optional<Pid> {
                  const auto stat = record::read_proc_stat(pid);
                  return stat ? std::optional(stat->parent) : std::nullopt;
                },
                .long_ns = settings.callers ? LongCalls::kLongNs
                                            : std::numeric_limits<std::uint64_t>::max(),
                .on_long_call =
                    [this](Tid tid, const CallKey& key, std::uint64_t end_ns,
                           const FinishedCall& call) { long_calls_.add(tid, key, end_ns, call); }},
               totals_),
      records_(events_.layout(), tracker_, groups_) {
  for (record::EventRing& ring : events_.rings()) records_.add(ring.reader);
}

/// After the events are enabled: who is forked from now on is told by them.
void RingCounter::add_target(const record::Target& target, const record::RecordOptions& options) {
  // Asked for now, threads are there to be asked for their groups.
  switch (target.scope()) {
    case Scope::kProgram:
      for (const Pid pid : target.tasks()) {
        tracker_.add_process_at_exec(pid);
        tracker_.thread(pid, pid);
      }
      return;
    case Scope::kThreads:
      for (const Tid tid : options.tids) {
        tracker_.add_thread(tid);
        if (const auto pid = record::process_of(tid)) tracker_.thread(*pid, tid);
      }
      return;
    case Scope::kProcesses:
      for (const Pid pid : record::with_descendants(options.pids)) {
        tracker_.add_process(pid);
        for (const Tid tid : record::threads_of(pid)) tracker_.thread(pid, tid);
      }
      return;
    case Scope::kSystem:
    case Scope::kCpus:
    case Scope::kCgroup:
      return;
  }
}

RingCounter::~RingCounter() {
  if (thread_.joinable()) detach();
}

void RingCounter::take_until(std::uint64_t time_ns) {
  records_.take(time_ns);
  taken_until_ns_ = time_ns;
}

RingCounter::KnownCall RingCounter::call_returning_at(std::uint64_t time_ns, Pid pid, Tid tid,
                                                      std::int64_t number, SyscallAbi abi) {
  const std::lock_guard lock(mutex_);
  // The sample may be here before the record of the same return.
  if (taken_until_ns_ <= time_ns) take_until(record::monotonic_ns());
  KnownCall known;
  const std::int32_t own_number = call_number(number, abi);
  known.key = {.group = groups_.id_of(pid, tid), .number = own_number, .abi = abi};
  FinishedCall call;
  if (const auto found = long_calls_.find(tid, known.key, time_ns)) {
    call = *found;
  } else if (const SyscallRow* row = totals_.find(known.key)) {
    call = long_calls_.typical_short(*row);
  }
  known.wall_ns = call.wall_ns;
  known.cpu_ns = call.cpu_ns;
  return known;
}

void RingCounter::run() {
  record::make_thread_urgent();  // A tenth of a CPU for two that do nothing but calls.
  std::vector<pollfd> polled;
  polled.push_back({.fd = wake_.get(), .events = POLLIN, .revents = 0});
  for (const record::EventRing& ring : events_.rings()) {
    polled.push_back({.fd = ring.poll_fd, .events = POLLIN, .revents = 0});
  }
  while (!stopping_.load(std::memory_order_acquire)) {
    ::poll(polled.data(), polled.size(), kPeriodMs);
    for (pollfd& one : polled) {
      // The thread that it was opened for has ended: it would say so for ever.
      if ((one.revents & (POLLHUP | POLLERR)) != 0) one.fd = -1;
    }
    const std::lock_guard lock(mutex_);
    take_until(record::monotonic_ns());
  }
  reader_cpu_ns_ = record::clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void RingCounter::detach() {
  events_.disable();
  const std::uint64_t end = record::monotonic_ns();
  stopping_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  thread_.join();
  const std::lock_guard lock(mutex_);
  take_until(RingRecords::kEverything);
  // The last ones that are missing were never told of.
  const std::uint64_t lost = events_.lost().value_or(0);
  if (lost > records_.lost()) tracker_.lost(lost - records_.lost());
  tracker_.finish(end);
}

SyscallAccount RingCounter::account(const CallTotals::Intern& intern) const {
  const std::lock_guard lock(mutex_);
  CallTotals totals = totals_;
  tracker_.add_unfinished(record::monotonic_ns(), totals);
  SyscallAccount account =
      totals.account({.backend = SyscallBackend::kRing,
                      .grouping = groups_.grouping(),
                      .group_name = [&](std::int64_t id) { return groups_.name(id); }},
                     intern);
  account.lost = tracker_.lost_records();
  account.killed_cpu_ns = tracker_.killed_cpu_ns();
  return account;
}

}  // namespace profiler::syscalls
