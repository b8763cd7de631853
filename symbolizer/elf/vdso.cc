#include "symbolizer/elf/vdso.h"

#include <elf.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace symbolizer {
namespace {

constexpr std::uint64_t kPage = 4096;

/// Its headers say how large the image is; the kernel maps it in whole pages.
std::size_t image_size(const std::byte* image) {
  Elf64_Ehdr header;
  std::memcpy(&header, image, sizeof header);
  std::uint64_t end = header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, image + header.e_phoff + std::size_t{i} * header.e_phentsize,
                sizeof segment);
    if (segment.p_type == PT_LOAD) end = std::max(end, segment.p_offset + segment.p_filesz);
  }
  return (end + kPage - 1) & ~(kPage - 1);
}

}  // namespace

std::shared_ptr<const ElfFile> running_vdso() {
  // Trusted: it is part of the kernel.
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives it as a number.
  const auto* image = reinterpret_cast<const std::byte*>(::getauxval(AT_SYSINFO_EHDR));
  if (image == nullptr) return nullptr;
  auto file =
      ElfFile::from_memory(std::vector<std::byte>(image, image + image_size(image)), "[vdso]");
  return file ? *file : nullptr;
}

}  // namespace symbolizer
