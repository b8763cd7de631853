// The layout of profiler.data: the one place that says what its bytes mean.
//
//   file   = header chunk* end-chunk            (PATH.part: the end chunk is missing)
//   header = magic[8] major:u16 minor:u16 zero:u32
//   chunk  = type:u32 compressed_size:u32 raw_size:u32 checksum:u32 zstd[compressed_size]
//
// Integers outside chunks are little-endian. `checksum` is the CRC-32 of zlib over the first twelve
// bytes of the chunk and its compressed bytes. Decompressed, a chunk is a protobuf message
// (`protoc --decode_raw` reads it): of scalars for the run, of columns for a table.
//
// A table chunk holds `rows` rows from row `first` on. Rows that the reader has already are
// replaced, others are appended; `first` is never beyond the table's end, so that each chunk refers
// only to rows of its own or of chunks before it. Each column is a byte string with one varint a
// row (protobuf's own, zigzag where signed). In the column lists below:
//
//   opt(x)       x + 1; 0 when there is none
//   delta(x)     zigzag of x less the row before's (0 before the chunk's first row)
//   back(x)      n - x modulo 2^32, where n is one more than the highest x so far in the chunk:
//                0 for a row that is new, as it is when tables grow in order of first use
//
// Compatibility: a reader skips fields, columns and chunk types that it does not know, so adding
// one raises the minor version only. A column that was not there from the start reads as zeros.
// Anything else raises the major version, which readers refuse.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace profiler::profile {

/// A byte that is no ASCII, the name, and line ends that a text-mode copy would change.
inline constexpr std::array<unsigned char, 8> kMagic = {0x89, 'P',  'R',  'F',
                                                        '\r', '\n', 0x1a, '\n'};
inline constexpr std::uint16_t kMajorVersion = 1;
/// 1: kJoinedFrames; 2: kKernelText, kBootId; 3: counted system calls, EventField::kPeriod;
/// 4: waits and schedules, kStackWait
inline constexpr std::uint16_t kMinorVersion = 4;
inline constexpr std::size_t kFileHeaderSize = 16;
inline constexpr std::size_t kChunkHeaderSize = 16;

/// No chunk is larger than this, decompressed: it is what a reader allocates at once.
inline constexpr std::size_t kMaxRawSize = std::size_t{16} << 20;
/// A chunk decompresses to at most kRawFloor + kMaxRatio × compressed size, so that a small file
/// cannot fill the memory. Writers pad what compresses better with a skippable zstd frame.
inline constexpr std::size_t kMaxRatio = 256;
inline constexpr std::size_t kRawFloor = 4096;
/// All chunks together.
inline constexpr std::uint64_t kMaxTotalRawSize = std::uint64_t{4} << 30;
/// Rows that a writer puts into one chunk, and bytes of strings.
inline constexpr std::size_t kRowsPerChunk = std::size_t{1} << 16;
inline constexpr std::size_t kStringBytesPerChunk = std::size_t{1} << 20;
/// Rows of counted calls, which are large in memory and small in a file. A hundred times what the
/// counters have room for.
inline constexpr std::size_t kMaxSyscallRows = std::size_t{1} << 18;
/// Of schedules, likewise.
inline constexpr std::size_t kMaxScheduleRows = std::size_t{1} << 18;
/// Bytes that a string can share with the one before it.
inline constexpr std::size_t kMaxSharedPrefix = 255;

enum class ChunkType : std::uint32_t {
  kRun = 1,  ///< The newest one counts.
  kStrings = 2,
  kModules = 3,
  kFrames = 4,  ///< Without names.
  kNodes = 5,
  kStacks = 6,  ///< Without causes.
  kProcesses = 7,
  kThreads = 8,
  kSamples = 9,  ///< Only ever appended.
  kFunctions = 10,
  kLocations = 11,
  kFrameNames = 12,  ///< Of rows that kFrames gave.
  kCauses = 13,
  kStackCauses = 14,     ///< Of rows that kStacks gave.
  kSyscallAccount = 15,  ///< A message: what is said once of the counted calls.
  kSyscalls = 16,
  kSyscallErrors = 17,
  kSyscallCallers = 18,
  kWaits = 19,  ///< Only ever appended.
  kSchedules = 20,
  kEnd = 255,  ///< Empty. What follows is not read.
};

