// Which words of perf's command line are the program's.
#include "perf_data/recorded_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace profiler::perf_data {
namespace {

std::string command_of(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> perf;
  for (std::string word; words >> word;) perf.push_back(word);
  std::string text;
  for (const std::string& word : recorded_command(perf)) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(RecordedCommand, StandsBehindPerfsOwnOptions) {
  EXPECT_EQ(command_of("perf record ls"), "ls");
  EXPECT_EQ(command_of("perf record -F 99 -g -o out.data ls -l"), "ls -l");
  EXPECT_EQ(command_of("/usr/bin/perf record -F99 -ag -e cycles,cpu-clock sleep 1"), "sleep 1");
  EXPECT_EQ(command_of("perf record -ago out sleep 1"), "sleep 1");
  EXPECT_EQ(command_of("perf record --call-graph dwarf --freq=99 -z3 make -j 8"), "make -j 8");
  EXPECT_EQ(command_of("perf record -z --call-graph=fp ./prog record"), "./prog record");
  EXPECT_EQ(command_of("perf record -q -- ./prog -- x"), "./prog -- x");
}

TEST(RecordedCommand, IsPerfsWhereThereIsNoOther) {
  EXPECT_EQ(command_of("perf record -a"), "perf record -a");
  EXPECT_EQ(command_of("perf record -p 12"), "perf record -p 12");
  EXPECT_EQ(command_of("perf record -a --"), "perf record -a --");
  EXPECT_EQ(command_of("perf record -o"), "perf record -o");
  EXPECT_EQ(command_of("perf trace ls"), "perf trace ls");
  EXPECT_EQ(command_of(""), "");
}

}  // namespace
}  // namespace profiler::perf_data
