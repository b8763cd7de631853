// Chunks: the self-delimiting, compressed, checksummed pieces of a profile file.
//
//   ChunkEncoder encoder;
//   encoder.append(file_bytes, ChunkType::kNodes, payload, 9);
//
//   ChunkReader reader(source);                    // source: a file or memory
//   while (reader.next() == ChunkReader::Status::kChunk) use(reader.type(), reader.payload());
//
// Not here: what payloads mean (run_codec.h, table_codec.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "profile/format.h"
#include "profiler/error.h"

namespace profiler::profile {

/// The file header of this writer's version.
[[nodiscard]] std::string file_header();

class ChunkEncoder {
 public:
  ChunkEncoder();
  ~ChunkEncoder();
  ChunkEncoder(const ChunkEncoder&) = delete;
  ChunkEncoder& operator=(const ChunkEncoder&) = delete;

  /// Appends a chunk to `out`. Error: the payload is larger than kMaxRawSize. `level` is zstd's.
  Result<void> append(std::string& out, ChunkType type, std::string_view payload, int level);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Random access to the bytes of a profile.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// `size` bytes from `offset` on, or fewer where the source ends or cannot be read. Valid until
  /// the next call.
  virtual std::span<const std::byte> read(std::uint64_t offset, std::size_t size) = 0;
  /// Bytes in all. An upper bound for what may be asked for, so that sizes are checked before
  /// anything is allocated.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

/// Walks the chunks behind the file header.
class ChunkReader {
 public:
  enum class Status : std::uint8_t {
    kChunk,    ///< type() and payload() are those of a whole chunk.
    kEnd,      ///< The source ends between two chunks.
    kCutOff,   ///< The source ends within a chunk.
    kDamaged,  ///< reason() says how.
  };

  explicit ChunkReader(ByteSource& source);
  ~ChunkReader();
  ChunkReader(const ChunkReader&) = delete;
  ChunkReader& operator=(const ChunkReader&) = delete;

  Status next();

  [[nodiscard]] ChunkType type() const { return type_; }
  /// Decompressed; valid until next().
  [[nodiscard]] std::string_view payload() const { return {raw_.get(), raw_size_}; }
  /// Where the chunk (or what is damaged) begins.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] const char* reason() const { return reason_; }

 private:
  struct Context;
  Status damaged(const char* reason);

  ByteSource& source_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<char[]> raw_;
  std::size_t raw_capacity_ = 0;
  std::size_t raw_size_ = 0;
  std::uint64_t total_raw_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t next_offset_ = kFileHeaderSize;
  ChunkType type_ = ChunkType::kEnd;
  const char* reason_ = "";
};

}  // namespace profiler::profile
