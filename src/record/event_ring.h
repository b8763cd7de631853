// One ring of a recording: of whose records, mapped and read.
//
//   Result<EventRing> ring = EventRing::map(event, cpu, RingKind::kSide, bytes);
//   ring->reader.drain(…);                        // poll(2) ring->poll_fd to be woken for it
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include "profiler/error.h"
#include "record/perf_event.h"
#include "record/ring_buffer.h"

namespace profiler::record {

/// What kind of records a ring is for. Numbered without gaps: there are tables by kind.
enum class RingKind : std::uint8_t {
  kSamples,
  kSide,         ///< What exists: mmap, comm, fork, exit.
  kSwitches,     ///< Context switches, which are many.
  kBpfSwitches,  ///< Likewise, of the target's only, written by BPF.
};

inline constexpr std::size_t kRingKinds = 4;

struct EventRing {
  std::uint32_t cpu = 0;
  RingKind kind = RingKind::kSamples;
  MappedRing mapped;
  RingReader reader;
  int poll_fd = -1;

  /// That of `owner`; other events of the same CPU may be redirected to it. Error: as MappedRing's.
  static Result<EventRing> map(const PerfEvent& owner, std::uint32_t cpu, RingKind kind,
                               std::size_t bytes) {
    auto mapped = MappedRing::map(owner.fd(), bytes);
    if (!mapped) return std::unexpected(mapped.error());
    RingReader reader(mapped->control(), mapped->data());
    return EventRing{.cpu = cpu,
                     .kind = kind,
                     .mapped = *std::move(mapped),
                     .reader = std::move(reader),
                     .poll_fd = owner.fd()};
  }
};

}  // namespace profiler::record
