// Against the headers of the machine: what programs are compiled with.
#include "kernel/syscall_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace profiler::kernel {
namespace {

/// "#define __NR_read 0" and, for x32, "#define __NR_read (__X32_SYSCALL_BIT + 0)".
void expect_all_of_header(const std::string& name, Abi abi) {
  std::ifstream header;
  for (const char* folder : {"/usr/include/x86_64-linux-gnu/asm/", "/usr/include/asm/"}) {
    header = std::ifstream(folder + name);
    if (header) break;
  }
  if (!header) GTEST_SKIP() << "no asm/" << name << " here";
  int calls = 0;
  for (std::string line; std::getline(header, line);) {
    const std::string begin = "#define __NR_";
    if (!line.starts_with(begin)) continue;
    for (char& c : line)
      if (c == '(' || c == ')' || c == '+') c = ' ';
    std::istringstream words(line.substr(begin.size()));
    std::string call;
    std::string last;
    words >> call;
    for (std::string word; words >> word;) last = word;
    if (last.empty() || last.find_first_not_of("0123456789") != std::string::npos) continue;
    EXPECT_EQ(syscall_name(std::stoi(last), abi), call) << last;
    ++calls;
  }
  EXPECT_GT(calls, 300);
}

TEST(SyscallTable, HasTheNamesOfTheHeaderFor32BitPrograms) {
  expect_all_of_header("unistd_32.h", Abi::kI386);
}

TEST(SyscallTable, HasTheNamesOfTheHeaderFor64BitPrograms) {
  expect_all_of_header("unistd_64.h", Abi::kX86_64);
}

TEST(SyscallTable, HasTheNamesOfTheHeaderForX32Programs) {
  expect_all_of_header("unistd_x32.h", Abi::kX32);
}

TEST(SyscallTable, KnowsTheNewestCallsEverywhere) {
  for (const Abi abi : {Abi::kX86_64, Abi::kAarch64, Abi::kI386, Abi::kX32}) {
    EXPECT_EQ(syscall_name(451, abi), "cachestat");
    EXPECT_EQ(syscall_name(469, abi), "file_setattr");
    EXPECT_EQ(syscall_name(900, abi), "");
    EXPECT_EQ(syscall_name(-1, abi), "");
  }
}

}  // namespace
}  // namespace profiler::kernel
