// The corpus of one fuzzer, every file once, through the very function that the fuzzer calls: what
// was found once is not to come back.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/support/temporary_directory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace profiler::test {
namespace {

TEST(Corpus, HasNothingThatCrashes) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FUZZ_CORPUS)) {
    SCOPED_TRACE(entry.path().filename());
    const std::string bytes = read_bytes(entry.path());
    // Shown where the program dies.
    ::testing::Test::RecordProperty("input", entry.path().filename());
    EXPECT_EQ(
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()),
        0);
    ++files;
  }
  EXPECT_GT(files, 1U) << FUZZ_CORPUS;
}

}  // namespace
}  // namespace profiler::test
