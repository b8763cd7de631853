#include "cli/option_values.h"

#include <gmock/gmock.h>

namespace profiler::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(OptionValues, ReadsSizesInPowersOf1024) {
  EXPECT_EQ(parse_size("-m", "0"), 0U);
  EXPECT_EQ(parse_size("-m", "4096"), 4096U);
  EXPECT_EQ(parse_size("-m", "4096B"), 4096U);
  EXPECT_EQ(parse_size("-m", "64K"), 65536U);
  EXPECT_EQ(parse_size("-m", "64k"), 65536U);
  EXPECT_EQ(parse_size("-m", "64KiB"), 65536U);
  EXPECT_EQ(parse_size("-m", "2MB"), 2U << 20);
  EXPECT_EQ(parse_size("-m", "3G"), 3ULL << 30);
  EXPECT_EQ(parse_size("-m", "1T"), 1ULL << 40);
}

TEST(OptionValues, RejectsWhatIsNoSize) {
  for (const char* text : {"", "K", "-1", "1.5M", "64Q", "64KX", " 1", "1 ", "0x10", "64Ki",
                           "18446744073709551616", "16777216T", "+1"}) {
    EXPECT_FALSE(parse_size("-m", text)) << text;
  }
  EXPECT_EQ(parse_size("-m", "16777215T"), 16777215ULL << 40);
}

TEST(OptionValues, ReadsDurationsInSecondsAndUnits) {
  EXPECT_EQ(parse_duration("--duration", "10"), 10s);
  EXPECT_EQ(parse_duration("--duration", "1.5"), 1500ms);
  EXPECT_EQ(parse_duration("--duration", "1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("--duration", "200ms"), 200ms);
  EXPECT_EQ(parse_duration("--duration", "7us"), 7us);
  EXPECT_EQ(parse_duration("--duration", "7ns"), 7ns);
  EXPECT_EQ(parse_duration("--duration", "2m"), 2min);
  EXPECT_EQ(parse_duration("--duration", "2min"), 2min);
  EXPECT_EQ(parse_duration("--duration", "1h"), 1h);
  EXPECT_EQ(parse_duration("--duration", ".5"), 500ms);
}

TEST(OptionValues, RejectsWhatIsNoDuration) {
  for (const char* text : {"", "0", "0s", "-1", "s", "1.2.3", "1e9", "10x", "1 s", "inf", "nan",
                           "99999999999999999999", "0.1ns"}) {
    EXPECT_FALSE(parse_duration("--duration", text)) << text;
  }
}

TEST(OptionValues, ReadsNumbersInARange) {
  EXPECT_EQ(parse_number("-F", "999", 1, 100000), 999U);
  EXPECT_EQ(parse_number("-F", "1", 1, 1), 1U);
  for (const char* text : {"", "0", "100001", "-1", "+1", "9 ", "9x", "99999999999999999999"}) {
    EXPECT_FALSE(parse_number("-F", text, 1, 100000)) << text;
  }
}

TEST(OptionValues, ReadsListsSortedAndOnce) {
  EXPECT_THAT(parse_number_list("-C", "0-3,5").value(), ElementsAre(0, 1, 2, 3, 5));
  EXPECT_THAT(parse_number_list("-C", "7").value(), ElementsAre(7));
  EXPECT_THAT(parse_number_list("-C", "5,1-2,2,5").value(), ElementsAre(1, 2, 5));
  EXPECT_THAT(parse_number_list("-C", "4294967295").value(), ElementsAre(4294967295U));
}

TEST(OptionValues, RejectsWhatIsNoList) {
  for (const char* text : {"", ",", "1,", ",1", "1,,2", "3-1", "-", "1-", "-1", "a", "1-2-3",
                           "4294967296", "0-4294967295", "1 ,2"}) {
    EXPECT_FALSE(parse_number_list("-C", text)) << text;
  }
}

TEST(OptionValues, SaysWhichOptionIsWrongAndWhatItWants) {
  EXPECT_EQ(parse_size("--max-size", "64Q").error().message(),
            "--max-size: '64Q' is not a size; give bytes, or a number with K, M, G or T");
  EXPECT_THAT(parse_duration("--duration", "soon").error().message(), HasSubstr("200ms"));
  EXPECT_EQ(parse_number("-F", "0", 1, 9).error().message(), "-F: '0' is not a number from 1 to 9");
  EXPECT_EQ(parse_number("-n", "0", 1).error().message(), "-n: '0' is not a number of at least 1");
  EXPECT_THAT(parse_number_list("-C", "x").error().message(), HasSubstr("0-3,5"));
}

}  // namespace
}  // namespace profiler::cli
