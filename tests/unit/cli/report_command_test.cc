// `profiler report`: options in, exit status and text out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

/// A profile of three events, of which the first has no samples.
Profile three_events() {
  test::ProfileBuilder builder;
  builder.another_event("page-faults")
      .user("main;touch", 40)
      .another_event("syscalls:sys_enter_brk")
      .user("main;grow", 7);
  return builder.build();
}

class ReportCommand : public CommandFixture {
 protected:
  void SetUp() override {
    test::ProfileBuilder builder;
    builder.function("main", {.file = "main.cc", .line = 3})
        .user("main#5;f(int, char);g", 40)
        .sys("main#6;f(int, char)#9;read@libc.so.6", "entry_SYSCALL_64;vfs_read",
             test::syscall("read"), 10)
        .process("child", 101)
        .user("main#7;h", 50);
    write(builder.build());
  }
  void write(const Profile& profile) { CommandFixture::write("profiler.data", profile); }
  Ran run(Words args) {
    args.insert(args.end(), {"-i", profile_});
    return call(report_command, std::move(args));
  }
  json run_json(std::vector<std::string> args) {
    args.insert(args.end(), {"--format", "json"});
    const Ran ran = run(std::move(args));
    EXPECT_EQ(ran.status, 0) << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }
  /// Whole, and on one line: what, and what to do.
  void expect_error(std::vector<std::string> args, const std::string& pattern) {
    const Ran ran = run(std::move(args));
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.output, "");
    EXPECT_THAT(ran.errors, MatchesRegex("profiler report: [^\n]*" + pattern + "[^\n]*\n"));
  }

  std::string profile_ = path("profiler.data");
};

TEST_F(ReportCommand, ShowsFunctionsByTotal) {
  const Ran ran = run({});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.errors, "");
  EXPECT_LT(ran.output.find("main.cc:3"), ran.output.find(" h "));
  EXPECT_THAT(ran.output, HasSubstr("<syscall read>"));
  EXPECT_THAT(ran.output, Not(HasSubstr("vfs_read")));
  EXPECT_THAT(ran.output, Not(HasSubstr("\x1b"))) << "a file has no colours";
  EXPECT_THAT(run({"--kernel-frames"}).output, HasSubstr("vfs_read"));
}

TEST_F(ReportCommand, JsonHasFunctionsUntilAGroupingIsNamed) {
  EXPECT_EQ(run_json({})["functions"].size(), 6U);
  EXPECT_TRUE(run_json({"--by", "function"}).contains("rows"));
  EXPECT_EQ(run_json({"--by", "module"})["rows"].size(), 3U);
  EXPECT_EQ(run_json({"--by", "process"})["rows"][0]["name"], "child");
  EXPECT_EQ(run_json({"--by", "thread"})["rows"][0]["tid"], 101);
  EXPECT_EQ(run_json({"--by", "line", "--sort", "total"})["rows"][2]["line"], 7);
  EXPECT_EQ(run_json({"--by", "cause"})["rows"][0]["name"], "read");
  EXPECT_EQ(run_json({"--tree"})["root"]["children"][0]["name"], "main");
  EXPECT_EQ(run_json({"--callers"})["root"]["children"][0]["name"], "h");
}

TEST_F(ReportCommand, SortsLinesBySelfUnlessTold) {
  EXPECT_EQ(run_json({"--by", "line"})["rows"][0]["function"], "h");
  EXPECT_EQ(run_json({"--by", "line"})["rows"][1]["function"], "g");
  EXPECT_EQ(run_json({"--by", "line"})["rows"][4]["line"], 7) << "no self time: by total";
  EXPECT_EQ(run_json({"--by", "line"})["rows"][5]["line"], 5);
  EXPECT_EQ(run_json({"--by", "line", "--sort", "total"})["rows"][3]["function"], "g");
}

