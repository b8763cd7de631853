// Output compared with a file under tests/golden that somebody has looked at.
//
//   expect_golden("report/functions.txt", table_text(…));
//
// PROFILER_BLESS=1 in the environment writes the file instead of comparing; look at the difference
// before it is committed.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace profiler::test {

inline std::filesystem::path golden_path(const std::string& name) {
  return std::filesystem::path(PROFILER_SOURCE_DIR) / "tests/golden" / name;
}

/// The whole file; a failure and "" if it cannot be read.
inline std::string read_golden(const std::string& name) {
  std::ifstream file(golden_path(name), std::ios::binary);
  if (!file) ADD_FAILURE() << "cannot read " << golden_path(name) << "; PROFILER_BLESS=1 makes it";
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void expect_golden(const std::string& name, const std::string& text) {
  if (const char* bless = std::getenv("PROFILER_BLESS"); bless != nullptr && *bless == '1') {
    std::filesystem::create_directories(golden_path(name).parent_path());
    std::ofstream(golden_path(name), std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(text, read_golden(name))
      << "tests/golden/" << name << " says otherwise; PROFILER_BLESS=1 accepts the new text";
}

}  // namespace profiler::test
