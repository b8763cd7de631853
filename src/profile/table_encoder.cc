#include "profile/table_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <utility>

#include "profile/column_writer.h"

namespace profiler::profile {

namespace {

/// opt(x) of format.h.
template <class I>
std::uint64_t opt(I index) {
  return index ? std::uint64_t{index.row()} + 1 : 0;
}

template <class Enum>
std::uint64_t number(Enum value) {
  return static_cast<std::uint64_t>(value);
}

std::string message(std::size_t first, std::size_t rows, std::span<const ColumnWriter> columns) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint64(kFirstRowField, first);
  writer.add_uint64(kRowCountField, rows);
  std::uint32_t field = kFirstColumn;
  for (const ColumnWriter& column : columns)
    writer.add_bytes(field++, column.bytes().data(), column.bytes().size());
  return out;
}

std::string message(RowRange rows, std::span<const ColumnWriter> columns) {
  return message(rows.first, rows.last - rows.first, columns);
}

}  // namespace

void TableEncoder::require(bool condition, const char* table, std::size_t row, const char* what) {
  if (!condition && problem_.empty())
    problem_ = std::string(table) + ' ' + std::to_string(row) + ' ' + what;
}

bool TableEncoder::is_text(StringIndex index) const {
  return !index || profile_.strings.contains(index);
}

std::string TableEncoder::encode(ChunkType type, RowRange rows) {
  switch (type) {
    case ChunkType::kStrings:
      return strings(rows);
    case ChunkType::kModules:
      return modules(rows);
    case ChunkType::kFrames:
      return frames(rows);
    case ChunkType::kNodes:
      return nodes(rows);
    case ChunkType::kStacks:
      return stacks(rows);
    case ChunkType::kProcesses:
      return processes(rows);
    case ChunkType::kThreads:
      return threads(rows);
    case ChunkType::kSamples:
      return samples(rows);
    case ChunkType::kFunctions:
      return functions(rows);
    case ChunkType::kLocations:
      return locations(rows);
    case ChunkType::kFrameNames:
      return frame_names(rows);
    case ChunkType::kCauses:
      return causes(rows);
    case ChunkType::kStackCauses:
      return stack_causes(rows);
    case ChunkType::kSyscalls:
      return syscalls(rows);
    case ChunkType::kSyscallErrors:
      return syscall_errors(rows);
    case ChunkType::kSyscallCallers:
      return syscall_callers(rows);
    case ChunkType::kWaits:
      return waits(rows);
    case ChunkType::kSchedules:
      return schedules(rows);
    case ChunkType::kSyscallAccount:
    case ChunkType::kRun:
    case ChunkType::kEnd:
      break;
  }
  std::unreachable();
}

std::string TableEncoder::strings(RowRange rows) const {
  std::array<ColumnWriter, column::kStringsCount0> columns;
  std::string_view last;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const std::string_view text = profile_.strings[StringIndex(i)];
    const std::size_t limit = std::min({text.size(), last.size(), kMaxSharedPrefix});
    const auto shared = static_cast<std::size_t>(
        std::mismatch(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(limit), last.begin())
            .first -
        text.begin());
    columns[column::kShared].add(shared);
    columns[column::kOwn].add(text.size() - shared);
    columns[column::kBytes].add_bytes(text.substr(shared));
    last = text;
  }
  return message(rows, columns);
}

std::string TableEncoder::modules(RowRange rows) {
  std::array<ColumnWriter, column::kModulesCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Module& module = profile_.modules[ModuleIndex(i)];
    require(is_text(module.path), "module", i, "has an unknown path");
    const auto id = module.build_id.bytes();
    columns[column::kPath].add(opt(module.path));
    columns[column::kBuildIdSize].add(id.size());
    columns[column::kBuildId].add_bytes({reinterpret_cast<const char*>(id.data()), id.size()});
    columns[column::kModuleKind].add(number(module.kind));
    columns[column::kNameSource].add(number(module.names));
  }
  return message(rows, columns);
}

