// Bytes of a perf.data file or pipe, read through a window: never the whole file at once.
//
//   auto file = InputFile::open("perf.data");       // "-": standard input
//   std::span<const std::byte> start = file->peek(16);     // fewer bytes: the input ends there
//   file->advance(start.size());
//   file->read_at(offset, 4096);                     // regular files only: header sections
//
// Reading ahead goes on where advance() left off; what peek() returned is valid until the next
// peek(). An input/output error reads as the end of the file, and is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profiler/error.h"

namespace profiler::perf_data {

class InputFile {
 public:
  static Result<InputFile> open(const std::string& path);
  /// The same for bytes in memory, which outlive it.
  static InputFile of_bytes(std::span<const std::byte> bytes);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// None for a pipe.
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }
  /// Of the next byte that peek() gives.
  [[nodiscard]] std::uint64_t position() const { return position_; }

  /// The next `count` bytes, at most kMaxPeek; fewer where the input ends.
  [[nodiscard]] std::span<const std::byte> peek(std::size_t count);
  void advance(std::uint64_t count);
  /// Regular files only: peek() goes on from there.
  void seek(std::uint64_t position);

  /// Regular files only: up to `count` bytes from there on, fewer where the file ends.
  [[nodiscard]] std::vector<std::byte> read_at(std::uint64_t offset, std::uint64_t count) const;
  /// errno of the first read that failed; 0 if none has.
  [[nodiscard]] int read_error() const { return read_error_; }

  static constexpr std::size_t kMaxPeek = std::size_t{1} << 20;

 private:
  InputFile() = default;
  /// Bytes read; 0 at the end.
  std::size_t read_some(std::span<std::byte> into);

  std::string path_;
  int descriptor_ = -1;
  std::span<const std::byte> memory_;
  std::optional<std::uint64_t> size_;
  std::uint64_t position_ = 0;
  std::vector<std::byte> window_;
  std::size_t begin_ = 0;  // [begin_, end_) of window_ is ahead of position_.
  std::size_t end_ = 0;
  int read_error_ = 0;
};

}  // namespace profiler::perf_data
