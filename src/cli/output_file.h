// A file that is there whole or not at all: written without a name, and given its own when it is
// complete; where the file system cannot do that, under another name beside it. What was there
// before stays until then, and for good if writing fails, or the process is killed.
//
//   auto file = OutputFile::open("flamegraph.svg");
//   if (!file) return file.error();
//   (void)file->append(bytes);                 // a failure is kept, and returned by commit()
//   return file->commit();
//
// A device or a pipe is written as it is. A recording is never replaced: that it is named here is a
// slip, and it may be the only copy.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "profiler/error.h"

namespace profiler::cli {

class OutputFile {
 public:
  [[nodiscard]] static Result<OutputFile> open(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Without commit(): as if nothing had been written.
  ~OutputFile();

  /// After a failure it does nothing but return it again.
  Result<void> append(std::string_view bytes);
  /// Makes what was appended the file at the path. The last call.
  [[nodiscard]] Result<void> commit();

 private:
  OutputFile() = default;
  [[nodiscard]] int create_part();
  /// Gives what has no name the part's.
  [[nodiscard]] bool name_part();

  int fd_ = -1;
  std::string path_;       ///< As the user named it.
  std::string target_;     ///< The file to replace; a symbolic link stays what it is.
  std::string part_;       ///< The name beside it; empty: none yet, or a device or a pipe.
  bool replaces_ = false;  ///< No device, no pipe.
  mode_t mode_ = 0;
  Result<void> state_;
};

}  // namespace profiler::cli
