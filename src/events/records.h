// Fixed parts of the kernel's records, as they lie in a ring or a perf.data file. Each names the
// PERF_RECORD_* of linux/perf_event.h it belongs to and, for samples, the sample_type it matches.
//
//   const auto body = cursor.number<ForkBody>();     // after the perf_event_header
//
// Not here: fields whose size varies (decoder.cc walks those). Builders of records, in tests and
// for synthetic events, use the same structs.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace profiler::events {

// Newer than the oldest kernel headers this builds with.
inline constexpr std::uint64_t kSampleBranchCounters = 1U << 19;  // PERF_SAMPLE_BRANCH_COUNTERS

/// Every PERF_SAMPLE_* bit the decoder knows how to read or to skip.
inline constexpr std::uint64_t kKnownSampleTypes = (std::uint64_t{1} << 25) - 1;
/// Every PERF_FORMAT_* bit likewise.
inline constexpr std::uint64_t kKnownReadFormats = (std::uint64_t{1} << 5) - 1;

/// Record types from here on are perf's own (user space), not the kernel's.
inline constexpr std::uint32_t kFirstUserRecordType = 64;  // PERF_RECORD_USER_TYPE_START

/// A record is at most this long: perf_event_header::size has 16 bits.
inline constexpr std::size_t kMaxRecordSize = 65535;

/// PERF_RECORD_MMAP, followed by the file's name and the sample_id trailer.
struct MmapBody {
  std::int32_t pid;
  std::int32_t tid;
  std::uint64_t address;
  std::uint64_t length;
  std::uint64_t page_offset;
};
static_assert(sizeof(MmapBody) == 32);

/// PERF_RECORD_MMAP2 without PERF_RECORD_MISC_MMAP_BUILD_ID, followed by name and trailer.
struct Mmap2Body {
  MmapBody mmap;
  std::uint32_t major;
  std::uint32_t minor;
  std::uint64_t inode;
  std::uint64_t inode_generation;
  std::uint32_t protection;  // PROT_*
  std::uint32_t flags;       // MAP_*
};
static_assert(sizeof(Mmap2Body) == 64);
static_assert(offsetof(Mmap2Body, inode) == 40);

/// PERF_RECORD_MMAP2 with PERF_RECORD_MISC_MMAP_BUILD_ID.
struct Mmap2BuildIdBody {
  MmapBody mmap;
  std::uint8_t build_id_size;
  std::uint8_t reserved_1;
  std::uint16_t reserved_2;
  std::byte build_id[20];
  std::uint32_t protection;
  std::uint32_t flags;
};
static_assert(sizeof(Mmap2BuildIdBody) == sizeof(Mmap2Body));
static_assert(offsetof(Mmap2BuildIdBody, protection) == offsetof(Mmap2Body, protection));

/// PERF_RECORD_LOST.
struct LostBody {
  std::uint64_t id;
  std::uint64_t lost;
};
static_assert(sizeof(LostBody) == 16);

/// PERF_RECORD_COMM, followed by the name.
struct CommBody {
  std::int32_t pid;
  std::int32_t tid;
};
static_assert(sizeof(CommBody) == 8);

/// PERF_RECORD_FORK and PERF_RECORD_EXIT.
struct ForkBody {
  std::int32_t pid;
  std::int32_t parent_pid;
  std::int32_t tid;
  std::int32_t parent_tid;
  std::uint64_t time;
};
static_assert(sizeof(ForkBody) == 24);

/// PERF_RECORD_THROTTLE and PERF_RECORD_UNTHROTTLE.
struct ThrottleBody {
  std::uint64_t time;
  std::uint64_t id;
  std::uint64_t stream_id;
};
static_assert(sizeof(ThrottleBody) == 24);

/// PERF_RECORD_LOST_SAMPLES.
struct LostSamplesBody {
  std::uint64_t lost;
};
static_assert(sizeof(LostSamplesBody) == 8);

/// PERF_RECORD_SWITCH_CPU_WIDE (PERF_RECORD_SWITCH has no body).
struct SwitchCpuWideBody {
  std::int32_t next_previous_pid;
  std::int32_t next_previous_tid;
};
static_assert(sizeof(SwitchCpuWideBody) == 8);

/// The same as our own BPF program writes it (record/switch_record.h).
struct BpfSwitchBody {
  SwitchCpuWideBody next_previous;  // Zero: not told.
  std::uint64_t woken_ns;
  std::uint64_t reserved;
};
static_assert(sizeof(BpfSwitchBody) == 24);

/// PERF_RECORD_KSYMBOL, followed by the name.
struct KsymbolBody {
  std::uint64_t address;
  std::uint32_t length;
  std::uint16_t type;
  std::uint16_t flags;
};
static_assert(sizeof(KsymbolBody) == 16);

/// One entry of PERF_SAMPLE_BRANCH_STACK: from, to, flags (struct perf_branch_entry).
inline constexpr std::uint64_t kBranchEntryWords = sizeof(perf_branch_entry) / 8;
static_assert(sizeof(perf_branch_entry) == 24);

/// PERF_SAMPLE_TID, in samples and in the sample_id trailer.
struct ThreadIds {
  std::int32_t pid;
  std::int32_t tid;
};
static_assert(sizeof(ThreadIds) == 8);

/// PERF_SAMPLE_CPU, likewise.
struct CpuField {
  std::uint32_t cpu;
  std::uint32_t reserved;
};
static_assert(sizeof(CpuField) == 8);

static_assert(sizeof(perf_event_header) == 8);
static_assert(PERF_SAMPLE_WEIGHT_STRUCT == 1U << 24);
static_assert(PERF_SAMPLE_CODE_PAGE_SIZE == 1U << 23);
static_assert(std::is_trivially_copyable_v<Mmap2BuildIdBody>);

}  // namespace profiler::events
