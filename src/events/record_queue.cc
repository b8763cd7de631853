#include "events/record_queue.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <variant>

#include "events/records.h"

namespace profiler::events {
namespace {

/// How far back a record is moved at once to its place; farther ones wait for a sort.
constexpr std::size_t kMaxInsertionDistance = 64;
/// Spent buffers kept for reuse.
constexpr std::size_t kMaxSpentBlocks = 64;
/// Sources are numbered by the caller, from 0 on: a table of them is kept by number.
constexpr std::uint32_t kMaxSources = 1U << 20;

/// Order among records of equal time: what exists, what happened, what ended.
std::uint8_t rank_of(std::uint32_t type) {
  switch (type) {
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
    case PERF_RECORD_COMM:
    case PERF_RECORD_FORK:
    case PERF_RECORD_KSYMBOL:
      return 0;
    case PERF_RECORD_EXIT:
      return 2;
    default:
      return 1;
  }
}

}  // namespace

Result<Event> decode(const QueuedRecord& record) {
  Result<Event> event = decode(record.bytes, *record.layout);
  if (event) {
    if (auto* sample = std::get_if<SampleEvent>(&*event)) {
      sample->user_stack_requested = record.requested_stack;
    }
  }
  return event;
}

RecordQueue::RecordQueue(std::vector<EventLayout> layouts) : layouts_(std::move(layouts)) {}

void RecordQueue::Source::append(const Item& item) {
  items.push_back(item);
  if (sorted + 1 != items.size()) return;  // A sort is due anyway.
  std::size_t place = items.size() - 1;
  const std::size_t lowest = std::max(next, place - std::min(place, kMaxInsertionDistance));
  while (place > lowest && item.before(items[place - 1])) --place;
  if (place > next && item.before(items[place - 1])) return;  // Too far back: `sorted` stays.
  std::move_backward(items.begin() + static_cast<std::ptrdiff_t>(place), items.end() - 1,
                     items.end());
  items[place] = item;
  sorted = items.size();
}

void RecordQueue::Source::sort() {
  if (sorted == items.size()) return;
  const auto at = [this](std::size_t i) { return items.begin() + static_cast<std::ptrdiff_t>(i); };
  const auto before = [](const Item& a, const Item& b) { return a.before(b); };
  std::stable_sort(at(sorted), items.end(), before);
  std::inplace_merge(at(next), at(sorted), items.end(), before);
  sorted = items.size();
}

/// Forgets items already taken once they are the larger part, so that moving the rest costs each
/// item a constant.
void RecordQueue::Source::drop_taken() {
  if (next == 0 || next * 2 < items.size()) return;
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(next));
  sorted -= next;
  next = 0;
}

std::uint32_t RecordQueue::hold(RecordBlock&& block) {
  bytes_ += block.bytes.size();
  HeldBlock held{.bytes = std::move(block.bytes), .source = block.source, .records = 0};
  if (free_blocks_.empty()) {
    blocks_.push_back(std::move(held));
    return static_cast<std::uint32_t>(blocks_.size() - 1);
  }
  const std::uint32_t row = free_blocks_.back();
  free_blocks_.pop_back();
  blocks_[row] = std::move(held);
  return row;
}

void RecordQueue::add(RecordBlock&& block) {
  if (block.source >= kMaxSources ||
      block.bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
    ++malformed_entries_;
    return;
  }
  const std::uint32_t source = block.source;
  if (source >= sources_.size()) sources_.resize(source + 1);
  const std::uint32_t row = hold(std::move(block));
  HeldBlock& held = blocks_[row];
  const std::span<const std::byte> bytes(held.bytes);

  std::size_t offset = 0;
  while (offset < bytes.size()) {
    EntryPrefix prefix;
    if (bytes.size() - offset < sizeof prefix) break;
    std::memcpy(&prefix, bytes.data() + offset, sizeof prefix);
    const std::size_t record_at = offset + sizeof prefix;
    if (prefix.layout >= layouts_.size() || prefix.record_size < sizeof(perf_event_header) ||
        prefix.record_size > bytes.size() - record_at) {
      break;
    }
    const auto record = bytes.subspan(record_at, prefix.record_size);
    perf_event_header header;
    std::memcpy(&header, record.data(), sizeof header);
    const auto time = time_of(record, layouts_[prefix.layout]);
    add_item(Item{.time = time.value_or(0),
                  .block = row,
                  .offset = static_cast<std::uint32_t>(offset),
                  .rank = rank_of(header.type)},
             source, time.has_value());
    ++held.records;
    offset = std::min(bytes.size(),
                      record_at + ((std::size_t{prefix.record_size} + 7) & ~std::size_t{7}));
  }
  if (offset < bytes.size()) ++malformed_entries_;
  if (held.records == 0) retire(row);
}