std::string TableEncoder::frames(RowRange rows) {
  std::array<ColumnWriter, column::kFramesCount0> columns;
  std::array<std::uint64_t, 64> last{};
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Frame& frame = profile_.frames[FrameIndex(i)];
    require(profile_.modules.contains(frame.module), "frame", i, "has no module");
    std::uint64_t& previous = last[frame.module.row() % last.size()];
    columns[column::kFrameModule].add(frame.module.row());
    columns[column::kAddress].add_signed(difference(frame.address, previous));
    previous = frame.address;
  }
  return message(rows, columns);
}

std::string TableEncoder::nodes(RowRange rows) {
  std::array<ColumnWriter, column::kNodesCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const StackNode& node = profile_.nodes[NodeIndex(i)];
    require(!node.parent || node.parent.row() < i, "node", i, "precedes its parent");
    require(profile_.frames.contains(node.frame), "node", i, "has no frame");
    columns[column::kParent].add(node.parent ? i - node.parent.row() : 0);
    columns[column::kFrame].add_back(node.frame.row());
  }
  return message(rows, columns);
}

std::string TableEncoder::stacks(RowRange rows) {
  std::array<ColumnWriter, column::kStacksCount> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Stack& stack = profile_.stacks[StackIndex(i)];
    for (const NodeIndex leaf : {stack.user, stack.kernel})
      require(!leaf || profile_.nodes.contains(leaf), "stack", i, "has an unknown node");
    columns[column::kUser].add_delta(opt(stack.user));
    columns[column::kKernel].add_delta(opt(stack.kernel));
    columns[column::kStackEnd].add(number(stack.end));
    columns[column::kJoinedFrames].add(stack.joined_frames);
  }
  return message(rows, columns);
}

std::string TableEncoder::processes(RowRange rows) {
  std::array<ColumnWriter, column::kProcessesCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Process& process = profile_.processes[ProcessIndex(i)];
    require(is_text(process.name), "process", i, "has an unknown name");
    columns[column::kPid].add_delta(static_cast<std::uint64_t>(std::int64_t{process.pid}));
    columns[column::kParentPid].add_delta(
        static_cast<std::uint64_t>(std::int64_t{process.parent_pid}));
    columns[column::kProcessName].add(opt(process.name));
  }
  return message(rows, columns);
}

std::string TableEncoder::threads(RowRange rows) {
  std::array<ColumnWriter, column::kThreadsCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Thread& thread = profile_.threads[ThreadIndex(i)];
    require(profile_.processes.contains(thread.process), "thread", i, "has no process");
    require(is_text(thread.name), "thread", i, "has an unknown name");
    columns[column::kProcess].add_delta(thread.process.row());
    columns[column::kTid].add_delta(static_cast<std::uint64_t>(std::int64_t{thread.tid}));
    columns[column::kThreadName].add(opt(thread.name));
  }
  return message(rows, columns);
}

std::string TableEncoder::samples(RowRange rows) {
  std::array<ColumnWriter, column::kSamplesCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Sample& sample = profile_.samples[i];
    require(profile_.threads.contains(sample.thread), "sample", i, "has no thread");
    require(profile_.stacks.contains(sample.stack), "sample", i, "has no stack");
    columns[column::kTime].add_delta(sample.time_ns);
    columns[column::kWeight].add_delta(sample.weight);
    columns[column::kThread].add_delta(sample.thread.row());
    columns[column::kStack].add_back(sample.stack.row());
    columns[column::kCpu].add(sample.cpu);
    columns[column::kMode].add(number(sample.mode));
    columns[column::kEvent].add(sample.event);
  }
  return message(before_.samples + rows.first, rows.last - rows.first, columns);
}

