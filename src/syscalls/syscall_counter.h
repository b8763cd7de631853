// Counts the target's system calls while a recording runs: chooses a backend, collects the stacks
// of sampled callers, and puts it all into the profile.
//
//   SyscallCounter counter({.callers = true});
//   record(options, pipeline, progress, &counter);
//   counter.finish(pipeline);                      // before pipeline.finish(): frames get names
//
// Where no backend can work, the profile's account stays empty, and notes() says why.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.h"
#include "profiler/error.h"
#include "profiler/syscall_account.h"
#include "record/observer.h"
#include "syscalls/call_totals.h"
#include "syscalls/caller_sums.h"
#include "syscalls/fault_counter.h"

namespace profiler::syscalls {

class Backend;

struct CounterSettings {
  /// kNone: the best that works.
  SyscallBackend backend = SyscallBackend::kNone;
  SyscallGrouping grouping = SyscallGrouping::kNone;
  bool callers = false;  ///< Sample the stacks that make the calls.
  /// About once a second, on record()'s thread; may be empty.
  std::function<void()> on_second = {};
};

class SyscallCounter : public record::Observer {
 public:
  explicit SyscallCounter(CounterSettings settings);
  ~SyscallCounter() override;

  void prepare(const record::RecordOptions& options, const record::Target& target) override;
  void open(std::span<const record::EventRing> sample_rings, const perf_event_attr* attr) override;
  [[nodiscard]] bool owns(std::uint64_t event_id) const override;
  void on_sample(const SampleEvent& sample, pipeline::Pipeline& pipeline) override;
  void start() override;
  void look() override;
  void stop() override;

  /// What was counted so far, without callers.
  [[nodiscard]] SyscallAccount account(const CallTotals::Intern& intern) const;
  /// Once the recording has ended: fills in the profile's account, and its notes.
  void finish(pipeline::Pipeline& pipeline);
  /// One line each: what could not be done, and why.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  CounterSettings settings_;
  std::unique_ptr<Backend> backend_;  // Null: none works, or none yet.
  std::optional<FaultCounter> faults_;
  CallerSums callers_;
  std::optional<std::uint64_t> minor_faults_;  // When it stopped.
  std::optional<std::uint64_t> major_faults_;
  std::vector<std::string> notes_;
};

}  // namespace profiler::syscalls
