#include "pipeline/live_module.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "pipeline/process_image.h"

namespace profiler::pipeline {
namespace {

using FilePointer = std::shared_ptr<const symbolizer::ElfFile>;

/// Of a process, so many open files are looked at.
constexpr int kMaxDescriptors = 1024;

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

std::string_view without_deleted(std::string_view path) {
  constexpr std::string_view kSuffix = " (deleted)";
  if (path.ends_with(kSuffix)) path.remove_suffix(kSuffix.size());
  return path;
}

FilePointer open_if_right(const std::string& candidate, const MmapEvent& event) {
  auto file = symbolizer::ElfFile::open(candidate);
  if (!file) return nullptr;
  if (event.build_id && event.build_id != (*file)->build_id()) return nullptr;
  return *file;
}

std::string link_text(const std::string& path) {
  std::array<char, 4096> text{};
  const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
  return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

/// What the process itself still has open. Needs no privilege, as map_files does.
FilePointer open_descriptor_of(const MmapEvent& event) {
  const std::string folder = "/proc/" + std::to_string(event.pid) + "/fd/";
  DIR* directory = ::opendir(folder.c_str());
  if (directory == nullptr) return nullptr;
  FilePointer found;
  const std::string path(without_deleted(event.path));
  for (int seen = 0; found == nullptr && seen < kMaxDescriptors; ++seen) {
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr) break;
    const std::string link = folder + static_cast<const char*>(entry->d_name);
    if (without_deleted(link_text(link)) != path || !is_that_file(link, event)) continue;
    found = open_if_right(link, event);
  }
  ::closedir(directory);
  return found;
}

std::string remark_of(const std::string& path, const MmapEvent& event) {
  const bool has_no_path = path.starts_with("/memfd:");
  if (has_no_path) return {};
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0)
    return errno == ENOENT ? "was deleted while it ran" : std::strerror(errno);
  if (!is_that_file(path, event)) return "was replaced while it ran";
  const auto file = symbolizer::ElfFile::open(path);
  if (file && event.build_id && event.build_id != (*file)->build_id())
    return "was replaced while it ran";
  return file ? std::string() : file.error().message();
}

}  // namespace

LiveModule open_live_module(const MmapEvent& event) {
  const std::string path(without_deleted(event.path));
  // The path may be gone, replaced, or mean something else in the process's mount namespace.
  const std::string in_root = "/proc/" + std::to_string(event.pid) + "/root" + path;
  for (const std::string& candidate : {path, in_root}) {
    if (!is_that_file(candidate, event)) continue;
    if (FilePointer file = open_if_right(candidate, event)) return {.file = std::move(file)};
  }
  // While the process lives, this leads to the very file that it mapped, whatever stat says of it
  // (overlay file systems report other device and inode numbers than the kernel's records).
  const std::uint64_t start = event.start.value();
  const std::uint64_t end = start + event.length;
  std::array<char, 96> map_file{};
  std::snprintf(map_file.data(), map_file.size(), "/proc/%d/map_files/%llx-%llx", event.pid,
                static_cast<unsigned long long>(start), static_cast<unsigned long long>(end));
  struct stat status{};
  if (is_regular_file(map_file.data(), status))
    return {.file = open_if_right(map_file.data(), event), .remark = remark_of(path, event)};
  // That needs CAP_CHECKPOINT_RESTORE. The program itself, what is held open, and its memory are
  // open to its user without.
  const std::string program = "/proc/" + std::to_string(event.pid) + "/exe";
  if (is_that_file(program, event)) {
    if (FilePointer file = open_if_right(program, event)) return {.file = std::move(file)};
  }
  if (FilePointer file = open_descriptor_of(event)) return {.file = std::move(file)};
  LiveModule found{.file = image_in_memory(event), .remark = remark_of(path, event)};
  if (found.file != nullptr && event.build_id && event.build_id != found.file->build_id())
    found.file = nullptr;
  found.from_memory = found.file != nullptr;
  return found;
}

}  // namespace profiler::pipeline
