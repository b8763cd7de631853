// Long because every table has its decoder here: they differ in columns only, and share all else.
#include "profile/table_decoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <span>
#include <utility>
#include <vector>

#include "profile/column_reader.h"
#include "profile/syscall_account_codec.h"

namespace profiler::profile {

namespace {

constexpr const char* kMalformed = "malformed columns";
constexpr const char* kBadRow = "a row refers to one that is not there";

/// The columns of one payload.
struct Columns {
  std::uint64_t first = 0;
  std::uint64_t rows = 0;
  std::array<ColumnReader, 20> column;

  ColumnReader& operator[](std::size_t i) { return column[i]; }

  /// Whether every column held what was asked of it, and no more.
  [[nodiscard]] bool used_up() const {
    return std::ranges::all_of(column, [](const ColumnReader& c) { return c.ok() && c.at_end(); });
  }
};

/// None: malformed, or a column is missing that was there from the start. A present column of
/// numbers holds at least a byte a row: so nobody allocates more rows than there are bytes.
/// `text_column` is the one that holds as much as it likes instead.
std::optional<Columns> parse(std::string_view payload, std::size_t known_columns,
                             std::size_t first_columns,
                             std::size_t text_column = std::numeric_limits<std::size_t>::max()) {
  Columns columns;
  try {
    protozero::pbf_reader message(protozero::data_view(payload.data(), payload.size()));
    while (message.next()) {
      const std::uint32_t field = message.tag();
      const protozero::pbf_wire_type type = message.wire_type();
      if (type == protozero::pbf_wire_type::varint && field == kFirstRowField) {
        columns.first = message.get_uint64();
      } else if (type == protozero::pbf_wire_type::varint && field == kRowCountField) {
        columns.rows = message.get_uint64();
      } else if (type == protozero::pbf_wire_type::length_delimited && field >= kFirstColumn &&
                 field - kFirstColumn < known_columns) {
        const protozero::data_view bytes = message.get_view();
        columns[field - kFirstColumn] = ColumnReader({bytes.data(), bytes.size()});
      } else {
        message.skip();
      }
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < known_columns; ++i) {
    if (columns[i].absent() ? i < first_columns
                            : i != text_column && columns[i].size() < columns.rows)
      return std::nullopt;
  }
  return columns;
}

/// x of opt(x). False: out of range.
template <class I, class Table>
bool read_opt(std::uint64_t value, const Table& table, I& index) {
  index = value == 0 ? I() : I(value - 1);
  return value <= table.size();
}

template <class I, class Table>
bool read_row(std::uint64_t value, const Table& table, I& index) {
  index = I(value);
  return value < table.size();
}

/// A later version's enumerators read as `fallback`.
template <class Enum>
Enum enumerator(std::uint64_t value, Enum last, Enum fallback) {
  return value <= static_cast<std::uint64_t>(last) ? static_cast<Enum>(value) : fallback;
}

/// False: does not fit into the integer.
template <class Integer>
bool narrow(std::uint64_t value, Integer& out) {
  out = static_cast<Integer>(value);
  return static_cast<std::uint64_t>(out) == value;
}

/// Decodes all rows of a chunk with `decode(row, row number)`.
template <class Row, class Decode>
const char* decode_each(Columns& columns, std::vector<Row>& rows, Decode&& decode) {
  rows.resize(static_cast<std::size_t>(columns.rows));
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!decode(rows[i], static_cast<std::size_t>(columns.first) + i)) return kBadRow;
  return columns.used_up() ? nullptr : kMalformed;
}

/// The same, then puts them into the table.
template <class Row, class Decode>
const char* decode_rows(Columns& columns, std::vector<Row>& table, Decode&& decode) {
  if (columns.first > table.size()) return kBadRow;
  if (columns.rows >= Index<void>::kNone - columns.first) return kMalformed;
  std::vector<Row> rows;
  if (const char* problem = decode_each(columns, rows, decode)) return problem;
  const auto first = static_cast<std::size_t>(columns.first);
  const std::size_t replaced = std::min(rows.size(), table.size() - first);
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(replaced);
  std::move(rows.begin(), middle, table.begin() + static_cast<std::ptrdiff_t>(first));
  table.insert(table.end(), std::make_move_iterator(middle), std::make_move_iterator(rows.end()));
  return nullptr;
}

const char* decode_strings(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kStringsCount0, kStringsCount0, kBytes);
  if (!c) return kMalformed;
  std::string_view last;
  return decode_rows(*c, profile.strings.rows(), [&](std::string& text, std::size_t) {
    const std::uint64_t shared = (*c)[kShared].next();
    const std::string_view own = (*c)[kBytes].next_bytes((*c)[kOwn].next());
    if (shared > last.size() || shared > kMaxSharedPrefix) return false;
    text.reserve(static_cast<std::size_t>(shared) + own.size());
    text += last.substr(0, static_cast<std::size_t>(shared));
    text += own;
    last = text;
    return true;
  });
}

const char* decode_modules(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kModulesCount0, kModulesCount0, kBuildId);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.modules.rows(), [&](Module& row, std::size_t) {
    const std::string_view id = (*c)[kBuildId].next_bytes((*c)[kBuildIdSize].next());
    if (id.size() > BuildId::kMaxSize) return false;
    row.build_id = BuildId(std::as_bytes(std::span(id)));
    row.kind = enumerator((*c)[kModuleKind].next(), ModuleKind::kJitDump, ModuleKind::kUnmapped);
    row.names = enumerator((*c)[kNameSource].next(), NameSource::kJit, NameSource::kNone);
    return read_opt((*c)[kPath].next(), profile.strings, row.path);
  });
}

