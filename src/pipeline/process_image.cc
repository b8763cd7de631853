#include "pipeline/process_image.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace profiler::pipeline {
namespace {

constexpr std::uint64_t kMaxImage = std::uint64_t{256} << 20;
constexpr std::size_t kMaxMaps = std::size_t{16} << 20;
constexpr std::uint64_t kPageMask = 4095;

/// A line of /proc/PID/maps.
struct Part {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;
  bool readable = false;
  bool writable = false;
  std::string_view file;  ///< Device and inode, as text.
};

std::string read_maps(Pid pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/maps";
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  std::string text;
  std::array<char, 16384> buffer{};
  while (text.size() < kMaxMaps) {
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::close(descriptor);
  return text;
}

bool parse(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_line(std::string_view line, Part& part) {
  // 7f12-7f34 r-xp 00001000 fe:01 1234    /usr/lib/libc.so.6
  const std::size_t dash = line.find('-');
  const std::size_t permissions = line.find(' ');
  if (permissions == std::string_view::npos || dash > permissions) return false;
  const std::size_t offset = line.find(' ', permissions + 1);
  if (offset == std::string_view::npos) return false;
  const std::size_t device = line.find(' ', offset + 1);
  if (device == std::string_view::npos) return false;
  const std::size_t inode = line.find(' ', device + 1);
  if (inode == std::string_view::npos) return false;
  part.readable = line[permissions + 1] == 'r';
  part.writable = line[permissions + 2] == 'w';
  part.file = line.substr(device + 1, line.find(' ', inode + 1) - device - 1);
  return parse(line.substr(0, dash), part.start) &&
         parse(line.substr(dash + 1, permissions - dash - 1), part.end) &&
         parse(line.substr(offset + 1, device - offset - 1), part.offset) && part.start < part.end;
}

/// The parts of the file that holds `event`'s mapping, those of one loading of it.
std::vector<Part> parts_of(const MmapEvent& event, std::string_view maps) {
  std::vector<Part> parts;
  bool found = false;
  while (!maps.empty()) {
    const std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(maps.size(), line.size() + 1));
    Part part;
    if (!parse_line(line, part) || part.file.ends_with(" 0")) continue;
    const bool begins = part.offset == 0 || parts.empty() || parts.back().file != part.file;
    if (begins) {
      if (found && parts.back().file == part.file) break;
      if (found) continue;  // Of another file, mapped in between.
      parts.clear();
    }
    parts.push_back(part);
    found =
        found || (part.start == event.start.value() && part.offset == event.file_offset.value() &&
                  part.end == event.start.value() + event.length);
  }
  if (!found || parts.front().offset != 0) parts.clear();
  return parts;
}

bool read_part(Pid pid, const Part& part, std::vector<std::byte>& image) {
  const std::size_t size = part.end - part.start;
  const iovec here = {.iov_base = image.data() + part.offset, .iov_len = size};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process.
  const iovec there = {.iov_base = reinterpret_cast<void*>(part.start), .iov_len = size};
  return ::process_vm_readv(pid, &here, 1, &there, 1, 0) > 0;
}

/// The loader has made addresses in PT_DYNAMIC those of the process.
void undo_relocation(std::vector<std::byte>& image, std::uint64_t start) {
  Elf64_Ehdr header;
  std::memcpy(&header, image.data(), sizeof header);
  const auto segment_at = [&](unsigned i, Elf64_Phdr& segment) {
    const std::uint64_t at = header.e_phoff + std::uint64_t{i} * sizeof segment;
    if (header.e_phentsize != sizeof segment || at > image.size() - sizeof segment) return false;
    std::memcpy(&segment, image.data() + at, sizeof segment);
    return true;
  };
  std::uint64_t bias = 0;
  std::uint64_t size = 0;
  Elf64_Phdr segment;
  for (unsigned i = 0; i < header.e_phnum && segment_at(i, segment); ++i) {
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_offset <= kPageMask && bias == 0) bias = start - (segment.p_vaddr & ~kPageMask);
    size = std::max(size, segment.p_vaddr + segment.p_memsz);
  }
  if (bias == 0) return;
  for (unsigned i = 0; i < header.e_phnum && segment_at(i, segment); ++i) {
    if (segment.p_type != PT_DYNAMIC) continue;
    for (std::uint64_t at = segment.p_offset;
         at - segment.p_offset < segment.p_filesz && at < image.size() - sizeof(Elf64_Dyn);
         at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry;
      std::memcpy(&entry, image.data() + at, sizeof entry);
      if (entry.d_tag == DT_NULL) break;
      const std::uint64_t address = entry.d_un.d_ptr - bias;
      if (entry.d_un.d_ptr < bias || address >= size) continue;
      entry.d_un.d_ptr = address;
      std::memcpy(image.data() + at, &entry, sizeof entry);
    }
  }
}

}  // namespace

std::shared_ptr<const symbolizer::ElfFile> image_in_memory(const MmapEvent& event) {
  const std::string maps = read_maps(event.pid);
  std::vector<Part> parts = parts_of(event, maps);
  std::uint64_t size = 0;
  for (const Part& part : parts) {
    const std::uint64_t end = part.offset + (part.end - part.start);
    if (end < part.offset || end > kMaxImage) return nullptr;
    size = std::max(size, end);
  }
  if (size < sizeof(Elf64_Ehdr)) return nullptr;
  const std::uint64_t start = parts.front().start;
  std::vector<std::byte> image(size);
  // Where the ends of two parts share a page of the file, the one that nobody has written to
  // counts.
  std::ranges::stable_sort(parts, std::ranges::greater{}, &Part::writable);
  for (const Part& part : parts) {
    if (part.readable && !read_part(event.pid, part, image)) return nullptr;
  }
  if (std::memcmp(image.data(), ELFMAG, SELFMAG) != 0) return nullptr;
  undo_relocation(image, start);
  Elf64_Ehdr header;
  std::memcpy(&header, image.data(), sizeof header);
  header.e_shoff = 0;  // It leads to what is not mapped.
  header.e_shnum = header.e_shstrndx = 0;
  std::memcpy(image.data(), &header, sizeof header);
  auto file = symbolizer::ElfFile::from_memory(std::move(image), std::string(event.path));
  return file ? *file : nullptr;
}

}  // namespace profiler::pipeline
