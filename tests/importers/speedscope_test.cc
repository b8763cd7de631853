// What speedscope makes of our exports, by its own importer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/importers/exported.h"
#include "tests/importers/sample_profiles.h"
#include "tests/support/compile_profile.h"

namespace profiler::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// Why speedscope's importer cannot be asked; "": it can.
std::string no_speedscope() {
  if (!have("node")) return "needs node (Debian: nodejs)";
  if (!std::filesystem::exists(importers_folder() + "/node_modules/speedscope"))
    return "needs speedscope: npm ci --ignore-scripts --prefix tests/importers";
  return "";
}

#define REQUIRE_SPEEDSCOPE() \
  if (const std::string why = no_speedscope(); !why.empty()) GTEST_SKIP() << why

/// What it makes of a file; a failure if that is nothing.
json speedscope(const std::string& file) {
  const CommandResult result = run({"node", importers_folder() + "/speedscope_import.mjs", file});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  json read = json::parse(result.out, nullptr, false);
  if (!read.is_array()) return json::array();
  EXPECT_TRUE(read.at(0)["error"].is_null()) << read.at(0)["error"];
  return read.at(0)["profiles"];
}

std::int64_t total_of(const json& profiles) {
  std::int64_t total = 0;
  for (const json& profile : profiles) total += profile["total"].get<std::int64_t>();
  return total;
}

/// Self weights by name, of all profiles together.
std::map<std::string, std::int64_t> selves(const json& profiles) {
  std::map<std::string, std::int64_t> self;
  for (const json& profile : profiles) {
    for (const auto& [name, sum] : profile["functions"].items())
      self[name] += sum["self"].get<std::int64_t>();
  }
  std::erase_if(self, [](const auto& row) { return row.second == 0; });
  return self;
}

std::map<std::string, std::int64_t> selves(const ChargedByName& functions) {
  std::map<std::string, std::int64_t> self;
  for (const auto& [name, charged] : functions)
    if (charged.self() != 0) self[name] = charged.self();
  return self;
}

std::int64_t reported_total(Exported& exported) {
  std::int64_t total = 0;
  for (const auto& [name, self] : selves(exported.report())) total += self;
  EXPECT_GT(total, 0);
  return total;
}

TEST(Speedscope, ReadsItsOwnFormatWithTheReportsTimes) {
  REQUIRE_SPEEDSCOPE();
  for (const Profile& profile : {small_profile(), compile_profile(2000)}) {
    Exported exported(profile);
    const json read = speedscope(exported.write("speedscope", "p.speedscope.json"));
    EXPECT_EQ(total_of(read), reported_total(exported));
    EXPECT_EQ(selves(read), selves(exported.report()));
    for (const json& thread : read) EXPECT_EQ(thread["unit"], "nanoseconds");
  }
}

TEST(Speedscope, TakesTotalsOfFunctionsOncePerStack) {
  REQUIRE_SPEEDSCOPE();
  Exported exported(small_profile());
  const json read = speedscope(exported.write("speedscope", "p.speedscope.json"));
  std::map<std::string, std::int64_t> totals;
  for (const json& profile : read) {
    for (const auto& [name, sum] : profile["functions"].items())
      totals[name] += sum["total"].get<std::int64_t>();
  }
  for (const auto& [name, charged] : exported.report())
    EXPECT_EQ(totals[name], charged.total()) << name;
}

TEST(Speedscope, ReadsItCompressed) {
  REQUIRE_SPEEDSCOPE();
  Exported exported(small_profile());
  EXPECT_EQ(total_of(speedscope(exported.write("speedscope", "p.speedscope.json.gz"))),
            reported_total(exported));
}

TEST(Speedscope, ReadsFoldedStacks) {
  REQUIRE_SPEEDSCOPE();
  for (const Profile& profile : {small_profile(), compile_profile(2000)}) {
    Exported exported(profile);
    EXPECT_EQ(total_of(speedscope(exported.write("folded", "p.txt", {"--weights", "ns"}))),
              reported_total(exported));
    EXPECT_EQ(total_of(speedscope(exported.write("folded", "p.txt"))),
              exported.report_json()["quality"]["samples"]);
  }
}

TEST(Speedscope, ReadsPprofWithItsTotal) {
  REQUIRE_SPEEDSCOPE();
  for (const Profile& profile : {small_profile(), compile_profile(2000), waiting_profile()}) {
    Exported exported(profile);
    const json read = speedscope(exported.write("pprof", "p.pb.gz"));
    EXPECT_EQ(total_of(read), reported_total(exported));
    EXPECT_EQ(read.at(0)["unit"], "nanoseconds");
  }
}

