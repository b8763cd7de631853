// The contents of a section that may be stored compressed: ELF gABI SHF_COMPRESSED with zlib or
// zstd, and the older GNU form (".zdebug_frame", "ZLIB" and a big-endian size).
//
//   std::optional<std::vector<std::byte>> bytes = decompress(section);
//
// The size is what the header claims, and a claim that no compressor reaches is refused before
// anything is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

/// True if the section's bytes are not its contents as they stand.
[[nodiscard]] bool is_compressed(const Section& section);

/// The size of a compressed section's contents; none if the header is damaged, unbelievable or
/// claims more than `max_size`.
[[nodiscard]] std::optional<std::uint64_t> decompressed_size(
    const Section& section, std::uint64_t max_size = std::uint64_t{256} << 20);

/// Fills `output`, which is of that size. False if the stream is damaged or ends before.
[[nodiscard]] bool decompress_into(const Section& section, std::span<std::byte> output);

/// Both in one.
[[nodiscard]] std::optional<std::vector<std::byte>> decompress(
    const Section& section, std::uint64_t max_size = std::uint64_t{256} << 20);

}  // namespace symbolizer
