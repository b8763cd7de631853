// Files that are cut off, overwritten or made up: naming their code may fail, never crash or hang.
#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "sample_program.h"
#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/module_symbolizer.h"
#include "workshop.h"

namespace symbolizer {
namespace {

using Bytes = std::vector<std::byte>;

class DamagedFilesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shop_ = new test::Workshop;
    // Small, with everything: symbols, DWARF with inlining, a PLT, .gnu_debugdata, a debug link.
    shop_->write("small.cc", R"(
#include <cstdio>
#include <cstdlib>
inline __attribute__((always_inline)) int twice(int value) { return value * 2 + std::rand(); }
static __attribute__((noinline)) int inner(int value) { return twice(value) + std::puts("x"); }
int outer(int value) { return twice(inner(value)) + inner(value + 1); }
int main(int argc, char**) { return outer(argc); }
)");
    built_ = shop_->run(
        "g++ -O2 -g small.cc -o plain && objcopy --compress-debug-sections=zlib-gabi plain packed "
        "&& "
        "cp plain mini && strip mini && xz -k mini && "
        "objcopy --add-section .gnu_debugdata=mini.xz --add-gnu-debuglink=plain mini both");
  }
  static void TearDownTestSuite() { delete shop_; }
  void SetUp() override {
    if (!built_) GTEST_SKIP() << "needs g++, objcopy and xz: " << shop_->log();
  }

  /// Asks everything of a file that there is to ask.
  static void exercise(Bytes bytes) {
    auto file = ElfFile::from_memory(std::move(bytes), "/nonexistent/damaged");
    if (!file) {
      ++refused_;
      EXPECT_FALSE(file.error().message().empty());
      return;
    }
    ++opened_;
    const ModuleSymbolizer names(*file, {.directories = {}});
    static_cast<void>(names.name_source());
    for (std::uint64_t address = 0x1000; address < 0x1400; address += 16) {
      for (const auto& frame : names.symbolize(ModuleAddress(address)).frames) {
        named_ += frame.function.empty() ? 0 : 1;
      }
    }
    const auto regions = code_regions(**file);
    for (std::size_t i = 0; i < std::min<std::size_t>(regions.size(), 32); ++i) {
      static_cast<void>(names.symbolize(regions[i].start));
      static_cast<void>(names.symbolize(regions[i].end - 1));
    }
  }

  inline static test::Workshop* shop_ = nullptr;
  inline static bool built_ = false;
  inline static std::size_t opened_ = 0;
  inline static std::size_t refused_ = 0;
  inline static std::size_t named_ = 0;
};

TEST_F(DamagedFilesTest, MayBeCutOffAnywhere) {
  for (const char* name : {"plain", "packed", "both"}) {
    const Bytes whole = shop_->read(name);
    ASSERT_GT(whole.size(), 1000U);
    for (std::size_t size = 0; size < whole.size(); size += size < 1024 ? 7 : whole.size() / 150) {
      exercise(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    }
  }
  EXPECT_GT(opened_, 100U);
  EXPECT_GT(refused_, 100U);
}

TEST_F(DamagedFilesTest, MayHaveAnyBytesOverwritten) {
  std::mt19937 random(42);
  for (const char* name : {"plain", "packed", "both"}) {
    const Bytes whole = shop_->read(name);
    for (int round = 0; round < 400; ++round) {
      Bytes damaged = whole;
      const unsigned count = 1 + random() % 20;
      for (unsigned i = 0; i < count; ++i) {
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
      }
      exercise(std::move(damaged));
    }
  }
  EXPECT_GT(named_, 1000U);
}

// The tables that everything else is found through: headers, sections, notes, dynamic section.
TEST_F(DamagedFilesTest, MayLieInEveryHeader) {
  std::mt19937 random(43);
  const Bytes whole = shop_->read("both");
  Elf64_Ehdr header;
  std::memcpy(&header, whole.data(), sizeof header);
  struct Area {
    std::size_t start, size;
  };
  const std::vector<Area> areas = {
      {0, sizeof header},
      {header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr)},
      {header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr)},
  };
  const std::uint64_t extremes[] = {0,
                                    1,
                                    0x7fffffffffffffff,
                                    0xffffffffffffffff,
                                    0xfffffffffffff000,
                                    0x8000000000000000,
                                    whole.size(),
                                    whole.size() - 1};
  for (const Area& area : areas) {
    for (int round = 0; round < 400; ++round) {
      Bytes damaged = whole;
      const std::size_t at = area.start + (random() % area.size & ~std::size_t{3});
      const std::uint64_t value = extremes[random() % std::size(extremes)];
      std::memcpy(damaged.data() + at, &value, std::min(sizeof value, damaged.size() - at));
      exercise(std::move(damaged));
    }
  }
}

// Damage confined to one debugging section at a time reaches deeper than damage anywhere.
TEST_F(DamagedFilesTest, MayHaveDamagedDebugSections) {
  std::mt19937 random(44);
  const Bytes whole = shop_->read("plain");
  const auto file = ElfFile::from_memory(whole, "plain");
  ASSERT_TRUE(file);
  std::size_t sections = 0;
  for (const Section& section : (*file)->sections()) {
    if (!section.name.starts_with(".debug") && section.name != ".eh_frame" &&
        section.name != ".eh_frame_hdr" && section.name != ".symtab" &&
        section.name != ".dynamic" && section.name != ".rela.plt" && section.name != ".gnu.hash") {
      continue;
    }
    ++sections;
    const auto start = static_cast<std::size_t>(section.bytes.data() - (*file)->bytes().data());
    for (int round = 0; round < 150; ++round) {
      Bytes damaged = whole;
      const unsigned count = 1 + random() % 4;
      for (unsigned i = 0; i < count; ++i) {
        damaged[start + random() % section.bytes.size()] =
            random() % 4 == 0 ? std::byte{0xff} : static_cast<std::byte>(random());
      }
      exercise(std::move(damaged));
    }
  }
  EXPECT_GT(sections, 8U);
}

TEST_F(DamagedFilesTest, MayShrinkWhileTheyAreRead) {
  ASSERT_TRUE(shop_->run("cp plain shrinking"));
  const auto file = ElfFile::open(shop_->path("shrinking"));
  ASSERT_TRUE(file);
  const ModuleSymbolizer names(*file, {.directories = {}});
  ASSERT_TRUE(shop_->run("truncate -s 4096 shrinking"));
  for (const CodeRegion& region : code_regions(**file)) {
    EXPECT_NE(names.symbolize(region.start).naming, profiler::Naming::kNone);
  }
}

}  // namespace
}  // namespace symbolizer
