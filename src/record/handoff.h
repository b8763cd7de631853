// Blocks of copied records on their way from the reader to the worker, and empty ones on their way
// back: a queue of drain rounds under one lock, taken once a round and not once a record.
//
//   reader:  handoff.push({.blocks = …, .release_until_ns = previous_round_began});
//   worker:  while (auto round = handoff.wait()) … handoff.recycle(queue.take_spent_blocks());
//
// Counts the bytes in flight, which is what back-pressure goes by.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "events/record_block.h"

namespace profiler::record {

/// What one drain of all rings brought.
struct DrainRound {
  std::vector<events::RecordBlock> blocks;
  /// Samples dropped for want of room, by source; empty: none.
  std::vector<std::uint64_t> dropped;
  /// Every record up to this time has been handed over.
  std::uint64_t release_until_ns = 0;
};

class Handoff {
 public:
  void push(DrainRound&& round);
  /// No round will follow.
  void close();
  /// The next round; none when closed and empty. Waits.
  [[nodiscard]] std::optional<DrainRound> wait();

  /// An empty buffer, used before if there is one: fresh memory costs more than the copy into it.
  [[nodiscard]] std::vector<std::byte> take_buffer();
  void recycle(std::vector<std::vector<std::byte>>&& buffers);

  /// Bytes pushed and not yet released by the worker.
  [[nodiscard]] std::size_t bytes_in_flight() const {
    return queued_bytes_.load(std::memory_order_relaxed) +
           held_bytes_.load(std::memory_order_relaxed);
  }
  /// The worker says what its queue holds of the rounds it has taken.
  void set_held_bytes(std::size_t bytes) { held_bytes_.store(bytes, std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<DrainRound> rounds_;
  std::vector<std::vector<std::byte>> spent_;
  std::size_t spent_bytes_ = 0;
  bool closed_ = false;
  std::atomic<std::size_t> queued_bytes_ = 0;
  std::atomic<std::size_t> held_bytes_ = 0;
};

}  // namespace profiler::record
