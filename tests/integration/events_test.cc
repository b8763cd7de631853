// Events that are no clocks, on a program of which their number is known, and beside perf's count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "record/proc_file.h"
#include "record/tracefs.h"
#include "tests/integration/recorded.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr const char* kBrk = "syscalls:sys_enter_brk";

/// Why trace points cannot be sampled here; empty if they can.
std::string tracepoints_refused() {
  if (const std::string reason = kernel_sampling_refused(); !reason.empty()) return reason;
  // Rings that hold all samples of a test at once may be locked by root only.
  if (::geteuid() != 0) return "needs root, for rings that are large enough";
  const auto tracefs = record::Tracefs::open();
  if (!tracefs) return tracefs.error().message();
  const auto id = tracefs->id({"syscalls", "sys_enter_brk"});
  return id ? "" : id.error().message();
}

#define REQUIRE_TRACEPOINTS() \
  if (const std::string reason = tracepoints_refused(); !reason.empty()) GTEST_SKIP() << reason

class Events : public ::testing::Test {
 protected:
  CommandResult run_here(std::vector<std::string> words) {
    return run(std::move(words), {.directory = directory_.path()});
  }
  /// Records the workload with these options; what it says of itself.
  json record(std::vector<std::string> options, const std::vector<std::string>& arguments = {}) {
    std::vector<std::string> words = {"record", "-q", "-o", "profiler.data"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", workload("counted_events")});
    words.insert(words.end(), arguments.begin(), arguments.end());
    const CommandResult recorded = run_here(profiler(words));
    EXPECT_EQ(recorded.exit_status, 0) << recorded.err;
    return json::parse(recorded.out, nullptr, false);
  }
  json report(const std::string& event, std::vector<std::string> options = {}) {
    std::vector<std::string> words = {"report", "--event", event, "--format",
                                      "json",   "--limit", "0"};
    words.insert(words.end(), options.begin(), options.end());
    const CommandResult result = run_here(profiler(words));
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return json::parse(result.out, nullptr, false);
  }
  /// What a function, with all it called, has of an event.
  double value_in(const json& report, const std::string& function) {
    const json row = row_named(report["functions"], function);
    if (row.is_null()) return 0;
    return row["total"]["user_value"].get<double>() + row["total"]["sys_value"].get<double>();
  }
  /// Of the whole recording.
  std::map<std::string, long> samples_by_event(const json& report) {
    std::map<std::string, long> samples;
    for (const json& event : report["events"])
      samples[event["name"].get<std::string>()] = event["samples"].get<long>();
    return samples;
  }
  /// perf with a tracefs where it looks for one, mounted for it alone.
  CommandResult perf(std::vector<std::string> words) {
    words.insert(words.begin(), "perf");
    return run(words, {.directory = directory_.path(), .prepare = [] {
                         if (::access("/sys/kernel/tracing/events", F_OK) == 0) return true;
                         return ::unshare(CLONE_NEWNS) == 0 &&
                                ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                                ::mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, nullptr) ==
                                    0;
                       }});
  }

  TemporaryDirectory directory_;
};

TEST_F(Events, AreEachSampledAndChargedToWhoCausedThem) {
  REQUIRE_TRACEPOINTS();
  const json truth = record({"-e", "syscalls:sys_enter_brk,page-faults", "-e", "cs", "-c", "1"});
  ASSERT_TRUE(truth.is_object());

  const json calls = report(kBrk);
  EXPECT_EQ(calls["event"]["unit"], kBrk);
  EXPECT_EQ(calls["event"]["period"], 1);
  EXPECT_EQ(calls["quality"]["lost"], 0);
  EXPECT_EQ(value_in(calls, "ask_for_memory"), truth["calls"]);
  EXPECT_EQ(value_in(calls, "touch_pages"), 0);
  EXPECT_GE(value_in(calls, "main"), truth["calls"]);

  // The kernel may take one twice.
  const json faults = report("page-faults");
  EXPECT_EQ(faults["event"]["unit"], "page-faults");
  EXPECT_GE(value_in(faults, "touch_pages"), truth["pages"]);
  EXPECT_LE(value_in(faults, "touch_pages"), truth["pages"].get<double>() + 3);

  // It may have been made to wait within the function, or just beside it.
  const double asleep = value_in(report("context-switches"), "sleep_often");
  const auto voluntary = truth["voluntary_switches"].get<double>();
  EXPECT_GT(voluntary, 0);
  EXPECT_GE(asleep, voluntary);
  EXPECT_LE(asleep, voluntary + truth["involuntary_switches"].get<double>());
}

