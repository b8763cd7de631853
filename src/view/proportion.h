// A number divided as others are: exactly, rounded down.
//
//   proportion(on_cpu_ns, weight.user, weight.all())     // what of it was user time
#pragma once

#include <cstdint>

namespace profiler::view {

/// `whole` * `part` / `all`, which cannot overflow where `part` is not above `all`. `all` is not 0.
[[nodiscard]] constexpr std::uint64_t proportion(std::uint64_t whole, std::uint64_t part,
                                                 std::uint64_t all) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(whole) * part / all);
}

}  // namespace profiler::view