TEST(Speedscope, ReadsCallgrindWithAProfileForEachCost) {
  REQUIRE_SPEEDSCOPE();
  for (const Profile& profile : {small_profile(), compile_profile(2000)}) {
    Exported exported(profile);
    const json read = speedscope(exported.write("callgrind", "callgrind.out.1"));
    std::int64_t user = 0;
    std::int64_t sys = 0;
    for (const auto& [name, charged] : exported.report()) {
      user += charged.self_user;
      sys += charged.self_sys;
    }
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[0]["total"], user);
    EXPECT_EQ(read[1]["total"], sys);
  }
}

TEST(Speedscope, ReadsPerfScriptWithATimelineForEachThread) {
  REQUIRE_SPEEDSCOPE();
  const Profile profile = small_profile();
  Exported exported(profile);
  const json read = speedscope(exported.write("perf-script", "p.linux-perf.txt"));
  // It takes the time between two samples of a thread for what they stand for.
  std::map<std::string, double> expected;
  std::map<std::string, std::uint64_t> first;
  for (const Sample& sample : profile.samples) {
    const Thread& thread = profile.threads[sample.thread];
    const std::string name = profile.text(thread.name) +
                             " pid: " + std::to_string(profile.processes[thread.process].pid) +
                             " tid: " + std::to_string(thread.tid);
    const auto begin = first.try_emplace(name, sample.time_ns).first->second;
    expected[name] = static_cast<double>(sample.time_ns - begin) * 1e-9;
  }
  EXPECT_EQ(read.size(), expected.size());
  for (const json& thread : read) {
    ASSERT_TRUE(expected.contains(thread["name"])) << thread["name"];
    EXPECT_NEAR(thread["total"].get<double>(), expected[thread["name"]], 1e-5) << thread["name"];
  }
  // Each frame is there by its name.
  std::map<std::string, std::int64_t> names;
  for (const json& thread : read)
    for (const auto& [name, sum] : thread["functions"].items()) names[name] = 1;
  for (const auto& [name, charged] : exported.report()) EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Speedscope, ReadsWaitsBesideTimeOnTheCpu) {
  REQUIRE_SPEEDSCOPE();
  Exported exported(waiting_profile());
  const std::int64_t cpu = reported_total(exported);
  for (const char* format : {"speedscope", "folded"}) {
    EXPECT_EQ(total_of(speedscope(exported.write(format, "p", {"--wall"}))), cpu + kWaited);
    EXPECT_EQ(total_of(speedscope(exported.write(format, "p", {"--wait"}))), kWaited);
  }
  const json costs = speedscope(exported.write("callgrind", "callgrind.out.1"));
  ASSERT_EQ(costs.size(), 3U);
  EXPECT_EQ(costs[2]["total"], kWaited);
}

TEST(Speedscope, ReadsAnyNames) {
  REQUIRE_SPEEDSCOPE();
  Exported exported(hostile_profile());
  const std::int64_t total = reported_total(exported);
  const auto names = [](const json& profiles) {
    std::string all;
    for (const json& profile : profiles)
      for (const auto& [name, sum] : profile["functions"].items()) all += name + "\n";
    return all;
  };
  for (const auto& [format, file] : std::vector<std::pair<std::string, std::string>>{
           {"speedscope", "p.speedscope.json"}, {"pprof", "p.pb.gz"}}) {
    const json read = speedscope(exported.write(format, file));
    EXPECT_EQ(total_of(read), total) << format;
    EXPECT_THAT(names(read), HasSubstr("</script><img src=x onerror=alert(1)>\n")) << format;
    EXPECT_THAT(names(read), HasSubstr("two\ufffdlines 12\n")) << format;
  }
  EXPECT_EQ(total_of(speedscope(exported.write("folded", "p.collapsedstack.txt"))),
            static_cast<std::int64_t>(5 * hostile_names().size()));
  EXPECT_EQ(speedscope(exported.write("callgrind", "callgrind.out.1")).at(0)["total"], total);
  const json perf = speedscope(exported.write("perf-script", "p.linux-perf.txt"));
  EXPECT_THAT(names(perf), HasSubstr("</script><img src=x onerror=alert(1)>\n"));
}

}  // namespace
}  // namespace profiler::test