TEST_F(ReportCommand, LimitsAndSorts) {
  EXPECT_EQ(run_json({"--limit", "2"})["functions"].size(), 2U);
  EXPECT_EQ(run_json({"--self"})["functions"][0]["name"], "h");
  EXPECT_EQ(run_json({"--sort", "name"})["functions"][0]["name"], "<syscall read>");
  EXPECT_EQ(run_json({"--sort", "sys", "--limit", "1"})["functions"][0]["total"]["sys_s"], 0.01);
  EXPECT_THAT(run({"--limit", "1"}).output, HasSubstr("5 more; --limit 0 shows all"));
}

TEST_F(ReportCommand, RestrictsToKernelTime) {
  const json report = run_json({"--sys"});
  EXPECT_EQ(report["time"]["sampled_user_s"], 0);
  EXPECT_EQ(report["time"]["sampled_sys_s"], 0.01);
  EXPECT_EQ(report["quality"]["samples"], 10);
  EXPECT_THAT(run({"--sys"}).output, HasSubstr("only: sys"));
}

TEST_F(ReportCommand, TakesSeveralConditionsInOneFilter) {
  EXPECT_EQ(run_json({"--filter", "process=prog,cause=read"})["quality"]["samples"], 10);
  EXPECT_EQ(run_json({"--filter", "process=prog,time=0-0.03"})["quality"]["samples"], 30);
  EXPECT_EQ(run_json({"--filter", "function=f(int, char),process=prog"})["quality"]["samples"], 50)
      << "a comma inside a name begins no condition";
  EXPECT_EQ(run_json({"--filter", "process=prog", "--filter", "thread=101"})["quality"]["samples"],
            0);
}

TEST_F(ReportCommand, CsvHasALineARow) {
  const std::string csv = run({"--format", "csv", "--by", "process"}).output;
  EXPECT_THAT(csv, HasSubstr("child,101,1,0.05,0,50,0.05,0,50,,\r\n"));
}

TEST_F(ReportCommand, SaysWhatIsWrongOnOneLine) {
  expect_error({"--by", "moon"}, "--by: no 'moon'; use one of function, module,");
  expect_error({"--format", "xml"}, "--format: no 'xml'");
  expect_error({"--sort", "size"}, "--sort: no 'size'");
  expect_error({"--limit", "few"}, "--limit: 'few'");
  expect_error({"--limit", "-1"}, "--limit");
  expect_error({"--min-share", "101"}, "--min-share: '101' is no percentage");
  expect_error({"--tree", "--callers"}, "exclude each other");
  expect_error({"--tree", "--by", "line"}, "exclude each other");
  expect_error({"--event", "cycles"}, "no samples of 'cycles'; this profile has cpu-clock");
  expect_error({"--filter", "moon=3"}, "moon");
  expect_error({"--filter", "process=a,moon=3"}, "moon");
  expect_error({"--filter", "time=soon-"}, "soon");
}

TEST_F(ReportCommand, SaysWhichProfileCannotBeRead) {
  profile_ = path("missing.data");
  expect_error({}, "missing\\.data");
  profile_ = path("other.data");
  std::ofstream(profile_) << "this is no profile";
  expect_error({}, "other\\.data");
}

TEST_F(ReportCommand, ShowsTheFirstEventThatHasSamples) {
  write(three_events());
  const json report = run_json({});
  EXPECT_EQ(report["event"]["name"], "page-faults");
  EXPECT_EQ(report["functions"][0]["total"]["user_value"], 40);
  EXPECT_EQ(report["events"].size(), 3U);
}

TEST_F(ReportCommand, ShowsTheEventThatIsAskedForAndNoOther) {
  write(three_events());
  for (const char* option : {"--event", "-e"}) {
    const json report = run_json({option, "syscalls:sys_enter_brk"});
    EXPECT_EQ(report["event"]["name"], "syscalls:sys_enter_brk");
    EXPECT_EQ(report["quality"]["samples"], 7);
    for (const json& function : report["functions"]) {
      EXPECT_NE(function["name"], "touch");
      EXPECT_LE(function["total"]["user_value"], 7);
    }
  }
  EXPECT_EQ(run_json({"-e", "faults"})["event"]["name"], "page-faults") << "perf's other name";
}

