#include "render/syscalls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>

#include "render/overview.h"
#include "render/printable.h"
#include "render/syscalls_csv.h"
#include "render/syscalls_json.h"
#include "render/syscalls_text.h"
#include "tests/support/golden.h"
#include "tests/support/json_schema.h"
#include "tests/support/profile_builder.h"
#include "view/filter.h"
#include "view/overview.h"

namespace profiler::render {
namespace {

using nlohmann::json;
using test::ProfileBuilder;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kMs = 1'000'000;

/// A program that copies badly: reads of a few bytes, a heap that grows, files that are not there.
ProfileBuilder copying() {
  ProfileBuilder builder;
  builder.command({"./copy", "--all", "two words"});
  builder.function("main", {.file = "/home/me/copy/main.cc", .line = 3})
      .function("copy_block(File&, File&)", {.file = "/home/me/copy/block.cc", .line = 12})
      .function("Config::find(std::string const&)", {.file = "/home/me/copy/config.cc"});
  const std::string main = "_start;__libc_start_main@libc.so.6;main";
  const std::string block = main + "#14;copy_block(File&, File&)#21;";
  builder.user(main + "#12", 300);
  builder.sys(block + "read@libc.so.6", "e;vfs_read", test::syscall("read"), 500);
  builder.sys(block + "read@libc.so.6", "e;vfs_read;copy", test::fault("anonymous"),
              test::syscall("read"), 60);
  builder.sys(main + "#18", "e;clear_page", test::fault("anonymous"), 90);
  builder
      .counted({.name = "read",
                .cpu_ns = 612 * kMs,
                .durations = {{420, 900'000}, {2'300, 99'990}, {1'200'000, 9}, {48'000'000, 1}},
                .errors = {{EAGAIN, 12}, {EINTR, 3}},
                .returned = 17'000'000,
                .restarts = 2,
                .begun_before = 1})
      .called_by(block + "read@libc.so.6", 990'000, 755 * kMs, 600 * kMs)
      .called_by(main + "#16;~peek#30;read@libc.so.6", 10'000, 120 * kMs, 12 * kMs)
      .counted({.name = "openat",
                .cpu_ns = 31 * kMs,
                .durations = {{9'000, 3'400}},
                .errors = {{ENOENT, 3'388}, {4711, 1}}})
      .called_by(main + "#9;Config::find(std::string const&)#77;open@libc.so.6", 3'400, 30 * kMs,
                 31 * kMs)
      .counted({.name = "futex", .cpu_ns = kMs, .durations = {{800 * kMs, 2}}, .unfinished = 1})
      .counted({.name = "read",
                .cpu_ns = 4'000,
                .durations = {{2'000, 2}},
                .number = 3,
                .abi = SyscallAbi::kCompat32})
      .counted({.name = "execve", .cpu_ns = 2 * kMs, .durations = {{2 * kMs, 1}}})
      .counted({.name = "exit_group", .cpu_ns = 4 * kMs, .calls = 1})
      .counted({.name = "syscall_999", .cpu_ns = 300, .durations = {{30, 1}}, .number = 999});
  builder.account().user_minor_faults = 23'456;
  builder.account().user_major_faults = 2;
  builder.charged(2'412 * kMs, 310 * kMs, 747 * kMs);
  return builder;
}

SyscallsReport report_of(const Profile& profile, SyscallGrouping by = SyscallGrouping::kNone) {
  return syscalls_report(profile, view::select(profile, {}), by);
}

std::string text_of(const Profile& profile, const SyscallsTextOptions& options,
                    const TextStyle& style, SyscallGrouping by = SyscallGrouping::kNone) {
  const SyscallsReport report = report_of(profile, by);
  const std::string text = syscalls_text(report, options, style);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!style.colour) {
      EXPECT_LE(display_width(line), style.width) << line;
    }
  }
  return text;
}

Profile by_thread() {
  ProfileBuilder builder;
  builder.account().grouping = SyscallGrouping::kThread;
  builder.account().backend = SyscallBackend::kRing;
  builder.account().lost = 12;
  builder.user("main", 2);
  for (const int id : {4711, 4712}) {
    builder.counted({.name = "write",
                     .cpu_ns = static_cast<std::uint64_t>(id) * 1000,
                     .durations = {{1'500, 40}},
                     .errors = {{EPIPE, 4}},
                     .group = "worker \x1b[2J (" + std::to_string(id) + ")",
                     .group_id = id});
  }
  return builder.build();
}

TEST(SyscallsText, FitsNarrowAndWideTerminals) {
  const Profile profile = copying().build();
  test::expect_golden("syscalls/table-80.txt", text_of(profile, {}, {.width = 80}));
  test::expect_golden("syscalls/table-100.txt", text_of(profile, {.limit = 3}, {.width = 100}));
  test::expect_golden("syscalls/table-120.txt", text_of(profile, {}, {.width = 120}));
  test::expect_golden("syscalls/table-170.txt", text_of(profile, {}, {.width = 170}));
}

TEST(SyscallsText, ShowsErrorsDurationsAndCallersWhereWanted) {
  const Profile profile = copying().build();
  const SyscallsTextOptions all = {.errors = true, .histogram = true, .callers = true, .limit = 3};
  test::expect_golden("syscalls/details.txt", text_of(profile, all, {.width = 100}));
}

TEST(SyscallsText, TellsThreadsApart) {
  test::expect_golden("syscalls/by-thread.txt", text_of(by_thread(), {.errors = true},
                                                        {.width = 100}, SyscallGrouping::kThread));
}

TEST(SyscallsText, SaysWhereThereIsNothing) {
  const SyscallsTextOptions all = {.errors = true, .histogram = true, .callers = true};
  const std::string text = text_of(ProfileBuilder().user("main", 3).build(), all, {});
  EXPECT_THAT(text, HasSubstr("no system calls were counted"));
  EXPECT_THAT(text, HasSubstr("no stacks were sampled"));
  EXPECT_THAT(text, HasSubstr("no call ended"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

TEST(SyscallsText, SaysWhyAPartOfTheLedgerIsNotKnown) {
  ProfileBuilder builder = copying();
  EXPECT_THAT(text_of(builder.build(), {}, {}), HasSubstr("cpu-clock does not see them"));
  builder.run().kernel_sampled = false;
  EXPECT_THAT(text_of(builder.build(), {}, {}), HasSubstr("the kernel was not sampled"));
}

TEST(SyscallsText, HasANegativeRestAsItIs) {
  ProfileBuilder builder = copying();
  builder.charged(2'412 * kMs, 310 * kMs, 700 * kMs);
  EXPECT_THAT(text_of(builder.build(), {}, {}), HasSubstr("-0.040"));
}

TEST(Overview, HasTheLedgerAndTheTopCallsWhereTheyWereCounted) {
  const Profile profile = copying().build();
  const SyscallsReport report = report_of(profile);
  const std::string text =
      overview_text(profile, view::overview(profile, view::select(profile, {})), {.width = 100},
                    {.profile_path = "copy.data", .counted = &report});
  test::expect_golden("report/overview-counted.txt", text);
}

void expect_valid(const std::string& text) {
  static const json kSchema = json::parse(test::read_golden("profiler.syscalls-1.schema.json"));
  for (const std::string& problem : test::violations(kSchema, json::parse(text)))
    ADD_FAILURE() << problem;
}

TEST(SyscallsJson, IsWhatTheContractSays) {
  const Profile profile = copying().build();
  const std::string text = syscalls_json(report_of(profile), {});
  expect_valid(text);
  const json report = json::parse(text);
  EXPECT_EQ(report["schema"], "profiler.syscalls/1");
  EXPECT_EQ(report["backend"], "bpf");
  EXPECT_EQ(report["lost"], 0);
  EXPECT_EQ(report["time"], json({{"real_s", 2.412}, {"user_s", 0.31}, {"sys_s", 0.747}}));
  const json& read = report["syscalls"][0];
  EXPECT_EQ(read["name"], "read");
  EXPECT_EQ(read["calls"], 1'000'000);
  EXPECT_EQ(read["errors"], 15);
  EXPECT_EQ(read["cpu_s"], 0.612);
  EXPECT_EQ(read["wall_s"], 0.666777);
  EXPECT_EQ(read["min_s"], 420e-9);
  EXPECT_EQ(read["max_s"], 0.048);
  EXPECT_EQ(read["mean_s"], 667e-9);
  EXPECT_EQ(read["errno"], json({{"EAGAIN", 12}, {"EINTR", 3}}));
  EXPECT_EQ(read["callers"][0]["function"], "copy_block(File&, File&)");
  EXPECT_EQ(read["callers"][0]["file"], "/home/me/copy/block.cc");
  EXPECT_EQ(read["callers"][0]["line"], 21);
  EXPECT_EQ(read["callers"][0]["cpu_s"], 0.6);
  EXPECT_EQ(read["callers"][0]["wall_s"], 0.755);
  EXPECT_EQ(read["callers"][1]["inlined"], true);
  EXPECT_FALSE(read.contains("group"));
  EXPECT_EQ(report["syscalls"][1]["errno"], json({{"ENOENT", 3'388}, {"errno 4711", 1}}));
  EXPECT_EQ(report["faults"], json({{"minor", 23'456}, {"major", 2}, {"sampled_sys_s", 0.09}}));
  EXPECT_EQ(report["ledger"], json({{"syscalls_s", 0.6440043},
                                    {"faults_s", 0.09},
                                    {"interrupts_s", nullptr},
                                    {"exec_exit_s", 0.006},
                                    {"other_s", 0},
                                    {"unattributed_s", 0.0069957},
                                    {"of_which_faults_in_syscalls_s", 0.06},
                                    {"of_which_entering_calls_s", nullptr}}));
}

TEST(SyscallsJson, HasNullForWhatIsNotKnown) {
  ProfileBuilder builder;
  builder.counted({.name = "exit_group", .calls = 1})
      .counted({.name = "read", .cpu_ns = 7, .durations = {{100, 29}}});
  builder.run().charged = {};
  const std::string text = syscalls_json(report_of(builder.build()), {});
  expect_valid(text);
  const json report = json::parse(text);
  EXPECT_EQ(report["time"], json({{"real_s", nullptr}, {"user_s", nullptr}, {"sys_s", nullptr}}));
  EXPECT_TRUE(report["ledger"]["unattributed_s"].is_null());
  EXPECT_TRUE(report["faults"]["minor"].is_null());
  const json& read = report["syscalls"][0];
  EXPECT_TRUE(read["p50_s"].is_null());
  EXPECT_EQ(read["max_s"], 100e-9);
  const json& exit = report["syscalls"][1];
  EXPECT_EQ(exit["calls"], 1);
  for (const char* field : {"min_s", "max_s", "mean_s", "stddev_s"})
    EXPECT_TRUE(exit[field].is_null()) << field;
}

TEST(SyscallsJson, OfWhatWasNotCountedIsNullToo) {
  ProfileBuilder builder;
  builder.user("main", 3).charged(9 * kMs, 3 * kMs, 5 * kMs);
  const std::string text = syscalls_json(report_of(builder.build()), {});
  expect_valid(text);
  const json report = json::parse(text);
  EXPECT_EQ(report["backend"], "none");
  for (const char* part : {"syscalls_s", "exec_exit_s", "unattributed_s"})
    EXPECT_TRUE(report["ledger"][part].is_null()) << part;
}

TEST(SyscallsJson, HasNegativeRestsGroupsAndHistogramsWhereThereAreAny) {
  ProfileBuilder negative = copying();
  negative.charged(2'412 * kMs, 310 * kMs, 700 * kMs);
  const json rest = json::parse(syscalls_json(report_of(negative.build()), {}));
  EXPECT_EQ(rest["ledger"]["unattributed_s"], -0.0400043);

  const Profile profile = by_thread();
  const std::string text =
      syscalls_json(report_of(profile, SyscallGrouping::kThread), {.histogram = true, .limit = 1});
  expect_valid(text);
  const json report = json::parse(text);
  EXPECT_EQ(report["by"], "thread");
  EXPECT_EQ(report["backend"], "ring");
  EXPECT_EQ(report["lost"], 12);
  ASSERT_EQ(report["syscalls"].size(), 1U);
  EXPECT_EQ(report["syscalls"][0]["group_id"], 4712);
  EXPECT_EQ(report["syscalls"][0]["group"], "worker \x1b[2J (4712)");
  EXPECT_EQ(report["syscalls"][0]["histogram"],
            json::array({{{"from_s", 1280e-9}, {"calls", 40}}}));
}

TEST(SyscallsCsv, HasALineForEachRow) {
  const Profile profile = copying().build();
  const std::string csv = syscalls_csv(report_of(profile), 2);
  EXPECT_EQ(csv,
            "name,number,group,group_id,calls,errors,restarts,unfinished,begun_before,wall_s,cpu_s,"
            "min_s,max_s,mean_s,stddev_s,p50_s,p99_s,errno,function,module,file,line\r\n"
            "read,0,,,1000000,15,2,0,1,0.666777,0.612,0.00000042,0.048,0.000000667,0.000048137,"
            "0.00000042,0.000002304,EAGAIN=12 EINTR=3,\"copy_block(File&, File&)\",prog,"
            "/home/me/copy/block.cc,21\r\n"
            "openat,0,,,3400,3389,0,0,0,0.0306,0.031,0.000009,0.000009,0.000009,0,0.000009,"
            "0.000009,ENOENT=3388 errno 4711=1,Config::find(std::string const&),prog,"
            "/home/me/copy/config.cc,77\r\n");
}

TEST(SyscallsCsv, LeavesOutWhatNeverEnded) {
  const Profile profile = ProfileBuilder().counted({.name = "exit_group", .calls = 1}).build();
  EXPECT_THAT(syscalls_csv(report_of(profile), 0),
              HasSubstr("exit_group,0,,,1,0,0,0,0,0,0,,,,,,,,,,,\r\n"));
}

}  // namespace
}  // namespace profiler::render
