// The table of functions: against readelf's listing, at the edges of functions, on damaged bytes.
#include "symbolizer/elf/fde_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/elf/elf_file.h"
#include "synthetic_module.h"
#include "unwind/arch/x86_64/registers.h"
#include "unwind/cfi_interpreter.h"
#include "unwind/unwind_rule.h"

namespace profiler::unwind {
namespace {

using symbolizer::AddressedBytes;
using symbolizer::ElfFile;
using symbolizer::Fde;
using symbolizer::FdeTable;
using symbolizer::UnwindSections;
using test::CfiBytes;
using test::SyntheticModule;

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

Ranges ranges_of(const FdeTable& table) {
  Ranges ranges;
  table.for_each([&](const Fde& fde) {
    ranges.emplace_back(fde.start.value(), fde.end().value());
    return true;
  });
  return ranges;
}

/// "… FDE cie=… pc=START..END", a line each.
Ranges ranges_by_readelf(const std::string& path) {
  Ranges ranges;
  const std::string command = "LC_ALL=C readelf --debug-dump=frames '" + path + "' 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "r"), pclose);
  std::array<char, 4096> line{};
  while (output && std::fgets(line.data(), line.size(), output.get()) != nullptr) {
    unsigned long long start = 0;
    unsigned long long end = 0;
    const char* pc = std::strstr(line.data(), " FDE cie=");
    pc = pc == nullptr ? nullptr : std::strstr(pc, "pc=");
    if (pc != nullptr && std::sscanf(pc, "pc=%llx..%llx", &start, &end) == 2)
      ranges.emplace_back(start, end);
  }
  std::ranges::sort(ranges);
  return ranges;
}

TEST(FdeTable, ListsTheFunctionsThatReadelfLists) {
  if (std::system("readelf --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no readelf";
  for (const std::string path :
       {"/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/lib64/ld-linux-x86-64.so.2"}) {
    const auto file = ElfFile::open(path);
    ASSERT_TRUE(file) << path;
    const FdeTable table((*file)->unwind_sections());
    const Ranges expected = ranges_by_readelf(path);
    ASSERT_GT(expected.size(), 100U);
    Ranges found = ranges_of(table);
    EXPECT_TRUE(std::ranges::is_sorted(found)) << path;
    EXPECT_EQ(found, expected) << path;
    // Both edges of each, and what lies just behind.
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto [start, end] = expected[i];
      for (const std::uint64_t inside : {start, start + (end - start) / 2, end - 1}) {
        const auto fde = table.find(ModuleAddress(inside));
        ASSERT_TRUE(fde) << path << std::hex << " 0x" << inside;
        EXPECT_EQ(fde->start.value(), start) << path;
      }
      const bool adjacent = i + 1 < expected.size() && expected[i + 1].first == end;
      EXPECT_EQ(table.find(ModuleAddress(end)).has_value(), adjacent)
          << path << std::hex << " 0x" << end;
    }
  }
}

TEST(FdeTable, CoversPaddingOnlyAsFarAsAsked) {
  SyntheticModule module;
  const std::size_t cie = module.add_cie("", 1, -8, 16, CfiBytes().def_cfa(7, 8).offset(16, 1));
  module.add_fde(cie, 0x1000, 0x100, CfiBytes());
  module.add_fde(cie, 0x1108, 0x10, CfiBytes());
  const auto file = module.file();
  ASSERT_NE(file, nullptr);
  const FdeTable table(file->unwind_sections());
  const auto start_at = [&](std::uint64_t address, std::uint64_t slack) {
    const auto fde = table.find(ModuleAddress(address), slack);
    return fde ? fde->start.value() : 0;
  };
  EXPECT_EQ(start_at(0xfff, 15), 0U);
  EXPECT_EQ(start_at(0x1000, 0), 0x1000U);
  EXPECT_EQ(start_at(0x10ff, 0), 0x1000U);
  EXPECT_EQ(start_at(0x1100, 0), 0U);
  EXPECT_EQ(start_at(0x1100, 1), 0x1000U);
  EXPECT_EQ(start_at(0x1107, 7), 0U);
  EXPECT_EQ(start_at(0x1107, 8), 0x1000U);
  EXPECT_EQ(start_at(0x1108, 15), 0x1108U) << "the function there, not the padding before it";
  EXPECT_EQ(start_at(0x1126, 15), 0x1108U);
  EXPECT_EQ(start_at(0x1127, 15), 0U);
  EXPECT_EQ(start_at(~0ULL, 15), 0U);
}

TEST(FdeTable, LeavesOutFunctionsOfNoLengthAndThoseThatWrap) {
  SyntheticModule module;
  const std::size_t cie = module.add_cie("", 1, -8, 16, CfiBytes().def_cfa(7, 8).offset(16, 1));
  module.add_fde(cie, 0x1000, 0, CfiBytes());
  module.add_fde(cie, ~0ULL - 8, 0x100, CfiBytes());
  module.add_fde(cie, 0x2000, 0x10, CfiBytes());
  const auto file = module.file();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(ranges_of(FdeTable(file->unwind_sections())), (Ranges{{0x2000, 0x2010}}));
}

TEST(FdeTable, DoesNotReadAnAugmentationWithoutEnd) {
  // Each FDE reads its CIE again: a long string would make a scan of the section quadratic.
  SyntheticModule module;
  const CfiBytes code = CfiBytes().def_cfa(7, 8).offset(16, 1);
  const std::size_t usual = module.add_cie("zR", 1, -8, 16, code);
  const std::size_t endless = module.add_cie("z" + std::string(1000, 'S'), 1, -8, 16, code);
  module.add_fde(usual, 0x1000, 0x10, CfiBytes(), true);
  module.add_fde(endless, 0x2000, 0x10, CfiBytes(), true);
  const auto file = module.file();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(ranges_of(FdeTable(file->unwind_sections())), (Ranges{{0x1000, 0x1010}}));
}

/// Bytes in a block of exactly their size: reading past them is seen by AddressSanitizer.
class Exactly {
 public:
  explicit Exactly(std::span<const std::byte> bytes)
      : size_(bytes.size()), bytes_(std::make_unique<std::byte[]>(size_)) {
    std::ranges::copy(bytes, bytes_.get());
  }
  void damage(std::mt19937_64& random) {
    if (size_ == 0) return;
    for (auto flips = random() % 8; flips != 0; --flips)
      bytes_[random() % size_] ^= std::byte{1} << random() % 8;
    for (auto writes = random() % 3; writes != 0; --writes) {
      constexpr std::array<unsigned char, 6> kValues = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
      bytes_[random() % size_] = std::byte{kValues[random() % kValues.size()]};
    }
    if (random() % 3 == 0) cut_ = random() % (size_ + 1);
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {bytes_.get() + cut_, size_ - cut_};
  }

 private:
  std::size_t size_;
  std::size_t cut_ = 0;  ///< From the front: the block still ends where the bytes end.
  std::unique_ptr<std::byte[]> bytes_;
};

/// Everything that is ever done with a table; how many functions were seen.
std::size_t use(const UnwindSections& sections, std::mt19937_64& random, std::uint64_t code_start,
                std::uint64_t code_size) {
  const FdeTable table(sections);
  const std::size_t most =
      (sections.eh_frame.bytes.size() + sections.debug_frame.bytes.size()) / 4 +
      sections.eh_frame_hdr.bytes.size() / 8;
  std::size_t seen = 0;
  table.for_each([&](const Fde& fde) {
    EXPECT_NE(fde.length, 0U);
    EXPECT_GT(fde.end(), fde.start);
    ++seen;
    return seen <= most;
  });
  EXPECT_LE(seen, most);
  for (int i = 0; i < 20; ++i) {
    const ModuleAddress address(code_start + random() % code_size);
    const auto fde = table.find(address, random() % 16);
    if (!fde) continue;
    EXPECT_LE(fde->start, address);
    CfiRow row;
    if (!find_row(*fde, address, row)) continue;
    EXPECT_LE(row.start, address);
    EXPECT_GT(row.end, address);
    static_cast<void>(compile<x86_64::Registers>(row));
  }
  return seen;
}

TEST(FdeTable, SurvivesDamageToTheSectionsOfARealModule) {
  const auto file = ElfFile::open("/lib/x86_64-linux-gnu/libc.so.6");
  ASSERT_TRUE(file);
  const UnwindSections& real = (*file)->unwind_sections();
  std::mt19937_64 random(1);
  std::size_t seen = 0;
  for (int i = 0; i < 4000; ++i) {
    // The first functions only, so that most damage matters; the search table knows them all.
    Exactly eh_frame(real.eh_frame.bytes.first(3000));
    Exactly hdr(real.eh_frame_hdr.bytes.first(i % 4 == 0 ? 0 : 12 + 8 * 60));
    // The count of the table, so that it fits.
    if (!hdr.bytes().empty()) {
      const std::uint32_t count = 60;
      std::memcpy(const_cast<std::byte*>(hdr.bytes().data()) + 8, &count, sizeof count);
    }
    eh_frame.damage(random);
    if (i % 2 == 0) hdr.damage(random);
    UnwindSections sections = real;
    sections.eh_frame.bytes = eh_frame.bytes();
    sections.eh_frame_hdr.bytes = hdr.bytes();
    seen += use(sections, random, 0x26000, 0x2000);
    ASSERT_FALSE(testing::Test::HasFailure()) << "case " << i;
  }
  EXPECT_GT(seen, 4000U) << "damage so heavy that nothing is left tests nothing";
}

TEST(FdeTable, SurvivesDamageToEveryKindOfInstruction) {
  const CfiBytes expression = CfiBytes().u8(0x76).sleb(-8).u8(0x06);
  const CfiBytes program = CfiBytes()
                               .advance(1)
                               .def_cfa_offset(16)
                               .offset(6, 2)
                               .advance(3)
                               .def_cfa_register(6)
                               .remember()
                               .expression(3, expression)
                               .val_expression(12, expression)
                               .advance(4)
                               .undefined(13)
                               .same_value(14)
                               .in_register(15, 12)
                               .val_offset(7, 2)
                               .def_cfa_expression(expression)
                               .advance(9)
                               .restore_state()
                               .restore(6)
                               .negate_ra_state()
                               .def_cfa(7, 8);
  SyntheticModule module;
  const CfiBytes initial = CfiBytes().def_cfa(7, 8).offset(16, 1);
  for (const char* augmentation : {"", "zR", "zRS"}) {
    const std::size_t cie = module.add_cie(augmentation, 1, -8, 16, initial);
    for (int i = 0; i < 5; ++i) {
      module.add_fde(cie, 0x1000 + static_cast<std::uint64_t>(i) * 0x100, 0x40, program,
                     augmentation[0] == 'z');
    }
  }
  const std::vector<std::byte> pristine = module.eh_frame();
  std::mt19937_64 random(2);
  std::size_t seen = 0;
  for (int i = 0; i < 10000; ++i) {
    Exactly bytes(pristine);
    bytes.damage(random);
    UnwindSections sections;
    AddressedBytes& section = i % 3 == 0 ? sections.debug_frame : sections.eh_frame;
    section = {.address = ModuleAddress(SyntheticModule::kEhFrameAddress), .bytes = bytes.bytes()};
    seen += use(sections, random, 0x1000, 0x500);
    ASSERT_FALSE(testing::Test::HasFailure()) << "case " << i;
  }
  EXPECT_GT(seen, 10000U);
}

TEST(FdeTable, FindsTheSameFunctionsWithAndWithoutTheSearchTable) {
  const auto file = ElfFile::open("/lib/x86_64-linux-gnu/libc.so.6");
  ASSERT_TRUE(file);
  symbolizer::UnwindSections without = (*file)->unwind_sections();
  ASSERT_FALSE(without.eh_frame_hdr.bytes.empty());
  const FdeTable searched(without);
  without.eh_frame_hdr = {};
  const FdeTable scanned(without);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> a;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> b;
  const auto into = [](auto& list) {
    return [&list](const Fde& fde) {
      list.emplace_back(fde.start.value(), fde.length);
      return true;
    };
  };
  searched.for_each(into(a));
  scanned.for_each(into(b));
  EXPECT_GT(a.size(), 2000U);
  EXPECT_EQ(a, b);
  std::mt19937_64 random(7);
  for (int i = 0; i < 5000; ++i) {
    const ModuleAddress address(a.front().first +
                                random() % (a.back().first + 4096 - a.front().first));
    const auto x = searched.find(address);
    const auto y = scanned.find(address);
    ASSERT_EQ(x.has_value(), y.has_value()) << std::hex << address.value();
    if (x) {
      EXPECT_EQ(x->start, y->start);
    }
  }
}

TEST(FdeTable, ScansTheSectionWhenTheSearchTableLies) {
  const auto file = ElfFile::open("/lib/x86_64-linux-gnu/libc.so.6");
  ASSERT_TRUE(file);
  symbolizer::UnwindSections sections = (*file)->unwind_sections();
  const FdeTable honest(sections);
  std::vector<std::byte> hdr(sections.eh_frame_hdr.bytes.begin(),
                             sections.eh_frame_hdr.bytes.end());
  // Every entry now points at the FDE one entry further on.
  for (std::size_t i = 12; i + 16 <= hdr.size(); i += 8) std::memcpy(&hdr[i + 4], &hdr[i + 12], 4);
  sections.eh_frame_hdr.bytes = hdr;
  const FdeTable lying(sections);
  int checked = 0;
  honest.for_each([&](const Fde& fde) {
    ++checked;
    const auto found = lying.find(fde.start);
    EXPECT_TRUE(found && found->start == fde.start && found->length == fde.length)
        << std::hex << fde.start.value();
    return !testing::Test::HasFailure();
  });
  EXPECT_GT(checked, 2000);
}

}  // namespace
}  // namespace profiler::unwind
