#include "syscalls/syscall_counter.h"

#include <utility>

#include "syscalls/backend.h"
#include "syscalls/bpf_backend.h"
#include "syscalls/ring_backend.h"

namespace profiler::syscalls {

SyscallCounter::SyscallCounter(CounterSettings settings)
    : settings_(std::move(settings)), callers_(kCallerPeriodNs) {}
SyscallCounter::~SyscallCounter() = default;

void SyscallCounter::prepare(const record::RecordOptions& options, const record::Target& target) {
  const bool is_child = options.scope == Scope::kProgram;
  if (settings_.backend != SyscallBackend::kRing) {
    auto bpf = open_bpf_backend(settings_.grouping, settings_.callers, options, target);
    if (bpf) {
      backend_ = *std::move(bpf);
    } else {
      notes_.push_back("BPF cannot count system calls: " + bpf.error().message());
    }
  }
  if (!backend_ && settings_.backend != SyscallBackend::kBpf) {
    backend_ = make_ring_backend(settings_.grouping, options, target);
  }
  faults_.emplace(target, is_child);
}

void SyscallCounter::open(std::span<const record::EventRing> sample_rings,
                          const perf_event_attr* attr) {
  if (!backend_ || !settings_.callers) return;
  if (attr == nullptr) {
    notes_.emplace_back("callers of system calls are not sampled: there are no rings for them");
    return;
  }
  if (auto opened = backend_->sample_callers(sample_rings, *attr); !opened) {
    notes_.push_back("callers of system calls are not sampled: " + opened.error().message());
  }
}

bool SyscallCounter::owns(std::uint64_t event_id) const {
  return backend_ && backend_->owns(event_id);
}

void SyscallCounter::on_sample(const SampleEvent& sample, pipeline::Pipeline& pipeline) {
  const auto caller = backend_->caller(sample);
  if (!caller) return;
  if (const auto stack = pipeline.user_stack(sample)) {
    callers_.add(caller->key, *stack, caller->call);
  }
}

void SyscallCounter::start() {
  if (!backend_) return;
  if (auto started = backend_->start(); !started) {
    notes_.push_back("system calls are not counted: " + started.error().message());
    backend_.reset();
  }
}

void SyscallCounter::look() {
  if (settings_.on_second) settings_.on_second();
}

void SyscallCounter::stop() {
  if (backend_) backend_->stop();
  if (faults_) {
    minor_faults_ = faults_->minor();
    major_faults_ = faults_->major();
  }
}

SyscallAccount SyscallCounter::account(const CallTotals::Intern& intern) const {
  return backend_ ? backend_->account(intern) : SyscallAccount{};
}

void SyscallCounter::finish(pipeline::Pipeline& pipeline) {
  Profile& profile = pipeline.profile();
  profile.syscalls = account([&](std::string_view text) { return pipeline.string(text); });
  profile.syscalls.callers = callers_.rows(profile.syscalls);
  profile.syscalls.user_minor_faults = minor_faults_;
  profile.syscalls.user_major_faults = major_faults_;
  profile.run.notes.insert(profile.run.notes.end(), notes_.begin(), notes_.end());
}

}  // namespace profiler::syscalls
