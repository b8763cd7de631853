// What a program is kept from: system calls, rights, parts of the file system. Everything applies
// to the calling process and its children, so it is for CommandOptions::prepare.
//
//   run(words, {.prepare = [] { return refuse_calls({SYS_perf_event_open}, EPERM); }});
//   if (mounting_refused()) GTEST_SKIP() << …
//   run(words, {.prepare = [&] { return own_mounts() && mount_over(file, "/proc/kallsyms"); }});
//
// No setting of the machine is changed: what it says is covered by another file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace profiler::test {

inline constexpr unsigned kNobody = 65534;

/// By a seccomp filter: each of these calls fails with `error`.
[[nodiscard]] bool refuse_calls(const std::vector<long>& calls, int error);
/// Not even root can have it after the next exec.
[[nodiscard]] bool drop_capability(int capability);

/// Mounts made from now on are seen by this process and its children alone.
[[nodiscard]] bool own_mounts();
/// `what`, a file or a directory, is seen in the place of `place`.
[[nodiscard]] bool mount_over(const std::string& what, const std::string& place);
/// An empty file system that holds so many bytes.
[[nodiscard]] bool mount_memory(const std::string& place, std::uint64_t bytes);
/// Whether mounts of one's own are not permitted here (they need root).
[[nodiscard]] bool mounting_refused();
/// Whether the memory of a child may not be read (process_vm_readv).
[[nodiscard]] bool reading_memory_refused();

}  // namespace profiler::test
