// Which kernel's names a recording gets.
#include "perf_data/kernel_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <filesystem>
#include <string>

#include "perf_data/module_search.h"
#include "tests/support/temporary_directory.h"

namespace profiler::perf_data {
namespace {

using testing::HasSubstr;

constexpr const char* kText =
    "ffffffff81000000 T _text\n"
    "ffffffff81000100 t do_work\n"
    "ffffffffc0000000 t of_module\t[nf_tables]\n";

BuildId build_id(unsigned char fill, std::size_t size = 20) {
  const std::vector<std::byte> bytes(size, static_cast<std::byte>(fill));
  return BuildId(bytes);
}

TEST(RebasedKallsyms, StaysWhereTheKernelLaySo) {
  EXPECT_EQ(rebased_kallsyms(kText, "_text", 0xffffffff81000000), kText);
  EXPECT_EQ(rebased_kallsyms(kText, "_stext", 0xffffffff91000000), kText);
  EXPECT_EQ(rebased_kallsyms(kText, "", 0), kText);
}

TEST(RebasedKallsyms, MovesTheCoreAndLeavesModulesOut) {
  EXPECT_EQ(rebased_kallsyms(kText, "_text", 0xffffffff91000000),
            "ffffffff91000000 T _text\n"
            "ffffffff91000100 t do_work\n");
}

TEST(KernelNames, ComeFromTheFileThatIsGiven) {
  const test::TemporaryDirectory directory;
  test::write_bytes(directory.file("kallsyms"), kText);
  const auto names = kernel_names(
      {.build_id = build_id(1), .reference = "_text", .reference_address = 0xffffffff91000000},
      {.kallsyms = directory.file("kallsyms")});
  ASSERT_TRUE(names) << names.error().message();
  const auto* symbol = names->find(RuntimeAddress(0xffffffff91000108));
  ASSERT_NE(symbol, nullptr);
  EXPECT_EQ(symbol->name, "do_work");
}

TEST(KernelNames, ComeFromPerfsCacheByBuildId) {
  const test::TemporaryDirectory directory;
  const std::string folder = cached_build_id(directory.path(), build_id(1));
  std::filesystem::create_directories(folder);
  test::write_bytes(folder + "/kallsyms", kText);
  EXPECT_TRUE(kernel_names({.build_id = build_id(1)}, {.build_id_cache = directory.path()}));
  EXPECT_FALSE(kernel_names({.build_id = build_id(2)}, {.build_id_cache = directory.path()}));
}

TEST(KernelNames, AreNotThoseOfAnotherKernel) {
  utsname name{};
  ASSERT_EQ(::uname(&name), 0);
  EXPECT_FALSE(
      is_running_kernel({.build_id = build_id(1), .release = name.release, .host = name.nodename}));
  EXPECT_FALSE(is_running_kernel({.release = name.release, .host = "elsewhere"}));
  EXPECT_FALSE(is_running_kernel({}));
  EXPECT_TRUE(is_running_kernel({.release = name.release, .host = name.nodename}));
  const auto names = kernel_names({.build_id = build_id(1), .release = "5.10.0"}, {});
  ASSERT_FALSE(names);
  EXPECT_THAT(names.error().message(), HasSubstr("(5.10.0)"));
  EXPECT_THAT(names.error().message(), HasSubstr("--kallsyms FILE"));
}

TEST(SameBuildId, TakesPaddingForNothing) {
  std::vector<std::byte> padded(20);
  std::fill_n(padded.begin(), 16, std::byte{7});
  EXPECT_TRUE(same_build_id(build_id(7, 16), BuildId(padded)));
  EXPECT_TRUE(same_build_id(BuildId(padded), build_id(7, 16)));
  EXPECT_FALSE(same_build_id(build_id(7, 16), build_id(7, 20)));
  EXPECT_FALSE(same_build_id(BuildId(), build_id(7)));
}

}  // namespace
}  // namespace profiler::perf_data