TEST_F(Events, ShareTheRingsWithAClock) {
  REQUIRE_TRACEPOINTS();
  const json truth = record({"-e", "cpu-clock,syscalls:sys_enter_brk"});
  ASSERT_TRUE(truth.is_object());
  const json calls = report(kBrk);
  EXPECT_EQ(calls["quality"]["lost"], 0);
  EXPECT_EQ(value_in(calls, "ask_for_memory"), truth["calls"]);
  ASSERT_EQ(calls["events"].size(), 2U);
  EXPECT_EQ(calls["events"][0]["unit"], "s");
  EXPECT_EQ(calls["events"][0]["frequency_hz"], 999);
}

TEST_F(Events, OfAPatternAreAnEventEach) {
  REQUIRE_TRACEPOINTS();
  const json truth = record({"-e", "syscalls:sys_*_brk"});
  ASSERT_TRUE(truth.is_object());
  const json entered = report(kBrk);
  const json left = report("syscalls:sys_exit_brk");
  EXPECT_EQ(entered["events"].size(), 2U);
  EXPECT_EQ(value_in(entered, "ask_for_memory"), truth["calls"]);
  EXPECT_EQ(value_in(left, "ask_for_memory"), truth["calls"]);
}

TEST_F(Events, HaveTheWeightOfTheirPeriod) {
  REQUIRE_TRACEPOINTS();
  constexpr double kPeriod = 10;
  const json truth = record({"--inherit", "-e", "page-faults", "-c", "10"});
  ASSERT_TRUE(truth.is_object());
  const json faults = report("page-faults");
  const double pages = value_in(faults, "touch_pages");
  EXPECT_EQ(faults["event"]["period"], 10);
  EXPECT_EQ(
      row_named(faults["functions"], "touch_pages")["total"]["samples"].get<double>() * kPeriod,
      pages);
  // Each CPU counts to ten by itself, and begins with what came before.
  const double slack = kPeriod * static_cast<double>(record::online_cpus().size() + 1);
  EXPECT_NEAR(pages, truth["pages"].get<double>(), slack);
}

TEST_F(Events, StandForWhatTheyDoBesideAClock) {
  REQUIRE_TRACEPOINTS();
  const json truth = record({"--inherit", "-e", "cpu-clock,page-faults,cs"}, {"1", "10000"});
  ASSERT_TRUE(truth.is_object());
  const json report_of_faults = report("page-faults");
  const auto period = report_of_faults["event"]["period"].get<double>();
  EXPECT_GT(period, 1);
  const double slack = period * static_cast<double>(record::online_cpus().size() + 1);
  EXPECT_NEAR(value_in(report_of_faults, "touch_pages"), truth["pages"].get<double>(), slack);
  for (const json& event : report_of_faults["events"]) {
    if (event["name"] == "cpu-clock") {
      EXPECT_NEAR(event["sampled_s"].get<double>(), event["samples"].get<double>() / 999, 1e-6);
    } else if (event["name"] == "context-switches") {
      EXPECT_EQ(event["sampled_value"], event["samples"]);
    } else {
      EXPECT_EQ(event["sampled_value"].get<double>(), event["samples"].get<double>() * period);
    }
  }
  EXPECT_GE(value_in(report("context-switches"), "sleep_often"), truth["voluntary_switches"]);
}

