// Puts the records of several rings into one order of time. Each ring is sorted already, or nearly
// so: the queue merges the rings, it does not sort what they hold.
//
//   RecordQueue queue(layouts);
//   queue.add(std::move(block));                                   // from the reader's drains
//   queue.release(all_rings_drained_up_to_ns, [&](const QueuedRecord& r) {
//     if (Result<Event> event = decode(r)) pipeline.handle(*event);
//   });
//
//   source 0:  [10 17 25]──┐
//   source 1:  [12 13 40]──┴─ heap of heads ─> 10 12 13 17 25 | 40 stays (not yet safe)
//
// At equal times, records that say what exists (mmap, comm, fork) come before samples, and exits
// after them; otherwise sources in order of their number, records in the order they were added.
// Records without a time come out first, at the next release. Costs 24 bytes and no allocation a
// record. Used from one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "events/decoder.h"
#include "events/record_block.h"
#include "profiler/error.h"

namespace profiler::events {

/// One record that the queue has let go of. Points into the queue: valid until it gives the next.
struct QueuedRecord {
  std::span<const std::byte> bytes;
  const EventLayout* layout = nullptr;
  std::uint64_t requested_stack = 0;
  std::uint32_t source = 0;
  std::uint32_t layout_row = 0;  ///< Of the queue's layouts.
};

/// decode(), with SampleEvent::user_stack_requested as it was before compaction.
[[nodiscard]] Result<Event> decode(const QueuedRecord& record);

class RecordQueue {
 public:
  explicit RecordQueue(std::vector<EventLayout> layouts);

  /// Takes the block's records in. An entry that contradicts its block ends that block.
  void add(RecordBlock&& block);

  /// The next record in order of time, if its time is at most `until_time_ns`.
  [[nodiscard]] std::optional<QueuedRecord> pop(std::uint64_t until_time_ns);

  /// Gives `sink(const QueuedRecord&)` every record up to and including that time. The caller
  /// knows that no source will deliver an earlier one; one that does come is given at once, late.
  template <class Sink>
  void release(std::uint64_t until_time_ns, Sink&& sink) {
    while (const auto record = pop(until_time_ns)) sink(*record);
  }
  template <class Sink>
  void release_all(Sink&& sink) {
    release(std::numeric_limits<std::uint64_t>::max(), std::forward<Sink>(sink));
  }

  /// Memory held by blocks that still have records to give.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Records held.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Records that came after a later one had been given: each is out of order in what came out.
  [[nodiscard]] std::uint64_t late_records() const { return late_records_; }
  /// Entries that did not fit into their block.
  [[nodiscard]] std::uint64_t malformed_entries() const { return malformed_entries_; }

  /// Buffers of blocks whose records have all been given, emptied, for use in new blocks.
  [[nodiscard]] std::vector<std::vector<std::byte>> take_spent_blocks();

 private:
  struct Item {
    std::uint64_t time = 0;
    std::uint32_t block = 0;   // Row of blocks_.
    std::uint32_t offset = 0;  // Of the entry's prefix.
    std::uint8_t rank = 0;     // Order among equal times.
    [[nodiscard]] bool before(const Item& other) const {
      return time != other.time ? time < other.time : rank < other.rank;
    }
  };
  struct Source {
    std::vector<Item> items;  // [next, end) are waiting.
    std::size_t next = 0;
    std::size_t sorted = 0;  // [next, sorted) is in order; beyond, only if `sorted` is all.
    [[nodiscard]] bool empty() const { return next == items.size(); }
    void append(const Item& item);
    void sort();
    void drop_taken();
  };
  struct HeldBlock {
    std::vector<std::byte> bytes;
    std::uint32_t source = 0;
    std::size_t records = 0;  // Still waiting. 0: the row is free.
  };

  std::uint32_t hold(RecordBlock&& block);
  void add_item(const Item& item, std::uint32_t source, bool timed);
  void rebuild_heap();
  void sift_down(std::size_t position);
  [[nodiscard]] bool source_before(std::uint32_t a, std::uint32_t b) const;
  void retire(std::uint32_t block);
  QueuedRecord give(const Item& item);

  std::vector<EventLayout> layouts_;
  std::vector<HeldBlock> blocks_;
  std::vector<std::uint32_t> free_blocks_;
  std::vector<Source> sources_;
  std::deque<Item> untimed_;
  std::vector<std::uint32_t> heap_;  // Of sources that have items, the earliest head first.
  bool heap_is_stale_ = false;
  std::optional<std::uint32_t> given_block_;  // Holds the record given last.
  std::vector<std::vector<std::byte>> spent_;
  std::size_t bytes_ = 0;
  std::size_t size_ = 0;
  std::uint64_t last_time_ = 0;
  std::uint64_t late_records_ = 0;
  std::uint64_t malformed_entries_ = 0;
};

}  // namespace profiler::events
