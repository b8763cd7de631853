#include "cli/arguments.h"

#include <gmock/gmock.h>

#include <optional>

namespace profiler::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace po = boost::program_options;

po::options_description declared() {
  po::options_description options;
  options.add_options()("frequency,F", po::value<int>(), "")("output,o", po::value<std::string>(),
                                                             "")("quiet,q", po::bool_switch(), "")(
      "verbose,v", po::bool_switch(), "")("duration", po::value<std::string>(), "")(
      ",C", po::value<std::string>(), "");
  return options;
}

Result<SplitArguments> split(const std::vector<std::string>& arguments,
                             Operands operands = Operands::kProgram) {
  const po::options_description options = declared();
  return split_arguments(options, operands, arguments);
}

/// "key=value" or "key" of each option.
std::vector<std::string> options_of(const Result<SplitArguments>& split) {
  std::vector<std::string> texts;
  if (!split) return {"error: " + split.error().message()};
  for (const auto& option : split->options) {
    texts.push_back(option.string_key);
    if (!option.value.empty()) texts.back() += "=" + option.value[0];
  }
  return texts;
}

TEST(Arguments, LeavesTheOptionsOfTheProgramAlone) {
  const auto parts = split({"-o", "f", "make", "-o", "g", "--quiet", "-j8"});
  EXPECT_THAT(options_of(parts), ElementsAre("output=f"));
  EXPECT_THAT(parts->operands, ElementsAre("make", "-o", "g", "--quiet", "-j8"));
}

TEST(Arguments, TakesEverythingAfterTwoDashesAsTheProgram) {
  const auto parts = split({"-q", "--", "-o", "--", "x"});
  EXPECT_THAT(options_of(parts), ElementsAre("quiet"));
  EXPECT_THAT(parts->operands, ElementsAre("-o", "--", "x"));
}

TEST(Arguments, KeepsTwoDashesThatBelongToTheProgram) {
  const auto parts = split({"env", "--", "x"});
  EXPECT_THAT(parts->operands, ElementsAre("env", "--", "x"));
}

TEST(Arguments, UnderstandsAllFormsOfAValue) {
  EXPECT_THAT(options_of(split({"-F", "999"})), ElementsAre("frequency=999"));
  EXPECT_THAT(options_of(split({"-F999"})), ElementsAre("frequency=999"));
  EXPECT_THAT(options_of(split({"--frequency", "999"})), ElementsAre("frequency=999"));
  EXPECT_THAT(options_of(split({"--frequency=999"})), ElementsAre("frequency=999"));
  EXPECT_THAT(options_of(split({"--output="})), ElementsAre("output="));
  EXPECT_THAT(options_of(split({"-C0-3"})), ElementsAre("-C=0-3"));
}

TEST(Arguments, SplitsSwitchesWrittenInOneWord) {
  EXPECT_THAT(options_of(split({"-qv"})), ElementsAre("quiet", "verbose"));
  EXPECT_THAT(options_of(split({"-qF99"})), ElementsAre("quiet", "frequency=99"));
  EXPECT_THAT(options_of(split({"-qF", "99"})), ElementsAre("quiet", "frequency=99"));
}

TEST(Arguments, TakesADashAsAValueOrAnOperand) {
  EXPECT_THAT(options_of(split({"-o", "-"})), ElementsAre("output=-"));
  EXPECT_THAT(split({"-"}, Operands::kFiles)->operands, ElementsAre("-"));
}

TEST(Arguments, TakesTheNextWordAsAValueWhateverItLooksLike) {
  EXPECT_THAT(options_of(split({"-o", "-q"})), ElementsAre("output=-q"));
}

TEST(Arguments, FindsFilesAmongTheOptions) {
  const auto parts = split({"old", "-q", "new", "--", "-odd"}, Operands::kFiles);
  EXPECT_THAT(options_of(parts), ElementsAre("quiet"));
  EXPECT_THAT(parts->operands, ElementsAre("old", "new", "-odd"));
}

TEST(Arguments, RejectsOperandsWhereNoneAreAllowed) {
  const auto parts = split({"-q", "stray"}, Operands::kNone);
  ASSERT_FALSE(parts);
  EXPECT_THAT(parts.error().message(), HasSubstr("'stray'"));
}

TEST(Arguments, SuggestsTheNearestOption) {
  const auto parts = split({"--frequnecy=9"});
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().message(), "no option --frequnecy; did you mean --frequency?");
}

TEST(Arguments, SuggestsNothingForANameLikeNoOther) {
  const auto parts = split({"--xyzzy"});
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().message(), "no option --xyzzy; --help lists them");
}

TEST(Arguments, DoesNotGuessFromAPrefix) { EXPECT_FALSE(split({"--freq", "9"})); }

TEST(Arguments, NamesTheLetterThatIsNoOption) {
  const auto parts = split({"-qx"});
  ASSERT_FALSE(parts);
  EXPECT_THAT(parts.error().message(), HasSubstr("no option -x"));
}

TEST(Arguments, AsksForAMissingValue) {
  for (const char* word : {"-o", "--output", "-qo"}) {
    const auto parts = split({word});
    ASSERT_FALSE(parts) << word;
    EXPECT_THAT(parts.error().message(), HasSubstr("needs a value"));
  }
}

TEST(Arguments, RefusesAValueForASwitch) {
  const auto parts = split({"--quiet=yes"});
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().message(), "--quiet takes no value");
}

TEST(Arguments, AcceptsNothingAtAll) {
  const auto parts = split({});
  EXPECT_THAT(options_of(parts), IsEmpty());
  EXPECT_THAT(parts->operands, IsEmpty());
}

}  // namespace
}  // namespace profiler::cli
