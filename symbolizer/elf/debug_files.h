// Finds the files that hold a module's symbols and debug information apart from it (GDB manual,
// "Debugging Information in Separate Files").
//
//   DebugFileSearch search;                                    // /usr/lib/debug
//   search.directories.insert(search.directories.begin(), "/srv/symbols");
//   std::shared_ptr<const ElfFile> debug = find_debug_file(*module, search);   // null: none
//
// By build id: DIRECTORY/.build-id/6a/1f….debug, then perf's cache. By name: what .gnu_debuglink
// says, next to the module, in .debug/ there, and under DIRECTORY with the module's own path or
// without; then PROG.debug and PROG there. Such a file is taken only if its build id is the
// module's or, for a link where one of them has none, its CRC is the one in the link. What no
// directory has, `download` may get.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "profiler/build_id.h"
#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

/// Where separate debug files are looked for.
struct DebugFileSearch {
  std::vector<std::string> directories = {"/usr/lib/debug"};
  /// As perf-buildid-cache(1) lays it out, /root/.debug; "": none.
  std::string build_id_cache = {};
  /// Gets a debug file from elsewhere: the path where it lies then, or "". Asked last, and only
  /// for what has no debug information of its own; the build id of what comes is compared.
  std::function<std::string(const BuildId&)> download = {};
};

/// Of a file's path, without the slash: "." where it names none.
[[nodiscard]] std::string folder_of(const std::string& path);

/// The debug file of `module`.
[[nodiscard]] std::shared_ptr<const ElfFile> find_debug_file(const ElfFile& module,
                                                             const DebugFileSearch& search);

/// A debug file by build id alone: for files that another refers to so.
[[nodiscard]] std::shared_ptr<const ElfFile> find_by_build_id(const BuildId& id,
                                                              const DebugFileSearch& search);

/// The file that `debug_file` shares debug information with (.gnu_debugaltlink, as dwz(1) writes
/// it, or .debug_sup): at the path there, which is relative to `debug_file`, in DIRECTORY/.dwz/, by
/// build id.
[[nodiscard]] std::shared_ptr<const ElfFile> find_alternate_file(const ElfFile& debug_file,
                                                                 const DebugFileSearch& search);

/// DIRECTORY/.build-id/6a/1f…: with the ending ".debug" a file of a directory, in perf's cache a
/// directory with `elf`, `vdso`, `debug` or `kallsyms`. "" for no directory or no id.
[[nodiscard]] std::string build_id_file(const std::string& directory, const BuildId& id);
/// perf's cache of the user who runs this: $HOME/.debug; "" without $HOME.
[[nodiscard]] std::string default_build_id_cache();

/// Whether the file itself has DWARF.
[[nodiscard]] bool has_debug_information(const ElfFile& file);

}  // namespace symbolizer