const char* decode_frames(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kFramesCount0, kFramesCount0);
  if (!c) return kMalformed;
  std::array<std::uint64_t, 64> last{};
  return decode_rows(*c, profile.frames.rows(), [&](Frame& row, std::size_t) {
    if (!read_row((*c)[kFrameModule].next(), profile.modules, row.module)) return false;
    std::uint64_t& previous = last[row.module.row() % last.size()];
    previous += static_cast<std::uint64_t>((*c)[kAddress].next_signed());
    row.address = previous;
    return true;
  });
}

const char* decode_nodes(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kNodesCount0, kNodesCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.nodes.rows(), [&](StackNode& row, std::size_t i) {
    const std::uint64_t distance = (*c)[kParent].next();
    if (distance > i) return false;
    if (distance != 0) row.parent = NodeIndex(i - static_cast<std::size_t>(distance));
    return read_row((*c)[kFrame].next_back(), profile.frames, row.frame);
  });
}

const char* decode_stacks(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kStacksCount, kStacksCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.stacks.rows(), [&](Stack& row, std::size_t) {
    row.end = enumerator((*c)[kStackEnd].next(), static_cast<StackEnd>(kStackEndCount - 1),
                         StackEnd::kUnsupported);
    return narrow((*c)[kJoinedFrames].next(), row.joined_frames) &&
           read_opt((*c)[kUser].next_delta(), profile.nodes, row.user) &&
           read_opt((*c)[kKernel].next_delta(), profile.nodes, row.kernel);
  });
}

const char* decode_processes(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kProcessesCount0, kProcessesCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.processes.rows(), [&](Process& row, std::size_t) {
    return narrow((*c)[kPid].next_delta(), row.pid) &&
           narrow((*c)[kParentPid].next_delta(), row.parent_pid) &&
           read_opt((*c)[kProcessName].next(), profile.strings, row.name);
  });
}

const char* decode_threads(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kThreadsCount0, kThreadsCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.threads.rows(), [&](Thread& row, std::size_t) {
    return read_row((*c)[kProcess].next_delta(), profile.processes, row.process) &&
           narrow((*c)[kTid].next_delta(), row.tid) &&
           read_opt((*c)[kThreadName].next(), profile.strings, row.name);
  });
}

const char* decode_samples(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kSamplesCount0, kSamplesCount0);
  if (!c) return kMalformed;
  if (c->first != profile.samples.size()) return "samples are missing";
  return decode_rows(*c, profile.samples, [&](Sample& row, std::size_t) {
    row.time_ns = (*c)[kTime].next_delta();
    row.weight = (*c)[kWeight].next_delta();
    const std::uint64_t mode = (*c)[kMode].next();
    row.mode = mode == 0 ? Mode::kUser : Mode::kSys;
    return mode <= 1 && narrow((*c)[kCpu].next(), row.cpu) &&
           narrow((*c)[kEvent].next(), row.event) &&
           read_row((*c)[kThread].next_delta(), profile.threads, row.thread) &&
           read_row((*c)[kStack].next_back(), profile.stacks, row.stack);
  });
}

const char* decode_functions(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kFunctionsCount0, kFunctionsCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.functions.rows(), [&](Function& row, std::size_t) {
    const std::uint64_t name = (*c)[kName].next_delta();
    const std::uint64_t system_name =
        name + static_cast<std::uint64_t>((*c)[kSystemName].next_signed());
    row.kernel = (*c)[kIsKernel].next() != 0;
    return read_opt(name, profile.strings, row.name) &&
           read_opt(system_name, profile.strings, row.system_name) &&
           read_row((*c)[kModule].next_delta(), profile.modules, row.module) &&
           read_opt((*c)[kFile].next_delta(), profile.strings, row.file) &&
           narrow((*c)[kLine].next_delta(), row.line);
  });
}

const char* decode_locations(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kLocationsCount0, kLocationsCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.locations.rows(), [&](Location& row, std::size_t) {
    if (!read_row((*c)[kFunction].next_back(), profile.functions, row.function)) return false;
    const Function& function = profile.functions[row.function];
    const std::uint64_t function_file = function.file ? function.file.row() + 1ULL : 0;
    return read_opt(function_file + static_cast<std::uint64_t>((*c)[kLocationFile].next_signed()),
                    profile.strings, row.file) &&
           narrow(function.line + static_cast<std::uint64_t>((*c)[kLocationLine].next_signed()),
                  row.line);
  });
}

