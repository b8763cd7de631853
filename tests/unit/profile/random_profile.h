// Profiles that no program ever had, to put every field and every relation between rows through
// the writer and the reader. Deterministic for a seed.
//
//   Profile p = random_profile(7, {.samples = 1000});
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "profiler/profile.h"

namespace profiler::profile {

struct RandomSize {
  std::size_t strings = 40;
  std::size_t modules = 5;
  std::size_t frames = 60;
  std::size_t nodes = 200;
  std::size_t stacks = 50;
  std::size_t samples = 120;
  std::size_t waits = 60;
};

class RandomProfile {
 public:
  explicit RandomProfile(std::uint32_t seed) : random_(seed) {}

  /// Adds that many rows to the tables that grow while recording, and a new run.
  void grow(Profile& p, const RandomSize& size) {
    for (std::size_t i = 0; i < size.strings; ++i) p.strings.push_back(text());
    for (std::size_t i = 0; i < size.modules; ++i) {
      Module m;
      m.path = maybe_text(p);
      m.kind = any(ModuleKind::kJitDump);
      if (below(2) == 0) {
        const std::string id = text();
        m.build_id = BuildId(std::as_bytes(std::span(id)));
      }
      p.modules.push_back(m);
    }
    for (std::size_t i = 0; i < size.frames; ++i)
      p.frames.push_back({.module = row<ModuleIndex>(p.modules), .address = number(), .name = {}});
    for (std::size_t i = 0; i < size.nodes; ++i)
      p.nodes.push_back({.parent = maybe<NodeIndex>(p.nodes), .frame = row<FrameIndex>(p.frames)});
    for (std::size_t i = 0; i < size.stacks; ++i)
      p.stacks.push_back({.user = maybe<NodeIndex>(p.nodes),
                          .kernel = maybe<NodeIndex>(p.nodes),
                          .end = any(StackEnd::kKernelWalk),
                          .cause = {}});
    for (int i = 0; i < 3; ++i)
      p.processes.push_back({.pid = id(), .parent_pid = id(), .name = maybe_text(p)});
    for (int i = 0; i < 7; ++i)
      p.threads.push_back(
          {.process = row<ProcessIndex>(p.processes), .tid = id(), .name = maybe_text(p)});
    p.run = run();
    for (std::size_t i = 0; i < size.samples; ++i)
      p.samples.push_back({.time_ns = number(),
                           .weight = number(),
                           .thread = row<ThreadIndex>(p.threads),
                           .stack = row<StackIndex>(p.stacks),
                           .cpu = static_cast<std::uint16_t>(number()),
                           .mode = any(Mode::kSys),
                           .event = static_cast<std::uint16_t>(below(2))});
    for (std::size_t i = 0; i < size.waits; ++i)
      p.waits.push_back({.time_ns = number(),
                         .ns = number(),
                         .count = static_cast<std::uint32_t>(below(1'000'001)),
                         .thread = row<ThreadIndex>(p.threads),
                         .stack = maybe<StackIndex>(p.stacks),
                         .waker = maybe<StackIndex>(p.stacks),
                         .runnable = below(2) == 0});
  }

  /// Fills in what is known at the end.
  void name(Profile& p) {
    for (int i = 0; i < 20; ++i) p.strings.push_back(text());
    for (Module& m : p.modules) m.names = any(NameSource::kJit);
    for (int i = 0; i < 30; ++i)
      p.functions.push_back({.name = maybe_text(p),
                             .system_name = maybe_text(p),
                             .module = row<ModuleIndex>(p.modules),
                             .file = maybe_text(p),
                             .line = static_cast<std::uint32_t>(number()),
                             .kernel = below(2) == 0});
    for (int i = 0; i < 80; ++i)
      p.locations.push_back({.function = row<FunctionIndex>(p.functions),
                             .file = maybe_text(p),
                             .line = static_cast<std::uint32_t>(number())});
    for (Frame& f : p.frames) {
      if (below(4) == 0) continue;
      const std::size_t first = below(p.locations.size());
      const std::size_t count = 1 + below(p.locations.size() - first);
      f.name = {.first = LocationIndex(first),
                .count = static_cast<std::uint16_t>(count),
                .naming = any(Naming::kSymbol)};
    }
    for (int i = 0; i < 9; ++i)
      p.causes.push_back({.cause = {.kind = any(KernelEntryKind::kOther), .name = maybe_text(p)},
                          .entry = {.kind = any(KernelEntryKind::kOther), .name = maybe_text(p)}});
    for (Stack& s : p.stacks) {
      s.cause = maybe<CauseIndex>(p.causes);
      s.wait = any(WaitClass::kOther);
    }
    for (int i = 0; i < 5; ++i) {
      ThreadSchedule schedule{.thread = row<ThreadIndex>(p.threads),
                              .first_ns = number(),
                              .last_ns = number(),
                              .on_cpu_ns = number(),
                              .blocked_ns = number(),
                              .runnable_ns = number(),
                              .unknown_ns = number(),
                              .voluntary = number(),
                              .preempted = number(),
                              .migrations = number(),
                              .longest_delay_ns = number(),
                              .delays = {}};
      for (int j = 0; j < 4; ++j)
        schedule.delays.counts[below(DurationHistogram::kBuckets)] = number();
      p.schedules.push_back(schedule);
    }
    if (below(4) != 0) count_syscalls(p);
  }

