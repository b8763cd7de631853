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

TEST_F(DiffCommand, WritesWhatTheNameSays) {
  EXPECT_EQ(run("$D old new -o diff.json").output, "");
  EXPECT_EQ(file("diff.json"), run("$D old new --format json").output);
  EXPECT_EQ(run("$D old new -o diff.txt").output, "");
  EXPECT_EQ(file("diff.txt"), run("$D old new").output);
  // What is no ending, or was said otherwise.
  EXPECT_EQ(run("$D old new -o v1.2-v1.3").output, "");
  EXPECT_EQ(file("v1.2-v1.3"), file("diff.txt"));
  EXPECT_EQ(run("$D old new -o tmp.KcU5fNqsaB").output, "");
  EXPECT_EQ(run("$D old new --format json -o diff.out").output, "");
  EXPECT_EQ(file("diff.out"), file("diff.json"));
  EXPECT_THAT(run("$D old new -o x.json.gz && gzip -dc x.json.gz").output,
              testing::Eq(file("diff.json")));
  EXPECT_THAT(run("$D old new --format svg").output, HasSubstr("<svg"));
  EXPECT_THAT(run("$D old new --format html --by function").output, HasSubstr("<!DOCTYPE html>"));
}

TEST_F(DiffCommand, SaysOnTopWhatAllOfItChangedBy) {
  const auto times = [](int parse) {
    return test::ProfileBuilder()
        .command({"./slow"})
        .user("main;step;parse", parse)
        .user("main;step;render", 3000)
        .build();
  };
  write("once", times(2000));
  write("twice", times(4000));
  const Ran ran = run("COLUMNS=200 $D once twice");
  EXPECT_THAT(ran.output,
              MatchesRegex("CPU time grew by 2.000 ± 0.[0-9]+ s \\(5.000 → 7.000 s, \\+40.0 %\\), "
                           "nearly all of it in parse \\(\\+2.000 s, \\+100.0 %\\)\n"
                           "shares of CPU time are compared: (.|\n)*smaller share now; for equal "
                           "work compare seconds: --normalize none\n(.|\n)*"));
  // Nobody is told that an unchanged function became faster.
  EXPECT_THAT(ran.output, Not(HasSubstr("faster")));
  EXPECT_THAT(run("$D twice once").output,
              MatchesRegex("CPU time fell by 2.000(.|\n)*larger(.|\n)*"));
  EXPECT_THAT(run("$D once twice --normalize none").output, Not(HasSubstr("shares of")));
  EXPECT_THAT(run("$D once once").output,
              MatchesRegex("CPU time changed by no more than chance: 5.000 → 5.000 s (.|\n)*"));
  EXPECT_THAT(run("$D once once").output, Not(HasSubstr("shares of CPU time are compared: what")));
}

TEST_F(DiffCommand, FailsOnRequestWhereTimeGrewByMoreThanIsAllowed) {
  const auto times = [](int count) { return test::ProfileBuilder().user("main;f", count).build(); };
  write("before", times(4000));
  write("little", times(4060));
  write("much", times(5000));
  EXPECT_EQ(run("$D before much").status, 0);
  EXPECT_EQ(run("$D before much --fail-above 30").status, 0);
  const Ran ran = run("$D before much --fail-above 5% -o diff.json");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.output, MatchesRegex("profiler diff: CPU time grew by [^\n]+\\+25.0 %[^\n]+\n"));
  EXPECT_FALSE(file("diff.json").empty()) << "it is written all the same";
  // 1.5 % is chance; so is what fell no growth.
  EXPECT_EQ(run("$D before little --fail-above 0").status, 0);
  EXPECT_EQ(run("$D much before --fail-above 0").status, 0);
  write("nothing", test::ProfileBuilder().build());
  EXPECT_EQ(run("$D nothing much --fail-above 5").status, 1);
  EXPECT_THAT(run("$D nothing much --fail-above 5 -o x.txt").output,
              HasSubstr("nothing to compare"));
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
           {"$D old new --gone -o x.html", "--gone is of flame graphs"},
           {"$D old new --title T", "--title is of flame graphs and pages"},
           {"$D old new --format json --title T", "--title is of flame graphs and pages"},
           {"$D old new --by module -o x.html", "--by is of tables"},
           {"$D old new --by cause -o x.svg", "--by is of tables"},
           {"$D old new --limit 1 -o x.html", "--limit is of tables"},
           {"$D old new --limit 1 -o x.svg", "--limit is of tables"},
           {"$D old new --self -o x.html", "--self is of tables"},
           {"$D old new --sort sys -o x.svg", "--sort is of tables"},
           {"$D old new --all -o x.html", "--all is of tables"},
           {"$D old new --kernel-frames -o x.html", "--kernel-frames is of tables"},
           {"$D old new -o x.png", "name it .txt, .json, .svg or .html"},
           {"$D old new --filter function=nosuch -o x.html", "nothing was written"},
           {"$D old new -o old", "is a recording"},
           {"$D old new -o x.pdf.gz", "no comparison as .pdf"},
           {"$D old new -o x.csv", "no comparison as .csv"},
           {"$D old new --format json -o x.html", "--format json contradicts the name x.html"},
           {"$D old new --format text -o x.svg", "--format text contradicts the name x.svg"},
           {"$D old new --json", "did you mean --format json?"},
           {"$D old new --fail-above much", "'much' is no percentage"},
           {"$D old new --fail-above -1", "'-1' is no percentage"},
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
