#include "pipeline/module_files.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <utility>

#include "symbolizer/elf/vdso.h"

namespace profiler::pipeline {
namespace {

constexpr std::uint64_t kPageMask = 4095;

/// Executable memory that no ELF file backs: "//anon", "[heap]", "/memfd:jit", "/dev/zero".
bool is_no_file(std::string_view path) {
  return path.empty() || path.starts_with("//") || path.starts_with('[') ||
         path.starts_with("/memfd:") || path.starts_with("/dev/") || path.starts_with("/SYSV") ||
         path.starts_with("anon_inode:");
}

std::string_view without_deleted(std::string_view path) {
  constexpr std::string_view kSuffix = " (deleted)";
  if (path.ends_with(kSuffix)) path.remove_suffix(kSuffix.size());
  return path;
}

/// Opening anything else could block or have effects.
bool is_regular_file(const std::string& path, struct stat& status) {
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// Whether `path` is the very file that was mapped, as far as the event says which.
bool is_that_file(const std::string& path, const MmapEvent& event) {
  struct stat status{};
  if (!is_regular_file(path, status)) return false;
  if (event.inode == 0) return true;
  return status.st_ino == event.inode && major(status.st_dev) == event.device_major &&
         minor(status.st_dev) == event.device_minor;
}

/// The module address of a mapping's first byte. Mappings begin at page boundaries, segments need
/// not: the first page of a segment belongs to it as a whole.
std::optional<ModuleAddress> mapped_address(const symbolizer::ElfFile& file, FileOffset offset) {
  std::optional<ModuleAddress> found;
  for (const symbolizer::Segment& segment : file.segments()) {
    const std::uint64_t first = segment.offset.value() & ~kPageMask;
    const std::uint64_t end = segment.offset.value() + segment.file_size;
    if (offset.value() < first || offset.value() >= end) continue;
    found = segment.address + (offset - segment.offset);
    if (segment.executable) break;
  }
  // Some tools leave a debug file no file offsets. Linkers lay segments out as they are mapped.
  if (!found && file.is_debug_only() && !file.segments().empty()) {
    const auto lowest = std::ranges::min(file.segments(), {}, &symbolizer::Segment::address);
    found = ModuleAddress((lowest.address.value() & ~kPageMask) + offset.value());
  }
  return found;
}

std::string identity(const MmapEvent& event) {
  std::string key(event.path);
  key += '\0';
  if (event.build_id) {
    key += event.build_id.hex();
  } else {
    char text[96];
    std::snprintf(text, sizeof text, "%u:%u:%llu:%llu", event.device_major, event.device_minor,
                  static_cast<unsigned long long>(event.inode),
                  static_cast<unsigned long long>(event.inode_generation));
    key += text;
  }
  return key;
}

}  // namespace

ModuleIndex ModuleFiles::add(std::string_view path, const BuildId& build_id, ModuleKind kind,
                             FilePointer file) {
  const Module row{.path = interner_.string(path), .build_id = build_id, .kind = kind};
  // Of one build id there are few paths, and of one path few build ids.
  std::uint64_t hash = mix(row.path.row());
  for (const std::byte byte : build_id.bytes()) hash = mix(hash ^ std::to_integer<unsigned>(byte));
  return ModuleIndex(rows_.find_or_insert(
      hash,
      [&](std::uint32_t i) {
        return profile_.modules[ModuleIndex(i)] == row &&
               (file == nullptr) == (files_[i] == nullptr);
      },
      [&] {
        files_.push_back(std::move(file));
        return profile_.modules.push_back(row).row();
      }));
}

ModuleFiles::FilePointer ModuleFiles::open(const MmapEvent& event, const std::string& path) const {
  if (opener_) return opener_(event);
  const auto matching = [&](const std::string& candidate) -> FilePointer {
    auto file = symbolizer::ElfFile::open(candidate);
    if (!file) return nullptr;
    if (event.build_id && event.build_id != (*file)->build_id()) return nullptr;
    return *file;
  };
  // The path may be gone, replaced, or mean something else in the process's mount namespace.
  const std::string in_root = "/proc/" + std::to_string(event.pid) + "/root" + path;
  for (const std::string& candidate : {path, in_root}) {
    if (!is_that_file(candidate, event)) continue;
    if (FilePointer file = matching(candidate)) return file;
  }
  // While the process lives, this leads to the very file that it mapped, whatever stat says of it
  // (overlay file systems report other device and inode numbers than the kernel's records).
  const std::uint64_t start = event.start.value();
  const std::uint64_t end = start + event.length;
  char map_file[96];
  std::snprintf(map_file, sizeof map_file, "/proc/%d/map_files/%llx-%llx", event.pid,
                static_cast<unsigned long long>(start), static_cast<unsigned long long>(end));
  struct stat status{};
  if (is_regular_file(map_file, status)) return matching(map_file);
  // That needs CAP_CHECKPOINT_RESTORE. The program itself, though not what it has loaded, is open
  // to its user without.
  const std::string program = "/proc/" + std::to_string(event.pid) + "/exe";
  return is_that_file(program, event) ? matching(program) : nullptr;
}

ModuleFiles::FilePointer ModuleFiles::open_vdso(const MmapEvent& event) const {
  static const FilePointer kVdso = symbolizer::running_vdso();
  return opener_ ? opener_(event) : kVdso;
}

ModuleFiles::Place ModuleFiles::resolve(const MmapEvent& event) {
  if (event.path == "[vdso]") {
    auto [known, is_new] = by_identity_.try_emplace(std::string(event.path));
    if (is_new) {
      const FilePointer vdso = open_vdso(event);
      known->second.module =
          add(event.path, vdso ? vdso->build_id() : BuildId(), ModuleKind::kVdso, vdso);
    }
    return {.module = known->second.module, .bias = event.start.value()};
  }
  if (is_no_file(event.path))
    return {.module = add(event.path, {}, ModuleKind::kAnonymous, nullptr), .bias = 0};

  auto [known, is_new] = by_identity_.try_emplace(identity(event));
  if (is_new) {
    const std::string path(without_deleted(event.path));
    FilePointer file = open(event, path);
    if (!file) ++unreadable_;
    const BuildId build_id = file ? file->build_id() : event.build_id;
    const ModuleKind kind = file ? ModuleKind::kFile : ModuleKind::kUnreadable;
    known->second.module = add(path, build_id, kind, std::move(file));
    known->second.file = files_[known->second.module.row()];
  }
  const auto& [module, file] = known->second;
  std::uint64_t first = event.file_offset.value();
  if (file) {
    if (const auto address = mapped_address(*file, event.file_offset)) first = address->value();
  }
  return {.module = module, .bias = event.start.value() - first};
}

ModuleIndex ModuleFiles::kernel() {
  if (!kernel_) kernel_ = add("[kernel.kallsyms]", kernel_build_id_, ModuleKind::kKernel, nullptr);
  return kernel_;
}

void ModuleFiles::set_kernel_build_id(const BuildId& build_id) {
  kernel_build_id_ = build_id;
  if (kernel_) profile_.modules[kernel_].build_id = build_id;
}

ModuleIndex ModuleFiles::unmapped() {
  if (!unmapped_) unmapped_ = add("[unmapped]", {}, ModuleKind::kUnmapped, nullptr);
  return unmapped_;
}

ModuleIndex ModuleFiles::add_generated(std::string_view name, ModuleKind kind) {
  files_.push_back(nullptr);
  return profile_.modules.push_back({.path = interner_.string(name), .build_id = {}, .kind = kind});
}

void ModuleFiles::reopen() {
  files_.assign(profile_.modules.size(), nullptr);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const Module& module = profile_.modules[ModuleIndex(i)];
    if (module.kind != ModuleKind::kFile) continue;
    auto file = symbolizer::ElfFile::open(profile_.text(module.path));
    if (file && (*file)->build_id() == module.build_id) {
      files_[i] = *file;
    } else {
      ++unreadable_;
    }
  }
}

ModuleFiles::FilePointer ModuleFiles::file(ModuleIndex module) const {
  return module.row() < files_.size() ? files_[module.row()] : nullptr;
}

}  // namespace profiler::pipeline
