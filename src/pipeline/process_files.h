// What /proc says about a process that is alive, where the names of its generated code lie: its
// number as it knows it itself, its user, and its /tmp.
//
//   if (const auto who = identify(pid)) who->own_pid;          // 1, of a container's first
//   std::shared_ptr<const OpenDirectory> tmp = tmp_of(pid);    // null: not to be had
//
// A directory that is held open can be read when the process is gone, and its mount namespace too.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "profiler/event.h"

namespace profiler::pipeline {

struct ProcessIdentity {
  Pid own_pid = 0;  ///< In the innermost pid namespace that it is in.
  uid_t user = 0;   ///< Effective.
  /// When its number was given to it (CLOCK_REALTIME), a little before rather than after.
  std::uint64_t start_unix_ns = 0;
};

/// None: there is no such process any more.
[[nodiscard]] std::optional<ProcessIdentity> identify(Pid pid);

/// A descriptor of the regular file that was mapped, as the process sees it (`live`), else we do;
/// negative: not to be had. Only the very file, as far as the event says which.
[[nodiscard]] int open_mapped(const MmapEvent& event, bool live);

/// A descriptor that keeps a directory at hand.
class OpenDirectory {
 public:
  /// Takes the descriptor over.
  explicit OpenDirectory(int descriptor) : descriptor_(descriptor) {}
  ~OpenDirectory();
  OpenDirectory(const OpenDirectory&) = delete;
  OpenDirectory& operator=(const OpenDirectory&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Device and inode of a process's root directory; none where it is ours, or cannot be told.
[[nodiscard]] std::optional<std::pair<dev_t, ino_t>> root_of_its_own(Pid pid);
/// The directory that `path` means to the process, in its mount namespace and under its root.
[[nodiscard]] std::shared_ptr<const OpenDirectory> directory_of(Pid pid, const std::string& path);
/// That it means to us.
[[nodiscard]] std::shared_ptr<const OpenDirectory> own_directory(const std::string& path);

}  // namespace profiler::pipeline
