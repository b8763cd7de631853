#include "record/switch_rings.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "record/event_attributes.h"
#include "record/switch_record.h"

namespace profiler::record {

Result<SwitchRings> SwitchRings::map(int map_fd, std::size_t data_bytes,
                                     std::span<const std::uint32_t> cpus) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  SwitchRings rings;
  for (const std::uint32_t cpu : cpus) {
    perf_event_attr attr = wake_up_attributes();
    auto event = open_event(attr, {.pid = -1, .cpu = static_cast<int>(cpu)}, false);
    if (!event) return std::unexpected(event.error());
    auto written = MappedRing::map_overwritten(event->fd(), page);
    if (!written) return std::unexpected(written.error());
    auto mapped = MappedRing::map(map_fd, data_bytes, cpu * (page + data_bytes));
    if (!mapped) return std::unexpected(mapped.error());
    RingReader reader(mapped->control(), mapped->data());
    rings.rings_.push_back({.cpu = cpu,
                            .kind = RingKind::kBpfSwitches,
                            .mapped = *std::move(mapped),
                            .reader = std::move(reader),
                            .poll_fd = event->fd()});
    rings.event_memory_.push_back(*std::move(written));
    rings.events_.push_back(*std::move(event));
  }
  return rings;
}

std::uint64_t SwitchRings::untold() const {
  std::uint64_t untold = 0;
  for (const EventRing& ring : rings_) {
    std::uint64_t lost = 0;
    std::memcpy(&lost,
                reinterpret_cast<const std::byte*>(&ring.mapped.control()) + SWITCH_RING_LOST_AT,
                sizeof lost);
    untold += lost;
  }
  return untold;
}

}  // namespace profiler::record
