// One drain of one ring: records copied into blocks, as many of them and as much of their stacks as
// the worker's backlog allows. Side records are always kept.
//
//   RingDrain drain(layouts, budget_bytes, own_pid);
//   drain.copy(ring.reader, {.source = 3, .layout = 0}, handoff, round);
//   drain.counts().samples_dropped
//
//   backlog:  0 ────── 50 % ──────── 75 % ──────── 100 % of the budget
//   stacks:     whole    │   8 KiB     │   2 KiB     │ the sample is dropped
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "events/decoder.h"
#include "profiler/event.h"
#include "record/handoff.h"
#include "record/ring_buffer.h"

namespace profiler::record {

struct DrainCounts {
  std::uint64_t samples = 0;          ///< Copied.
  std::uint64_t samples_dropped = 0;  ///< For want of room.
  std::uint64_t stacks_shortened = 0;
};

/// How much of a stack may be copied at this backlog; none: drop the sample.
inline constexpr std::size_t kWholeStack = std::numeric_limits<std::size_t>::max();
[[nodiscard]] std::size_t stack_allowance(std::size_t backlog_bytes, std::size_t budget_bytes);
inline constexpr std::size_t kDropSample = 0;

class RingDrain {
 public:
  struct RingIdentity {
    std::uint32_t source = 0;
    std::uint32_t layout = 0;
  };

  /// Samples of `own_pid` are left out: the profiler does not profile itself. 0: of nobody.
  RingDrain(std::span<const events::EventLayout> layouts, std::size_t budget_bytes, Pid own_pid)
      : layouts_(layouts), budget_bytes_(budget_bytes), own_pid_(own_pid) {}

  /// Returns the bytes taken out of the ring.
  std::size_t copy(RingReader& reader, const RingIdentity& ring, Handoff& handoff,
                   DrainRound& round);

  [[nodiscard]] const DrainCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] bool is_own(std::span<const std::byte> record,
                            const events::EventLayout& layout) const;

  std::span<const events::EventLayout> layouts_;
  std::size_t budget_bytes_;
  Pid own_pid_;
  DrainCounts counts_;
};

}  // namespace profiler::record