  void count_syscalls(Profile& p) {
    SyscallAccount& account = p.syscalls;
    account.backend = any(SyscallBackend::kRing);
    account.grouping = any(SyscallGrouping::kCgroup);
    account.lost = number();
    account.killed_cpu_ns = number();
    account.user_minor_faults = maybe_number();
    account.user_major_faults = maybe_number();
    for (int i = 0; i < 9; ++i) {
      SyscallRow row{.name = maybe_text(p),
                     .group = maybe_text(p),
                     .group_id = static_cast<std::int64_t>(number()),
                     .number = id(),
                     .abi = any(SyscallAbi::kX32),
                     .calls = number(),
                     .errors = number(),
                     .restarts = number(),
                     .unfinished = number(),
                     .begun_before = number(),
                     .returned = number(),
                     .wall_ns = number(),
                     .cpu_ns = number(),
                     .min_ns = number(),
                     .max_ns = number(),
                     .squares_ns2 = static_cast<double>(number()) * 1.25e200,
                     .durations = {}};
      for (std::size_t filled = below(20); filled != 0; --filled)
        row.durations.counts[below(DurationHistogram::kBuckets)] = number();
      account.rows.push_back(row);
    }
    for (int i = 0; i < 12; ++i)
      account.errors.push_back(
          {.row = row<SyscallIndex>(account.rows), .error = id(), .count = number()});
    for (int i = 0; i < 20; ++i)
      account.callers.push_back({.row = row<SyscallIndex>(account.rows),
                                 .stack = row<StackIndex>(p.stacks),
                                 .calls = number(),
                                 .wall_ns = number(),
                                 .cpu_ns = number(),
                                 .samples = number()});
  }

  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  /// Of any magnitude; the extremes often.
  std::uint64_t number() {
    const std::size_t bits = below(66);
    if (bits == 65) return UINT64_MAX;
    if (bits == 64) return std::uint64_t{1} << 63;
    return random_() & ((std::uint64_t{1} << bits) - 1);
  }

 private:
  std::int32_t id() { return static_cast<std::int32_t>(number()); }

  std::string text() {
    static const std::string kPrefix = "std::__cxx11::basic_string<char>::";
    std::string bytes = kPrefix.substr(0, below(kPrefix.size()));
    for (std::size_t i = below(30); i != 0; --i) bytes.push_back(static_cast<char>(random_()));
    if (below(20) == 0) bytes.append(400, 'x');  // More than can be shared with a neighbour.
    return bytes;
  }

  template <class I, class Table>
  I row(const Table& table) {
    return I(below(table.size()));
  }
  template <class I, class Table>
  I maybe(const Table& table) {
    return table.empty() || below(5) == 0 ? I() : row<I>(table);
  }
  StringIndex maybe_text(const Profile& p) { return maybe<StringIndex>(p.strings); }

  template <class Enum>
  Enum any(Enum last) {
    return static_cast<Enum>(below(static_cast<std::size_t>(last) + 1));
  }
  std::optional<std::uint64_t> maybe_number() {
    if (below(2) == 0) return std::nullopt;
    return number();
  }

  Run run() {
    Run r;
    for (std::size_t i = below(4); i != 0; --i) r.command.push_back(text());
    for (std::size_t i = below(4); i != 0; --i) r.notes.push_back(text());
    r.profiler_version = text();
    r.host = text();
    r.kernel_release = text();
    r.architecture = text();
    r.cpus = static_cast<std::uint32_t>(number());
    r.start_unix_ns = number();
    r.start_monotonic_ns = number();
    r.duration_ns = number();
    r.kernel_text = r.start_unix_ns ^ r.duration_ns;
    r.boot_id = r.architecture + r.host;
    if (below(2) == 0) r.exit_status = id();
    r.exit_signal = id();
    r.scope = any(Scope::kCgroup);
    r.coverage = any(Coverage::kInherited);
    for (std::size_t i = 2 + below(3); i != 0; --i)
      r.events.push_back(
          {.name = text(), .frequency_hz = number(), .period = number(), .unit = text()});
    r.charged = {.source = any(TimeCharged::Source::kProc),
                 .real_ns = maybe_number(),
                 .user_ns = maybe_number(),
                 .sys_ns = maybe_number()};
    r.losses = {.samples_lost = number(),
                .samples_dropped = number(),
                .stacks_shortened = number(),
                .side_records_lost = number(),
                .throttles = number(),
                .unknown_records = number(),
                .malformed_records = number(),
                .processes_unsampled = number(),
                .processes_seen = number()};
    r.cost = {
        .recording_cpu_ns = number(), .naming_cpu_ns = number(), .peak_memory_bytes = number()};
    r.kernel_sampled = below(2) == 0;
    r.interrupted = below(2) == 0;
    r.losses.samples_lost_of_others = number();
    r.losses.switches_lost = number();
    r.losses.intervals_unknown = number();
    r.wait_coverage = any(WaitCoverage::kStacks);
    r.stack_enlargement = {.bytes = number(), .after_ns = number()};
    return r;
  }

  std::mt19937_64 random_;
};

inline Profile random_profile(std::uint32_t seed, const RandomSize& size = {}) {
  Profile profile;
  RandomProfile random(seed);
  random.grow(profile, size);
  random.name(profile);
  return profile;
}

}  // namespace profiler::profile
