#include "perf_data/record_kind.h"

#include <linux/perf_event.h>

#include <cstring>

#include "events/records.h"
#include "perf_data/format.h"
#include "profiler/build_id.h"

namespace profiler::perf_data {

bool is_wanted(std::uint32_t type) {
  switch (type) {
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
    case PERF_RECORD_LOST:
    case PERF_RECORD_LOST_SAMPLES:
    case PERF_RECORD_COMM:
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
    case PERF_RECORD_THROTTLE:
    case PERF_RECORD_UNTHROTTLE:
    case PERF_RECORD_SAMPLE:
    case PERF_RECORD_KSYMBOL:
      return true;
    default:
      return false;
  }
}

bool is_known(std::uint32_t type) {
  constexpr std::uint32_t kLastKernelType = PERF_RECORD_AUX_OUTPUT_HW_ID;
  return type <= kLastKernelType || (type >= events::kFirstUserRecordType &&
                                     type <= static_cast<std::uint32_t>(RecordType::kLastKnown));
}

bool claims_build_id(std::span<const std::byte> record) {
  perf_event_header header;
  std::memcpy(&header, record.data(), sizeof header);
  constexpr std::size_t kSizeAt = sizeof header + offsetof(events::Mmap2BuildIdBody, build_id_size);
  return header.type == PERF_RECORD_MMAP2 && (header.misc & PERF_RECORD_MISC_MMAP_BUILD_ID) != 0 &&
         record.size() > kSizeAt &&
         std::to_integer<std::size_t>(record[kSizeAt]) > BuildId::kMaxSize;
}

std::vector<std::byte> without_build_id(std::span<const std::byte> record) {
  std::vector<std::byte> mended(record.begin(), record.end());
  perf_event_header header;
  std::memcpy(&header, mended.data(), sizeof header);
  header.misc &= static_cast<std::uint16_t>(~PERF_RECORD_MISC_MMAP_BUILD_ID);
  std::memcpy(mended.data(), &header, sizeof header);
  return mended;
}

}  // namespace profiler::perf_data
