#include "symbolizer/kernel/kernel_files.h"

#include <unistd.h>

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace symbolizer {
namespace {

/// A recording may say anything: no way out of the folders.
bool is_name(const std::string& release) {
  return !release.empty() && release.find('/') == std::string::npos && release != "." &&
         release != "..";
}

std::string path_of(std::initializer_list<std::string_view> parts) {
  std::string path;
  for (const std::string_view part : parts) path += part;
  return path;
}

std::vector<std::string> vmlinux_paths(const std::string& release, const DebugFileSearch& search,
                                       const std::string& root) {
  std::vector<std::string> paths;
  const bool named = is_name(release);
  for (const std::string& directory : search.directories) {
    if (named) {
      paths.push_back(path_of({directory, "/boot/vmlinux-", release}));
      paths.push_back(path_of({directory, "/lib/modules/", release, "/vmlinux"}));
      paths.push_back(path_of({directory, "/vmlinux-", release}));
    }
    paths.push_back(directory + "/vmlinux");
  }
  if (named) {
    paths.push_back(path_of({root, "/lib/modules/", release, "/build/vmlinux"}));
    paths.push_back(path_of({root, "/lib/modules/", release, "/vmlinux"}));
    paths.push_back(path_of({root, "/boot/vmlinux-", release}));
  }
  return paths;
}

}  // namespace

std::shared_ptr<const ElfFile> find_vmlinux(const BuildId& id, const std::string& release,
                                            const DebugFileSearch& search,
                                            const std::string& root) {
  if (!id) return nullptr;
  DebugFileSearch here = search;
  here.download = {};
  std::shared_ptr<const ElfFile> found = find_by_build_id(id, here);
  if (found != nullptr && has_debug_information(*found)) return found;
  for (const std::string& path : vmlinux_paths(release, search, root)) {
    auto file = ElfFile::open(path);
    if (!file || (*file)->build_id() != id) continue;
    if (has_debug_information(**file)) return *file;
    if (found == nullptr) found = *file;
  }
  return found;
}

std::string find_system_map(const std::string& release, const std::string& root) {
  if (!is_name(release)) return {};
  for (const auto& [before, after] : std::to_array<std::pair<const char*, const char*>>(
           {{"/boot/System.map-", ""},
            {"/lib/modules/", "/System.map"},
            {"/lib/modules/", "/build/System.map"},
            {"/usr/lib/debug/boot/System.map-", ""}})) {
    std::string path = path_of({root, before, release, after});
    if (::access(path.c_str(), R_OK) == 0) return path;
  }
  return {};
}

}  // namespace symbolizer
