#include "symbolizer/elf/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "workshop.h"

namespace symbolizer {
namespace {

TEST(MappedFile, ReadsZerosWhereTheFileHasShrunk) {
  const test::Workshop shop;
  shop.write("file", std::string(100'000, 'x'));
  auto file = MappedFile::open(shop.path("file"));
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_EQ((*file)->bytes().size(), 100'000U);
  EXPECT_EQ((*file)->bytes()[99'999], std::byte{'x'});
  ASSERT_EQ(truncate(shop.path("file").c_str(), 10), 0);
  EXPECT_EQ((*file)->bytes()[9], std::byte{'x'});
  EXPECT_EQ((*file)->bytes()[99'999], std::byte{0});
  EXPECT_EQ(std::ranges::count((*file)->bytes(), std::byte{'x'}), 10);
}

TEST(MappedFile, KeepsManyMappingsApart) {
  const test::Workshop shop;
  std::vector<std::shared_ptr<const MappedFile>> files;
  for (int i = 0; i < 600; ++i) {
    const std::string name = std::to_string(i);
    shop.write(name, std::string(5000, 'y'));
    auto file = MappedFile::open(shop.path(name));
    ASSERT_TRUE(file);
    files.push_back(*file);
    if (i % 3 == 0) files.erase(files.begin());
  }
  for (int i = 0; i < 600; ++i) {
    ASSERT_EQ(truncate(shop.path(std::to_string(i)).c_str(), 0), 0);
  }
  for (const auto& file : files) EXPECT_EQ(file->bytes()[4999], std::byte{0});
}

TEST(MappedFile, RefusesWhatIsNoRegularFile) {
  const test::Workshop shop;
  EXPECT_FALSE(MappedFile::open(shop.path("missing")));
  EXPECT_FALSE(MappedFile::open(shop.path("")));
  EXPECT_FALSE(MappedFile::open("/dev/null"));
  ASSERT_EQ(mkfifo(shop.path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(MappedFile::open(shop.path("fifo")));
  shop.write("empty", std::string_view());
  auto empty = MappedFile::open(shop.path("empty"));
  ASSERT_TRUE(empty);
  EXPECT_TRUE((*empty)->bytes().empty());
}

// A SIGBUS that is none of ours still kills.
TEST(MappedFileDeathTest, LeavesOtherBusErrorsAlone) {
#if defined(__SANITIZE_ADDRESS__)
  const char* expected = "BUS";
#else
  const char* expected = "";
#endif
  EXPECT_DEATH(
      {
        const test::Workshop shop;
        shop.write("ours", std::string(10, 'x'));
        const auto ours = MappedFile::open(shop.path("ours"));
        shop.write("file", std::string(10'000, 'x'));
        FILE* file = std::fopen(shop.path("file").c_str(), "r");
        const auto* bytes = static_cast<const volatile char*>(
            mmap(nullptr, 10'000, PROT_READ, MAP_PRIVATE, fileno(file), 0));
        if (truncate(shop.path("file").c_str(), 0) != 0) std::_Exit(0);
        if (bytes[9000] != 0) std::_Exit(0);
        std::_Exit(0);
      },
      expected);
}

}  // namespace
}  // namespace symbolizer
