// Finds the files that know a kernel's code: its vmlinux by build id, its System.map by release.
//
//   std::shared_ptr<const ElfFile> vmlinux = find_vmlinux(id, "6.1.0-56-cloud-amd64", {});
//   KernelAnchors linked = vmlinux_anchors(*vmlinux);     // where it would lie unmoved
//
// In the directories of debug files, as packages of distributions and perf's cache have them; in
// /lib/modules/RELEASE, where a kernel that was built here has its folder; in /boot. A vmlinux of
// another build id is never taken; a System.map has none, so that only its release speaks for it.
#pragma once

#include <memory>
#include <string>

#include "profiler/build_id.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace symbolizer {

/// One with debug information where there are several; null: none. `root`: the directory that is
/// "/" of the machine whose kernel it is. Nothing is downloaded: it would be half a gigabyte.
[[nodiscard]] std::shared_ptr<const ElfFile> find_vmlinux(const BuildId& id,
                                                          const std::string& release,
                                                          const DebugFileSearch& search,
                                                          const std::string& root = "");

/// The path of one that can be read; "": none.
[[nodiscard]] std::string find_system_map(const std::string& release, const std::string& root = "");

}  // namespace symbolizer
