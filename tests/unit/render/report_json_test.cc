#include "render/report_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "render/json_writer.h"
#include "tests/support/golden.h"
#include "tests/support/json_schema.h"
#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"

namespace profiler::render {
namespace {

using nlohmann::json;
using test::ProfileBuilder;

/// Every form of report of one profile.
std::vector<std::string> all_reports(const Profile& profile) {
  const auto samples = view::select(profile, {});
  const ReportHead head = report_head(profile, samples);
  std::vector<std::string> reports;
  for (const bool kernel_frames : {false, true}) {
    const view::TableOptions how = {.kernel_frames = kernel_frames};
    reports.push_back(table_json(head, view::function_table(profile, samples, how),
                                 RowsOf::kFunctions, "functions"));
    const auto group = [&](view::GroupBy by, RowsOf rows) {
      reports.push_back(
          table_json(head, view::group_table(profile, samples, by, how), rows, "rows"));
    };
    group(view::GroupBy::kModule, RowsOf::kModules);
    group(view::GroupBy::kProcess, RowsOf::kProcesses);
    group(view::GroupBy::kThread, RowsOf::kThreads);
    group(view::GroupBy::kLine, RowsOf::kLines);
    for (const bool inverted : {false, true}) {
      reports.push_back(tree_json(
          head, view::call_tree(profile, samples,
                                {.path = {.kernel_frames = kernel_frames}, .inverted = inverted})));
    }
  }
  reports.push_back(causes_json(head));
  return reports;
}

Profile small_profile() {
  ProfileBuilder builder;
  builder.function("main", {.file = "main.cc", .line = 3})
      .function("Arena::grow", {.file = "arena.cc", .line = 30})
      .charged(5'000'000'000, 3'100'000'000, 900'000'000)
      .period(1'500'000)
      .user("main#5;work", 4)
      .sys("main#6;Arena::grow#41;brk@libc.so.6", "entry;do_brk", test::syscall("brk"), 3);
  return builder.build();
}

void expect_valid(const std::string& report) {
  static const json kSchema = json::parse(test::read_golden("profiler.report-1.schema.json"));
  for (const std::string& problem : test::violations(kSchema, json::parse(report)))
    ADD_FAILURE() << problem;
}

TEST(ReportJson, SaysWhatTheContractSays) {
  const Profile profile = small_profile();
  const json report = json::parse(all_reports(profile).front());
  EXPECT_EQ(report["schema"], "profiler.report/1");
  EXPECT_EQ(report["command"], json({"./prog"}));
  EXPECT_EQ(report["exit_status"], 0);
  EXPECT_EQ(
      report["event"],
      json({{"name", "cpu-clock"}, {"frequency_hz", 1000}, {"period", nullptr}, {"unit", "s"}}));
  EXPECT_EQ(report["time"], json({{"source", "wait4"},
                                  {"real_s", 5},
                                  {"user_s", 3.1},
                                  {"sys_s", 0.9},
                                  {"wait_s", nullptr},
                                  {"threads", nullptr},
                                  {"sampled_user_s", 0.006},
                                  {"sampled_sys_s", 0.0045}}));
  EXPECT_EQ(report["quality"]["samples"], 7);
  EXPECT_EQ(report["quality"]["frames"], 4 * 2 + 3 * 5);
  EXPECT_EQ(report["causes"], json::parse(R"([{"kind": "syscall", "name": "brk", "entry": "brk",
      "entry_kind": "syscall", "sys_s": 0.0045, "samples": 3,
      "callers": [{"function": "Arena::grow", "module": "prog", "file": "arena.cc", "line": 41,
                   "inlined": false, "sys_s": 0.0045, "samples": 3}]}])"));
  EXPECT_EQ(report["functions"][0], json::parse(R"({"name": "main", "module": "prog",
      "file": "main.cc", "line": 3, "kernel": false, "inlined": false,
      "self": {"user_s": 0, "sys_s": 0, "wait_s": null, "samples": 0},
      "total": {"user_s": 0.006, "sys_s": 0.0045, "wait_s": null, "samples": 7}})"));
}

TEST(ReportJson, MarksInlinedFunctions) {
  const Profile profile =
      ProfileBuilder().sys("main;~reader", "entry", test::syscall("read"), 3).build();
  const auto samples = view::select(profile, {});
  const ReportHead head = report_head(profile, samples);
  const json functions = json::parse(table_json(head, view::function_table(profile, samples, {}),
                                                RowsOf::kFunctions, "functions"));
  ASSERT_EQ(functions["functions"].size(), 3U);
  for (const json& row : functions["functions"])
    EXPECT_EQ(row["inlined"], row["name"] == "reader") << row;
  EXPECT_EQ(functions["causes"][0]["callers"][0]["inlined"], true);
  const json lines = json::parse(table_json(
      head, view::group_table(profile, samples, view::GroupBy::kLine, {}), RowsOf::kLines, "rows"));
  for (const json& row : lines["rows"]) EXPECT_EQ(row["inlined"], row["function"] == "reader");
  const json tree = json::parse(tree_json(head, view::call_tree(profile, samples, {})));
  const json& main = tree["root"]["children"][0];
  EXPECT_FALSE(main.contains("inlined"));
  EXPECT_EQ(main["children"][0]["inlined"], true);
}

TEST(ReportJson, WhatWasNotMeasuredIsNull) {
  Profile profile = small_profile();
  profile.run.charged = {};
  profile.run.exit_status.reset();
  profile.run.command.clear();
  profile.run.events[0].frequency_hz = 0;
  const json report = json::parse(all_reports(profile).front());
  EXPECT_TRUE(report["exit_status"].is_null());
  EXPECT_TRUE(report["time"]["real_s"].is_null());
  EXPECT_TRUE(report["time"]["user_s"].is_null());
  EXPECT_EQ(report["time"]["source"], "none");
  EXPECT_TRUE(report["event"]["frequency_hz"].is_null());
  EXPECT_EQ(report["command"], json::array());
}

TEST(ReportJson, EventsThatAreNoClocksHaveValues) {
  Profile profile = small_profile();
  profile.run.events[0] = {.name = "page-faults", .frequency_hz = 0, .unit = "faults"};
  for (const std::string& text : all_reports(profile)) expect_valid(text);
  const json report = json::parse(all_reports(profile).front());
  EXPECT_EQ(report["event"]["unit"], "faults");
  EXPECT_EQ(report["functions"][0]["total"]["user_value"], 6'000'000);
  EXPECT_FALSE(report["functions"][0]["total"].contains("user_s"));
}

TEST(ReportJson, ListsAllEventsEachInItsUnit) {
  const Profile profile = ProfileBuilder()
                              .user("main;work", 40)
                              .another_event("page-faults")
                              .user("main;touch", 7)
                              .another_event("major-faults")
                              .build();
  for (const std::string& text : all_reports(profile)) expect_valid(text);
  const json events = json::parse(all_reports(profile).front())["events"];
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["name"], "cpu-clock");
  EXPECT_EQ(events[0]["unit"], "s");
  EXPECT_EQ(events[0]["frequency_hz"], 1000);
  EXPECT_TRUE(events[0]["period"].is_null());
  EXPECT_EQ(events[0]["samples"], 40);
  EXPECT_DOUBLE_EQ(events[0]["sampled_s"].get<double>(), 0.04);
  EXPECT_EQ(events[1]["unit"], "page-faults");
  EXPECT_TRUE(events[1]["frequency_hz"].is_null());
  EXPECT_EQ(events[1]["period"], 1);
  EXPECT_EQ(events[1]["sampled_value"], 7);
  EXPECT_EQ(events[2]["samples"], 0);
}

