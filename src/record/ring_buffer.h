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
#include <utility>
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
    look();
    const std::uint64_t start = tail_;
    for (auto record = peek(); !record.empty(); record = peek()) {
      sink(record);
      pop(record);
    }
    give_back();
    return static_cast<std::size_t>(tail_ - start);
  }

  /// The same by hand, to take some of the records only. look() finds out what there is; after
  /// that peek() gives the next record, none after the last, until pop() has taken it; what was
  /// taken is the kernel's again by give_back(), and now and then before.
  void look() { head_ = begin(); }
  [[nodiscard]] std::span<const std::byte> peek() {
    if (tail_ == head_) return {};
    const std::uint64_t available = head_ - tail_;
    const auto position = static_cast<std::size_t>(tail_ & (data_.size() - 1));
    // Records are multiples of 8 bytes (perf_output_begin), so a header never wraps.
    if (available >= sizeof(perf_event_header) && position % 8 == 0) {
      perf_event_header header;
      std::memcpy(&header, data_.data() + position, sizeof header);
      const std::size_t size = header.size;
      if (size >= sizeof header && size % 8 == 0 && size <= available) {
        if (position + size <= data_.size()) return data_.subspan(position, size);
        return rebuild(position, size);
      }
    }
    skip_to(head_);
    return {};
  }
  void pop(std::span<const std::byte> record) {
    tail_ += record.size();
    // Giving room back early lets the kernel go on writing during a long drain.
    if (tail_ - told_ >= data_.size() / 8) give_back();
  }
  void give_back();

  /// Whether there was, at a look() or give_back() since this was asked last, no room for a record
  /// of kAlmostFull bytes: the kernel may have had to leave some out, and will say so (PERF_RECORD_
  /// LOST) only before the next that it writes.
  [[nodiscard]] bool was_full() { return std::exchange(was_full_, false); }
  static constexpr std::size_t kAlmostFull = 512;

  /// Times that what lay in the ring was no record, and the rest of a drain had to be skipped.
  [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

 private:
  /// The position up to which records are complete.
  std::uint64_t begin();
  std::span<const std::byte> rebuild(std::size_t position, std::size_t size);
  void skip_to(std::uint64_t head);
  void see_whether_full(std::uint64_t head);

  perf_event_mmap_page* control_;
  std::span<const std::byte> data_;
  std::uint64_t tail_;
  std::uint64_t head_;  // As of the last look.
  std::uint64_t told_;  // The tail that the kernel knows.
  bool was_full_ = false;
  std::vector<std::byte> wrapped_;  // The record that wraps, rebuilt.
  std::uint64_t malformed_ = 0;
};

/// The ring of an open event, or one laid out like it, mapped.
class MappedRing {
 public:
  /// `data_bytes`: a power of two of at least a page. `offset`: of the control page; 0 of an event.
  /// Error with EPERM: more than this user may lock (kernel.perf_event_mlock_kb).
  static Result<MappedRing> map(int fd, std::size_t data_bytes, std::size_t offset = 0);
  /// To be written to without end, and not to be read.
  static Result<MappedRing> map_overwritten(int event_fd, std::size_t data_bytes);
  ~MappedRing();
  MappedRing(MappedRing&& other) noexcept;
  MappedRing& operator=(MappedRing&& other) noexcept;

  [[nodiscard]] perf_event_mmap_page& control() const;
  [[nodiscard]] std::span<const std::byte> data() const;

 private:
  MappedRing(std::byte* base, std::size_t bytes) : base_(base), bytes_(bytes) {}
  static Result<MappedRing> map(int fd, std::size_t data_bytes, std::size_t offset, int protection);

  std::byte* base_ = nullptr;
  std::size_t bytes_ = 0;  // Control page and data.
};

}  // namespace profiler::record
