// Reads profiler.data and profiler.data.part. Treats every byte as hostile: all row numbers in the
// Profile it returns are valid, and parents precede children.
//
//   Result<Profile> profile = read_profile("profiler.data");
//   profile->run.interrupted;   // it was cut off: holds everything up to the last whole chunk
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "profiler/error.h"
#include "profiler/profile.h"

namespace profiler::profile {

/// Error: not readable, no profile, written by a newer major version, or nothing whole in it.
[[nodiscard]] Result<Profile> read_profile(const std::string& path);
/// The same from memory; `name` is for messages.
[[nodiscard]] Result<Profile> parse_profile(std::span<const std::byte> bytes,
                                            const std::string& name);

/// Whether the file begins as one, whole or not.
[[nodiscard]] bool is_profile(const std::string& path);

}  // namespace profiler::profile
