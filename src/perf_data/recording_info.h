// What perf.data says of the recording besides its records: header features and, in the pipe form,
// the records that stand for them.
//
//   RecordingInfo info;
//   read_feature(Feature::kHostname, payload, info);
//   info.build_ids.find("/usr/bin/true");
//
// A feature that is damaged is left out and counted.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "perf_data/format.h"
#include "profiler/build_id.h"

namespace profiler::perf_data {

/// One of the events that were recorded.
struct EventDescription {
  perf_event_attr attr{};
  std::vector<std::uint64_t> ids;
  std::string name;  ///< As perf wrote it: "cycles:u". Empty: not told.
};

struct RecordingInfo {
  std::string host;
  std::string kernel_release;
  std::string perf_version;
  std::string architecture;
  std::uint32_t cpus = 0;
  std::vector<std::string> command_line;  ///< perf's own, "record" and its options among them.
  std::vector<EventDescription> events;
  std::unordered_map<std::string, BuildId> build_ids;  ///< By path as in mmap records.
  BuildId kernel_build_id;
  std::optional<std::uint64_t> first_sample_ns;
  std::optional<std::uint64_t> last_sample_ns;
  /// The same moment on the wall clock and on the clock of the records.
  std::optional<std::uint64_t> reference_unix_ns;
  std::optional<std::uint64_t> reference_clock_ns;
  std::uint64_t damaged_features = 0;
};

/// An attribute as an older or newer perf has written it: its first bytes, the rest 0.
[[nodiscard]] perf_event_attr read_attribute(std::span<const std::byte> bytes);

/// Features that are not listed in Feature are ignored.
void read_feature(Feature feature, std::span<const std::byte> payload, RecordingInfo& info);
/// A record of RecordType::kBuildId, header and all.
void read_build_id(std::span<const std::byte> record, RecordingInfo& info);
/// Of RecordType::kHeaderAttr.
void read_header_attribute(std::span<const std::byte> record, RecordingInfo& info);
/// Of RecordType::kEventUpdate.
void read_event_update(std::span<const std::byte> record, RecordingInfo& info);

/// uname -m, here.
[[nodiscard]] std::string running_architecture();

}  // namespace profiler::perf_data
