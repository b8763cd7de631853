#include "syscalls/bpf_backend.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "record/added_events.h"
#include "syscalls/bpf_counter.h"
#include "syscalls/group_name.h"

namespace profiler::syscalls {
namespace {

CallKey key_of(std::uint64_t group, std::uint32_t call) {
  // A number of -1 and the like keeps its low bits only.
  return {.group = static_cast<std::int64_t>(group),
          .number = static_cast<std::int32_t>(call & SYSCALL_NUMBER_MASK),
          .abi = static_cast<SyscallAbi>(call >> SYSCALL_ABI_SHIFT)};
}

SyscallRow row_of(const BpfRow& from) {
  const CallKey key = key_of(from.key.group, from.key.call);
  const syscall_row& sums = from.sums;
  SyscallRow row;
  row.group_id = key.group;
  row.number = key.number;
  row.abi = key.abi;
  row.calls = sums.calls;
  row.errors = sums.errors;
  row.restarts = sums.restarts;
  row.unfinished = from.unfinished;
  row.begun_before = sums.begun_before;
  row.returned = sums.returned;
  row.wall_ns = sums.wall_ns;
  row.cpu_ns = sums.cpu_ns;
  row.min_ns = sums.min_ns;
  row.max_ns = sums.max_ns;
  row.squares_ns2 = std::ldexp(static_cast<double>(sums.squares_high), 64) +
                    static_cast<double>(sums.squares_low) + from.under_way_squares;
  std::copy_n(sums.buckets, DurationHistogram::kBuckets, row.durations.counts.begin());
  return row;
}

BpfSettings settings_of(SyscallGrouping grouping, bool callers,
                        const record::RecordOptions& options, const record::Target& target) {
  BpfSettings settings;
  settings.grouping = grouping;
  settings.sample_period_ns = callers ? kCallerPeriodNs : 0;
  switch (options.scope) {
    case Scope::kProgram:
      settings.held_until_exec = true;
      settings.roots = target.processes();
      break;
    case Scope::kProcesses:
      settings.roots = target.processes();
      break;
    case Scope::kThreads:
      settings.scope = SYSCALL_SCOPE_THREADS;
      settings.roots = target.tasks();
      break;
    case Scope::kCgroup:
      settings.scope = SYSCALL_SCOPE_CGROUP;
      settings.cgroup_fd = target.cgroup_fd();
      break;
    case Scope::kSystem:
    case Scope::kCpus:
      settings.scope = SYSCALL_SCOPE_ALL;
      break;
  }
  return settings;
}

class BpfBackend : public Backend {
 public:
  BpfBackend(BpfCounter counter, SyscallGrouping grouping, const record::Target& target)
      : counter_(std::move(counter)), grouping_(grouping), target_(target) {}

  Result<void> sample_callers(std::span<const record::EventRing> rings,
                              const perf_event_attr& attr) override {
    perf_event_attr output = record::AddedEvents::attributes(attr);
    output.exclude_callchain_kernel = 1;  // The callers are in user mode.
    output.type = PERF_TYPE_SOFTWARE;
    output.config = PERF_COUNT_SW_BPF_OUTPUT;
    output.freq = 0;
    output.sample_period = 1;
    if (auto opened = outputs_.open(output, rings); !opened) return opened;
    for (std::size_t i = 0; i < rings.size(); ++i) {
      if (auto added = counter_.add_output(rings[i].cpu, outputs_.all()[i]); !added) return added;
    }
    return {};
  }

  [[nodiscard]] bool owns(std::uint64_t event_id) const override { return outputs_.own(event_id); }

  [[nodiscard]] std::optional<CallerSample> caller(const SampleEvent& sample) override {
    syscall_caller_record record{};
    if (sample.raw.size() < sizeof record) return std::nullopt;
    std::memcpy(&record, sample.raw.data(), sizeof record);
    return CallerSample{.key = key_of(record.group, record.call),
                        .call = {.wall_ns = record.wall_ns,
                                 .cpu_ns = record.cpu_ns,
                                 .cpu_ticks = record.cpu_ticks,
                                 .off_ticks = record.off_ticks}};
  }

  Result<void> start() override {
    if (auto started = counter_.start(); !started) return started;
    // Whoever was forked since the target was looked at has a parent that was not watched yet.
    if (target_.scope() == Scope::kProcesses) {
      for (const Pid pid : target_.processes()) counter_.add_root(pid);
    }
    return {};
  }

  void stop() override { last_ = counter_.read(); }

  [[nodiscard]] SyscallAccount account(const CallTotals::Intern& intern) const override {
    const BpfReading reading = last_ ? *last_ : counter_.read();
    CallTotals totals;
    std::vector<ErrorCount> errors;
    for (const BpfRow& row : reading.rows) {
      errors.clear();
      for (const BpfError& error : reading.errors) {
        if (error.key.group == row.key.group && error.key.call == row.key.call) {
          errors.emplace_back(error.key.error, error.count);
        }
      }
      totals.add_row(row_of(row), errors);
    }
    const auto name = [&](std::int64_t id) {
      const auto ended = std::ranges::find(reading.group_names, static_cast<std::uint64_t>(id),
                                           &BpfGroupName::group);
      return group_name(grouping_, id,
                        ended == reading.group_names.end() ? std::string() : ended->name);
    };
    SyscallAccount account = totals.account(
        {.backend = SyscallBackend::kBpf, .grouping = grouping_, .group_name = name}, intern);
    account.lost = reading.calls_lost + reading.threads_lost;
    account.killed_cpu_ns = reading.killed_ns;
    return account;
  }

 private:
  BpfCounter counter_;
  SyscallGrouping grouping_;
  const record::Target& target_;
  record::AddedEvents outputs_;
  std::optional<BpfReading> last_;
};

}  // namespace

Result<std::unique_ptr<Backend>> open_bpf_backend(SyscallGrouping grouping, bool callers,
                                                  const record::RecordOptions& options,
                                                  const record::Target& target) {
  auto counter = BpfCounter::load(settings_of(grouping, callers, options, target));
  if (!counter) return std::unexpected(counter.error());
  return std::make_unique<BpfBackend>(*std::move(counter), grouping, target);
}

}  // namespace profiler::syscalls
