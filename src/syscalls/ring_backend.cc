#include "syscalls/ring_backend.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "record/added_events.h"
#include "record/tracefs.h"
#include "syscalls/ring_counter.h"

namespace profiler::syscalls {
namespace {

constexpr std::uint64_t kCallersHz = 999;

class RingBackend : public Backend {
 public:
  RingBackend(SyscallGrouping grouping, const record::RecordOptions& options,
              const record::Target& target)
      : grouping_(grouping), options_(options), target_(target) {}

  /// A second event at the return of every call, which takes one of so many that there are about
  /// kCallersHz in a second, with the stack: all of them where they are few.
  Result<void> sample_callers(std::span<const record::EventRing> rings,
                              const perf_event_attr& attr) override {
    const auto tracefs = record::Tracefs::open();
    if (!tracefs) return std::unexpected(tracefs.error());
    const auto id = tracefs->id({.system = "raw_syscalls", .name = "sys_exit"});
    if (!id) return std::unexpected(id.error());
    perf_event_attr returns = record::AddedEvents::attributes(attr);
    returns.exclude_callchain_kernel = 1;  // The callers are in user mode.
    returns.type = PERF_TYPE_TRACEPOINT;
    returns.config = *id;
    returns.freq = 1;
    returns.sample_freq = kCallersHz;
    returns.exclude_kernel = 0;
    return returns_.open(returns, rings);
  }
  [[nodiscard]] bool owns(std::uint64_t event_id) const override { return returns_.own(event_id); }
  [[nodiscard]] std::optional<CallerSample> caller(const SampleEvent& sample) override {
    RingCounter* const ring = started_.load(std::memory_order_acquire);
    // After the common fields: the number and the result of the call.
    std::int64_t number = 0;
    if (ring == nullptr || sample.raw.size() < 8 + sizeof number) return std::nullopt;
    std::memcpy(&number, sample.raw.data() + 8, sizeof number);
    const SyscallAbi abi = sample.user_registers.abi == PERF_SAMPLE_REGS_ABI_32
                               ? SyscallAbi::kCompat32
                               : SyscallAbi::kNative;
    const RingCounter::KnownCall call = ring->call_returning_at(
        sample.context.time_ns, sample.context.pid, sample.context.tid, number, abi);
    return CallerSample{.key = call.key,
                        .call = {.wall_ns = call.wall_ns,
                                 .cpu_ns = call.cpu_ns,
                                 .of_calls = std::max<std::uint64_t>(sample.period, 1)}};
  }

  Result<void> start() override {
    auto ring = RingCounter::attach(target_, options_,
                                    {.grouping = grouping_, .callers = !returns_.empty()});
    if (!ring) return std::unexpected(ring.error());
    ring_ = *std::move(ring);
    started_.store(ring_.get(), std::memory_order_release);
    return {};
  }
  void stop() override {
    returns_.disable();
    if (ring_) ring_->detach();
  }
  [[nodiscard]] SyscallAccount account(const CallTotals::Intern& intern) const override {
    return ring_ ? ring_->account(intern) : SyscallAccount{};
  }

 private:
  SyscallGrouping grouping_;
  const record::RecordOptions& options_;
  const record::Target& target_;
  record::AddedEvents returns_;
  std::unique_ptr<RingCounter> ring_;
  std::atomic<RingCounter*> started_ = nullptr;
};

}  // namespace

std::unique_ptr<Backend> make_ring_backend(SyscallGrouping grouping,
                                           const record::RecordOptions& options,
                                           const record::Target& target) {
  return std::make_unique<RingBackend>(grouping, options, target);
}

}  // namespace profiler::syscalls