const char* decode_frame_names(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kFrameNamesCount0, kFrameNamesCount0);
  if (!c) return kMalformed;
  if (c->first > profile.frames.size() || c->rows > profile.frames.size() - c->first)
    return kBadRow;
  std::vector<FrameName> names;
  std::uint64_t expected = 0;
  const char* problem = decode_each(*c, names, [&](FrameName& row, std::size_t) {
    const std::int64_t first = (*c)[kNameFirst].next_signed();
    row.naming = enumerator((*c)[kNaming].next(), Naming::kSymbol, Naming::kNone);
    if (!narrow((*c)[kNameCount].next(), row.count)) return false;
    if (row.count == 0) return true;
    expected += static_cast<std::uint64_t>(first);
    row.first = LocationIndex(static_cast<std::size_t>(expected));
    if (expected >= profile.locations.size()) return false;
    expected += row.count;
    return expected <= profile.locations.size();
  });
  if (problem != nullptr) return problem;
  for (std::size_t i = 0; i < names.size(); ++i)
    profile.frames[FrameIndex(static_cast<std::size_t>(c->first) + i)].name = names[i];
  return nullptr;
}

const char* decode_causes(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kCausesCount0, kCausesCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.causes.rows(), [&](Cause& row, std::size_t) {
    constexpr auto kOther = KernelEntryKind::kOther;
    row.cause.kind = enumerator((*c)[kCauseKind].next(), kOther, kOther);
    row.entry.kind = enumerator((*c)[kEntryKind].next(), kOther, kOther);
    return read_opt((*c)[kCauseName].next(), profile.strings, row.cause.name) &&
           read_opt((*c)[kEntryName].next(), profile.strings, row.entry.name);
  });
}

const char* decode_stack_causes(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kStackCausesCount0, kStackCausesCount0);
  if (!c) return kMalformed;
  if (c->first > profile.stacks.size() || c->rows > profile.stacks.size() - c->first)
    return kBadRow;
  std::vector<CauseIndex> causes;
  const char* problem = decode_each(*c, causes, [&](CauseIndex& row, std::size_t) {
    return read_opt((*c)[kCause].next(), profile.causes, row);
  });
  if (problem != nullptr) return problem;
  for (std::size_t i = 0; i < causes.size(); ++i)
    profile.stacks[StackIndex(static_cast<std::size_t>(c->first) + i)].cause = causes[i];
  return nullptr;
}

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

const char* decode_syscalls(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kSyscallsCount0, kSyscallsCount0, kBuckets);
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
  std::optional<Columns> c = parse(payload, kSyscallErrorsCount0, kSyscallErrorsCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.syscalls.errors, [&](SyscallErrorRow& row, std::size_t) {
    row.count = (*c)[kErrorCount].next();
    return narrow((*c)[kErrorNumber].next_delta(), row.error) &&
           read_row((*c)[kErrorRow].next_delta(), profile.syscalls.rows, row.row);
  });
}

const char* decode_syscall_callers(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse(payload, kSyscallCallersCount0, kSyscallCallersCount0);
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

}  // namespace

const char* decode_table(ChunkType type, std::string_view payload, Profile& profile) {
  switch (type) {
    case ChunkType::kStrings:
      return decode_strings(payload, profile);
    case ChunkType::kModules:
      return decode_modules(payload, profile);
    case ChunkType::kFrames:
      return decode_frames(payload, profile);
    case ChunkType::kNodes:
      return decode_nodes(payload, profile);
    case ChunkType::kStacks:
      return decode_stacks(payload, profile);
    case ChunkType::kProcesses:
      return decode_processes(payload, profile);
    case ChunkType::kThreads:
      return decode_threads(payload, profile);
    case ChunkType::kSamples:
      return decode_samples(payload, profile);
    case ChunkType::kFunctions:
      return decode_functions(payload, profile);
    case ChunkType::kLocations:
      return decode_locations(payload, profile);
    case ChunkType::kFrameNames:
      return decode_frame_names(payload, profile);
    case ChunkType::kCauses:
      return decode_causes(payload, profile);
    case ChunkType::kStackCauses:
      return decode_stack_causes(payload, profile);
    case ChunkType::kSyscallAccount:
      return decode_syscall_account(payload, profile.syscalls) ? nullptr : "malformed account";
    case ChunkType::kSyscalls:
      return decode_syscalls(payload, profile);
    case ChunkType::kSyscallErrors:
      return decode_syscall_errors(payload, profile);
    case ChunkType::kSyscallCallers:
      return decode_syscall_callers(payload, profile);
    case ChunkType::kRun:
    case ChunkType::kEnd:
      break;
  }
  return nullptr;
}

}  // namespace profiler::profile
