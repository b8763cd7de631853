// The records inside PERF_RECORD_COMPRESSED: one zstd stream that runs through all of them, so that
// a record may begin in one and end in the next.
//
//   Decompressor stream;
//   if (!stream.add(payload)) …                       // damaged: the stream ends here
//   std::span<const std::byte> bytes = stream.pending();    // take whole records off its front
//   stream.consume(record_size);
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace profiler::perf_data {

class Decompressor {
 public:
  /// What one record may grow to: perf compresses the contents of one ring at a time.
  static constexpr std::size_t kMaxPending = std::size_t{64} << 20;

  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;

  /// False: no zstd, or it grows beyond kMaxPending. pending() has what came before.
  [[nodiscard]] bool add(std::span<const std::byte> compressed);
  [[nodiscard]] std::span<const std::byte> pending() const {
    return std::span<const std::byte>(bytes_).subspan(taken_);
  }
  void consume(std::size_t count) { taken_ += count; }

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::vector<std::byte> bytes_;
  std::size_t taken_ = 0;
};

}  // namespace profiler::perf_data
