// `profiler syscalls`: options in, exit status and text out. Counting itself is tested with the
// program (tests/integration).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "tests/support/profile_builder.h"
#include "tests/unit/cli/command_fixture.h"

namespace profiler::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class SyscallsCommand : public CommandFixture {
 protected:
  void SetUp() override {
    test::ProfileBuilder builder;
    builder.account().grouping = SyscallGrouping::kThread;
    builder.user("main#5", 40)
        .sys("main#6;f#9;read@libc.so.6", "entry", test::syscall("read"), 10)
        .counted({.name = "read",
                  .cpu_ns = 9'000'000,
                  .durations = {{3'000, 3'000}},
                  .errors = {{EAGAIN, 7}},
                  .group = "one (1)",
                  .group_id = 1})
        .called_by("main#6;f#9;read@libc.so.6", 3'000, 9'000'000, 9'000'000)
        .counted({.name = "read",
                  .cpu_ns = 1'000'000,
                  .durations = {{2'000, 500}},
                  .group = "two (2)",
                  .group_id = 2})
        .counted({.name = "write",
                  .cpu_ns = 2'000'000,
                  .durations = {{5'000'000, 2}},
                  .group = "two (2)",
                  .group_id = 2});
    write("profiler.data", builder.build());
    write("without_counts", test::ProfileBuilder().user("main", 3).build());
  }
  Ran run(Words args) { return call(syscalls_command, std::move(args)); }
  Ran show(std::vector<std::string> args) {
    args.insert(args.begin(), {"-i", profile_});
    return run(std::move(args));
  }
  json show_json(std::vector<std::string> args) {
    args.insert(args.end(), {"--format", "json"});
    const Ran ran = show(std::move(args));
    EXPECT_EQ(ran.status, 0) << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }
  static void expect_error(const Ran& ran, int status, const std::string& pattern) {
    EXPECT_EQ(ran.status, status);
    EXPECT_EQ(ran.output, "");
    EXPECT_THAT(ran.errors, MatchesRegex("profiler syscalls: [^\n]*" + pattern + "[^\n]*\n"));
  }

  std::string profile_ = path("profiler.data");
  std::string without_counts_ = path("without_counts");
};

TEST_F(SyscallsCommand, ShowsWhatAFileHoldsAsItWasCounted) {
  const Ran ran = show({});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.errors, "");
  EXPECT_THAT(ran.output, HasSubstr("3,502 system calls counted by BPF"));
  EXPECT_THAT(ran.output, HasSubstr("one (1)"));
  EXPECT_THAT(ran.output, Not(HasSubstr("EAGAIN")));
  EXPECT_THAT(ran.output, Not(HasSubstr("\x1b"))) << "a file has no colours";
  EXPECT_EQ(show_json({})["syscalls"].size(), 3U);
  EXPECT_EQ(show_json({"--by", "thread"})["syscalls"].size(), 3U);
}

TEST_F(SyscallsCommand, AddsGroupsUpWhereCallsAreWanted) {
  const json report = show_json({"--by", "call"});
  ASSERT_EQ(report["syscalls"].size(), 2U);
  EXPECT_EQ(report["syscalls"][0]["calls"], 3'500);
  EXPECT_TRUE(report["by"].is_null());
}

TEST_F(SyscallsCommand, ShowsDetailsWhereTheyAreWanted) {
  EXPECT_THAT(show({"--errors"}).output, HasSubstr("EAGAIN"));
  EXPECT_THAT(show({"--callers"}).output, HasSubstr("stacks, from the call outwards"));
  EXPECT_THAT(show({"--histogram"}).output, HasSubstr("2.05 µs –   4.10 µs"));
  EXPECT_EQ(show_json({"--histogram"})["syscalls"][0]["histogram"].size(), 1U);
}

TEST_F(SyscallsCommand, SortsAndLimits) {
  EXPECT_EQ(show_json({"--by", "call"})["syscalls"][0]["name"], "read");
  EXPECT_EQ(show_json({"--by", "call", "--sort", "mean"})["syscalls"][0]["name"], "write");
  EXPECT_EQ(show_json({"--by", "call", "--sort", "wall"})["syscalls"][0]["name"], "read");
  EXPECT_EQ(show_json({"--limit", "1"})["syscalls"].size(), 1U);
  EXPECT_THAT(show({"--limit", "1"}).output, HasSubstr("… 2 more"));
  EXPECT_THAT(show({"--format", "csv", "--limit", "1"}).output,
              MatchesRegex("name,[^\n]*\r\nread,0,one \\(1\\),1,3000,[^\n]*\r\n"));
}

TEST_F(SyscallsCommand, SaysWhatIsWrongWithAFile) {
  expect_error(run({"-i", without_counts_}), 1, "holds no counted system calls; record them with");
  expect_error(run({"-i", path("none")}), 1, "cannot be opened");
  expect_error(show({"--by", "cgroup"}), 1, "was not counted by cgroup; use --by thread");
}

TEST_F(SyscallsCommand, SaysThatTheCountOfARecordingThatWasCutOffIsLost) {
  const std::string part = profile_ + ".part";
  std::filesystem::copy(without_counts_, part);
  std::filesystem::resize_file(part, std::filesystem::file_size(part) - 20);
  expect_error(
      run({"-i", part}), 1,
      "they are written when a recording ends, and this one was cut off; .*profiler report "
      "-i");
}

TEST_F(SyscallsCommand, DoesNotCountAndShowAFileAtOnce) {
  expect_error(show({"-p", "1"}), 1, "-i shows a file");
  expect_error(show({"-a"}), 1, "-i shows a file");
  expect_error(show({"--backend", "bpf"}), 1, "-i shows a file");
  expect_error(show({"ls"}), 1, "-i shows a file");
}

TEST_F(SyscallsCommand, RefusesOptionsThatMakeNoSense) {
  expect_error(run({}), 125, "nothing to count; give a program, -p PID, -t TID, -a or -G CGROUP");
  expect_error(run({"--by", "function", "ls"}), 125, "no 'function'; use one of call, thread");
  expect_error(run({"--backend", "strace", "ls"}), 125, "use one of bpf, ring");
  expect_error(run({"--sort", "colour", "ls"}), 125, "use one of cpu, wall");
  expect_error(run({"--format", "xml", "ls"}), 125, "use one of text, json, csv");
  expect_error(run({"--limit", "-1", "ls"}), 125, "--limit");
  expect_error(run({"--live", "--format", "json", "ls"}), 125, "--live");
  expect_error(run({"-p", "1", "-a"}), 125, "two targets");
}

}  // namespace
}  // namespace profiler::cli
