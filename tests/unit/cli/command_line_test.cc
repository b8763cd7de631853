#include "cli/command_line.h"

#include <gmock/gmock.h>

#include <sstream>

namespace profiler::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

CommandLine sample_command() {
  CommandLine line({.name = "sample",
                    .usage = "[OPTIONS] [--] PROG [ARG…]",
                    .summary = "Take samples",
                    .examples = {{"profiler sample -- make -j8", "of a build"}},
                    .operands = Operands::kProgram,
                    .usage_status = 125});
  line.basic().add_options()("output,o", po::value<std::string>()->value_name("FILE"),
                             "where the samples go, which is a matter of some words that need "
                             "more than one line")("limit", po::value<int>()->default_value(7),
                                                   "n");
  line.advanced().add_options()("pid,p", po::value<std::vector<std::string>>()->composing(),
                                "processes")("quiet,q", po::bool_switch(), "say nothing");
  return line;
}

Result<ParsedOptions> parse(const std::vector<std::string>& args) {
  return sample_command().parse_quietly(args);
}

TEST(CommandLine, GivesValuesDefaultsAndOperands) {
  const auto options = parse({"-o", "f", "-q", "prog", "-q"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->get<std::string>("output"), "f");
  EXPECT_EQ(options->get<int>("limit"), 7);
  EXPECT_TRUE(options->flag("quiet"));
  EXPECT_THAT(options->operands(), ElementsAre("prog", "-q"));
}

TEST(CommandLine, FallsBackWhereAnOptionWasNotGiven) {
  const auto options = parse({"prog"});
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->has("output"));
  EXPECT_EQ(options->get<std::string>("output", "profiler.data"), "profiler.data");
  EXPECT_FALSE(options->flag("quiet"));
}

TEST(CommandLine, LetsTheLastOfTwoWin) {
  const auto options =
      parse({"-o", "first", "--limit", "1", "--output=second", "--limit=2", "-qq"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->get<std::string>("output"), "second");
  EXPECT_EQ(options->get<int>("limit"), 2);
}

TEST(CommandLine, CollectsAComposingOption) {
  const auto options = parse({"-p", "1", "-p2"});
  ASSERT_TRUE(options);
  EXPECT_THAT(options->get<std::vector<std::string>>("pid"), ElementsAre("1", "2"));
}

TEST(CommandLine, NamesTheOptionWhoseValueIsWrong) {
  const auto options = parse({"--limit", "many"});
  ASSERT_FALSE(options);
  EXPECT_THAT(options.error().message(), HasSubstr("'--limit'"));
  EXPECT_THAT(options.error().message(), HasSubstr("'many'"));
}

TEST(CommandLine, PrintsOneLineAndReturnsTheStatusOfTheCommand) {
  const std::vector<std::string> args = {"--ouptut", "f"};
  testing::internal::CaptureStderr();
  const auto options = sample_command().parse(args);
  const std::string printed = testing::internal::GetCapturedStderr();
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error(), 125);
  EXPECT_EQ(printed, "profiler sample: no option --ouptut; did you mean --output?\n");
}

TEST(CommandLine, PrintsHelpToStandardOutputAndSucceeds) {
  const std::vector<std::string> args = {"--help", "prog"};
  testing::internal::CaptureStdout();
  const auto options = sample_command().parse(args);
  const std::string printed = testing::internal::GetCapturedStdout();
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error(), 0);
  EXPECT_EQ(printed, sample_command().help(false));
}

TEST(CommandLine, DoesNotTakeTheHelpOptionOfTheProgramForItsOwn) {
  const std::vector<std::string> args = {"prog", "--help"};
  const auto options = sample_command().parse(args);
  ASSERT_TRUE(options);
  EXPECT_THAT(options->operands(), ElementsAre("prog", "--help"));
}

TEST(CommandLine, ShowsTheMostUsedOptionsAndExamplesInItsHelp) {
  const std::string help = sample_command().help(false);
  EXPECT_THAT(help, HasSubstr("Usage: profiler sample [OPTIONS] [--] PROG [ARG…]\n"));
  EXPECT_THAT(help, HasSubstr("  -o, --output FILE       where the samples go"));
  EXPECT_THAT(help, HasSubstr("      --limit arg         n\n"));
  EXPECT_THAT(help, HasSubstr("  profiler sample -- make -j8  of a build\n"));
  EXPECT_THAT(help, HasSubstr("--help-all"));
  EXPECT_THAT(help, Not(HasSubstr("--pid")));
}

TEST(CommandLine, ShowsEverythingInItsWholeHelp) {
  const std::string help = sample_command().help(true);
  EXPECT_THAT(help, HasSubstr("--output"));
  EXPECT_THAT(help, HasSubstr("  -p, --pid"));
}

TEST(CommandLine, WrapsHelpAtEightyColumns) {
  std::istringstream help(sample_command().help(true));
  for (std::string text; std::getline(help, text);) EXPECT_LE(text.size(), 80U) << text;
  EXPECT_THAT(sample_command().help(false), HasSubstr("\n                          that need"));
}

}  // namespace
}  // namespace profiler::cli
