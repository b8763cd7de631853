#include "symbolizer/elf/build_id_note.h"

#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "symbolizer/elf/bytes.h"

namespace symbolizer {
namespace {

/// Notes are padded to 4 bytes; those of 8-byte alignment (.note.gnu.property) to 8. A build id
/// stands among the former, and the sizes of the latter come out the same either way on x86-64.
constexpr std::uint64_t padded(std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; }

}  // namespace

profiler::BuildId build_id_in_notes(std::span<const std::byte> notes) {
  Elf64_Nhdr header;
  while (read_at(notes, 0, header)) {
    notes = notes.subspan(sizeof header);
    const std::uint64_t name_size = padded(header.n_namesz);
    if (name_size > notes.size() || header.n_descsz > notes.size() - name_size) break;
    const auto descriptor = notes.subspan(name_size, header.n_descsz);
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == sizeof ELF_NOTE_GNU &&
        std::memcmp(notes.data(), ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
      return profiler::BuildId(descriptor);
    }
    notes = clip(notes, name_size + padded(header.n_descsz), UINT64_MAX);
  }
  return {};
}

bool same_build_id(const profiler::BuildId& a, const profiler::BuildId& b) {
  const auto [shorter, longer] = a.bytes().size() < b.bytes().size()
                                     ? std::pair(a.bytes(), b.bytes())
                                     : std::pair(b.bytes(), a.bytes());
  if (shorter.empty()) return longer.empty();
  return std::ranges::equal(shorter, longer.first(shorter.size())) &&
         std::ranges::all_of(longer.subspan(shorter.size()),
                             [](std::byte padding) { return padding == std::byte{0}; });
}

}  // namespace symbolizer
