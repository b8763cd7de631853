#include "profile/chunk.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "profile/little_endian.h"

namespace profiler::profile {

namespace {

constexpr std::size_t kChecksumOffset = 12;
/// Of a zstd skippable frame: magic number and size (RFC 8878, section 3.1.2).
constexpr std::size_t kSkippableHeaderSize = 8;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;

/// The most that a chunk of so many bytes may decompress to.
constexpr std::uint64_t raw_limit(std::uint64_t compressed_size) {
  return std::min<std::uint64_t>(kMaxRawSize, kRawFloor + kMaxRatio * compressed_size);
}

std::uint32_t checksum(const void* header, const void* compressed, std::size_t size) {
  uLong crc = crc32(0, static_cast<const Bytef*>(header), kChecksumOffset);
  if (size != 0)  // crc32 of a null pointer would start again.
    crc = crc32(crc, static_cast<const Bytef*>(compressed), static_cast<uInt>(size));
  return static_cast<std::uint32_t>(crc);
}

}  // namespace

std::string file_header() {
  std::string out(kMagic.begin(), kMagic.end());
  put<std::uint16_t>(out, kMajorVersion);
  put<std::uint16_t>(out, kMinorVersion);
  put<std::uint32_t>(out, 0);
  return out;
}

struct ChunkEncoder::Context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { ZSTD_freeCCtx(zstd); }
};

ChunkEncoder::ChunkEncoder() : context_(std::make_unique<Context>()) {}
ChunkEncoder::~ChunkEncoder() = default;

Result<void> ChunkEncoder::append(std::string& out, ChunkType type, std::string_view payload,
                                  int level) {
  if (payload.size() > kMaxRawSize) {
    return std::unexpected(
        Error{.what = "a piece of the profile is larger than its format allows (" +
                      std::to_string(payload.size()) + " bytes)"});
  }
  const std::size_t start = out.size();
  const std::size_t body = start + kChunkHeaderSize;
  out.resize(body + ZSTD_compressBound(payload.size()));
  const std::size_t written =
      payload.empty() ? 0
                      : ZSTD_compressCCtx(context_->zstd, out.data() + body, out.size() - body,
                                          payload.data(), payload.size(), level);
  if (ZSTD_isError(written) != 0) {
    out.resize(start);
    return std::unexpected(
        Error{.what = std::string("cannot compress: ") + ZSTD_getErrorName(written)});
  }
  out.resize(body + written);
  if (payload.size() > raw_limit(written)) {
    const std::size_t needed = (payload.size() - kRawFloor + kMaxRatio - 1) / kMaxRatio;
    const std::size_t padding =
        needed > written + kSkippableHeaderSize ? needed - written - kSkippableHeaderSize : 0;
    put<std::uint32_t>(out, kSkippableMagic);
    put<std::uint32_t>(out, static_cast<std::uint32_t>(padding));
    out.append(padding, '\0');
  }

  const std::size_t compressed_size = out.size() - body;
  std::string header;
  put(header, static_cast<std::uint32_t>(type));
  put(header, static_cast<std::uint32_t>(compressed_size));
  put(header, static_cast<std::uint32_t>(payload.size()));
  put(header, checksum(header.data(), out.data() + body, compressed_size));
  std::ranges::copy(header, out.begin() + static_cast<std::ptrdiff_t>(start));
  return {};
}

struct ChunkReader::Context {
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { ZSTD_freeDCtx(zstd); }
};

ChunkReader::ChunkReader(ByteSource& source)
    : source_(source), context_(std::make_unique<Context>()) {}
ChunkReader::~ChunkReader() = default;

ChunkReader::Status ChunkReader::damaged(const char* reason) {
  reason_ = reason;
  return Status::kDamaged;
}

ChunkReader::Status ChunkReader::next() {
  offset_ = next_offset_;
  raw_size_ = 0;
  if (offset_ >= source_.size()) return Status::kEnd;
  const std::span<const std::byte> header = source_.read(offset_, kChunkHeaderSize);
  if (header.size() < kChunkHeaderSize) return Status::kCutOff;
  std::byte header_copy[kChunkHeaderSize];
  std::ranges::copy(header, header_copy);
  const auto type = get<std::uint32_t>(header_copy, 0);
  const auto compressed_size = get<std::uint32_t>(header_copy, 4);
  const auto raw_size = get<std::uint32_t>(header_copy, 8);
  const auto expected_checksum = get<std::uint32_t>(header_copy, kChecksumOffset);
  type_ = static_cast<ChunkType>(type);

  const std::uint64_t body = offset_ + kChunkHeaderSize;
  if (raw_size > raw_limit(compressed_size)) return damaged("impossible size");
  if (compressed_size > 2 * kMaxRawSize) return damaged("impossible size");
  if (compressed_size > source_.size() - body) return Status::kCutOff;
  const std::span<const std::byte> compressed = source_.read(body, compressed_size);
  if (compressed.size() < compressed_size) return Status::kCutOff;
  if (checksum(header_copy, compressed.data(), compressed.size()) != expected_checksum)
    return damaged("wrong checksum");

  total_raw_ += raw_size;
  if (total_raw_ > kMaxTotalRawSize) return damaged("more data than a profile can hold");
  if (raw_size > raw_capacity_) {
    raw_ = std::make_unique_for_overwrite<char[]>(raw_size);
    raw_capacity_ = raw_size;
  }
  if (compressed_size != 0) {
    const std::size_t size = ZSTD_decompressDCtx(context_->zstd, raw_.get(), raw_size,
                                                 compressed.data(), compressed.size());
    if (ZSTD_isError(size) != 0 || size != raw_size) return damaged("cannot be decompressed");
  } else if (raw_size != 0) {
    return damaged("impossible size");
  }
  raw_size_ = raw_size;
  next_offset_ = body + compressed_size;
  return Status::kChunk;
}

}  // namespace profiler::profile