void RecordQueue::add_item(const Item& item, std::uint32_t source, bool timed) {
  ++size_;
  if (!timed) {
    untimed_.push_back(item);
    return;
  }
  if (item.time < last_time_) ++late_records_;
  sources_[source].append(item);
  heap_is_stale_ = true;
}

bool RecordQueue::source_before(std::uint32_t a, std::uint32_t b) const {
  const Item& head_a = sources_[a].items[sources_[a].next];
  const Item& head_b = sources_[b].items[sources_[b].next];
  if (head_a.before(head_b)) return true;
  if (head_b.before(head_a)) return false;
  return a < b;
}

void RecordQueue::sift_down(std::size_t position) {
  for (;;) {
    std::size_t first = position;
    for (std::size_t child = 2 * position + 1; child <= 2 * position + 2; ++child) {
      if (child < heap_.size() && source_before(heap_[child], heap_[first])) first = child;
    }
    if (first == position) return;
    std::swap(heap_[position], heap_[first]);
    position = first;
  }
}

void RecordQueue::rebuild_heap() {
  heap_.clear();
  for (std::uint32_t source = 0; source < sources_.size(); ++source) {
    sources_[source].drop_taken();
    sources_[source].sort();
    if (!sources_[source].empty()) heap_.push_back(source);
  }
  for (std::size_t position = heap_.size() / 2; position-- > 0;) sift_down(position);
  heap_is_stale_ = false;
}

void RecordQueue::retire(std::uint32_t block) {
  HeldBlock& held = blocks_[block];
  bytes_ -= held.bytes.size();
  held.bytes.clear();
  if (spent_.size() < kMaxSpentBlocks) spent_.push_back(std::move(held.bytes));
  held.bytes = {};
  free_blocks_.push_back(block);
}

QueuedRecord RecordQueue::give(const Item& item) {
  HeldBlock& held = blocks_[item.block];
  EntryPrefix prefix;
  std::memcpy(&prefix, held.bytes.data() + item.offset, sizeof prefix);
  --held.records;
  --size_;
  given_block_ = item.block;
  return {.bytes = std::span<const std::byte>(held.bytes)
                       .subspan(item.offset + sizeof prefix, prefix.record_size),
          .layout = &layouts_[prefix.layout],
          .requested_stack = prefix.requested_stack,
          .source = held.source,
          .layout_row = prefix.layout};
}

std::optional<QueuedRecord> RecordQueue::pop(std::uint64_t until_time_ns) {
  if (given_block_) {
    if (blocks_[*given_block_].records == 0) retire(*given_block_);
    given_block_.reset();
  }
  if (!untimed_.empty()) {
    const Item item = untimed_.front();
    untimed_.pop_front();
    return give(item);
  }
  if (heap_is_stale_) rebuild_heap();
  if (heap_.empty()) return std::nullopt;
  Source& source = sources_[heap_.front()];
  const Item item = source.items[source.next];
  if (item.time > until_time_ns) return std::nullopt;
  ++source.next;
  if (source.empty()) {
    source.drop_taken();
    heap_.front() = heap_.back();
    heap_.pop_back();
  }
  if (!heap_.empty()) sift_down(0);
  last_time_ = std::max(last_time_, item.time);
  return give(item);
}

std::vector<std::vector<std::byte>> RecordQueue::take_spent_blocks() {
  return std::exchange(spent_, {});
}

}  // namespace profiler::events
