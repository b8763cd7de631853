#include "syscalls/call_traits.h"

#include <array>
#include <cstddef>
#include <string>

#include "syscalls/call_totals.h"

namespace profiler::syscalls {
namespace {

constexpr std::size_t kAbis = 3;
constexpr std::size_t kNumbers = 1024;  // All of these calls have lower ones.
using Table = std::array<std::array<CallTraits, kNumbers>, kAbis>;

Table make_table() {
  Table table;
  for (std::size_t abi = 0; abi < kAbis; ++abi) {
    for (std::size_t number = 0; number < kNumbers; ++number) {
      const std::string name =
          call_name(static_cast<std::int32_t>(number), static_cast<SyscallAbi>(abi));
      table[abi][number] = {
          .execs = name == "execve" || name == "execveat",
          .makes_threads = name == "clone" || name == "clone3" || name == "fork" || name == "vfork",
          .never_returns = name == "exit" || name == "exit_group"};
    }
  }
  return table;
}

}  // namespace

CallTraits traits_of(std::int32_t number, SyscallAbi abi) {
  static const Table kTable = make_table();
  if (number < 0 || static_cast<std::size_t>(number) >= kNumbers) return {};
  return kTable[static_cast<std::size_t>(abi)][static_cast<std::size_t>(number)];
}

}  // namespace profiler::syscalls
