#include "symbolizer/elf/debug_files.h"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "symbolizer/elf/bytes.h"

namespace symbolizer {
namespace {

using FilePointer = std::shared_ptr<const ElfFile>;

FilePointer open_or_null(const std::string& path) {
  auto file = ElfFile::open(path);
  return file ? *file : nullptr;
}

FilePointer find_by_build_id(const ElfFile& module, const DebugFileSearch& search) {
  if (module.build_id().bytes().size() < 2) return nullptr;
  const std::string hex = module.build_id().hex();
  for (const std::string& directory : search.directories) {
    FilePointer file =
        open_or_null(directory + "/.build-id/" + hex.substr(0, 2) + "/" + hex.substr(2) + ".debug");
    if (file != nullptr && file->build_id() == module.build_id()) return file;
  }
  return nullptr;
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

FilePointer find_by_link(const ElfFile& module, const DebugFileSearch& search) {
  const auto link = read_debug_link(module);
  if (!link) return nullptr;
  const std::string module_path = real_path(module.path());
  const std::size_t slash = module_path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : module_path.substr(0, slash);
  std::vector<std::string> candidates = {folder + "/" + link->name,
                                         folder + "/.debug/" + link->name};
  for (const std::string& directory : search.directories) {
    if (folder.starts_with('/') || folder.empty()) {
      candidates.push_back(directory + folder + "/" + link->name);
    }
  }
  for (const std::string& path : candidates) {
    if (real_path(path) == module_path) continue;  // A module that links to itself.
    FilePointer file = open_or_null(path);
    if (file != nullptr && belongs_to(*file, module, *link)) return file;
  }
  return nullptr;
}

}  // namespace

FilePointer find_debug_file(const ElfFile& module, const DebugFileSearch& search) {
  if (FilePointer file = find_by_build_id(module, search)) return file;
  return find_by_link(module, search);
}

}  // namespace symbolizer
