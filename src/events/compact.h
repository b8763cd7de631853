// A sample record without the unused end of its stack dump. The ring reserves the size that was
// asked for (32 KiB) in every sample; only dyn_size bytes of it are valid, often a few hundred.
//
//   Compacted c = append_compacted(record, layout, 32768, out);   // out grows by a legal record
//
// Kept apart from the record: the size that was requested, which tells a full copy from a short
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "events/decoder.h"

namespace profiler::events {

struct Compacted {
  /// For SampleEvent::user_stack_requested: what the ring had reserved, or, when `shortened`, the
  /// number of bytes kept. 0 if the record has no stack dump.
  std::uint64_t requested_stack = 0;
  bool shortened = false;  ///< Valid bytes were left out because of `max_stack`.
};

/// Appends `record` to `out`. A sample's dump is cut to min(dyn_size, max_stack) bytes, rounded
/// down to a multiple of 8; any other record (and a malformed one) is appended as it is.
Compacted append_compacted(std::span<const std::byte> record, const EventLayout& layout,
                           std::size_t max_stack, std::vector<std::byte>& out);

}  // namespace profiler::events
