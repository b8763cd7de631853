// Addresses with a type for each space they live in, so that mixing them does not compile.
//
//   RuntimeAddress ip(0x7f12'3456'0010);                // in a process, or in the running kernel
//   ModuleAddress in_module(0x1010);                    // in the ELF file as linked (p_vaddr)
//   FileOffset in_file(0x1010);                         // in the bytes of the file
//   CodeAddress caller{ip, AddressKind::kReturn};
//   caller.lookup();                                    // 0x7f123456000f: inside the call
//
// Not here: how one space maps to another; that is known by process::Mapping and
// symbolizer::ElfFile.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace profiler {

/// A 64-bit position in the space named by `Space`. Differences are plain byte counts.
template <class Space>
class Address {
 public:
  constexpr Address() = default;
  explicit constexpr Address(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }

  constexpr auto operator<=>(const Address&) const = default;

  // Arithmetic wraps modulo 2^64, as the machine's does: callers of untrusted input compare first.
  friend constexpr Address operator+(Address a, std::uint64_t bytes) {
    return Address(a.value_ + bytes);
  }
  friend constexpr Address operator-(Address a, std::uint64_t bytes) {
    return Address(a.value_ - bytes);
  }
  friend constexpr std::uint64_t operator-(Address a, Address b) { return a.value_ - b.value_; }

 private:
  std::uint64_t value_ = 0;
};

/// Virtual address in a running process or the running kernel.
using RuntimeAddress = Address<struct RuntimeSpace>;
/// Virtual address as linked: what p_vaddr, symbol values and DWARF use.
using ModuleAddress = Address<struct ModuleSpace>;
/// Byte position in a file.
using FileOffset = Address<struct FileSpace>;

/// What a code address in a call chain is.
enum class AddressKind : std::uint8_t {
  kInstruction,  ///< The instruction that is executing: the leaf, or a frame a signal interrupted.
  kReturn,       ///< Where a call will return to: the byte after the call instruction.
};

/// A code address in a call chain. The one place where a return address becomes a lookup address.
template <class A>
struct CodeAddress {
  A address;
  AddressKind kind = AddressKind::kInstruction;

  bool operator==(const CodeAddress&) const = default;

  /// An address inside the instruction that is executing or calling: a call that never returns may
  /// be the last instruction of its function, so the return address itself may lie in the next one.
  [[nodiscard]] constexpr A lookup() const {
    return kind == AddressKind::kReturn ? address - 1 : address;
  }
};

}  // namespace profiler

template <class Space>
struct std::hash<profiler::Address<Space>> {
  std::size_t operator()(profiler::Address<Space> a) const noexcept {
    return std::hash<std::uint64_t>{}(a.value());
  }
};
