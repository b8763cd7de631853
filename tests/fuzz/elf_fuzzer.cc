// libFuzzer on all that is read of ELF files: any bytes are a module. Symbols, debug information,
// PLT stubs, mini debug info, compressed sections, and the unwind information with the rows that
// it has.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "symbolizer/elf/code_names.h"
#include "symbolizer/elf/fde_table.h"
#include "symbolizer/module_symbolizer.h"
#include "tests/fuzz/heap_peak.h"
#include "unwind/cfi_interpreter.h"
#include "unwind/module_cfi.h"

namespace {

using profiler::AddressKind;
using profiler::ModuleAddress;

constexpr std::size_t kAddresses = 64;
constexpr std::size_t kFdes = 256;
/// What is decompressed may be this many times what it was, and is held beside its tables.
constexpr std::size_t kPerByte = 2 * 1032 + 64;
constexpr std::size_t kConstant = std::size_t{4} << 20;

void add(std::vector<ModuleAddress>& addresses, ModuleAddress address) {
  if (addresses.size() < kAddresses) addresses.push_back(address);
}

/// Where something begins or ends.
std::vector<ModuleAddress> addresses_of(const symbolizer::ElfFile& file,
                                        const symbolizer::FdeTable& fdes) {
  std::vector<ModuleAddress> addresses = {ModuleAddress(0), file.entry()};
  for (const auto& region : symbolizer::code_regions(file)) {
    add(addresses, region.start);
    add(addresses, region.start + 0x16);
    add(addresses, region.end - 1);
    if (addresses.size() > kAddresses / 2) break;
  }
  std::size_t seen = 0;
  fdes.for_each([&](const symbolizer::Fde& fde) {
    profiler::unwind::CfiRow row;
    for (const ModuleAddress at : {fde.start, fde.start + fde.length / 2, fde.end() - 1}) {
      static_cast<void>(profiler::unwind::find_row(fde, at, row));
      if (seen < kAddresses / 8) add(addresses, at);
    }
    return ++seen < kFdes;
  });
  return addresses;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span<const std::uint8_t>(data, size));
  const profiler::test::HeapPeak peak;
  auto file = symbolizer::ElfFile::from_memory({bytes.begin(), bytes.end()}, "/nonexistent/input");
  if (file) {
    const symbolizer::FdeTable fdes((*file)->unwind_sections());
    const symbolizer::ModuleSymbolizer names(*file, {.directories = {}});
    const profiler::unwind::ModuleCfi cfi(*file);
    for (const ModuleAddress address : addresses_of(**file, fdes)) {
      static_cast<void>(names.symbolize(address));
      static_cast<void>((*file)->offset_of(address));
      static_cast<void>(fdes.find(address, 16));
      profiler::unwind::CfiRow row;
      for (const AddressKind kind : {AddressKind::kInstruction, AddressKind::kReturn})
        static_cast<void>(cfi.find_row(address, kind, row));
    }
    static_cast<void>(names.name_source());
  }
  profiler::test::expect_at_most(kConstant + kPerByte * size, peak);
  return 0;
}
