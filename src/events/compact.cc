#include "events/compact.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <cstring>
#include <variant>

#include "events/records.h"

namespace profiler::events {
namespace {

void append(std::span<const std::byte> bytes, std::vector<std::byte>& out) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_word(std::uint64_t word, std::vector<std::byte>& out) {
  append(std::as_bytes(std::span(&word, 1)), out);
}

bool is_sample_with_stack(std::span<const std::byte> record, const EventLayout& layout) {
  if (record.size() < sizeof(perf_event_header)) return false;
  if ((layout.sample_type & PERF_SAMPLE_STACK_USER) == 0) return false;
  perf_event_header header;
  std::memcpy(&header, record.data(), sizeof header);
  return header.type == PERF_RECORD_SAMPLE;
}

}  // namespace

Compacted append_compacted(std::span<const std::byte> record, const EventLayout& layout,
                           std::size_t max_stack, std::vector<std::byte>& out) {
  if (!is_sample_with_stack(record, layout)) {
    append(record, out);
    return {};
  }
  const Result<Event> event = decode(record, layout);
  if (!event) {
    append(record, out);
    return {};
  }
  const auto& sample = std::get<SampleEvent>(*event);
  const auto reserved = static_cast<std::size_t>(sample.user_stack_requested);
  const std::size_t valid = sample.user_stack.size() & ~std::size_t{7};
  const std::size_t kept = std::min(valid, max_stack & ~std::size_t{7});
  const bool shortened = kept < valid;
  const Compacted result{.requested_stack = shortened ? kept : reserved, .shortened = shortened};
  if (reserved == 0) {
    append(record, out);
    return result;
  }

  // A sample's parts: everything up to the dump's size | size | dump | valid size | the rest. A
  // dump of size 0 has no valid size.
  const auto dump_at = static_cast<std::size_t>(sample.user_stack.data() - record.data());
  const auto before = record.first(dump_at - 8);
  const auto after = record.subspan(dump_at + reserved + 8);
  const std::size_t start = out.size();
  append(before, out);
  append_word(kept, out);
  if (kept != 0) {
    append(sample.user_stack.first(kept), out);
    append_word(kept, out);
  }
  append(after, out);

  perf_event_header header;
  std::memcpy(&header, record.data(), sizeof header);
  header.size = static_cast<std::uint16_t>(out.size() - start);
  std::memcpy(out.data() + start, &header, sizeof header);
  return result;
}

}  // namespace profiler::events
