// The file that a living process has mapped: the very one, though its path is gone, leads to
// another file by now, or means something in the process's mount namespace and root only; or that
// never had a path (memfd_create).
//
//   LiveModule found = open_live_module(mmap_event);
//   found.file;            // null: not to be had
//   found.remark;          // what a user should know of that: "was replaced while it ran"
//
// Where permissions leave nothing else, the image is put together from the process's memory
// (process_image.h). What is found has the event's build id, or its device and inode.
#pragma once

#include <memory>
#include <string>

#include "profiler/event.h"
#include "symbolizer/elf/elf_file.h"

namespace profiler::pipeline {

struct LiveModule {
  std::shared_ptr<const symbolizer::ElfFile> file;
  bool from_memory = false;  ///< Has no more than what is mapped: no symbols but exported ones.
  /// With from_memory, or without a file: what became of the file. "": it never was one.
  std::string remark = {};
};

[[nodiscard]] LiveModule open_live_module(const MmapEvent& event);

}  // namespace profiler::pipeline
