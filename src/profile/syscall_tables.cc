// The tables of counted system calls.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "profile/columns.h"
#include "profile/tables.h"

namespace profiler::profile {

namespace {

/// False: more buckets than there are.
bool read_histogram(std::uint64_t filled, ColumnReader& buckets, DurationHistogram& histogram) {
  std::uint64_t next = 0;
  for (; filled != 0; --filled) {
    const std::uint64_t bucket = next + buckets.next();
    if (bucket < next || bucket >= histogram.counts.size()) return false;
    histogram.counts[static_cast<std::size_t>(bucket)] = buckets.next();
    next = bucket + 1;
  }
  return true;
}

}  // namespace

const char* decode_syscalls(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kSyscallsCount0, kSyscallsCount0, kBuckets);
  if (!c || c->rows > kMaxSyscallRows || c->first > kMaxSyscallRows - c->rows) return kMalformed;
  return decode_rows(*c, profile.syscalls.rows.rows(), [&](SyscallRow& row, std::size_t) {
    row.abi = enumerator((*c)[kAbi].next(), SyscallAbi::kX32, SyscallAbi::kX32);
    row.group_id = static_cast<std::int64_t>((*c)[kGroupId].next_delta());
    row.calls = (*c)[kCalls].next();
    row.errors = (*c)[kErrors].next();
    row.restarts = (*c)[kRestarts].next();
    row.unfinished = (*c)[kUnfinished].next();
    row.begun_before = (*c)[kBegunBefore].next();
    row.returned = (*c)[kReturned].next();
    row.wall_ns = (*c)[kWallNs].next();
    row.cpu_ns = (*c)[kCpuNs].next();
    row.min_ns = (*c)[kMinNs].next();
    row.max_ns = (*c)[kMaxNs].next();
    row.squares_ns2 = std::bit_cast<double>((*c)[kSquares].next());
    // What is no number would be none in every sum.
    return row.squares_ns2 >= 0 && row.squares_ns2 <= std::numeric_limits<double>::max() &&
           narrow((*c)[kNumber].next_delta(), row.number) &&
           read_opt((*c)[kSyscallName].next(), profile.strings, row.name) &&
           read_opt((*c)[kSyscallGroup].next(), profile.strings, row.group) &&
           read_histogram((*c)[kFilled].next(), (*c)[kBuckets], row.durations);
  });
}

const char* decode_syscall_errors(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kSyscallErrorsCount0, kSyscallErrorsCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.syscalls.errors, [&](SyscallErrorRow& row, std::size_t) {
    row.count = (*c)[kErrorCount].next();
    return narrow((*c)[kErrorNumber].next_delta(), row.error) &&
           read_row((*c)[kErrorRow].next_delta(), profile.syscalls.rows, row.row);
  });
}

const char* decode_syscall_callers(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kSyscallCallersCount0, kSyscallCallersCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.syscalls.callers, [&](SyscallCallerRow& row, std::size_t) {
    row.calls = (*c)[kCallerCalls].next();
    row.wall_ns = (*c)[kCallerWallNs].next();
    row.cpu_ns = (*c)[kCallerCpuNs].next();
    row.samples = (*c)[kCallerSamples].next();
    return read_row((*c)[kCallerRow].next_delta(), profile.syscalls.rows, row.row) &&
           read_row((*c)[kCallerStack].next_delta(), profile.stacks, row.stack);
  });
}

}  // namespace profiler::profile
