// The call frame information of one module by address: which FDE covers it, with its CIE. Says
// where functions begin and end even in stripped files. Does not run the instructions: src/unwind
// does.
//
//   FdeTable table(file->unwind_sections());          // reads nothing yet
//   if (std::optional<Fde> fde = table.find(address))
//     use(fde->start, fde->length, fde->cie.instructions, fde->instructions);
//
// A lookup goes through the search table of .eh_frame_hdr, which the linker has sorted: about 17
// steps in a large library, and nothing up front. Without that table, or when an entry of it turns
// out wrong, .eh_frame is scanned once into a sorted index (16 bytes an FDE). What .eh_frame does
// not cover is looked up in .debug_frame, which has no table and is always indexed.
//
// The sections' bytes outlive the table. Not thread-safe: lookups build the indexes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "profiler/address.h"
#include "symbolizer/elf/cfi_cursor.h"
#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

/// Common Information Entry: what several FDEs share. DWARF 5 §6.4.1, LSB "Augmentation String".
struct Cie {
  std::uint64_t code_alignment = 1;
  std::int64_t data_alignment = 1;
  std::uint64_t return_address_register = 0;
  std::uint8_t pointer_encoding = 0;  ///< DW_EH_PE_* of addresses in its FDEs.
  bool has_augmentation_data = false;
  bool signal_frame = false;  ///< 'S': the caller was interrupted, it did not call.
  std::span<const std::byte> instructions;
};

/// Frame Description Entry: the unwind instructions of [start, start + length).
struct Fde {
  ModuleAddress start;
  std::uint64_t length = 0;  ///< Never 0, and start + length does not wrap.
  Cie cie;
  std::span<const std::byte> instructions;
  /// For addresses inside `instructions` (DW_CFA_set_loc); `section` is where they begin.
  PointerBases bases;

  [[nodiscard]] bool contains(ModuleAddress a) const { return a - start < length; }
  [[nodiscard]] ModuleAddress end() const { return start + length; }
};

class FdeTable {
 public:
  explicit FdeTable(const UnwindSections& sections);

  /// The FDE that covers `address`, or one that ends at most `slack` bytes before it where none
  /// does: the padding after a call that does not return.
  [[nodiscard]] std::optional<Fde> find(ModuleAddress address, std::uint64_t slack = 0) const;

  /// Every FDE of .eh_frame by rising address, then those of .debug_frame, until `visit` returns
  /// false. Malformed entries are left out.
  void for_each(const std::function<bool(const Fde&)>& visit) const;

  /// Whether there is any call frame information at all.
  [[nodiscard]] bool empty() const;

 private:
  enum class Format : std::uint8_t { kEhFrame, kDebugFrame };

  /// One of the two sections, and its index once that is built.
  struct Frames {
    struct Entry {
      std::uint64_t start;
      std::uint64_t offset;
    };
    AddressedBytes section;
    Format format = Format::kEhFrame;
    /// The one read last: many FDEs share it.
    std::uint64_t cie_offset = ~std::uint64_t{0};
    Cie cie;
    bool indexed = false;
    std::vector<Entry> index;
  };

  struct SearchTable {
    std::uint64_t base = 0;  ///< Address of .eh_frame_hdr.
    std::span<const std::byte> entries;
    [[nodiscard]] std::size_t size() const { return entries.size() / 8; }
    [[nodiscard]] std::uint64_t start(std::size_t i) const { return base + field(i * 8); }
    [[nodiscard]] std::uint64_t fde(std::size_t i) const { return base + field(i * 8 + 4); }

   private:
    [[nodiscard]] std::uint64_t field(std::size_t position) const;
  };

  void open_search_table(const AddressedBytes& hdr);
  [[nodiscard]] std::optional<Fde> parse_fde(Frames& frames, std::uint64_t offset) const;
  /// Null: malformed.
  [[nodiscard]] const Cie* cie_at(Frames& frames, std::uint64_t offset) const;
  [[nodiscard]] std::optional<Cie> parse_cie(const Frames& frames, std::uint64_t offset) const;
  void build_index(Frames& frames) const;
  [[nodiscard]] std::optional<Fde> find_by_search_table(ModuleAddress address,
                                                        std::uint64_t slack) const;
  [[nodiscard]] std::optional<Fde> find_by_index(Frames& frames, ModuleAddress address,
                                                 std::uint64_t slack) const;
  [[nodiscard]] std::optional<Fde> entry_of_search_table(std::size_t i) const;

  std::uint64_t text_address_ = 0;
  std::uint64_t data_address_ = 0;
  mutable Frames eh_frame_;
  mutable Frames debug_frame_;
  /// None where there is no usable table, or since an entry of it was found to be wrong.
  mutable std::optional<SearchTable> search_table_;
};

}  // namespace symbolizer
