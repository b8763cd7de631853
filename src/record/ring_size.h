// How large the rings are: enough for a quarter of a second without the reader, within what this
// user may lock and the machine can spare.
//
//   RingSizes sizes = ring_sizes(sample_attr, cpus, options.ring_bytes, limits);
//   while (mapping says EPERM && sizes.shrink()) …
//   attr.sample_stack_user = fitting_stack(attr, sizes.sample_bytes);
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>

namespace profiler::record {

/// What bounds the memory of all rings together. 0 in `lockable_bytes`: no bound.
struct RingLimits {
  std::uint64_t lockable_bytes = 0;  ///< kernel.perf_event_mlock_kb per CPU, and RLIMIT_MEMLOCK.
  std::uint64_t memory_bytes = 0;    ///< Of the machine.
  static RingLimits of_this_process(std::size_t cpus);
};

/// Data bytes of each ring: powers of two of at least kSmallestRing.
struct RingSizes {
  std::size_t sample_bytes = 0;
  std::size_t side_bytes = 0;
  std::size_t switch_bytes = 0;  ///< 0: there are none.
  /// Halves the largest. False: they are as small as is of use.
  bool shrink();
  [[nodiscard]] std::size_t all() const { return sample_bytes + side_bytes + switch_bytes; }
  bool operator==(const RingSizes&) const = default;
};

inline constexpr std::size_t kSmallestRing = std::size_t{64} << 10;

/// `asked_bytes` (-m) goes before what would be right; 0: not asked. `switches`: with a ring for
/// them.
[[nodiscard]] RingSizes ring_sizes(const perf_event_attr& sample, std::size_t cpus,
                                   std::uint64_t asked_bytes, const RingLimits& limits,
                                   bool switches = false);

/// Whether a ring of this size holds so many of the records that it will be emptied in time: 32.
/// 2 MiB were seen to be enough for the largest.
[[nodiscard]] bool holds_enough(std::size_t ring_bytes, const perf_event_attr& sample);

/// The stack dump to ask for so that a ring of this size holds a useful number of samples: halved,
/// down to 8 KiB, until 16 fit.
[[nodiscard]] std::uint32_t fitting_stack(const perf_event_attr& sample, std::size_t ring_bytes);

}  // namespace profiler::record
