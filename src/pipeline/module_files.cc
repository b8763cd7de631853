#include "pipeline/module_files.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <utility>

#include "symbolizer/elf/vdso.h"

namespace profiler::pipeline {
namespace {

constexpr std::uint64_t kPageMask = 4095;

/// Executable memory that no file backs: "//anon", "[heap]", "/dev/zero".
bool is_no_file(std::string_view path) {
  return path.empty() || path.starts_with("//") || path.starts_with('[') ||
         path.starts_with("/dev/") || path.starts_with("/SYSV") || path.starts_with("anon_inode:");
}

std::string_view without_deleted(std::string_view path) {
  constexpr std::string_view kSuffix = " (deleted)";
  if (path.ends_with(kSuffix)) path.remove_suffix(kSuffix.size());
  return path;
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

LiveModule ModuleFiles::open(const MmapEvent& event) const {
  return opener_ ? LiveModule{.file = opener_(event)} : open_live_module(event);
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
  const bool memfd = event.path.starts_with("/memfd:");
  if (!memfd && is_no_file(event.path))
    return {.module = add(event.path, {}, ModuleKind::kAnonymous, nullptr), .bias = 0};

  auto [known, is_new] = by_identity_.try_emplace(identity(event));
  if (is_new) {
    const std::string path(without_deleted(event.path));
    LiveModule found = open(event);
    if (!found.file && memfd) {  // A compiler's, no program.
      known->second.module = add(path, {}, ModuleKind::kAnonymous, nullptr);
    } else {
      if (!found.file) ++unreadable_;
      const BuildId build_id = found.file ? found.file->build_id() : event.build_id;
      const ModuleKind kind = found.file ? ModuleKind::kFile : ModuleKind::kUnreadable;
      known->second.module = add(path, build_id, kind, found.file);
      known->second.file = files_[known->second.module.row()];
      if (!found.remark.empty() && (found.from_memory || !found.file))
        remarks_[known->second.module.row()] = {std::move(found.remark), found.from_memory};
      if (found.file && !opener_) keep_debug_directory(event.pid, known->second.module);
    }
  }
  if (is_anonymous(known->second.module)) return {.module = known->second.module, .bias = 0};
  const auto& [module, file] = known->second;
  std::uint64_t first = event.file_offset.value();
  if (file) {
    if (const auto address = mapped_address(*file, event.file_offset)) first = address->value();
  }
  return {.module = module, .bias = event.start.value() - first};
}

// The debug files of a container lie within it, and may be gone when names are resolved.
void ModuleFiles::keep_debug_directory(Pid pid, ModuleIndex module) {
  const auto root = root_of_its_own(pid);
  if (!root) return;
  auto known = roots_.find(*root);
  if (known == roots_.end()) {
    if (roots_.size() >= kMaxRoots) return;
    known = roots_.emplace(*root, directory_of(pid, "/usr/lib/debug")).first;
  }
  if (known->second) debug_directories_[module.row()] = known->second;
}

std::string ModuleFiles::debug_directory(ModuleIndex module) const {
  const auto found = debug_directories_.find(module.row());
  if (found == debug_directories_.end()) return {};
  return "/proc/self/fd/" + std::to_string(found->second->descriptor());
}

const ModuleFiles::Remark* ModuleFiles::remark(ModuleIndex module) const {
  const auto found = remarks_.find(module.row());
  return found == remarks_.end() ? nullptr : &found->second;
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

void ModuleFiles::reopen_by_build_id(const symbolizer::DebugFileSearch& debug_files) {
  files_.assign(profile_.modules.size(), nullptr);
  std::vector<bool> used(files_.size());
  for (const Frame& frame : profile_.frames) used[frame.module.row()] = true;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const Module& module = profile_.modules[ModuleIndex(i)];
    if (!used[i] || module.kind != ModuleKind::kFile || !module.build_id) continue;
    auto file = symbolizer::ElfFile::open(profile_.text(module.path));
    files_[i] = file && (*file)->build_id() == module.build_id
                    ? *file
                    : symbolizer::find_by_build_id(module.build_id, debug_files);
  }
}

void ModuleFiles::open_missing(const symbolizer::DebugFileSearch& debug_files) {
  std::vector<bool> asked(profile_.modules.size());
  for (Frame& frame : profile_.frames) {
    const std::uint32_t row = frame.module.row();
    Module& module = profile_.modules[frame.module];
    if (!asked[row]) {
      asked[row] = true;
      if (module.kind != ModuleKind::kUnreadable || !module.build_id) continue;
      files_[row] = symbolizer::find_by_build_id(module.build_id, debug_files);
    }
    if (module.kind != ModuleKind::kUnreadable || files_[row] == nullptr) continue;
    if (const auto address = mapped_address(*files_[row], FileOffset(frame.address)))
      frame.address = address->value();
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    Module& module = profile_.modules[ModuleIndex(i)];
    if (module.kind == ModuleKind::kUnreadable && files_[i] != nullptr)
      module.kind = ModuleKind::kFile;
  }
}

ModuleFiles::FilePointer ModuleFiles::file(ModuleIndex module) const {
  return module.row() < files_.size() ? files_[module.row()] : nullptr;
}

}  // namespace profiler::pipeline