TEST(ReportJson, NamesAreWholeAndValidWhateverTheyHold) {
  const std::string name = "evil\"\\\n\x1b[2J\xff" + std::string(500, 'x');
  const Profile profile = ProfileBuilder().user(name, 2).build();
  for (const std::string& text : all_reports(profile)) expect_valid(text);
  const json report = json::parse(all_reports(profile).front());
  EXPECT_EQ(report["functions"][0]["name"], "evil\"\\\n\x1b[2J\ufffd" + std::string(500, 'x'));
}

TEST(ReportJson, HoldsATreeAsDeepAsTheDeepestStack) {
  std::string deep = "main";
  for (int i = 0; i < 2000; ++i) deep += ";f";
  const Profile profile = ProfileBuilder().user(deep).build();
  const auto samples = view::select(profile, {});
  const json report =
      json::parse(tree_json(report_head(profile, samples), view::call_tree(profile, samples, {})));
  const json* node = &report["root"];
  int depth = 0;
  for (; !node->at("children").empty(); ++depth) node = &node->at("children")[0];
  EXPECT_EQ(depth, 2001);
}

class ReportJsonOf : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ReportJsonOf, ARandomProfileMatchesTheSchema) {
  for (const std::string& text : all_reports(test::random_profile(GetParam()))) expect_valid(text);
}

