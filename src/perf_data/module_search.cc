#include "perf_data/module_search.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <string_view>

#include "symbolizer/elf/vdso.h"

namespace profiler::perf_data {
namespace {

using symbolizer::ElfFile;
using FilePointer = std::shared_ptr<const ElfFile>;

/// Whether it is the very file that was mapped, as far as the event says which.
bool is_that_file(const std::string& path, const MmapEvent& event) {
  struct stat status{};
  return event.inode != 0 && ::stat(path.c_str(), &status) == 0 && status.st_ino == event.inode &&
         major(status.st_dev) == event.device_major && minor(status.st_dev) == event.device_minor;
}

/// Opening anything else could block or have effects.
FilePointer open_regular(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
  auto file = ElfFile::open(path);
  return file ? *file : nullptr;
}

std::string without_deleted(std::string_view path) {
  constexpr std::string_view kSuffix = " (deleted)";
  if (path.ends_with(kSuffix)) path.remove_suffix(kSuffix.size());
  return std::string(path);
}

}  // namespace

FilePointer ModuleSearch::open(const MmapEvent& event) {
  const std::string path = without_deleted(event.path);
  std::vector<std::string> places;
  const bool is_file = path.starts_with('/');
  if (is_file && !options_.sysroot.empty()) places.push_back(options_.sysroot + path);

  if (!event.build_id) {
    if (is_file && is_that_file(path, event)) {
      if (FilePointer file = open_regular(path)) return file;
    }
    if (is_file && options_.same_machine) places.push_back(path);
    if (!is_file && options_.same_machine) return symbolizer::running_vdso();
    for (const std::string& place : places) {
      if (FilePointer file = open_regular(place)) {
        ++unverified_;
        return file;
      }
    }
    return nullptr;
  }
  if (!is_file) {
    static const FilePointer kVdso = symbolizer::running_vdso();
    if (kVdso && same_build_id(kVdso->build_id(), event.build_id)) return kVdso;
  } else {
    places.push_back(path);
  }
  const symbolizer::DebugFileSearch& search = options_.debug_files;
  if (const std::string cached = build_id_file(search.build_id_cache, event.build_id);
      !cached.empty()) {
    // A directory; before perf 4.7 the file itself.
    for (const char* name : {"/elf", "/vdso", ""}) places.push_back(cached + name);
    places.push_back(cached + "/debug");
  }
  // A debug file has the names at least.
  for (const std::string& directory : search.directories) {
    if (const std::string file = build_id_file(directory, event.build_id); !file.empty())
      places.push_back(file + ".debug");
  }
  for (const std::string& place : places) {
    FilePointer file = open_regular(place);
    if (file && same_build_id(file->build_id(), event.build_id)) return file;
  }
  return nullptr;
}

}  // namespace profiler::perf_data
