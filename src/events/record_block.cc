#include "events/record_block.h"

#include <cstring>

namespace profiler::events {

Compacted append_entry(RecordBlock& block, std::span<const std::byte> record,
                       std::uint32_t layout_index, const EventLayout& layout,
                       std::size_t max_stack) {
  const std::size_t start = block.bytes.size();
  EntryPrefix prefix{.record_size = 0, .layout = layout_index, .requested_stack = 0};
  const auto prefix_bytes = std::as_bytes(std::span(&prefix, 1));
  block.bytes.insert(block.bytes.end(), prefix_bytes.begin(), prefix_bytes.end());
  const Compacted compacted = append_compacted(record, layout, max_stack, block.bytes);

  const std::size_t record_size = block.bytes.size() - start - sizeof prefix;
  prefix.record_size = static_cast<std::uint32_t>(record_size);
  prefix.requested_stack = compacted.requested_stack;
  std::memcpy(block.bytes.data() + start, &prefix, sizeof prefix);
  block.bytes.resize((block.bytes.size() + 7) & ~std::size_t{7});
  return compacted;
}

}  // namespace profiler::events
