#include "syscalls/ring_counting.h"

#include <utility>

#include "syscalls/ring_backend.h"

namespace profiler::syscalls {
namespace {

class RingCounting : public Backend {
 public:
  RingCounting(SyscallGrouping grouping, const record::RecordOptions& options,
               const record::Target& target)
      : grouping_(grouping), options_(options), target_(target) {}

  Result<void> sample_callers(std::span<const record::EventRing>, const perf_event_attr&) override {
    return std::unexpected(Error{.what = "that takes BPF"});
  }
  [[nodiscard]] bool owns(std::uint64_t) const override { return false; }
  [[nodiscard]] std::optional<CallerSample> caller(const SampleEvent&) override {
    return std::nullopt;
  }

  Result<void> start() override {
    auto ring = RingBackend::attach(target_, options_, {.grouping = grouping_});
    if (!ring) return std::unexpected(ring.error());
    ring_ = *std::move(ring);
    return {};
  }
  void stop() override {
    if (ring_) ring_->detach();
  }
  [[nodiscard]] SyscallAccount account(const CallTotals::Intern& intern) const override {
    return ring_ ? ring_->account(intern) : SyscallAccount{};
  }

 private:
  SyscallGrouping grouping_;
  const record::RecordOptions& options_;
  const record::Target& target_;
  std::unique_ptr<RingBackend> ring_;
};

}  // namespace

std::unique_ptr<Backend> ring_backend(SyscallGrouping grouping,
                                      const record::RecordOptions& options,
                                      const record::Target& target) {
  return std::make_unique<RingCounting>(grouping, options, target);
}

}  // namespace profiler::syscalls
