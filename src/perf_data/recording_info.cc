#include "perf_data/recording_info.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "events/byte_cursor.h"

namespace profiler::perf_data {
namespace {

using events::ByteCursor;

/// A length, and that many bytes with a NUL among them.
std::string read_string(ByteCursor& cursor) {
  const std::uint32_t length = cursor.u32();
  const auto bytes = cursor.take(length);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::string(text.substr(0, text.find('\0')));
}

void read_build_ids(ByteCursor& cursor, std::span<const std::byte> payload, RecordingInfo& info) {
  while (cursor.remaining() >= sizeof(perf_event_header)) {
    const std::size_t start = cursor.position();
    const auto header = cursor.number<perf_event_header>();
    if (header.size < sizeof header) return cursor.fail();
    cursor.skip(header.size - sizeof header);
    if (!cursor.ok()) return;
    read_build_id(payload.subspan(start, header.size), info);
  }
}

void read_event_descriptions(ByteCursor& cursor, RecordingInfo& info) {
  const std::uint32_t count = cursor.u32();
  const std::uint32_t attr_size = cursor.u32();
  for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
    EventDescription event;
    event.attr = read_attribute(cursor.take(attr_size));
    const std::uint32_t ids = cursor.u32();
    event.name = read_string(cursor);
    if (ids > cursor.remaining() / 8) return cursor.fail();
    for (std::uint32_t id = 0; id < ids; ++id) event.ids.push_back(cursor.u64());
    if (!cursor.ok()) return;
    // Both lists are in perf's order of events; only the names are news.
    if (i < info.events.size()) info.events[i].name = std::move(event.name);
  }
}

}  // namespace

perf_event_attr read_attribute(std::span<const std::byte> bytes) {
  perf_event_attr attr{};
  if (!bytes.empty()) std::memcpy(&attr, bytes.data(), std::min(bytes.size(), sizeof attr));
  return attr;
}

void read_feature(Feature feature, std::span<const std::byte> payload, RecordingInfo& info) {
  ByteCursor cursor(payload);
  switch (feature) {
    case Feature::kBuildId:
      read_build_ids(cursor, payload, info);
      break;
    case Feature::kHostname:
      info.host = read_string(cursor);
      break;
    case Feature::kOsRelease:
      info.kernel_release = read_string(cursor);
      break;
    case Feature::kVersion:
      info.perf_version = read_string(cursor);
      break;
    case Feature::kArchitecture:
      info.architecture = read_string(cursor);
      break;
    case Feature::kCpuCount:
      cursor.u32();  // Configured; then those online.
      info.cpus = cursor.u32();
      break;
    case Feature::kCommandLine: {
      const std::uint32_t words = cursor.u32();
      info.command_line.clear();
      for (std::uint32_t i = 0; i < words && cursor.ok(); ++i)
        info.command_line.push_back(read_string(cursor));
      break;
    }
    case Feature::kEventDescription:
      read_event_descriptions(cursor, info);
      break;
    case Feature::kSampleTime:
      info.first_sample_ns = cursor.u64();
      info.last_sample_ns = cursor.u64();
      break;
    case Feature::kClockData:
      cursor.skip(8);  // Version and clock id.
      info.reference_unix_ns = cursor.u64();
      info.reference_clock_ns = cursor.u64();
      break;
    default:
      return;
  }
  if (!cursor.ok()) ++info.damaged_features;
}

void read_build_id(std::span<const std::byte> record, RecordingInfo& info) {
  ByteCursor cursor(record);
  const auto header = cursor.number<perf_event_header>();
  const auto body = cursor.number<BuildIdBody>();
  const std::string path(cursor.rest_as_string());
  const bool sized = (header.misc & kMiscBuildIdSize) != 0;
  const std::size_t size = sized ? body.size : sizeof body.build_id;
  if (!cursor.ok() || size > sizeof body.build_id) {
    ++info.damaged_features;
    return;
  }
  const BuildId id(std::span(body.build_id).first(size));
  const bool kernel = (header.misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
  if (kernel && path.starts_with("[kernel")) {
    info.kernel_build_id = id;
  } else if (!kernel) {
    info.build_ids.try_emplace(path, id);
  }
}

void read_header_attribute(std::span<const std::byte> record, RecordingInfo& info) {
  ByteCursor cursor(record);
  cursor.skip(sizeof(perf_event_header));
  constexpr std::size_t kSizeAt = sizeof(perf_event_header) + offsetof(perf_event_attr, size);
  std::uint32_t size = 0;
  if (record.size() >= kSizeAt + sizeof size)
    std::memcpy(&size, record.data() + kSizeAt, sizeof size);
  const auto attr = cursor.take(size == 0 ? std::uint32_t{PERF_ATTR_SIZE_VER0} : size);
  if (!cursor.ok() || attr.size() < PERF_ATTR_SIZE_VER0) {
    ++info.damaged_features;
    return;
  }
  EventDescription event{.attr = read_attribute(attr), .ids = {}, .name = {}};
  while (cursor.remaining() >= 8) event.ids.push_back(cursor.u64());
  info.events.push_back(std::move(event));
}

void read_event_update(std::span<const std::byte> record, RecordingInfo& info) {
  ByteCursor cursor(record);
  cursor.skip(sizeof(perf_event_header));
  const std::uint64_t type = cursor.u64();
  const std::uint64_t id = cursor.u64();
  const std::string_view name = cursor.rest_as_string();
  if (!cursor.ok() || type != kEventUpdateName) return;
  const auto event = std::ranges::find_if(info.events, [id](const EventDescription& candidate) {
    return std::ranges::find(candidate.ids, id) != candidate.ids.end();
  });
  if (event != info.events.end()) event->name = name;
}

std::string running_architecture() {
  utsname name{};
  return ::uname(&name) == 0 ? name.machine : "";
}

}  // namespace profiler::perf_data
