// What is said of waiting, in every form of a report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "render/flamegraph.h"
#include "render/overview.h"
#include "render/report_csv.h"
#include "render/report_json.h"
#include "render/report_text.h"
#include "render/threads_text.h"
#include "tests/support/golden.h"
#include "tests/support/json_schema.h"
#include "tests/support/profile_builder.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"
#include "view/overview.h"

namespace profiler::render {
namespace {

using nlohmann::json;
using test::ProfileBuilder;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kS = 1'000 * kMs;

/// A program of one thread that works, reads a pipe and sleeps.
Profile lonely() {
  ProfileBuilder builder;
  builder.command({"./lonely"})
      .function("main", {.file = "lonely.c", .line = 3})
      .function("nap", {.file = "lonely.c", .line = 9})
      .user("main#5;work", 900)
      .sys("main#6;fill;read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 100)
      .wait("main#6;fill#12;read@libc.so.6", "entry_SYSCALL_64;pipe_read;schedule;__schedule",
            WaitClass::kPipe, 5 * kMs, 200, test::syscall("read"))
      .wait("main#7;nap#10;clock_nanosleep@libc.so.6", "entry_SYSCALL_64;do_nanosleep;schedule",
            WaitClass::kSleep, 2 * kS, 1, test::syscall("clock_nanosleep"))
      .runnable("main#5;work", 4 * kMs, 5)
      .schedule({.thread = {},
                 .on_cpu_ns = 1 * kS,
                 .blocked_ns = 3 * kS,
                 .runnable_ns = 20 * kMs,
                 .voluntary = 201,
                 .preempted = 5,
                 .delays = {}})
      .charged(4'020 * kMs, 900 * kMs, 100 * kMs);
  return builder.build();
}

/// A server: a main thread that waits for its worker, one busy worker, four idle ones.
Profile server() {
  ProfileBuilder builder;
  builder.command({"./server", "--threads", "5"})
      .function("main", {.file = "server.cc", .line = 30})
      .function("Pool::next()", {.file = "pool.cc", .line = 70})
      .function("handle(Request&)", {.file = "handle.cc", .line = 20});
  const char* const futex = "entry_SYSCALL_64;futex_do_wait;schedule;__schedule";
  DurationHistogram delays;
  delays.add(40'000, 300);
  delays.add(6 * kMs, 4);
  builder.wait("main#31;pthread_join@libc.so.6", futex, WaitClass::kLock, 10 * kS)
      .schedule({.thread = {},
                 .on_cpu_ns = 5 * kMs,
                 .blocked_ns = 10 * kS,
                 .voluntary = 1,
                 .delays = {}});
  builder.thread("worker", 101)
      .at(0)
      .user("start_thread@libc.so.6;work(Pool&);handle(Request&)", 4000)
      .sys("start_thread@libc.so.6;work(Pool&);handle(Request&)#24;write@libc.so.6",
           "entry_SYSCALL_64;vfs_write", test::syscall("write"), 1000)
      .wait("start_thread@libc.so.6;work(Pool&);handle(Request&)#22;pthread_mutex_lock@libc.so.6",
            futex, WaitClass::kLock, 3 * kMs, 700)
      .wait("start_thread@libc.so.6;work(Pool&);handle(Request&)#27;fsync@libc.so.6",
            "entry_SYSCALL_64;ext4_sync_file;io_schedule;schedule;__schedule", WaitClass::kDisk,
            20 * kMs, 110, test::syscall("fsync"))
      .runnable("start_thread@libc.so.6;work(Pool&);handle(Request&)", 1 * kMs, 300)
      .unsampled_wait(400 * kMs)
      .schedule({.thread = {},
                 .on_cpu_ns = 5 * kS,
                 .blocked_ns = 4'700 * kMs,
                 .runnable_ns = 300 * kMs,
                 .voluntary = 811,
                 .preempted = 304,
                 .migrations = 12,
                 .longest_delay_ns = 7 * kMs,
                 .delays = delays});
  for (int i = 0; i < 4; ++i) {
    builder.thread("worker", 102 + i)
        .at(0)
        .wait("start_thread@libc.so.6;work(Pool&)#50;Pool::next()#77;pthread_cond_wait@libc.so.6",
              futex, WaitClass::kLock, 9'990 * kMs)
        .schedule({.thread = {},
                   .on_cpu_ns = 1 * kMs,
                   .blocked_ns = 9'990 * kMs,
                   .voluntary = 1,
                   .delays = {}});
  }
  builder.charged(10'010 * kMs, 4'005 * kMs, 1'003 * kMs);
  return builder.build();
}

std::string overview_of(const Profile& profile, const TextStyle& style) {
  const view::Selection both = view::select_with_waits(profile, {});
  return overview_text(profile, view::overview(profile, both.samples), style, {});
}

/// Every form of report of one profile.
struct Reports {
  Reports(const Profile& profile, const view::Filter& filter)
      : selection(view::select_with_waits(profile, filter)),
        head(report_head(profile, selection.samples)),
        functions(view::function_table(profile, selection.samples, {})),
        threads(view::group_table(profile, selection.samples, view::GroupBy::kThread, {})) {
    view::add_thread_times(profile, filter, threads);
    head.waits_only = filter.wait_only;
  }
  view::Selection selection;
  ReportHead head;
  view::Table functions;
  view::Table threads;
};

TEST(WaitsText, TheOverviewLooksAsAgreed) {
  test::expect_golden("report/overview-wait-single.txt", overview_of(lonely(), {.width = 100}));
  test::expect_golden("report/overview-wait-threads.txt", overview_of(server(), {.width = 100}));
  test::expect_golden("report/overview-wait-threads-80.txt", overview_of(server(), {.width = 80}));
  test::expect_golden("report/overview-wait-colour.txt",
                      overview_of(lonely(), {.width = 120, .colour = true}));
}

TEST(WaitsText, TablesAndTreesLookAsAgreed) {
  const Profile profile = server();
  Reports all(profile, {});
  const TextStyle style{.width = 100};
  test::expect_golden("report/functions-wait-120.txt",
                      table_text(all.head, all.functions, {}, {.width = 120}));
  test::expect_golden("report/functions-wait-80.txt",
                      table_text(all.head, all.functions, {}, {.width = 80}));
  test::expect_golden("report/threads-wait.txt", threads_text(all.head, all.threads, 40, style));
  test::expect_golden("report/threads-sched.txt", schedule_text(all.head, all.threads, 40, style));
  test::expect_golden("report/waits.txt", waits_text(all.head, 0, style));
  test::expect_golden(
      "report/tree-wait.txt",
      tree_text(all.head, view::call_tree(profile, all.selection.samples, {}), {}, style));
  Reports only(profile, {.wait_only = true});
  view::sort_table(only.functions, view::SortKey::kWait);
  test::expect_golden("report/functions-wait-only.txt",
                      table_text(only.head, only.functions, {.wait_first = true}, style));
}

TEST(WaitsText, WithoutStacksItSaysWhy) {
  ProfileBuilder builder;
  builder.user("main", 100)
      .unsampled_wait(3 * kS, 7)
      .schedule({.thread = {}, .on_cpu_ns = 100 * kMs, .blocked_ns = 3 * kS, .delays = {}})
      .charged(3'100 * kMs, 100 * kMs, 0);
  builder.run().kernel_sampled = false;
  const std::string text = overview_of(builder.build(), {.width = 100});
  EXPECT_THAT(text, HasSubstr("without stacks"));
  EXPECT_THAT(text, HasSubstr("kernel.perf_event_paranoid"));
  EXPECT_THAT(text, HasSubstr("not sampled"));
}

TEST(WaitsText, NothingIsSaidWhereNothingWasRecorded) {
  const Profile profile =
      ProfileBuilder().user("main", 100).charged(100 * kMs, 100 * kMs, 0).build();
  EXPECT_THAT(overview_of(profile, {}), Not(HasSubstr("wait")));
}

TEST(WaitsJson, ClassesAddUpToAllWaiting) {
  const Profile profile = server();
  Reports all(profile, {});
  const json report = json::parse(table_json(all.head, all.threads, RowsOf::kThreads, "rows"));
  EXPECT_EQ(report["time"]["wait_s"], 54.96);
  EXPECT_EQ(report["time"]["threads"], 6);
  double sum = 0;
  for (const json& row : report["waits"]) {
    sum += row["wait_s"].get<double>();
    double callers = 0;
    for (const json& caller : row["callers"]) callers += caller["wait_s"].get<double>();
    EXPECT_NEAR(callers, row["wait_s"].get<double>(), 1e-9);
  }
  EXPECT_NEAR(sum, 54.96, 1e-9);
  // Threads that idle are hidden from people only.
  EXPECT_EQ(report["waits"][0]["class"], "lock");
  EXPECT_NEAR(report["waits"][0]["wait_s"].get<double>(), 52.06, 1e-9);
  EXPECT_EQ(report["waits"][0]["threads"], 6);
  EXPECT_EQ(report["quality"]["waits"], 1116);
  EXPECT_EQ(report["quality"]["wait_stacks"], 1115);
  EXPECT_EQ(report["quality"]["wait_not_sampled_s"], 0.4);
}

TEST(WaitsJson, AThreadsLifeIsUserSysAndWait) {
  const Profile profile = server();
  Reports all(profile, {});
  const json report = json::parse(table_json(all.head, all.threads, RowsOf::kThreads, "rows"));
  ASSERT_EQ(report["rows"].size(), 6U);
  for (const json& row : report["rows"]) {
    const json& times = row["schedule"];
    ASSERT_TRUE(times.is_object());
    const auto s = [&](const char* key) { return times[key].get<double>(); };
    EXPECT_NEAR(s("user_s") + s("sys_s"), s("on_cpu_s"), 1e-9);
    EXPECT_NEAR(s("on_cpu_s") + s("blocked_s") + s("runnable_s") + s("unknown_s"), s("lifetime_s"),
                1e-9);
  }
  const json& worker = report["rows"][0]["schedule"];
  EXPECT_EQ(worker["user_s"], 4);
  EXPECT_EQ(worker["preempted_switches"], 304);
  EXPECT_EQ(worker["delay_max_s"], 0.007);
  EXPECT_NEAR(worker["delay_mean_s"].get<double>(), 0.3 / 304, 1e-9);
}

TEST(WaitsJson, IsValidAndNullWhereNothingWasRecorded) {
  const json schema = json::parse(test::read_golden("profiler.report-1.schema.json"));
  const Profile with = server();
  const Profile without = ProfileBuilder().user("main", 3).build();
  for (const Profile* profile : {&with, &without}) {
    Reports all(*profile, {});
    for (const std::string& text :
         {table_json(all.head, all.functions, RowsOf::kFunctions, "functions"),
          table_json(all.head, all.threads, RowsOf::kThreads, "rows"), waits_json(all.head),
          tree_json(all.head, view::call_tree(*profile, all.selection.samples, {}))}) {
      const json report = json::parse(text);
      for (const std::string& problem : test::violations(schema, report)) ADD_FAILURE() << problem;
      const bool recorded = profile == &with;
      EXPECT_EQ(report["time"]["wait_s"].is_null(), !recorded);
      EXPECT_EQ(report["waits"].is_null(), !recorded);
      EXPECT_EQ(report["quality"]["waits"].is_null(), !recorded);
    }
  }
}

TEST(WaitsCsv, HasItsColumnsLast) {
  const Profile profile = lonely();
  Reports all(profile, {});
  const std::string csv = table_csv(all.head, all.functions, RowsOf::kFunctions);
  EXPECT_THAT(csv, HasSubstr(",inlined,self_wait_s,total_wait_s\r\n"));
  EXPECT_THAT(csv, HasSubstr("nap,prog,lonely.c,9,0,0,0,0,0,0,0,0,0,2\r\n"));
  EXPECT_THAT(waits_csv(all.head), HasSubstr("sleep,nap,prog,lonely.c,10,2,1,0\r\n"));
  const std::string threads = table_csv(all.head, all.threads, RowsOf::kThreads);
  EXPECT_THAT(threads, HasSubstr("lifetime_s,on_cpu_s,user_s,sys_s"));
  EXPECT_THAT(threads, HasSubstr(",4.02,1,0.9,0.1,3,0.02,0,201,5,0,,,0\r\n"));
}

TEST(WaitsFlamegraph, AreWideAsTheyWereLongAndToldApart) {
  const Profile profile = lonely();
  const view::Selection both = view::select_with_waits(profile, {});
  const std::string wall = flamegraph(
      profile, view::call_tree(profile, both.samples, {.path = {.wait_nodes = true}}), {});
  EXPECT_THAT(wall, HasSubstr("&lt;wait sleep&gt;"));
  EXPECT_THAT(wall, HasSubstr("&lt;runnable&gt;"));
  EXPECT_THAT(wall, HasSubstr("waiting, off the CPU"));
  EXPECT_THAT(wall, HasSubstr("data-v=\"4020000000 1206\""));
  EXPECT_THAT(wall, HasSubstr("user 0.900 s · sys 0.100 s · wait 3.020 s"));
  EXPECT_THAT(wall, HasSubstr("2.000 s wait, 1 wait, 49.8 %"));
}

}  // namespace
}  // namespace profiler::render
