// The consumer's side of a ring that the kernel writes records into (perf_event_mmap_page, "data_
// head" and "data_tail" in linux/perf_event.h).
//
//   control page │ data: power of two bytes, positions count up for ever and wrap modulo its size
//                  ──────[tail ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ head)──────
//
//   RingReader reader(control, data);
//   reader.drain([&](std::span<const std::byte> record) { copy(record); });
//
// RingReader works on any memory laid out like this; MappedRing maps that of an event. A record is
// handed out contiguously, also when it wraps. Used from one thread at a time.
#pragma once

#include <linux/perf_event.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "profiler/error.h"

namespace profiler::record {

class RingReader {
 public:
  /// `data.size()` is a power of two of at least 8; both stay mapped for as long as the reader is
  /// used.
  RingReader(perf_event_mmap_page& control, std::span<const std::byte> data);

  /// Gives `sink(std::span<const std::byte>)` every record that is complete now, oldest first; a
  /// record begins with its perf_event_header and is valid during the call only. Returns the bytes
  /// consumed. What the kernel writes meanwhile waits for the next call: it always ends.
  template <class Sink>
  std::size_t drain(Sink&& sink) {
    const std::uint64_t head = begin();
    const std::uint64_t start = tail_;
    std::uint64_t told = tail_;
    while (tail_ != head) {
      const std::span<const std::byte> record = next(head);
      if (record.empty()) break;
      sink(record);
      tail_ += record.size();
      // Giving room back early lets the kernel go on writing during a long drain.
      if (tail_ - told >= data_.size() / 8) {
        publish_tail();
        told = tail_;
      }
    }
    publish_tail();
    return static_cast<std::size_t>(tail_ - start);
  }

  /// Times that what lay in the ring was no record, and the rest of a drain had to be skipped.
  [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

 private:
  /// The position up to which records are complete.
  std::uint64_t begin();
  /// The record at tail_, made contiguous; empty if there is none that makes sense before `head`:
  /// then everything up to `head` was skipped.
  std::span<const std::byte> next(std::uint64_t head);
  void skip_to(std::uint64_t head);
  void publish_tail();

  perf_event_mmap_page* control_;
  std::span<const std::byte> data_;
  std::uint64_t tail_;
  std::vector<std::byte> wrapped_;  // The record that wraps, rebuilt.
  std::uint64_t malformed_ = 0;
};

/// The ring of an open event, mapped.
class MappedRing {
 public:
  /// `data_bytes`: a power of two of at least a page. Error with EPERM: more than this user may
  /// lock (kernel.perf_event_mlock_kb).
  static Result<MappedRing> map(int event_fd, std::size_t data_bytes);
  ~MappedRing();
  MappedRing(MappedRing&& other) noexcept;
  MappedRing& operator=(MappedRing&& other) noexcept;

  [[nodiscard]] perf_event_mmap_page& control() const;
  [[nodiscard]] std::span<const std::byte> data() const;

 private:
  MappedRing(std::byte* base, std::size_t bytes) : base_(base), bytes_(bytes) {}
  std::byte* base_ = nullptr;
  std::size_t bytes_ = 0;  // Control page and data.
};

}  // namespace profiler::record