TEST_F(Events, AreAsManyAsPerfCounts) {
  REQUIRE_TRACEPOINTS();
  const CommandResult by_perf = perf(
      {"record", "-q", "-e", kBrk, "-c", "1", "-o", "perf.data", "--", workload("counted_events")});
  if (by_perf.exit_status != 0) GTEST_SKIP() << "perf may not record so: " << by_perf.err;
  const CommandResult script = perf({"script", "-i", "perf.data", "-F", "event"});
  if (script.exit_status != 0) GTEST_SKIP() << "perf cannot read what it wrote: " << script.err;
  long expected = 0;
  for (std::size_t at = 0; (at = script.out.find(kBrk, at)) != std::string::npos; ++at) ++expected;
  ASSERT_GT(expected, 0);

  record({"-e", kBrk});
  EXPECT_EQ(report(kBrk)["quality"]["lost"], 0);
  EXPECT_EQ(samples_by_event(report(kBrk))[kBrk], expected);
}

TEST_F(Events, OfPerfsRecordingsKeepTheirNamesAndNumbers) {
  REQUIRE_TRACEPOINTS();
  const CommandResult recorded =
      perf({"record", "-q", "-B", "-N", "-e", "syscalls:sys_enter_brk,page-faults,cpu-clock", "-o",
            "perf.data", "--", workload("counted_events")});
  if (recorded.exit_status != 0) GTEST_SKIP() << "perf may not record so: " << recorded.err;
  const CommandResult script = perf({"script", "-i", "perf.data", "-F", "period,event"});
  if (script.exit_status != 0) GTEST_SKIP() << "perf cannot read what it wrote: " << script.err;
  std::map<std::string, long> expected;
  for (const char* name : {kBrk, "page-faults", "cpu-clock"}) {
    const std::string text = std::string(name) + ":";
    for (std::size_t at = 0; (at = script.out.find(text, at)) != std::string::npos; ++at)
      ++expected[name];
  }
  ASSERT_GT(expected[kBrk], 0) << script.out;

  const CommandResult imported = run_here(profiler({"import", "perf.data"}));
  ASSERT_EQ(imported.exit_status, 0) << imported.err;
  EXPECT_THAT(imported.err, HasSubstr(kBrk));
  const json calls = report(kBrk);
  std::map<std::string, long> seen = samples_by_event(calls);
  std::erase_if(seen, [](const auto& event) { return event.second == 0; });
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(calls["event"]["unit"], kBrk);
  EXPECT_EQ(calls["event"]["period"], 1);
  EXPECT_EQ(report("cpu-clock")["event"]["unit"], "s");
}

TEST_F(Events, AreShownByTimeWithWhatTheyCount) {
  REQUIRE_TRACEPOINTS();
  const CommandResult timed =
      run_here(profiler({"time", "-e", kBrk, "--", workload("counted_events"), "200"}));
  EXPECT_EQ(timed.exit_status, 0);
  EXPECT_THAT(timed.err, HasSubstr("each of syscalls:sys_enter_brk"));
  EXPECT_THAT(timed.err, HasSubstr("ask_for_memory"));
  EXPECT_THAT(timed.err, Not(HasSubstr("of charged"))) << "what was charged is no number of calls";
}

TEST_F(Events, ThatThereAreNotAreAnErrorBeforeTheProgramStarts) {
  const CommandResult unknown =
      run_here(profiler({"record", "-e", "page-fault", "--", "touch", "started"}));
  EXPECT_EQ(unknown.exit_status, 125);
  EXPECT_THAT(unknown.err, MatchesRegex("[^\n]*did you mean page-faults[^\n]*\n"));
  EXPECT_NE(::access(directory_.file("started").c_str(), F_OK), 0);
  for (const auto& words : {std::vector<std::string>{"-c", "0"},
                            {"-c", "1", "-e", "cpu-clock"},
                            {"-c", "9", "-F", "9", "-e", "page-faults"}}) {
    std::vector<std::string> all = {"record"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--", "touch", "started"});
    const CommandResult refused = run_here(profiler(all));
    EXPECT_EQ(refused.exit_status, 125) << refused.err;
    EXPECT_THAT(refused.err, MatchesRegex("profiler record: -c[^\n]*\n"));
    EXPECT_NE(::access(directory_.file("started").c_str(), F_OK), 0);
  }
}

}  // namespace
}  // namespace profiler::test