/// Nanoseconds, so that sums are exact.
std::int64_t ns(const json& seconds) { return std::llround(seconds.get<double>() * 1e9); }

TEST_P(ReportJsonOf, ARandomProfileAddsUp) {
  for (const std::string& text : all_reports(test::random_profile(GetParam()))) {
    const json report = json::parse(text);
    const std::int64_t user = ns(report["time"]["sampled_user_s"]);
    const std::int64_t sys = ns(report["time"]["sampled_sys_s"]);
    std::int64_t causes = 0;
    for (const json& cause : report["causes"]) causes += ns(cause["sys_s"]);
    EXPECT_EQ(causes, sys);
    if (report.contains("root")) {
      EXPECT_EQ(ns(report["root"]["total"]["user_s"]), user);
      EXPECT_EQ(ns(report["root"]["total"]["sys_s"]), sys);
      continue;
    }
    std::int64_t self_user = 0;
    std::int64_t self_sys = 0;
    const json& rows = report.contains("rows") ? report["rows"] : report["functions"];
    const bool by_cause = !rows.empty() && rows[0].contains("callers");
    for (const json& row : rows) {
      self_user += ns(row["self"]["user_s"]);
      self_sys += ns(row["self"]["sys_s"]);
    }
    EXPECT_EQ(self_user, by_cause || rows.empty() ? 0 : user);
    EXPECT_EQ(self_sys, sys);
    const json& q = report["quality"];
    EXPECT_EQ(q["samples"], q["stacks_complete"].get<int>() + q["stacks_truncated"].get<int>() +
                                q["stacks_broken"].get<int>());
    EXPECT_EQ(q["frames"], q["frames_by_symbol"].get<int>() + q["frames_by_range"].get<int>() +
                               q["frames_unnamed"].get<int>());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReportJsonOf, testing::Range(0U, 8U));

TEST(JsonSchema, TheValidatorFindsWhatIsWrong) {
  const json schema = json::parse(test::read_golden("profiler.report-1.schema.json"));
  const json good = json::parse(all_reports(small_profile()).front());
  ASSERT_TRUE(test::violations(schema, good).empty());
  const auto broken = [&](auto change) {
    json document = good;
    change(document);
    return !test::violations(schema, document).empty();
  };
  EXPECT_TRUE(broken([](json& d) { d.erase("quality"); }));
  EXPECT_TRUE(broken([](json& d) { d["functions"][0]["self"]["user_s"] = "0"; }));
  EXPECT_TRUE(broken([](json& d) { d["functions"][0]["surprise"] = 1; }));
  EXPECT_TRUE(broken([](json& d) { d["quality"]["samples"] = 1.5; }));
  EXPECT_TRUE(broken([](json& d) { d["quality"]["samples"] = -1; }));
  EXPECT_TRUE(broken([](json& d) { d["causes"][0]["kind"] = "magic"; }));
  EXPECT_TRUE(broken([](json& d) { d["rows"] = json::array(); })) << "both functions and rows";
  EXPECT_TRUE(broken([](json& d) { d["event"]["unit"] = "cycles"; }));
}

TEST(JsonWriter, WritesNestedValues) {
  JsonWriter writer;
  writer.begin_object().key("a").begin_array().number(1).null().boolean(true).end();
  writer.key("b").begin_object().end().key("c").seconds(1'500'000'000).key("d").signed_number(-4);
  EXPECT_EQ(writer.end().take(), R"({"a":[1,null,true],"b":{},"c":1.5,"d":-4})");
}

TEST(JsonWriter, MillisecondsHaveAllDigitsAndNoMore) {
  JsonWriter writer;
  writer.begin_array();
  for (const std::uint64_t ns :
       {0ULL, 1ULL, 1'500'000ULL, 999'999ULL, 2'000'000ULL, 1'000'100'000ULL})
    writer.milliseconds(ns);
  EXPECT_EQ(writer.end().take(), "[0,0.000001,1.5,0.999999,2,1000.1]");
}

TEST(JsonWriter, IsDrainedInMidDocument) {
  JsonWriter writer;
  writer.begin_object().key("a").begin_array().number(1);
  EXPECT_EQ(writer.drain(), R"({"a":[1)");
  EXPECT_EQ(writer.size(), 0U);
  writer.number(2).end().key("b");
  EXPECT_EQ(writer.drain(), R"(,2],"b":)");
  EXPECT_EQ(writer.null().end().take(), "null}");
}

}  // namespace
}  // namespace profiler::render
