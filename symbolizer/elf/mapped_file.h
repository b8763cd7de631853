// A regular file mapped for reading, which stays readable whatever happens to the file.
//
//   Result<std::shared_ptr<const MappedFile>> file = MappedFile::open("/usr/bin/true");
//   (*file)->bytes();                     // as long as the file was when it was opened
//
// Reading a mapping past the end of a file that has shrunk raises SIGBUS. The first mapping
// installs a SIGBUS handler that puts a page of zeros there when the fault lies in a MappedFile;
// any other SIGBUS goes to the handler that was there before, or kills as it always did.
// A file that is overwritten in place shows its new bytes: nothing read here is constant.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "profiler/error.h"

namespace symbolizer {

class MappedFile {
 public:
  /// Error: cannot be opened, or is no regular file.
  static profiler::Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  /// The same for a descriptor, which stays the caller's; `name` is for messages.
  static profiler::Result<std::shared_ptr<const MappedFile>> of_descriptor(int descriptor,
                                                                           const std::string& name);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {start_, size_}; }
  /// Gives the memory of the pages that lie wholly in `part` back; they are read again when needed.
  void release(std::span<const std::byte> part) const;

 private:
  MappedFile() = default;

  std::byte* start_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace symbolizer
