// Which records of a perf.data are of use, and those that perf is known to write wrongly.
//
//   if (!is_known(header.type)) ++unknown;
//   else if (is_wanted(header.type)) decode(claims_build_id(record) ? without_build_id(record) :
//   …);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace profiler::perf_data {

/// Kernel record types that the pipeline has a use for.
[[nodiscard]] bool is_wanted(std::uint32_t type);
/// Any that the kernel or perf is known to write.
[[nodiscard]] bool is_known(std::uint32_t type);

/// perf up to 6.1 marks mmap records that it makes up from /proc as having a build id where it
/// found none: device and inode are what stands there.
[[nodiscard]] bool claims_build_id(std::span<const std::byte> record);
/// The record without that mark.
[[nodiscard]] std::vector<std::byte> without_build_id(std::span<const std::byte> record);

}  // namespace profiler::perf_data
