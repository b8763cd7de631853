// The rules of large modules against libdw's, at 20,000 addresses of each.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/oracle/libdw_comparison.h"
#include "tests/support/command.h"

namespace profiler::oracle {
namespace {

/// Where this machine has it; empty if it has not.
std::string path_of(const std::string& name) {
  const std::string libraries = "/usr/lib/x86_64-linux-gnu/";
  if (name == "cc1plus") {
    std::string path = test::run({"gcc", "-print-prog-name=cc1plus"}).out;
    path.resize(std::min(path.size(), path.find('\n')));
    return path.starts_with('/') ? path : "";
  }
  if (name.starts_with('/')) return access(name.c_str(), R_OK) == 0 ? name : "";
  std::string largest;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(libraries, problem)) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with(name) && file.find(".so") != std::string::npos &&
        entry.is_regular_file() &&
        (largest.empty() || entry.file_size() > std::filesystem::file_size(largest))) {
      largest = entry.path();
    }
  }
  return largest;
}

class RulesOf : public testing::TestWithParam<const char*> {};

TEST_P(RulesOf, AreThoseOfLibdw) {
  const std::string path = path_of(GetParam());
  if (path.empty()) GTEST_SKIP() << GetParam() << " is not on this machine";
  constexpr std::size_t kAddresses = 20000;
  const auto found = compare_with_libdw(path, kAddresses, 20261121);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_GT(found->functions, 100U);
  EXPECT_EQ(found->addresses, kAddresses);
  EXPECT_EQ(found->equal, kAddresses) << path << "\n" << testing::PrintToString(found->examples);
  EXPECT_GT(found->fast, kAddresses * 9 / 10) << "rules that stay slow make unwinding slow";
}

INSTANTIATE_TEST_SUITE_P(Installed, RulesOf,
                         testing::Values("libc.so.6", "libstdc++", "/usr/bin/gdb", "cc1plus",
                                         "libLLVM", "/usr/lib/chromium/chromium", "libcrypto",
                                         "ld-linux-x86-64"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           name = name.substr(name.rfind('/') + 1);
                           std::erase_if(name, [](char c) {
                             return std::isalnum(static_cast<unsigned char>(c)) == 0;
                           });
                           return name;
                         });

}  // namespace
}  // namespace profiler::oracle