std::string TableEncoder::functions(RowRange rows) {
  std::array<ColumnWriter, column::kFunctionsCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Function& function = profile_.functions[FunctionIndex(i)];
    for (const StringIndex text : {function.name, function.system_name, function.file})
      require(is_text(text), "function", i, "has an unknown name or file");
    require(profile_.modules.contains(function.module), "function", i, "has no module");
    columns[column::kName].add_delta(opt(function.name));
    columns[column::kSystemName].add_signed(difference(opt(function.system_name),  //
                                                       opt(function.name)));
    columns[column::kModule].add_delta(function.module.row());
    columns[column::kFile].add_delta(opt(function.file));
    columns[column::kLine].add_delta(function.line);
    columns[column::kIsKernel].add(function.kernel ? 1 : 0);
  }
  return message(rows, columns);
}

std::string TableEncoder::locations(RowRange rows) {
  std::array<ColumnWriter, column::kLocationsCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Location& location = profile_.locations[LocationIndex(i)];
    require(profile_.functions.contains(location.function), "location", i, "has no function");
    require(is_text(location.file), "location", i, "has an unknown file");
    if (!problem_.empty()) break;
    const Function& function = profile_.functions[location.function];
    columns[column::kFunction].add_back(location.function.row());
    columns[column::kLocationFile].add_signed(difference(opt(location.file), opt(function.file)));
    columns[column::kLocationLine].add_signed(difference(location.line, function.line));
  }
  return message(rows, columns);
}

std::string TableEncoder::frame_names(RowRange rows) {
  std::array<ColumnWriter, column::kFrameNamesCount0> columns;
  std::uint64_t expected = 0;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const FrameName& name = profile_.frames[FrameIndex(i)].name;
    columns[column::kNameCount].add(name.count);
    columns[column::kNaming].add(number(name.naming));
    if (name.count == 0) {
      columns[column::kNameFirst].add(0);
      continue;
    }
    const std::uint64_t end = std::uint64_t{name.first.row()} + name.count;
    require(end <= profile_.locations.size(), "frame", i, "has unknown locations");
    columns[column::kNameFirst].add_signed(difference(name.first.row(), expected));
    expected = end;
  }
  return message(rows, columns);
}

std::string TableEncoder::causes(RowRange rows) {
  std::array<ColumnWriter, column::kCausesCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Cause& cause = profile_.causes[CauseIndex(i)];
    require(is_text(cause.cause.name) && is_text(cause.entry.name), "cause", i,
            "has an unknown name");
    columns[column::kCauseKind].add(number(cause.cause.kind));
    columns[column::kCauseName].add(opt(cause.cause.name));
    columns[column::kEntryKind].add(number(cause.entry.kind));
    columns[column::kEntryName].add(opt(cause.entry.name));
  }
  return message(rows, columns);
}

std::string TableEncoder::stack_causes(RowRange rows) {
  std::array<ColumnWriter, column::kStackCausesCount> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Stack& stack = profile_.stacks[StackIndex(i)];
    require(!stack.cause || profile_.causes.contains(stack.cause), "stack", i,
            "has an unknown cause");
    columns[column::kCause].add(opt(stack.cause));
    columns[column::kStackWait].add(number(stack.wait));
  }
  return message(rows, columns);
}

std::string TableEncoder::syscalls(RowRange rows) {
  std::array<ColumnWriter, column::kSyscallsCount0> columns;
  require(rows.last <= kMaxSyscallRows, "system call", kMaxSyscallRows, "is one too many");
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const SyscallRow& row = profile_.syscalls.rows[SyscallIndex(i)];
    require(is_text(row.name) && is_text(row.group), "system call", i, "has an unknown name");
    columns[column::kSyscallName].add(opt(row.name));
    columns[column::kSyscallGroup].add(opt(row.group));
    columns[column::kGroupId].add_delta(static_cast<std::uint64_t>(row.group_id));
    columns[column::kNumber].add_delta(static_cast<std::uint64_t>(std::int64_t{row.number}));
    columns[column::kAbi].add(number(row.abi));
    columns[column::kCalls].add(row.calls);
    columns[column::kErrors].add(row.errors);
    columns[column::kRestarts].add(row.restarts);
    columns[column::kUnfinished].add(row.unfinished);
    columns[column::kBegunBefore].add(row.begun_before);
    columns[column::kReturned].add(row.returned);
    columns[column::kWallNs].add(row.wall_ns);
    columns[column::kCpuNs].add(row.cpu_ns);
    columns[column::kMinNs].add(row.min_ns);
    columns[column::kMaxNs].add(row.max_ns);
    columns[column::kSquares].add(std::bit_cast<std::uint64_t>(row.squares_ns2));
    add_histogram(row.durations, columns[column::kFilled], columns[column::kBuckets]);
  }
  return message(rows, columns);
}

