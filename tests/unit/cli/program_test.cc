// The built program, seen from outside: help screens, version, exit statuses, streams.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "cli/version.h"

namespace profiler::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

const std::string kProgram = PROFILER_BINARY_DIR "/profiler";
const std::vector<std::string> kCommands = {"time",       "record", "report", "syscalls",
                                            "flamegraph", "diff",   "export"};

struct Ran {
  int status = -1;
  std::string output;
};

/// Through sh, so that streams can be redirected; `output` is what remains on standard output.
Ran run(const std::string& arguments) {
  Ran ran;
  FILE* pipe = popen((kProgram + " " + arguments).c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    ran.output.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

/// Columns of UTF-8 text, all characters being one wide.
std::size_t columns(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

void expect_fits_a_screen(const std::string& text, const std::string& what) {
  std::istringstream lines(text);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_LE(columns(line), 80U) << what << ": " << line;
  }
  EXPECT_LE(count, 24U) << what;
}

TEST(Program, ExplainsItselfOnOneScreenWithExamples) {
  const Ran ran = run("--help 2> /dev/null");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, HasSubstr("Examples:"));
  for (const std::string& name : kCommands) EXPECT_THAT(ran.output, HasSubstr("  " + name + " "));
  expect_fits_a_screen(ran.output, "--help");
}

TEST(Program, ExplainsEachCommandOnOneScreenWithExamples) {
  for (const std::string& name : kCommands) {
    const Ran ran = run(name + " --help 2> /dev/null");
    EXPECT_EQ(ran.status, 0) << name;
    EXPECT_THAT(ran.output, HasSubstr("Usage: profiler " + name));
    EXPECT_THAT(ran.output, HasSubstr("Examples:")) << name;
    expect_fits_a_screen(ran.output, name);
    EXPECT_EQ(run("help " + name).output, ran.output);
  }
}

TEST(Program, ShowsMoreInTheWholeHelpOfACommand) {
  for (const std::string& name : kCommands) {
    EXPECT_GT(run(name + " --help-all").output.size(), run(name + " --help").output.size()) << name;
  }
}

TEST(Program, PrintsItsVersion) {
  const Ran ran = run("--version");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output, std::string("profiler ") + kVersion + "\n");
}

TEST(Program, SuggestsACommand) {
  const Ran ran = run("flamegarph 2>&1");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.output, "profiler: no command 'flamegarph'; did you mean 'flamegraph'?\n");
}

TEST(Program, PrintsItsHelpAsAnErrorWithoutACommand) {
  EXPECT_EQ(run("2> /dev/null").output, "");
  EXPECT_EQ(run("2> /dev/null").status, 1);
  EXPECT_THAT(run("2>&1").output, HasSubstr("Usage:"));
}

TEST(Program, AnswersAWrongOptionWithOneLineAndTheStatusOfTheCommand) {
  for (const std::string& name : kCommands) {
    const Ran ran = run(name + " --no-such-option 2>&1");
    const bool runs = name == "time" || name == "record" || name == "syscalls";
    EXPECT_EQ(ran.status, runs ? 125 : 1) << name;
    EXPECT_THAT(ran.output, MatchesRegex("profiler " + name + ": no option [^\n]*\n"));
  }
}

TEST(Program, ReportsAFullDiskOnStandardOutput) {
  const Ran ran = run("--help 2>&1 > /dev/full");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.output, "profiler: standard output: cannot write: No space left on device\n");
}

TEST(Program, IsQuietWhenItsReaderLeaves) {
  // The first program of the pipe sleeps until the second is gone; its status comes last.
  const Ran ran = run("--version > /dev/null; { { sleep 0.2; " + kProgram +
                      " --help; echo $? >&3; } | true; } 3>&1");
  EXPECT_EQ(ran.output, "0\n");
}

}  // namespace
}  // namespace profiler::cli
