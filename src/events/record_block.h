// Records on their way from a ring (or a file) to the RecordQueue: one allocation for all records
// of one drain of one ring.
//
//   RecordBlock block{.source = ring_number};
//   Compacted c = append_entry(block, record, layout_index, layouts[layout_index], 32768);
//   queue.add(std::move(block));
//
// bytes: { EntryPrefix | record, padded to 8 bytes } ..., in the order of the ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "events/compact.h"
#include "events/decoder.h"

namespace profiler::events {

struct RecordBlock {
  std::uint32_t source = 0;  ///< Records of one source are sorted by time, or nearly so.
  std::vector<std::byte> bytes;
};

/// Stands before each record in a block.
struct EntryPrefix {
  std::uint32_t record_size;
  std::uint32_t layout;           ///< Row of the queue's layouts.
  std::uint64_t requested_stack;  ///< For SampleEvent::user_stack_requested (Compacted).
};
static_assert(sizeof(EntryPrefix) == 16);

/// Appends a record by append_compacted(), with its prefix.
Compacted append_entry(RecordBlock& block, std::span<const std::byte> record,
                       std::uint32_t layout_index, const EventLayout& layout,
                       std::size_t max_stack);

}  // namespace profiler::events