/// Fields of every table chunk; its columns begin at kFirstColumn.
inline constexpr std::uint32_t kFirstRowField = 1;
inline constexpr std::uint32_t kRowCountField = 2;
inline constexpr std::uint32_t kFirstColumn = 3;

// Columns by table. Their order is their field number from kFirstColumn on. kCount0: how many there
// were in the version that brought the table, which must be present.
namespace column {

enum Strings : std::uint8_t {
  kShared,  ///< Leading bytes equal to the string before; at most kMaxSharedPrefix.
  kOwn,     ///< Bytes of its own that follow.
  kBytes,   ///< Those bytes, of all rows.
  kStringsCount0
};
enum Modules : std::uint8_t {
  kPath,         ///< opt(string)
  kBuildIdSize,  ///< in bytes
  kBuildId,      ///< Those bytes, of all rows.
  kModuleKind,
  kNameSource,
  kModulesCount0
};
enum Frames : std::uint8_t {
  kFrameModule,
  kAddress,  ///< Zigzag of the difference to the row before of a module that is equal modulo 64.
  kFramesCount0
};
enum Nodes : std::uint8_t {
  kParent,  ///< Own row less the parent's; 0: none.
  kFrame,   ///< back(frame)
  kNodesCount0
};
enum Stacks : std::uint8_t {
  kUser,    ///< delta(opt(node))
  kKernel,  ///< delta(opt(node))
  kStackEnd,
  kStacksCount0,
  kJoinedFrames = kStacksCount0,
  kStacksCount
};
enum Processes : std::uint8_t {
  kPid,          ///< delta
  kParentPid,    ///< delta
  kProcessName,  ///< opt(string)
  kProcessesCount0
};
enum Threads : std::uint8_t {
  kProcess,     ///< delta
  kTid,         ///< delta
  kThreadName,  ///< opt(string)
  kThreadsCount0
};
enum Samples : std::uint8_t {
  kTime,    ///< delta
  kWeight,  ///< delta
  kThread,  ///< delta
  kStack,   ///< back(stack)
  kCpu,
  kMode,
  kEvent,
  kSamplesCount0
};
enum Functions : std::uint8_t {
  kName,        ///< delta(opt(string))
  kSystemName,  ///< Zigzag of opt(system name) - opt(name)
  kModule,      ///< delta
  kFile,        ///< delta(opt(string))
  kLine,        ///< delta
  kIsKernel,
  kFunctionsCount0
};
enum Locations : std::uint8_t {
  kFunction,      ///< back(function)
  kLocationFile,  ///< Zigzag of opt(file) - opt(the function's file)
  kLocationLine,  ///< Zigzag of line - the function's line
  kLocationsCount0
};
enum FrameNames : std::uint8_t {
  kNameCount,  ///< 0: not named; kNameFirst is then 0.
  kNameFirst,  ///< Zigzag of first - the end of the named row before.
  kNaming,
  kFrameNamesCount0
};
enum Causes : std::uint8_t {
  kCauseKind,
  kCauseName,  ///< opt(string)
  kEntryKind,
  kEntryName,  ///< opt(string)
  kCausesCount0
};
enum StackCauses : std::uint8_t {
  kCause,  ///< opt(cause)
  kStackCausesCount0,
  kStackWait = kStackCausesCount0,
  kStackCausesCount
};
enum Syscalls : std::uint8_t {
  kSyscallName,   ///< opt(string)
  kSyscallGroup,  ///< opt(string)
  kGroupId,       ///< delta
  kNumber,        ///< delta
  kAbi,
  kCalls,
  kErrors,
  kRestarts,
  kUnfinished,
  kBegunBefore,
  kReturned,
  kWallNs,
  kCpuNs,
  kMinNs,
  kMaxNs,
  kSquares,  ///< The bits of the double.
  kFilled,   ///< Buckets of the histogram that are not empty.
  kBuckets,  ///< Of each of those, of all rows: empty ones before it, and its count.
  kSyscallsCount0
};
enum SyscallErrors : std::uint8_t {
  kErrorRow,     ///< delta
  kErrorNumber,  ///< delta
  kErrorCount,
  kSyscallErrorsCount0
};
enum SyscallCallers : std::uint8_t {
  kCallerRow,    ///< delta
  kCallerStack,  ///< delta
  kCallerCalls,
  kCallerWallNs,
  kCallerCpuNs,
  kCallerSamples,
  kSyscallCallersCount0
};
enum Waits : std::uint8_t {
  kWaitTime,  ///< delta
  kWaitNs,
  kWaitCount,
  kWaitThread,  ///< delta
  kWaitStack,   ///< opt(stack)
  kWaker,       ///< opt(stack)
  kIsRunnable,
  kWaitsCount0
};
enum Schedules : std::uint8_t {
  kScheduleThread,  ///< delta
  kFirstNs,
  kLastNs,
  kOnCpuNs,
  kBlockedNs,
  kRunnableNs,
  kUnknownNs,
  kVoluntary,
  kPreempted,
  kMigrations,
  kLongestDelayNs,
  kDelaysFilled,  ///< As kFilled.
  kDelays,        ///< As kBuckets.
  kSchedulesCount0
};

}  // namespace column

