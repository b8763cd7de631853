#include "symbolizer/elf/debug_files.h"

#include <elf.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "symbolizer/elf/byte_cursor.h"
#include "symbolizer/elf/bytes.h"

namespace symbolizer {
namespace {

using FilePointer = std::shared_ptr<const ElfFile>;

FilePointer open_or_null(const std::string& path) {
  auto file = ElfFile::open(path);
  return file ? *file : nullptr;
}

FilePointer open_with_id(const std::string& path, const BuildId& id) {
  FilePointer file = open_or_null(path);
  return file != nullptr && file->build_id() == id ? file : nullptr;
}

/// A copy of the very module that was stripped, in perf's cache, is of no use.
bool has_names(const ElfFile& file) {
  return has_debug_information(file) || std::ranges::any_of(file.sections(), [](const Section& s) {
           return s.type == SHT_SYMTAB;
         });
}

FilePointer find_here_by_build_id(const BuildId& id, const DebugFileSearch& search) {
  for (const std::string& directory : search.directories) {
    const std::string file_path = build_id_file(directory, id);
    if (file_path.empty()) continue;
    if (FilePointer file = open_with_id(file_path + ".debug", id)) return file;
  }
  const std::string cached = build_id_file(search.build_id_cache, id);
  if (cached.empty()) return nullptr;
  for (const char* name : {"/debug", "/elf"}) {
    FilePointer file = open_with_id(cached + name, id);
    if (file != nullptr && has_names(*file)) return file;
  }
  return nullptr;
}

FilePointer downloaded(const BuildId& id, const DebugFileSearch& search) {
  if (!search.download || id.bytes().size() < 2) return nullptr;
  const std::string path = search.download(id);
  return path.empty() ? nullptr : open_with_id(path, id);
}

/// .gnu_debuglink: a file name, NUL, padding to 4 bytes, a CRC-32.
struct DebugLink {
  std::string name;
  std::uint32_t crc = 0;
};

std::optional<DebugLink> read_debug_link(const ElfFile& module) {
  const Section* section = module.section(".gnu_debuglink");
  if (section == nullptr) return std::nullopt;
  DebugLink link;
  link.name = string_at(section->bytes, 0);
  // Only a name: a path would lead out of the places that are searched.
  if (link.name.empty() || link.name.find('/') != std::string::npos) return std::nullopt;
  if (!read_at(section->bytes, (link.name.size() + 4) & ~std::size_t{3}, link.crc)) {
    return std::nullopt;
  }
  return link;
}

std::uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

bool belongs_to(const ElfFile& debug_file, const ElfFile& module, const DebugLink& link) {
  if (debug_file.build_id() && module.build_id()) {
    return debug_file.build_id() == module.build_id();
  }
  return crc_of(debug_file.bytes()) == link.crc;
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real == nullptr ? path : real.get();
}

/// "." for a path without one; "" for the root.
/// A file that debug information is shared with, or what such a file says of itself.
struct SharedFile {
  std::string path;  ///< Of itself it says none.
  BuildId id;
};

std::optional<SharedFile> shared_file_of(const ElfFile& file) {
  if (const Section* section = file.section(".gnu_debugaltlink")) {
    // A path, NUL, the build id.
    const std::string path(string_at(section->bytes, 0));
    if (path.empty() || section->bytes.size() - path.size() < 3) return std::nullopt;
    return SharedFile{.path = path, .id = BuildId(section->bytes.subspan(path.size() + 1))};
  }
  if (const Section* section = file.section(".debug_sup")) {
    // DWARF 5, 7.3.6: version, whether this is the shared one, the path, the length of the id.
    ByteCursor cursor(section->bytes);
    cursor.skip(3);
    const std::string path(cursor.string());
    const auto id = cursor.take(cursor.uleb());
    if (!cursor.ok() || id.empty()) return std::nullopt;
    return SharedFile{.path = path, .id = BuildId(id)};
  }
  return std::nullopt;
}

FilePointer find_by_link(const ElfFile& module, const std::string& module_path,
                         const DebugFileSearch& search) {
  const auto link = read_debug_link(module);
  if (!link) return nullptr;
  const std::string folder = folder_of(module_path);
  std::vector<std::string> candidates = {folder + "/" + link->name,
                                         folder + "/.debug/" + link->name};
  for (const std::string& directory : search.directories) {
    if (folder.starts_with('/') || folder.empty()) {
      candidates.push_back(directory + folder + "/" + link->name);
    }
    candidates.push_back(directory + "/" + link->name);
  }
  for (const std::string& path : candidates) {
    if (real_path(path) == module_path) continue;  // A module that links to itself.
    FilePointer file = open_or_null(path);
    if (file != nullptr && belongs_to(*file, module, *link)) return file;
  }
  return nullptr;
}

/// In a directory that somebody filled by hand.
FilePointer find_by_name(const ElfFile& module, const std::string& module_path,
                         const DebugFileSearch& search) {
  if (!module.build_id() || !module_path.starts_with('/')) return nullptr;
  const std::string name = module_path.substr(folder_of(module_path).size());
  for (const std::string& directory : search.directories) {
    for (const std::string& stem : {module_path, name}) {
      for (const char* ending : {".debug", ""}) {
        const std::string path = directory + stem + ending;
        if (path == module_path) continue;
        FilePointer file = open_with_id(path, module.build_id());
        if (file != nullptr && has_names(*file)) return file;
      }
    }
  }
  return nullptr;
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string build_id_file(const std::string& directory, const BuildId& id) {
  if (directory.empty() || id.bytes().size() < 2) return {};
  const std::string hex = id.hex();
  return directory + "/.build-id/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

std::string default_build_id_cache() {
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? std::string() : std::string(home) + "/.debug";
}

bool has_debug_information(const ElfFile& file) {
  return std::ranges::any_of(file.sections(), [](const Section& section) {
    return (section.name == ".debug_info" || section.name == ".zdebug_info") &&
           !section.bytes.empty();
  });
}

FilePointer find_debug_file(const ElfFile& module, const DebugFileSearch& search) {
  if (FilePointer file = find_here_by_build_id(module.build_id(), search)) return file;
  const std::string module_path = real_path(module.path());
  if (FilePointer file = find_by_link(module, module_path, search)) return file;
  if (FilePointer file = find_by_name(module, module_path, search)) return file;
  // No server has the vdso.
  if (has_debug_information(module) || module.path().starts_with('[')) return nullptr;
  return downloaded(module.build_id(), search);
}

FilePointer find_by_build_id(const BuildId& id, const DebugFileSearch& search) {
  if (FilePointer file = find_here_by_build_id(id, search)) return file;
  return downloaded(id, search);
}

FilePointer find_alternate_file(const ElfFile& debug_file, const DebugFileSearch& search) {
  const auto shared = shared_file_of(debug_file);
  if (!shared || shared->path.empty()) return nullptr;
  const std::string& link = shared->path;
  const auto open = [&](const std::string& path) -> FilePointer {
    FilePointer file = open_or_null(path);
    if (file == nullptr || file->build_id() == shared->id) return file;
    const auto own = shared_file_of(*file);
    return own && own->id == shared->id ? file : nullptr;
  };
  std::vector<std::string> candidates;
  if (link.starts_with('/')) {
    candidates.push_back(link);
  } else {
    // Under .build-id lie symbolic links: what is meant is relative to where they lead.
    candidates.push_back(folder_of(real_path(debug_file.path())) + "/" + link);
    candidates.push_back(folder_of(debug_file.path()) + "/" + link);
  }
  constexpr std::string_view kFolder = ".dwz/";
  if (const std::size_t at = link.rfind(kFolder); at != std::string::npos) {
    for (const std::string& directory : search.directories)
      candidates.push_back(directory + "/" + link.substr(at));
  }
  for (const std::string& path : candidates) {
    if (FilePointer file = open(path)) return file;
  }
  return find_by_build_id(shared->id, search);
}

}  // namespace symbolizer
