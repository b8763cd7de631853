// PATH.part while it is being written: its ownership, its lock, and how it becomes PATH.
//
//   Result<PartFile> file = PartFile::create("profiler.data");
//   file->append(bytes);        // all of them, or an Error and none
//   file->publish();            // PATH → PATH.old, PATH.part → PATH
//
// Unpublished, PATH.part stays if anything was appended, and is removed otherwise. Whoever writes
// it holds an flock on it: a PATH.part that nobody holds is left over from a recorder that died,
// and is replaced. Not here: what the bytes mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/error.h"

namespace profiler::profile {

class PartFile {
 public:
  /// Error: PATH is no regular file, its directory cannot be written to, or another recorder is
  /// writing PATH.part. Nothing is left behind then. A file made by root under sudo belongs to the
  /// user who called sudo.
  static Result<PartFile> create(std::string path);
  ~PartFile();
  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&& other) noexcept;

  Result<void> append(std::string_view bytes);
  Result<void> publish();

  /// Bytes appended so far.
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  PartFile(std::string path, std::string part, int fd);
  void close();

  std::string path_;
  std::string part_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace profiler::profile
