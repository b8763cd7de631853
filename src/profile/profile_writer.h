// The only writer of profiler.data. Writes PATH.part while recording, in self-delimiting chunks
// (format.h), and renames it to PATH at the end, after PATH has become PATH.old.
//
//   Result<ProfileWriter> writer = ProfileWriter::create("profiler.data");
//   writer->append(profile);  profile.samples.clear();     // and waits: now and then
//   writer->finish(profile);                               // names, causes, the run; then renames
//
// Destroyed without finish: PATH.part stays if anything was appended, so that what was recorded can
// still be read; PATH and PATH.old are untouched.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "profiler/error.h"
#include "profiler/profile.h"

namespace profiler::profile {

class ProfileWriter {
 public:
  /// Error: the directory cannot be written to (nothing is left behind).
  static Result<ProfileWriter> create(std::string path);
  ~ProfileWriter();
  ProfileWriter(ProfileWriter&&) noexcept;
  ProfileWriter& operator=(ProfileWriter&&) noexcept;

  /// Writes what the growing tables (strings, modules, frames, nodes, stacks, processes, threads)
  /// have gained since the last call, all of `profile.samples` and `profile.waits`, and
  /// `profile.run` as it is now.
  /// Names and causes are not written here. Error: disk full, …; what was appended before stays
  /// readable, and later calls may be tried again.
  Result<void> append(const Profile& profile);
  /// append(), then names, causes and the end mark, then the renames.
  Result<void> finish(const Profile& profile);

  [[nodiscard]] std::uint64_t bytes_written() const;

 private:
  struct State;
  explicit ProfileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace profiler::profile
