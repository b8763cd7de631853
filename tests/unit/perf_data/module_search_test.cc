// Where the files of a recording are found.
#include "perf_data/module_search.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace profiler::perf_data {
namespace {

class ModuleSearchTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto self = symbolizer::ElfFile::open("/proc/self/exe");
    ASSERT_TRUE(self) << self.error().message();
    build_id_ = (*self)->build_id();
    if (!build_id_) GTEST_SKIP() << "the test program has no build id";
    std::filesystem::create_directories(directory_.file("root/opt"));
    place_ = directory_.file("root/opt/prog");
    std::filesystem::copy_file("/proc/self/exe", place_);
  }

  /// The mapping as a machine saw it whose root directory is ours.
  [[nodiscard]] MmapEvent mapped(const std::string& path, const BuildId& id) const {
    MmapEvent event;
    event.build_id = id;
    event.path = path;
    return event;
  }
  [[nodiscard]] std::string sysroot() const { return directory_.file("root"); }

  test::TemporaryDirectory directory_;
  std::string place_;
  BuildId build_id_;
};

BuildId filled_build_id(unsigned char fill, std::size_t size) {
  return BuildId(std::vector<std::byte>(size, static_cast<std::byte>(fill)));
}

BuildId other_build_id() {
  const std::vector<std::byte> bytes(20, std::byte{1});
  return BuildId(bytes);
}

TEST_F(ModuleSearchTest, TakesAFileInTheSysrootIfTheBuildIdIsRight) {
  ModuleSearch search({.sysroot = sysroot()});
  EXPECT_NE(search.open(mapped("/opt/prog", build_id_)), nullptr);
  EXPECT_NE(search.open(mapped("/opt/prog (deleted)", build_id_)), nullptr);
  EXPECT_EQ(search.open(mapped("/opt/prog", other_build_id())), nullptr);
  EXPECT_EQ(search.open(mapped("/opt/other", build_id_)), nullptr);
  EXPECT_EQ(search.unverified(), 0U);
}

TEST_F(ModuleSearchTest, TakesAFileFromPerfsCacheWhereThePathHasAnother) {
  const std::string folder = build_id_file(directory_.file("cache"), build_id_);
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(place_, folder + "/elf");
  ModuleSearch search({.debug_files = {.build_id_cache = directory_.file("cache")}});
  EXPECT_NE(search.open(mapped("/usr/bin/env", build_id_)), nullptr);
  EXPECT_EQ(ModuleSearch({}).open(mapped("/usr/bin/env", build_id_)), nullptr);
}

TEST_F(ModuleSearchTest, WithoutABuildIdTakesThePathOnTheSameMachineAndCountsIt) {
  ModuleSearch here({.same_machine = true});
  EXPECT_NE(here.open(mapped(place_, {})), nullptr);
  EXPECT_EQ(here.unverified(), 1U);
  ModuleSearch elsewhere({});
  EXPECT_EQ(elsewhere.open(mapped(place_, {})), nullptr);
}

TEST_F(ModuleSearchTest, WithoutABuildIdTakesTheFileThatHasTheSameInode) {
  struct stat status{};
  ASSERT_EQ(::stat(place_.c_str(), &status), 0);
  MmapEvent event = mapped(place_, {});
  event.inode = status.st_ino;
  event.device_major = major(status.st_dev);
  event.device_minor = minor(status.st_dev);
  ModuleSearch search({});
  EXPECT_NE(search.open(event), nullptr);
  EXPECT_EQ(search.unverified(), 0U);
  ++event.inode;
  EXPECT_EQ(search.open(event), nullptr);
}

TEST_F(ModuleSearchTest, DoesNotOpenWhatIsNoFile) {
  const std::string pipe = directory_.file("root/opt/pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ModuleSearch search({.sysroot = sysroot(), .same_machine = true});
  EXPECT_EQ(search.open(mapped("/opt/pipe", {})), nullptr);  // And does not wait for a writer.
  EXPECT_EQ(search.open(mapped("/opt", build_id_)), nullptr);
}

TEST(SameBuildId, TakesPaddingForNothing) {
  std::vector<std::byte> padded(20);
  std::fill_n(padded.begin(), 16, std::byte{7});
  EXPECT_TRUE(same_build_id(filled_build_id(7, 16), BuildId(padded)));
  EXPECT_TRUE(same_build_id(BuildId(padded), filled_build_id(7, 16)));
  EXPECT_FALSE(same_build_id(filled_build_id(7, 16), filled_build_id(7, 20)));
  EXPECT_FALSE(same_build_id(BuildId(), filled_build_id(7, 20)));
}

}  // namespace
}  // namespace profiler::perf_data
