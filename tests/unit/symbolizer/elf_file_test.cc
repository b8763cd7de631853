#include "symbolizer/elf/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sample_program.h"
#include "workshop.h"

namespace symbolizer {
namespace {

class ElfFileTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shop_ = new test::Workshop;
    shop_->write("a.cc", test::kSampleProgram);
    built_ =
        shop_->run("g++ -O2 -g -Wl,--build-id=sha1 a.cc -o a && strip --strip-all -o a.stripped a");
  }
  static void TearDownTestSuite() { delete shop_; }
  void SetUp() override {
    if (!built_) GTEST_SKIP() << "needs g++ and strip: " << shop_->log();
  }
  static std::uint64_t number(const std::string& text) { return std::stoull(text, nullptr, 16); }

  inline static test::Workshop* shop_ = nullptr;
  inline static bool built_ = false;
};

std::vector<std::byte> without_section_headers(std::vector<std::byte> bytes) {
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.resize(header.e_shoff);
  header.e_shoff = 0;
  header.e_shnum = 0;
  header.e_shstrndx = 0;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

TEST_F(ElfFileTest, HasTheBuildIdThatReadelfPrints) {
  const auto file = ElfFile::open(shop_->path("a"));
  ASSERT_TRUE(file);
  const std::string said = shop_->output("readelf -n a");
  EXPECT_NE(said.find("Build ID: " + (*file)->build_id().hex()), std::string::npos) << said;
  EXPECT_EQ((*file)->build_id().bytes().size(), 20U);
}

TEST_F(ElfFileTest, HasTheSectionsThatReadelfPrints) {
  const auto file = ElfFile::open(shop_->path("a"));
  ASSERT_TRUE(file);
  std::size_t seen = 0;
  for (const std::string& line : test::lines_of(shop_->output("readelf -SW a"))) {
    const std::size_t bracket = line.find("] .");
    if (bracket == std::string::npos) continue;
    const auto words = test::words_of(line.substr(bracket + 1));
    const Section* section = (*file)->section(words[0]);
    ASSERT_NE(section, nullptr) << words[0];
    EXPECT_EQ(section->address.value(), number(words[2])) << line;
    EXPECT_EQ(section->size, number(words[4])) << line;
    if (words[1] != "NOBITS") {
      EXPECT_EQ(section->bytes.data() - (*file)->bytes().data(),
                static_cast<std::ptrdiff_t>(number(words[3])))
          << line;
    }
    ++seen;
  }
  EXPECT_GT(seen, 25U);
}

TEST_F(ElfFileTest, FindsTheSameUnwindSectionsWithoutSectionHeaders) {
  const auto whole = ElfFile::open(shop_->path("a"));
  ASSERT_TRUE(whole);
  const auto bare = ElfFile::from_memory(without_section_headers(shop_->read("a")), "bare");
  ASSERT_TRUE(bare);
  EXPECT_TRUE((*bare)->sections().empty());
  EXPECT_EQ((*bare)->build_id(), (*whole)->build_id());
  const UnwindSections& a = (*whole)->unwind_sections();
  const UnwindSections& b = (*bare)->unwind_sections();
  EXPECT_EQ(a.eh_frame.address, (*whole)->section(".eh_frame")->address);
  EXPECT_EQ(a.eh_frame.bytes.size(), (*whole)->section(".eh_frame")->bytes.size());
  EXPECT_EQ(a.eh_frame_hdr.address, b.eh_frame_hdr.address);
  EXPECT_EQ(a.eh_frame_hdr.bytes.size(), b.eh_frame_hdr.bytes.size());
  EXPECT_EQ(a.eh_frame.address, b.eh_frame.address);
  EXPECT_GE(b.eh_frame.bytes.size(), a.eh_frame.bytes.size());
  EXPECT_TRUE(
      std::equal(a.eh_frame.bytes.begin(), a.eh_frame.bytes.end(), b.eh_frame.bytes.begin()));
}

TEST_F(ElfFileTest, MapsOffsetsToAddressesAndBack) {
  const auto file = ElfFile::open(shop_->path("a"));
  ASSERT_TRUE(file);
  const Section* text = (*file)->section(".text");
  const FileOffset offset(static_cast<std::uint64_t>(text->bytes.data() - (*file)->bytes().data()));
  EXPECT_EQ((*file)->address_of(offset), text->address);
  EXPECT_EQ((*file)->offset_of(text->address), offset);
  EXPECT_EQ((*file)->bytes_at(text->address, 16).data(), text->bytes.data());
  // The page of a segment's start is mapped whole.
  const Section* data = (*file)->section(".data");
  const auto data_offset = static_cast<std::uint64_t>(data->bytes.data() - (*file)->bytes().data());
  EXPECT_EQ((*file)->address_of(FileOffset(data_offset)), data->address);
  EXPECT_FALSE((*file)->address_of(FileOffset(1ULL << 40)));
  EXPECT_FALSE((*file)->offset_of(ModuleAddress(1ULL << 40)));
  EXPECT_TRUE((*file)->bytes_at(ModuleAddress(1ULL << 40), 16).empty());
}

TEST_F(ElfFileTest, OpensADescriptorWhoseFileIsGone) {
  ASSERT_TRUE(shop_->run("cp a gone"));
  const int descriptor = open(shop_->path("gone").c_str(), O_RDONLY);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(unlink(shop_->path("gone").c_str()), 0);
  const auto file = ElfFile::open_descriptor(descriptor, "gone");
  close(descriptor);
  ASSERT_TRUE(file);
  EXPECT_NE((*file)->section(".text"), nullptr);
}

TEST_F(ElfFileTest, DecompressesDebugFrameWithEveryMethod) {
  shop_->write("f.c", "int f(int x) { return x + 1; } int main(void) { return f(1); }");
  ASSERT_TRUE(
      shop_->run("gcc -g -O1 -fno-asynchronous-unwind-tables -fno-unwind-tables f.c -o f && "
                 "objcopy --compress-debug-sections=zlib-gabi f f.zlib && "
                 "objcopy --compress-debug-sections=zlib-gnu f f.gnu && "
                 "objcopy --compress-debug-sections=zstd f f.zstd"))
      << shop_->log();
  const auto plain = ElfFile::open(shop_->path("f"));
  ASSERT_TRUE(plain);
  const auto expected = (*plain)->unwind_sections().debug_frame.bytes;
  ASSERT_FALSE(expected.empty());
  for (const char* name : {"f.zlib", "f.gnu", "f.zstd"}) {
    const auto packed = ElfFile::open(shop_->path(name));
    ASSERT_TRUE(packed);
    const auto bytes = (*packed)->unwind_sections().debug_frame.bytes;
    EXPECT_TRUE(std::ranges::equal(bytes, expected)) << name;
  }
}

TEST_F(ElfFileTest, SaysWhyAFileIsRefused) {
  shop_->write("text", "#!/bin/sh\n");
  EXPECT_EQ(ElfFile::open(shop_->path("text")).error().what, "not an ELF file");
  auto bytes = shop_->read("a");
  bytes[EI_CLASS] = std::byte{ELFCLASS32};
  EXPECT_EQ(ElfFile::from_memory(bytes, "32").error().what, "not a 64-bit ELF file");
  bytes = shop_->read("a");
  bytes[EI_DATA] = std::byte{ELFDATA2MSB};
  EXPECT_EQ(ElfFile::from_memory(bytes, "msb").error().what, "not a little-endian ELF file");
  bytes = shop_->read("a");
  bytes.resize(100);
  const auto cut = ElfFile::from_memory(bytes, "cut");
  EXPECT_EQ(cut.error().message(), "cut: program headers lie outside the file (offset 0x40)");
}

}  // namespace
}  // namespace symbolizer
