// A large file of which only a few parts matter, as text: its size, and the bytes of those parts.
// All other bytes read as zero. It keeps what unwinding needs of a library in a few kilobytes.
//
//   size 1922136
//   0x0 7f454c46020101030000000000000000…
//   0x1c3d40 1c000000000000000c10…
//
//   SparseFile kept(library_size);
//   kept.keep(0x1c3d40, bytes);
//   write_bytes("libc.so.6.sparse", kept.text());
//   SparseFile::read(text)->restore("/tmp/libc.so.6");     // has holes: costs no memory
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "profiler/error.h"

namespace profiler::test {

class SparseFile {
 public:
  explicit SparseFile(std::uint64_t size) : size_(size) {}
  static Result<SparseFile> read(const std::string& text);

  /// What is kept of the same place before is replaced.
  void keep(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] std::string text() const;
  Result<void> restore(const std::string& path) const;

 private:
  using Part = std::pair<std::uint64_t, std::vector<std::byte>>;
  std::uint64_t size_;
  std::vector<Part> parts_;
};

}  // namespace profiler::test
