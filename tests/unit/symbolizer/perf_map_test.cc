#include "symbolizer/jit/perf_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace symbolizer {
namespace {

using profiler::RuntimeAddress;
using ::testing::ElementsAre;

std::vector<std::string> names_in(const std::string& text, std::vector<std::uint64_t> numbers) {
  std::vector<RuntimeAddress> addresses;
  for (const std::uint64_t number : numbers) addresses.emplace_back(number);
  return find_in_perf_map(text, addresses);
}

TEST(PerfMap, NamesWhatEachLineCovers) {
  const std::string text =
      "1000 20 first\n"
      "1040 8 JS:*second /app/x y.js:1:13\n"
      "0x7f0000001000 0x10 prefixed\n";
  EXPECT_THAT(
      names_in(text, {0xfff, 0x1000, 0x101f, 0x1020, 0x1040, 0x1047, 0x1048, 0x7f0000001008}),
      ElementsAre("", "first", "first", "", "JS:*second /app/x y.js:1:13",
                  "JS:*second /app/x y.js:1:13", "", "prefixed"));
}

TEST(PerfMap, LaterLinesWinWhereTheyOverlapEarlierOnes) {
  const std::string text =
      "1000 100 old\n"
      "1040 10 inner\n"
      "2000 10 inner\n"
      "1ff0 30 outer\n";
  EXPECT_THAT(names_in(text, {0x103f, 0x1040, 0x104f, 0x1050, 0x1ff0, 0x2000, 0x201f}),
              ElementsAre("old", "inner", "inner", "old", "outer", "outer", "outer"));
}

TEST(PerfMap, LeavesOutALineThatIsStillBeingWritten) {
  EXPECT_THAT(names_in("1000 10 whole\n2000 10 hal", {0x1000, 0x2000}), ElementsAre("whole", ""));
  EXPECT_THAT(names_in("2000 10 hal", {0x2000}), ElementsAre(""));
}

TEST(PerfMap, PassesOverLinesThatSayNothing) {
  const std::string text =
      "1000 100 good\n"
      "\n\n \n"
      "1000\n1000 10\n1000 10 \n"
      "1000 0 empty\n"
      "xyz 10 no number\n"
      "1000 zz no size\n"
      "1000-1010 10 range\n"
      "11112222333344445 10 too large a number\n";
  EXPECT_THAT(names_in(text, {0x1000}), ElementsAre("good"));
}

TEST(PerfMap, ReachesUpToTheEndOfTheAddressSpaceAndNotBeyond) {
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(names_in("fffffffffffffff0 ffffffffffffffff high\n", {0, 0x10, kLast - 1, kLast}),
              ElementsAre("", "", "high", "high"));
  EXPECT_THAT(names_in("0 ffffffffffffffff all\n", {0, kLast - 1, kLast}),
              ElementsAre("all", "all", ""));
}

TEST(PerfMap, KeepsNamesAsTheyAre) {
  const std::string strange = "a\x1b[31m \t b\x80 \xff;";
  EXPECT_THAT(names_in("1000 10   " + strange + "\r\n", {0x1000}), ElementsAre(strange));
  const std::string long_name(10 * kMaxJitName, 'x');
  EXPECT_THAT(names_in("1000 10 " + long_name + "\n", {0x1000}),
              ElementsAre(long_name.substr(0, kMaxJitName)));
}

TEST(PerfMap, AgreesWithOneAddressAtATimeOnRandomMaps) {
  std::mt19937 random(4711);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  const auto below = [&](std::uint64_t end) { return random() % end; };
  for (int round = 0; round < 50; ++round) {
    struct Range {
      std::uint64_t start, size;
    };
    std::vector<Range> ranges;
    std::string text;
    for (int i = 0; i < 60; ++i) {
      ranges.push_back({below(500), below(i % 10 == 0 ? 400 : 30)});
      char line[64];
      std::snprintf(line, sizeof line, "%llx %llx f%d\n",
                    static_cast<unsigned long long>(ranges.back().start),
                    static_cast<unsigned long long>(ranges.back().size), i);
      text += line;
    }
    std::vector<std::uint64_t> addresses(200);
    for (std::uint64_t& address : addresses) address = below(600);
    std::ranges::sort(addresses);  // Some are there twice.
    std::vector<std::string> expected;
    for (const std::uint64_t address : addresses) {
      std::string name;
      for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (address - ranges[i].start < ranges[i].size) name = "f" + std::to_string(i);
      }
      expected.push_back(name);
    }
    EXPECT_EQ(names_in(text, addresses), expected) << text;
  }
}

// Each line names all of them: as many names as there are lines would be a minute's work.
TEST(PerfMap, NamesEachAddressOnceHoweverManyLinesCoverIt) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "0 ffffffffffffffff f\n";
  std::vector<std::uint64_t> addresses(200'000);
  for (std::size_t i = 0; i < addresses.size(); ++i) addresses[i] = i;
  EXPECT_EQ(std::ranges::count(names_in(text, addresses), "f"), 200'000);
}

}  // namespace
}  // namespace symbolizer
