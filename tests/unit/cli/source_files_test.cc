#include "cli/source_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace profiler::cli {
namespace {

using testing::ElementsAre;

TEST(SourceFiles, AreLookedForWhereTheUserSaysThenAsRecordedThenHere) {
  const SourceSearch search{.moved = {{"/build", "/home/me"}}, .directories = {"vendor"}};
  EXPECT_THAT(source_candidates("/build/a/b.cc", search),
              ElementsAre("/home/me/a/b.cc", "vendor/build/a/b.cc", "vendor/a/b.cc", "vendor/b.cc",
                          "/build/a/b.cc", "./build/a/b.cc", "./a/b.cc", "./b.cc"));
  EXPECT_THAT(source_candidates("/builder/b.cc", {.moved = {{"/build", "/x"}}, .directories = {}}),
              ElementsAre("/builder/b.cc", "./builder/b.cc", "./b.cc"))
      << "whole parts of a path";
  EXPECT_THAT(source_candidates("../lib/b.c", {}), ElementsAre("../lib/b.c", "./lib/b.c", "./b.c"));
  EXPECT_THAT(source_candidates("", search), ElementsAre());
}

TEST(SourceFiles, OptionsAreDirectoriesOrReplacements) {
  const test::TemporaryDirectory directory;
  const auto search = source_search({"/old=/new", directory.path(), "/gone="});
  ASSERT_TRUE(search.has_value());
  EXPECT_EQ(search->moved.size(), 2U);
  EXPECT_THAT(search->directories, ElementsAre(std::string(directory.path())));
  test::write_bytes(directory.file("file"), "");
  for (const std::string& path : {directory.file("none"), directory.file("file"), std::string()}) {
    const auto wrong = source_search({path});
    ASSERT_FALSE(wrong.has_value()) << path;
    EXPECT_THAT(wrong.error().message(), testing::HasSubstr("is no directory; "));
  }
}

TEST(SourceFiles, AreReadLineByLine) {
  const test::TemporaryDirectory directory;
  const std::string path = std::string(directory.path()) + "/a.cc";
  std::ofstream(path) << "one\r\n\ntwo";
  const render::SourceText text = read_source(path, {}, 1);
  EXPECT_EQ(text.path, path);
  EXPECT_THAT(text.lines, ElementsAre("one", "", "two"));
  EXPECT_TRUE(text.newer);
  EXPECT_FALSE(read_source(path, {}, 0).newer) << "not known when it was recorded";
  EXPECT_FALSE(read_source(path, {}, ~std::uint64_t{0}).newer);
}

TEST(SourceFiles, AreRegularFilesOnly) {
  const test::TemporaryDirectory directory;
  const std::string fifo = std::string(directory.path()) + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path :
       {fifo, std::string(directory.path()), std::string("/dev/zero"), fifo + "/none"}) {
    const render::SourceText text = read_source(path, {}, 0);
    EXPECT_EQ(text.path, "") << path;
    EXPECT_TRUE(text.lines.empty());
  }
}

}  // namespace
}  // namespace profiler::cli
