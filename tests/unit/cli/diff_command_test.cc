// `profiler diff`, as a program: options, files, exit statuses.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/profile_builder.h"
#include "tests/unit/cli/command_fixture.h"

namespace profiler::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class DiffCommand : public CommandFixture {
 protected:
  void SetUp() override {
    write("old", test::ProfileBuilder()
                     .command({"./prog"})
                     .user("main;f", 2000)
                     .user("main;g", 1000)
                     .sys("main;h;read@libc.so.6", "entry_SYSCALL_64;vfs_read",
                          test::syscall("read"), 1000)
                     .build());
    write("new", test::ProfileBuilder()
                     .command({"./prog"})
                     .user("main;f", 1000)
                     .user("main;g", 2000)
                     .sys("main;h;read@libc.so.6", "entry_SYSCALL_64;vfs_read",
                          test::syscall("read"), 1010)
                     .build());
  }
  /// $D compares.
  Ran run(const std::string& line) { return shell("D=\"$P diff\"; " + line); }
};

TEST_F(DiffCommand, ShowsWhatChangedByMoreThanChance) {
  const Ran ran = run("$D old new");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, MatchesRegex("(.|\n)*2.000 +1.000 +50.0 % +24.9 % +-25.1 (.|\n)* f  .*\n"
                                       "(.|\n)* g  (.|\n)*4 functions changed by no more than "
                                       "chance(.|\n)*"));
  EXPECT_THAT(ran.output, Not(HasSubstr("<syscall read>")));
  EXPECT_THAT(run("$D old new --all").output, HasSubstr("<syscall read>"));
  EXPECT_THAT(run("$D old old").output,
              HasSubstr("no change beyond chance in 6 functions and 1 cause of sys\n"));
}

TEST_F(DiffCommand, TakesItsOptions) {
  EXPECT_THAT(run("$D old new --normalize none").output, HasSubstr("seconds as measured"));
  EXPECT_THAT(run("$D old new --by module --all").output, HasSubstr("libc.so.6"));
  EXPECT_THAT(run("$D old new --by cause --all").output, HasSubstr("  read\n"));
  EXPECT_THAT(run("$D old new --by cause --all").output, Not(HasSubstr("function")));
  EXPECT_THAT(run("$D old new --self").output, HasSubstr(" self  → new"));
  EXPECT_THAT(run("$D old new --limit 1").output, HasSubstr("… 1 more; --limit 0 shows all"));
  EXPECT_THAT(run("$D old new --sys").output, HasSubstr("only: sys"));
  EXPECT_THAT(run("$D old new --kernel-frames --all").output, HasSubstr("vfs_read"));
  EXPECT_THAT(run("$D --color=always old new").output, HasSubstr("\x1b[31m+24.9\x1b[0m"));
  EXPECT_THAT(run("$D old new").output, Not(HasSubstr("\x1b[")));
  const Ran by_name = run("$D old new --sort name");
  EXPECT_LT(by_name.output.find(" f  "), by_name.output.find(" g  "));
}

TEST_F(DiffCommand, WritesJson) {
  const Ran ran = run("$D old new --format json");
  const auto document = nlohmann::json::parse(ran.output, nullptr, false);
  ASSERT_TRUE(document.is_object()) << ran.output;
  EXPECT_EQ(document["schema"], "profiler.diff/1");
  EXPECT_EQ(document["functions"].size(), 6);
  EXPECT_EQ(document["causes"].size(), 1);
  EXPECT_EQ(run("$D old new --format json -o out").output, "");
  EXPECT_EQ(file("out"), ran.output);
  EXPECT_FALSE(nlohmann::json::parse(run("$D old new --format json --by cause").output)
                   .contains("functions"));
}

TEST_F(DiffCommand, DrawsADifferentialFlameGraph) {
  EXPECT_EQ(run("$D old new -o diff.svg").output, "");
  EXPECT_THAT(file("diff.svg"), HasSubstr("▼ f  -25.1"));
  EXPECT_EQ(run("$D old new -o gone.svg --gone --title Gone").output, "");
  EXPECT_THAT(file("gone.svg"), HasSubstr("▼ f  -25.1"));
  EXPECT_THAT(file("gone.svg"), HasSubstr("<title>Gone</title>"));
}

TEST_F(DiffCommand, RefusesInOneLine) {
  write("faults",
        test::ProfileBuilder().event("page-faults", "page-faults").user("main", 50).build());
  for (const auto& [command, reason] : std::vector<std::pair<std::string, std::string>>{
           {"$D", "two recordings are compared, not 0"},
           {"$D old", "two recordings are compared, not 1"},
           {"$D old new old", "two recordings are compared, not 3"},
           {"$D missing new", "missing: "},
           {"$D old missing", "missing: "},
           {"$D old /etc/passwd", "/etc/passwd"},
           {"$D old faults", "cannot compare cpu-clock of old with page-faults of faults"},
           {"$D old new --by waker", "no 'waker'"},
           {"$D old new --normalize real", "no 'real'"},
           {"$D old new --format csv", "no 'csv'"},
           {"$D old new --sort wait", "not both recordings have waits"},
           {"$D old new --wait", "old: this recording has no waits"},
           {"$D old new --gone", "--gone is of flame graphs"},
           {"$D old new -o nowhere/x.svg", "nowhere/x.svg"}}) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, 1) << command;
    EXPECT_THAT(ran.output, MatchesRegex("profiler diff: [^\n]+\n")) << command;
    EXPECT_THAT(ran.output, HasSubstr(reason));
  }
  EXPECT_EQ(directory_.names().size(), 3U);
}

TEST_F(DiffCommand, ComparesWaitingForACpuOnlyWhereWaitsAreAskedFor) {
  const auto crowded = [](std::uint64_t ns) {
    return test::ProfileBuilder()
        .user("main;f", 2000)
        .runnable("main;f", ns, 100)
        .wait("main;locked", "k", WaitClass::kLock, ns, 100)
        .build();
  };
  write("alone", crowded(1'000'000));
  write("crowded", crowded(9'000'000));
  EXPECT_THAT(run("$D alone crowded").output, HasSubstr("  locked  "));
  EXPECT_THAT(run("$D alone crowded").output, Not(HasSubstr("<runnable>")));
  EXPECT_THAT(run("$D alone crowded").output, Not(HasSubstr("  f  ")));
  EXPECT_THAT(run("$D alone crowded --wait").output, HasSubstr("<runnable>"));
  EXPECT_EQ(run("$D alone crowded --wait -o waits.svg").status, 0);
  EXPECT_THAT(file("waits.svg"), HasSubstr("▲ locked  +0.800"));
}

TEST_F(DiffCommand, ComparesSharesOfDifferentClocks) {
  write("other", test::ProfileBuilder().event("task-clock", "ns").user("main;f", 4000).build());
  const Ran ran = run("$D old other --all");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, HasSubstr("only shares are compared"));
  EXPECT_THAT(ran.output, Not(HasSubstr("2.000")));
  EXPECT_EQ(run("$D old other --normalize none").status, 1);
  const auto document = nlohmann::json::parse(run("$D old other --format json").output);
  EXPECT_TRUE(document["functions"][0]["delta"]["self"]["cpu_s"].is_null());
  EXPECT_FALSE(document["functions"][0]["delta"]["self"]["share"].is_null());
}

}  // namespace
}  // namespace profiler::cli
