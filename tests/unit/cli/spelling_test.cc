#include "cli/spelling.h"

#include <gtest/gtest.h>

#include <vector>

namespace profiler::cli {
namespace {

const std::vector<std::string> kCommands = {"time", "record", "report", "flamegraph", "export"};

TEST(Spelling, FindsTheWordBehindEachKindOfSlip) {
  EXPECT_EQ(nearest_name("flamegrph", kCommands), "flamegraph");    // missing
  EXPECT_EQ(nearest_name("flammegraph", kCommands), "flamegraph");  // added
  EXPECT_EQ(nearest_name("reporr", kCommands), "report");           // changed
  EXPECT_EQ(nearest_name("tiem", kCommands), "time");               // swapped
}

TEST(Spelling, PrefersTheFewestEdits) {
  EXPECT_EQ(nearest_name("recort", kCommands), "record");
  EXPECT_EQ(nearest_name("repport", kCommands), "report");
}

TEST(Spelling, SuggestsNothingFarFetched) {
  EXPECT_EQ(nearest_name("gcc", kCommands), "");
  EXPECT_EQ(nearest_name("", kCommands), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'x'), kCommands), "");
}

}  // namespace
}  // namespace profiler::cli