TEST_F(ReportCommand, SaysWhichEventsThereAre) {
  write(three_events());
  expect_error({"-e", "page-fault"}, "did you mean page-faults?");
  expect_error(
      {"-e", "cycles"},
      R"(this profile has page-faults \(40 samples\), syscalls:sys_enter_brk \(7 samples\))");
}

/// A program that computes, waits for a lock, and is preempted.
Profile waiting() {
  test::ProfileBuilder builder;
  ThreadSchedule schedule;
  schedule.on_cpu_ns = 50'000'000;
  schedule.blocked_ns = 300'000'000;
  schedule.runnable_ns = 10'000'000;
  schedule.voluntary = 3;
  schedule.preempted = 2;
  builder.user("main;work", 50)
      .wait("main;take;pthread_mutex_lock@libc.so.6", "entry_SYSCALL_64;futex_do_wait;schedule",
            WaitClass::kLock, 100'000'000, 3)
      .runnable("main;work", 5'000'000, 2)
      .schedule(schedule);
  return builder.build();
}

TEST_F(ReportCommand, ShowsWaitsBesideTimeOnTheCpu) {
  write(waiting());
  EXPECT_THAT(run({}).output, HasSubstr("total   user  sys   wait"));
  const json report = run_json({});
  const json& functions = report["functions"];
  const auto main =
      std::ranges::find_if(functions, [](const json& row) { return row["name"] == "main"; });
  ASSERT_NE(main, functions.end());
  EXPECT_EQ((*main)["total"]["wait_s"], 0.31);
  EXPECT_EQ((*main)["total"]["user_s"], 0.05);
  EXPECT_EQ(report["time"]["wait_s"], 0.31);
}

TEST_F(ReportCommand, RestrictsToWaitsAndSortsByThem) {
  write(waiting());
  const json report = run_json({"--wait"});
  ASSERT_EQ(report["functions"].size(), 6U);
  EXPECT_EQ(report["functions"][0]["name"], "main");
  EXPECT_EQ(report["functions"][1]["total"]["wait_s"], 0.3);
  EXPECT_EQ(report["functions"][5]["total"]["wait_s"], 0.01);
  EXPECT_EQ(report["quality"]["samples"], 0);
  EXPECT_THAT(run({"--wait"}).output, Not(HasSubstr("no samples")));
  const json preempted = run_json({"--filter", "wait=runnable"});
  EXPECT_EQ(preempted["waits"].size(), 1U);
  EXPECT_EQ(preempted["waits"][0]["wait_s"], 0.01);
  EXPECT_EQ(run_json({"--sort", "wait"})["functions"][1]["name"], "<syscall futex>");
}

TEST_F(ReportCommand, ShowsWhatWasWaitedForAndHowThreadsWereScheduled) {
  write(waiting());
  const json waits = run_json({"--by", "wait"});
  EXPECT_EQ(waits["rows"][0]["class"], "lock");
  EXPECT_EQ(waits["rows"][0]["callers"][0]["function"], "take");
  const json threads = run_json({"--by", "thread"});
  EXPECT_EQ(threads["rows"][0]["schedule"]["lifetime_s"], 0.36);
  EXPECT_EQ(run_json({"--sched"})["rows"][0]["schedule"]["preempted_switches"], 2);
  EXPECT_THAT(run({"--by", "thread"}).output, HasSubstr("lifetime"));
  EXPECT_THAT(run({"--sched"}).output, HasSubstr("voluntary"));
  EXPECT_THAT(run({"--by", "thread", "--filter", "function=take"}).output,
              Not(HasSubstr("lifetime")));
}

TEST_F(ReportCommand, WithoutWaitsItSaysSo) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"--wait"}, {"--by", "wait"}, {"--sched"}, {"--sort", "wait"}}) {
    const Ran ran = run(args);
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.errors, HasSubstr("no waits"));
  }
  write(waiting());
  EXPECT_THAT(run({"--wait", "--sys"}).errors, HasSubstr("exclude each other"));
  EXPECT_THAT(run({"--filter", "wait=patience"}).errors, HasSubstr("use one of runnable, lock"));
  EXPECT_THAT(run({"--sched", "--by", "line"}).errors, HasSubstr("--sched is of threads"));
}

}  // namespace
}  // namespace profiler::cli
