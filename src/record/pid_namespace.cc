#include "record/pid_namespace.h"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace profiler::record {
namespace {

/// Inode of the initial pid namespace (PROC_PID_INIT_INO in linux/proc_ns.h).
constexpr std::string_view kInitialPidNamespace = "pid:[4026531836]";

}  // namespace

bool in_initial_pid_namespace() {
  std::array<char, 64> name{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", name.data(), name.size());
  return size > 0 &&
         std::string_view(name.data(), static_cast<std::size_t>(size)) == kInitialPidNamespace;
}

}  // namespace profiler::record
