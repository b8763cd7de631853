// Expected failures: what went wrong, with which file, where in it, and what to do.
//
//   Result<ElfFile> file = ElfFile::open(path);
//   if (!file) return std::unexpected(file.error());
//   std::fputs(error.message().c_str(), stderr);   // "libc.so.6: bad section header (offset 0x40)"
//
// A broken invariant of our own is not an Error: it aborts.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace profiler {

/// One expected failure. `message()` is one line without a final newline, fit for a user.
struct Error {
  std::string what;       ///< "not an ELF file", "perf_event_open is not permitted"
  std::string path = {};  ///< File it happened in; empty if none.
  std::optional<std::uint64_t> offset = {};  ///< Byte offset in that file.
  int system_error = 0;                      ///< errno, 0 if none.
  std::string advice = {};                   ///< What to do about it; empty if nothing is known.

  [[nodiscard]] std::string message() const {
    std::string text;
    if (!path.empty()) text += path + ": ";
    text += what;
    if (system_error != 0) text += std::string(": ") + std::strerror(system_error);
    if (offset) {
      char buffer[40];
      std::snprintf(buffer, sizeof buffer, " (offset 0x%llx)",
                    static_cast<unsigned long long>(*offset));
      text += buffer;
    }
    if (!advice.empty()) text += "; " + advice;
    return text;
  }
};

template <class T>
using Result = std::expected<T, Error>;

}  // namespace profiler