std::string TableEncoder::syscall_errors(RowRange rows) {
  std::array<ColumnWriter, column::kSyscallErrorsCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const SyscallErrorRow& row = profile_.syscalls.errors[i];
    require(profile_.syscalls.rows.contains(row.row), "error", i, "is of no system call");
    columns[column::kErrorRow].add_delta(row.row.row());
    columns[column::kErrorNumber].add_delta(static_cast<std::uint64_t>(std::int64_t{row.error}));
    columns[column::kErrorCount].add(row.count);
  }
  return message(rows, columns);
}

std::string TableEncoder::syscall_callers(RowRange rows) {
  std::array<ColumnWriter, column::kSyscallCallersCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const SyscallCallerRow& row = profile_.syscalls.callers[i];
    require(profile_.syscalls.rows.contains(row.row), "caller", i, "is of no system call");
    require(profile_.stacks.contains(row.stack), "caller", i, "has no stack");
    columns[column::kCallerRow].add_delta(row.row.row());
    columns[column::kCallerStack].add_delta(row.stack.row());
    columns[column::kCallerCalls].add(row.calls);
    columns[column::kCallerWallNs].add(row.wall_ns);
    columns[column::kCallerCpuNs].add(row.cpu_ns);
    columns[column::kCallerSamples].add(row.samples);
  }
  return message(rows, columns);
}

std::string TableEncoder::waits(RowRange rows) {
  std::array<ColumnWriter, column::kWaitsCount0> columns;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const Wait& wait = profile_.waits[i];
    require(profile_.threads.contains(wait.thread), "wait", i, "has no thread");
    for (const StackIndex stack : {wait.stack, wait.waker})
      require(!stack || profile_.stacks.contains(stack), "wait", i, "has an unknown stack");
    columns[column::kWaitTime].add_delta(wait.time_ns);
    columns[column::kWaitNs].add(wait.ns);
    columns[column::kWaitCount].add(wait.count);
    columns[column::kWaitThread].add_delta(wait.thread.row());
    columns[column::kWaitStack].add(opt(wait.stack));
    columns[column::kWaker].add(opt(wait.waker));
    columns[column::kIsRunnable].add(wait.runnable ? 1 : 0);
  }
  return message(before_.waits + rows.first, rows.last - rows.first, columns);
}

std::string TableEncoder::schedules(RowRange rows) {
  std::array<ColumnWriter, column::kSchedulesCount0> columns;
  require(rows.last <= kMaxScheduleRows, "schedule", kMaxScheduleRows, "is one too many");
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const ThreadSchedule& row = profile_.schedules[i];
    require(profile_.threads.contains(row.thread), "schedule", i, "has no thread");
    columns[column::kScheduleThread].add_delta(row.thread.row());
    columns[column::kFirstNs].add(row.first_ns);
    columns[column::kLastNs].add(row.last_ns);
    columns[column::kOnCpuNs].add(row.on_cpu_ns);
    columns[column::kBlockedNs].add(row.blocked_ns);
    columns[column::kRunnableNs].add(row.runnable_ns);
    columns[column::kUnknownNs].add(row.unknown_ns);
    columns[column::kVoluntary].add(row.voluntary);
    columns[column::kPreempted].add(row.preempted);
    columns[column::kMigrations].add(row.migrations);
    columns[column::kLongestDelayNs].add(row.longest_delay_ns);
    add_histogram(row.delays, columns[column::kDelaysFilled], columns[column::kDelays]);
  }
  return message(rows, columns);
}

}  // namespace profiler::profile
