// `profiler export` in every format: profiles of odd shapes, outputs that fail, options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "profile/profile_writer.h"
#include "tests/support/command.h"
#include "tests/support/compile_profile.h"
#include "tests/support/profile_builder.h"
#include "tests/support/temporary_directory.h"

namespace profiler::cli {
namespace {

using test::CommandResult;
using test::ProfileBuilder;
using test::read_bytes;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kProgram = PROFILER_BINARY_DIR "/profiler";

class ExportCommand : public ::testing::TestWithParam<std::string> {
 protected:
  void write(const Profile& profile) {
    auto writer = profile::ProfileWriter::create(directory_.file("profiler.data"));
    ASSERT_TRUE(writer.has_value()) << writer.error().message();
    ASSERT_TRUE(writer->finish(Profile(profile)).has_value());
  }
  CommandResult shell(const std::string& words) {
    return test::run({"sh", "-c", words, kProgram, GetParam()}, {.directory = directory_.path()});
  }
  CommandResult run_export(const std::vector<std::string>& options = {}) {
    std::vector<std::string> words = {kProgram, "export", "--format", GetParam()};
    words.insert(words.end(), options.begin(), options.end());
    return test::run(words, {.directory = directory_.path()});
  }
  /// Succeeds, and is what it should be as far as that can be told without its reader.
  std::string exported(const std::string& said = "") {
    const CommandResult result = run_export();
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(result.err, said);
    if (GetParam() == "speedscope" || GetParam() == "firefox") {
      EXPECT_TRUE(nlohmann::json::accept(result.out));
    } else if (GetParam() == "pprof") {
      EXPECT_THAT(result.out, StartsWith("\x1f\x8b"));
    } else if (GetParam() == "callgrind") {
      EXPECT_THAT(result.out, StartsWith("# callgrind format\n"));
    }
    return result.out;
  }

  test::TemporaryDirectory directory_;
};

TEST_P(ExportCommand, OfAnEmptyProfileIsAnEmptyFileOfItsKind) {
  write(ProfileBuilder().build());
  const std::string text = exported("profiler: profiler.data: has no samples\n");
  EXPECT_EQ(text.empty(), GetParam() == "folded" || GetParam() == "perf-script");
}

TEST_P(ExportCommand, OfOneSampleHoldsIt) {
  write(ProfileBuilder().user("main;the_only_one").build());
  const std::string text = exported();
  EXPECT_EQ(text.find("the_only_one") != std::string::npos, GetParam() != "pprof");
}

TEST_P(ExportCommand, TakesAStackOfAnyDepth) {
  std::string stack = "main";
  for (int i = 0; i < 5000; ++i) stack += ";f" + std::to_string(i % 7);
  write(ProfileBuilder().user(stack, 3).sys(stack, "entry;work", test::syscall("read"), 2).build());
  EXPECT_THAT(exported(), Not(IsEmpty()));
}

TEST_P(ExportCommand, TakesTenThousandThreads) {
  ProfileBuilder builder;
  for (int i = 0; i < 10'000; ++i)
    builder.thread("thread " + std::to_string(i), Tid(1000 + i)).user("start;work");
  write(builder.build());
  const std::string text = exported();
  if (GetParam() == "folded") {
    EXPECT_EQ(text, "prog;start;work 10000\n");
  } else if (GetParam() == "speedscope") {
    EXPECT_THAT(text, HasSubstr("thread 9999 (prog, pid 100"));
  }
}

TEST_P(ExportCommand, IsTheSameIntoAFileAndCompressed) {
  write(test::compile_profile(300));
  const std::string text = exported();
  EXPECT_EQ(run_export({"-o", "out"}).exit_status, 0);
  EXPECT_EQ(read_bytes(directory_.file("out")), text);
  if (GetParam() == "pprof") return;
  EXPECT_EQ(run_export({"-o", "out.gz"}).exit_status, 0);
  EXPECT_EQ(shell("gzip -dc out.gz").out, text);
  EXPECT_EQ(run_export({"--gzip"}).out, read_bytes(directory_.file("out.gz")));
}

TEST_P(ExportCommand, ToAFullDiskIsALineAndLeavesWhatWasThere) {
  write(test::compile_profile(2000));
  for (const char* to : {"> /dev/full", "-o /dev/full"}) {
    const CommandResult full = shell(std::string("\"$0\" export --format $1 ") + to);
    EXPECT_EQ(full.exit_status, 1);
    EXPECT_THAT(full.err, AllOf(StartsWith("profiler export: "), EndsWith("\n"),
                                HasSubstr("No space left on device")));
    EXPECT_EQ(std::ranges::count(full.err, '\n'), 1) << full.err;
  }
  // Files may have 8 blocks of 512 bytes here.
  test::write_bytes(directory_.file("out"), "before");
  const CommandResult limited =
      shell("trap '' XFSZ; ulimit -f 8; \"$0\" export --format $1 -o out");
  EXPECT_EQ(limited.exit_status, 1);
  EXPECT_EQ(std::ranges::count(limited.err, '\n'), 1) << limited.err;
  EXPECT_EQ(read_bytes(directory_.file("out")), "before");
  EXPECT_EQ(directory_.names(), (std::vector<std::string>{"out", "profiler.data"}));
}

TEST_P(ExportCommand, IntoAClosedPipeEndsQuietly) {
  write(test::compile_profile(2000));
  const CommandResult result =
      shell("{ \"$0\" export --format $1; echo status $? >&2; } | head -c 10 > /dev/null");
  EXPECT_EQ(result.err, "status 0\n");
}

TEST_P(ExportCommand, OfWaitsWantsARecordingThatHasThem) {
  write(ProfileBuilder().user("main").build());
  for (const char* option : {"--wait", "--wall"}) {
    const CommandResult result = run_export({option});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_THAT(result.err, HasSubstr("this recording has no waits; profiler record --wait"));
  }
  const CommandResult both = run_export({"--wall", "--sys"});
  EXPECT_EQ(both.exit_status, 1);
  EXPECT_THAT(both.err, HasSubstr("give one of them"));
}

TEST_P(ExportCommand, RefusesATerminalIfItIsBinary) {
  write(ProfileBuilder().user("main;here").build());
  if (shell("command -v script").exit_status != 0)
    GTEST_SKIP() << "needs script (Debian: bsdutils)";
  const auto on_terminal = [&](const std::string& option) {
    return shell("script -qec \"'$0' export --format $1" + option + "\" /dev/null").out;
  };
  const char* const refusal = "binary and will not go to a terminal";
  EXPECT_THAT(on_terminal(" --gzip"), HasSubstr(refusal));
  const std::string plain = on_terminal("");
  EXPECT_EQ(plain.find(refusal) != std::string::npos, GetParam() == "pprof") << plain;
}

INSTANTIATE_TEST_SUITE_P(OfFormat, ExportCommand,
                         ::testing::Values("folded", "speedscope", "firefox", "pprof",
                                           "perf-script", "callgrind"),
                         [](const auto& format) {
                           std::string name = format.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace profiler::cli
