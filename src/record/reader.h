// The reader thread: copies what lies in the rings into blocks, a round every 50 ms (at first,
// sooner) or when a ring fills up, and does nothing else, so that no ring is ever left for long.
//
//   Reader reader(events, layouts, handoff, settings);   // runs
//   …
//   events.disable_all();
//   ReaderResult result = reader.stop();                 // after a last round
#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "events/decoder.h"
#include "record/event_set.h"
#include "record/file_descriptor.h"
#include "record/handoff.h"
#include "record/ring_drain.h"

namespace profiler::record {

/// Row of the layouts that reader, queue and worker share: each kind of ring has its own.
[[nodiscard]] constexpr std::uint32_t layout_row(RingKind kind) {
  return static_cast<std::uint32_t>(kind);
}

struct ReaderSettings {
  std::size_t budget_bytes = 0;  ///< Of copied records that the worker has not yet dealt with.
  Pid own_pid = 0;
};

struct ReaderResult {
  DrainCounts counts;
  std::uint64_t malformed = 0;  ///< Stretches of a ring that held no records.
  std::uint64_t cpu_ns = 0;
};

class Reader {
 public:
  /// All arguments outlive the reader.
  Reader(EventSet& events, std::span<const events::EventLayout> layouts, Handoff& handoff,
         const ReaderSettings& settings);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// One more ring, from the next round on; it outlives the reader. Its source is the next number.
  /// From any thread.
  void add(EventRing& ring);
  /// A last round, then closes the handoff. Once.
  ReaderResult stop();
  /// Samples dropped so far; from any thread.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run();
  void wake();
  void take_new_rings();
  void round(std::uint64_t release_until_ns);

  std::vector<EventRing*> rings_;
  std::vector<pollfd> polled_;  // What wakes it: first wake_, then the rings.
  std::mutex new_rings_mutex_;
  std::vector<EventRing*> new_rings_;
  Handoff* handoff_;
  RingDrain drain_;
  FileDescriptor wake_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> dropped_ = 0;
  ReaderResult result_;
  std::thread thread_;
};

}  // namespace profiler::record