/// Fields of the run. Absent: not measured, or the default of profiler::Run.
enum class RunField : std::uint32_t {
  kCommandWord = 1,  ///< bytes, repeated
  kProfilerVersion = 2,
  kHost = 3,
  kKernelRelease = 4,
  kArchitecture = 5,
  kCpus = 6,
  kStartUnixNs = 7,
  kStartMonotonicNs = 8,
  kDurationNs = 9,
  kExitStatus = 10,  ///< sint
  kExitSignal = 11,  ///< sint
  kScope = 12,
  kCoverage = 13,
  kEvent = 14,  ///< message, repeated
  kChargedSource = 15,
  kChargedRealNs = 16,
  kChargedUserNs = 17,
  kChargedSysNs = 18,
  kKernelSampled = 19,
  kInterrupted = 20,
  kNote = 21,  ///< bytes, repeated
  kKernelText = 22,
  kBootId = 23,
  kWaitCoverage = 24,
  kSamplesLost = 32,
  kSamplesDropped = 33,
  kStacksShortened = 34,
  kSideRecordsLost = 35,
  kThrottles = 36,
  kUnknownRecords = 37,
  kMalformedRecords = 38,
  kProcessesUnsampled = 39,
  kProcessesSeen = 40,
  kSamplesLostOfOthers = 41,
  kSwitchesLost = 42,
  kIntervalsUnknown = 43,
  kRecordingCpuNs = 48,
  kNamingCpuNs = 49,
  kPeakMemoryBytes = 50,
  kEnlargedStackBytes = 56,
  kStacksEnlargedAfterNs = 57,
};

/// Fields of kSyscallAccount. Absent: not counted, or 0.
enum class SyscallAccountField : std::uint32_t {
  kBackend = 1,
  kGrouping = 2,
  kLost = 3,
  kKilledCpuNs = 4,
  kUserMinorFaults = 5,
  kUserMajorFaults = 6,
};

enum class EventField : std::uint32_t {
  kName = 1,
  kFrequencyHz = 2,
  kUnit = 3,
  kNsPerUnit = 4,
  kPeriod = 5,
};

}  // namespace profiler::profile
