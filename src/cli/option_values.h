// Values of options as people write them: 64K, 1.5s, 0-3,5.
//
//   auto bytes = parse_size("--max-size", "64M");
//   if (!bytes) return line.fail(bytes.error());   // "--max-size: '64Q' is not a size; …"
//
// `option` is only for the error, which names it and says what is allowed.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "profiler/error.h"

namespace profiler::cli {

/// Bytes: a number, with K, M, G or T (powers of 1024; KB and KiB mean the same).
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view option, std::string_view text);

/// A time above 0: seconds, with a fraction if wanted, or with a unit (ns, us, ms, s, m, h).
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view option,
                                                              std::string_view text);

/// A decimal number in [lowest, highest].
[[nodiscard]] Result<std::uint64_t> parse_number(
    std::string_view option, std::string_view text, std::uint64_t lowest = 0,
    std::uint64_t highest = std::numeric_limits<std::uint64_t>::max());

/// Numbers and ranges separated by commas, at most 65536 of them: "0-3,5". Sorted, each once.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_number_list(std::string_view option,
                                                                   std::string_view text);

}  // namespace profiler::cli
