// The fixed parts of perf.data: tools/perf/Documentation/perf.data-file-format.txt of the kernel.
// Those of kernel records are in events/records.h.
//
//   const auto header = cursor.number<FileHeader>();
//   if (header.size == kPipeHeaderSize) …              // pipe form: records follow at once
#pragma once

#include <cstddef>
#include <cstdint>

namespace profiler::perf_data {

inline constexpr std::uint64_t kMagic = 0x32454c4946524550;         // "PERFILE2"
inline constexpr std::uint64_t kSwappedMagic = 0x50455246494c4532;  // Of the other byte order.

struct Section {
  std::uint64_t offset;
  std::uint64_t size;
};

struct PipeHeader {
  std::uint64_t magic;
  std::uint64_t size;
};
static_assert(sizeof(PipeHeader) == 16);

struct FileHeader {
  std::uint64_t magic;
  std::uint64_t size;
  std::uint64_t attr_size;  // Of an entry of `attrs`: a perf_event_attr and a Section of ids.
  Section attrs;
  Section data;
  Section event_types;
  std::uint64_t features[4];  // A bit each; their Sections lie behind the data.
};
static_assert(sizeof(FileHeader) == 104);
inline constexpr std::size_t kFeatureBits = 256;

/// Bits of FileHeader::features, and ids of kHeaderFeature records.
enum class Feature : std::uint64_t {
  kBuildId = 2,
  kHostname = 3,
  kOsRelease = 4,
  kVersion = 5,
  kArchitecture = 6,
  kCpuCount = 7,
  kCommandLine = 11,
  kEventDescription = 12,
  kSampleTime = 21,
  kClockId = 23,
  kDirectory = 24,
  kClockData = 29,
};

/// Types of perf's own records, from events::kFirstUserRecordType on.
enum class RecordType : std::uint32_t {
  kHeaderAttr = 64,
  kEventType = 65,
  kTracingData = 66,
  kBuildId = 67,
  kFinishedRound = 68,
  kAuxtrace = 71,
  kEventUpdate = 78,
  kHeaderFeature = 80,
  kCompressed = 81,
  kFinishedInit = 82,
  kCompressed2 = 83,
  kLastKnown = 84,  // BPF_METADATA
};

/// Feature::kBuildId and RecordType::kBuildId: after the perf_event_header; a file name follows.
struct BuildIdBody {
  std::int32_t pid;
  std::byte build_id[20];
  std::uint8_t size;  // With kMiscBuildIdSize; else the id is 20 bytes.
  std::uint8_t reserved[3];
};
static_assert(sizeof(BuildIdBody) == 28);
inline constexpr std::uint16_t kMiscBuildIdSize = 1U << 15;  // PERF_RECORD_MISC_BUILD_ID_SIZE

inline constexpr std::uint64_t kEventUpdateName = 2;  // PERF_EVENT_UPDATE__NAME

}  // namespace profiler::perf_data
