// Our names, files and lines against addr2line, llvm-symbolizer and eu-addr2line; more addresses,
// and any other file: compare_names.py.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/command.h"

namespace profiler::oracle {
namespace {

class NamesOf : public testing::TestWithParam<std::string> {};

TEST_P(NamesOf, AreThoseOfOtherSymbolizers) {
  const std::string file = GetParam() == "profiler" ? PROFILER_PROGRAM : GetParam();
  const auto result =
      test::run({"python3", PROFILER_COMPARE_NAMES, PROFILER_PROGRAM, file, "--count", "4000",
                 "--eu-count", GetParam() == "vmlinux" ? "5" : "20"},
                {.timeout = std::chrono::seconds(600)});
  if (result.exit_status == 127) GTEST_SKIP() << "there is no python3";
  constexpr int kNotAtHand = 77;
  if (result.exit_status == kNotAtHand) GTEST_SKIP() << result.out;
  EXPECT_EQ(result.exit_status, 0) << result.out << result.err;
  // What they cannot find either would agree too.
  EXPECT_NE(result.out.find("addr2line: 4000 addresses: "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("same "), std::string::npos) << result.out;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, NamesOf,
                         testing::Values("gcc-dwarf5", "gcc-dwarf4", "gcc-dwarf64", "gcc-O0",
                                         "gcc-lto", "gcc-types", "gcc-sections", "gcc-compressed",
                                         "gcc-dwz", "gcc-split5", "gcc-split4", "gcc-package4",
                                         "clang-dwarf5", "clang-dwarf4", "clang-split5",
                                         "clang-split4", "clang-package5", "rust-legacy", "rust-v0",
                                         "libc", "vmlinux", "profiler"),
                         test_name);

}  // namespace
}  // namespace profiler::oracle
