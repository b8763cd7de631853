// The tables of waits, and of each thread's account of its time.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "profile/columns.h"
#include "profile/tables.h"

namespace profiler::profile {
namespace {

/// Those that a row stands for began within 10 ms.
constexpr std::uint32_t kMostWaitsARow = 1'000'000;

}  // namespace

const char* decode_waits(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kWaitsCount0, kWaitsCount0);
  if (!c) return kMalformed;
  if (c->first != profile.waits.size()) return "waits are missing";
  return decode_rows(*c, profile.waits, [&](Wait& row, std::size_t) {
    row.time_ns = (*c)[kWaitTime].next_delta();
    row.ns = (*c)[kWaitNs].next();
    row.runnable = (*c)[kIsRunnable].next() != 0;
    return narrow((*c)[kWaitCount].next(), row.count) && row.count <= kMostWaitsARow &&
           read_row((*c)[kWaitThread].next_delta(), profile.threads, row.thread) &&
           read_opt((*c)[kWaitStack].next(), profile.stacks, row.stack) &&
           read_opt((*c)[kWaker].next(), profile.stacks, row.waker);
  });
}

const char* decode_schedules(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kSchedulesCount0, kSchedulesCount0, kDelays);
  if (!c || c->rows > kMaxScheduleRows || c->first > kMaxScheduleRows - c->rows) return kMalformed;
  return decode_rows(*c, profile.schedules, [&](ThreadSchedule& row, std::size_t) {
    row.first_ns = (*c)[kFirstNs].next();
    row.last_ns = (*c)[kLastNs].next();
    row.on_cpu_ns = (*c)[kOnCpuNs].next();
    row.blocked_ns = (*c)[kBlockedNs].next();
    row.runnable_ns = (*c)[kRunnableNs].next();
    row.unknown_ns = (*c)[kUnknownNs].next();
    row.voluntary = (*c)[kVoluntary].next();
    row.preempted = (*c)[kPreempted].next();
    row.migrations = (*c)[kMigrations].next();
    row.longest_delay_ns = (*c)[kLongestDelayNs].next();
    return read_row((*c)[kScheduleThread].next_delta(), profile.threads, row.thread) &&
           read_histogram((*c)[kDelaysFilled].next(), (*c)[kDelays], row.delays);
  });
}

}  // namespace profiler::profile
