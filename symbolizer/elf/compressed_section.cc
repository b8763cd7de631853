#include "symbolizer/elf/compressed_section.h"

#include <elf.h>
#include <libdeflate.h>
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
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> inflater(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  return inflater != nullptr &&
         libdeflate_zlib_decompress(inflater.get(), input.data(), input.size(), output.data(),
                                    output.size(), nullptr) == LIBDEFLATE_SUCCESS;
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

std::optional<std::vector<std::byte>> decompress(const Section& section, std::uint64_t max_size) {
  const auto size = decompressed_size(section, max_size);
  if (!size) return std::nullopt;
  std::vector<std::byte> bytes(*size);
  if (!decompress_into(section, bytes)) return std::nullopt;
  return bytes;
}

}  // namespace symbolizer
