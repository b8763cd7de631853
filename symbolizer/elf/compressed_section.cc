#include "symbolizer/elf/compressed_section.h"

#include <elf.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "symbolizer/elf/bytes.h"

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

namespace symbolizer {
namespace {

/// Deflate reaches 1032:1 at most, and zstd no more on anything that a compiler writes.
constexpr std::uint64_t kMaxRatio = 1100;

enum class Method : std::uint8_t { kZlib, kZstd };

/// What stands before the compressed stream.
struct Header {
  Method method = Method::kZlib;
  std::uint64_t size = 0;
  std::span<const std::byte> stream;
};

bool has_gnu_name(const Section& section) { return section.name.starts_with(".zdebug"); }

std::optional<Header> read_header(const Section& section) {
  if ((section.flags & SHF_COMPRESSED) != 0) {
    Elf64_Chdr header;
    if (!read_at(section.bytes, 0, header)) return std::nullopt;
    if (header.ch_type != ELFCOMPRESS_ZLIB && header.ch_type != ELFCOMPRESS_ZSTD) {
      return std::nullopt;
    }
    return Header{.method = header.ch_type == ELFCOMPRESS_ZLIB ? Method::kZlib : Method::kZstd,
                  .size = header.ch_size,
                  .stream = section.bytes.subspan(sizeof header)};
  }
  std::uint32_t magic = 0;
  std::uint64_t size = 0;
  if (!read_at(section.bytes, 0, magic) || std::memcmp(&magic, "ZLIB", 4) != 0 ||
      !read_at(section.bytes, 4, size)) {
    return std::nullopt;
  }
  return Header{.size = std::byteswap(size), .stream = section.bytes.subspan(12)};
}

bool inflate_zlib(std::span<const std::byte> input, std::span<std::byte> output) {
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) return false;
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, &inflateEnd);
  // zlib counts in 32 bits.
  constexpr std::size_t kStep = std::size_t{1} << 30;
  while (!output.empty()) {
    const std::size_t in_step = std::min(input.size(), kStep);
    const std::size_t out_step = std::min(output.size(), kStep);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));  // NOLINT
    stream.avail_in = static_cast<uInt>(in_step);
    stream.next_out = reinterpret_cast<Bytef*>(output.data());
    stream.avail_out = static_cast<uInt>(out_step);
    const int status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t taken = in_step - stream.avail_in;
    const std::size_t given = out_step - stream.avail_out;
    input = input.subspan(taken);
    output = output.subspan(given);
    if (status == Z_STREAM_END) break;
    if (status != Z_OK || (taken == 0 && given == 0)) return false;
  }
  return output.empty();
}

bool inflate_zstd(std::span<const std::byte> input, std::span<std::byte> output) {
  const std::size_t size =
      ZSTD_decompress(output.data(), output.size(), input.data(), input.size());
  return ZSTD_isError(size) == 0 && size == output.size();
}

}  // namespace

bool is_compressed(const Section& section) {
  return (section.flags & SHF_COMPRESSED) != 0 || has_gnu_name(section);
}

std::optional<std::uint64_t> decompressed_size(const Section& section, std::uint64_t max_size) {
  const auto header = read_header(section);
  if (!header || header->size > max_size || header->size / kMaxRatio > header->stream.size()) {
    return std::nullopt;
  }
  return header->size;
}

bool decompress_into(const Section& section, std::span<std::byte> output) {
  const auto header = read_header(section);
  if (!header || header->size != output.size()) return false;
  return header->method == Method::kZlib ? inflate_zlib(header->stream, output)
                                         : inflate_zstd(header->stream, output);
}

std::optional<std::vector<std::byte>> decompress(const Section& section) {
  const auto size = decompressed_size(section);
  if (!size) return std::nullopt;
  std::vector<std::byte> bytes(*size);
  if (!decompress_into(section, bytes)) return std::nullopt;
  return bytes;
}

}  // namespace symbolizer
