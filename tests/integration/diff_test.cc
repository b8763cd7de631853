// What `profiler diff` says of two recordings whose difference is known beforehand.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/integration/recorded.h"

namespace profiler::test {
namespace {

json diff(const std::string& before, const std::string& after,
          const std::vector<std::string>& options = {}) {
  std::vector<std::string> words = {"diff", before, after, "--format", "json"};
  words.insert(words.end(), options.begin(), options.end());
  const CommandResult result = run(profiler(std::move(words)));
  EXPECT_EQ(result.exit_status, 0) << result.err;
  json document = json::parse(result.out, nullptr, false);
  EXPECT_TRUE(document.is_object()) << result.out;
  return document;
}

json diff(const Recorded& before, const Recorded& after,
          const std::vector<std::string>& options = {}) {
  return diff(before.directory->file("profiler.data"), after.directory->file("profiler.data"),
              options);
}

double share_of(const Recorded& recorded, const std::string& function) {
  return recorded.truth["spent_s"][function].get<double>() / recorded.truth["cpu_s"].get<double>();
}

/// Its functions spend shares of the CPU time that they measure themselves: those that are nobody
/// else's, as another machine, or a busy one, would give them.
constexpr const char* kFunctions[] = {"steady", "grows", "shrinks", "added", "dropped"};

TEST(Diff, FindsWhatAnotherBuildChanged) {
  REQUIRE_SAMPLING();
  const Recorded before = record_workload({"changed_work", "1.5"});
  const Recorded after = record_workload({"changed_work_newer", "1.5"});
  const json document = diff(before, after);
  for (const std::string function : kFunctions) {
    const json row = row_named(document["functions"], function);
    ASSERT_FALSE(row.is_null()) << function;
    EXPECT_TRUE(row["significant"]) << row;
    // By the whole of the noise band, which few in a thousand million comparisons of chance leave;
    // and by the clock's own system calls, which are part of what a function spends.
    const double change = share_of(after, function) - share_of(before, function);
    EXPECT_NEAR(row["delta"]["total"]["share"].get<double>(), change,
                row["noise"]["total"]["share"].get<double>() + 0.01)
        << row;
    EXPECT_GT(std::abs(change), row["noise"]["total"]["share"].get<double>()) << row;
  }
  EXPECT_EQ(row_named(document["functions"], "added")["old"]["total"]["samples"], 0);
  EXPECT_EQ(row_named(document["functions"], "dropped")["new"]["total"]["samples"], 0);
  EXPECT_TRUE(row_named(document["functions"], "shrinks.part.0").is_null());

  // As measured, steady did the same work in both.
  const json seconds = diff(before, after, {"--normalize", "none"});
  const json steady = row_named(seconds["functions"], "steady");
  EXPECT_NEAR(steady["delta"]["total"]["cpu_s"].get<double>(),
              after.truth["spent_s"]["steady"].get<double>() -
                  before.truth["spent_s"]["steady"].get<double>(),
              steady["noise"]["total"]["cpu_s"].get<double>());
  EXPECT_TRUE(row_named(seconds["functions"], "grows")["significant"]);
}

TEST(Diff, OfTwoRecordingsOfTheSameProgramReportsNothing) {
  REQUIRE_SAMPLING();
  const Recorded before = record_workload({"changed_work", "1"});
  const Recorded after = record_workload({"changed_work", "1.7"}, {"-F", "1499"});
  const json document = diff(before, after);
  for (const json& row : document["functions"]) {
    // What the kernel interrupts and how often is the machine's business, not the program's.
    if (row["kernel"] || row["file"].is_null() ||
        row["file"].get<std::string>().find("changed_work.c") == std::string::npos)
      continue;
    EXPECT_FALSE(row["significant"]) << row;
  }
  for (const std::string function : {"steady", "grows", "shrinks", "dropped", "main"})
    EXPECT_FALSE(row_named(document["functions"], function).is_null()) << function;
}

/// Self shares of `perf diff`, in percent: before, and how much that changed. By symbol.
struct PerfRow {
  double before = 0;
  double delta = 0;
};
std::map<std::string, PerfRow> parse_perf_diff(const std::string& text) {
  std::map<std::string, PerfRow> rows;
  const std::regex line(R"(^\s*(?:([\d.]+)%)?\s+(?:([+-][\d.]+)%)?\s+\[\.\]\s+(\S+)\s*$)");
  std::istringstream lines(text);
  std::smatch match;
  for (std::string each; std::getline(lines, each);) {
    if (!std::regex_match(each, match, line)) continue;
    PerfRow& row = rows[match[3]];
    if (match[1].matched) row.before = std::stod(match[1]);
    if (match[2].matched) row.delta = std::stod(match[2]);
  }
  return rows;
}

TEST(Diff, AgreesWithPerfDiff) {
  REQUIRE_SAMPLING();
  if (run({"perf", "--version"}).exit_status != 0) GTEST_SKIP() << "perf is missing";
  const TemporaryDirectory directory;
  const auto record = [&](const std::string& name) {
    return run({"perf", "record", "-q", "-B", "-N", "-e", "cpu-clock:u", "-F", "1999", "-o",
                directory.file(name + ".perf"), "--", workload(name), "1"});
  };
  for (const std::string name : {"changed_work", "changed_work_newer"}) {
    const CommandResult recorded = record(name);
    if (recorded.exit_status != 0) GTEST_SKIP() << "perf may not record so: " << recorded.err;
  }
  const std::string before = directory.file("changed_work.perf");
  const std::string after = directory.file("changed_work_newer.perf");
  const CommandResult perf = run({"perf", "diff", "-q", "-s", "symbol", before, after});
  ASSERT_EQ(perf.exit_status, 0) << perf.err;
  const auto rows = parse_perf_diff(perf.out);
  const json document = diff(before, after);
  for (const std::string function : {"steady", "grows"}) {
    const auto theirs = rows.find(function);
    ASSERT_NE(theirs, rows.end()) << perf.out;
    const json ours = row_named(document["functions"], function);
    // Without call graphs, what perf calls a symbol's own is all that is in it, inlined or not.
    EXPECT_NEAR(100 * ours["old"]["total"]["share"].get<double>(), theirs->second.before, 0.006);
    EXPECT_NEAR(100 * ours["delta"]["total"]["share"].get<double>(), theirs->second.delta, 0.011)
        << perf.out;
  }
}

}  // namespace
}  // namespace profiler::test
