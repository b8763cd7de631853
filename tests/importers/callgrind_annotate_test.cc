// What valgrind's callgrind_annotate makes of our export.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/importers/exported.h"
#include "tests/importers/sample_profiles.h"
#include "tests/support/compile_profile.h"

namespace profiler::test {
namespace {

#define REQUIRE_CALLGRIND_ANNOTATE() \
  if (!have("callgrind_annotate")) GTEST_SKIP() << "needs callgrind_annotate (Debian: valgrind)"

struct AnnotateRow {
  std::string name;
  std::int64_t user = 0, sys = 0;
};

/// Its table of functions, in its order.
std::vector<AnnotateRow> callgrind_annotate(const std::string& file,
                                            const std::vector<std::string>& options) {
  std::vector<std::string> words = {"callgrind_annotate", "--threshold=100", "--auto=no",
                                    "--show=user_ns,sys_ns"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(file);
  const CommandResult result = run(words);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.err, "") << "a warning is a malformed line";
  static const std::regex kRow(
      R"( *([\d,]+)(?: \([ \d.]+%\))?\s+([\d,]+)(?: \([ \d.]+%\))?\s+(.*))");
  std::vector<AnnotateRow> rows;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.size() > 9000 || !std::regex_match(line, match, kRow)) continue;
    std::string name = match[3];
    if (name == "PROGRAM TOTALS") continue;
    name = name.substr(0, name.rfind(" ["));
    name.erase(0, name.find(':') + 1);
    const auto number = [](std::string text) {
      std::erase(text, ',');
      return std::stoll(text);
    };
    rows.push_back({.name = name, .user = number(match[1]), .sys = number(match[2])});
  }
  return rows;
}

std::vector<std::int64_t> top_ten(std::vector<std::int64_t> values) {
  std::ranges::sort(values, std::greater());
  values.resize(std::min<std::size_t>(values.size(), 10));
  return values;
}

TEST(CallgrindAnnotate, PrintsTheReportsTopTen) {
  REQUIRE_CALLGRIND_ANNOTATE();
  for (const Profile& profile : {small_profile(), compile_profile(2000)}) {
    Exported exported(profile);
    const std::string file = exported.write("callgrind", "callgrind.out.1");
    const ChargedByName functions = exported.report();
    for (const bool sys : {false, true}) {
      const auto rows = callgrind_annotate(file, {sys ? "--sort=sys_ns" : "--sort=user_ns"});
      std::vector<std::int64_t> expected;
      for (const auto& [name, charged] : functions)
        expected.push_back(sys ? charged.self_sys : charged.self_user);
      expected = top_ten(expected);
      std::vector<std::int64_t> found;
      for (const AnnotateRow& row : rows) found.push_back(sys ? row.sys : row.user);
      ASSERT_GE(found.size(), std::ranges::count_if(expected, [](auto v) { return v != 0; }));
      found.resize(std::min(found.size(), expected.size()));
      expected.resize(found.size());
      EXPECT_EQ(found, expected);
      for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_TRUE(functions.contains(rows[i].name)) << rows[i].name;
        EXPECT_EQ(rows[i].user, functions.at(rows[i].name).self_user) << rows[i].name;
        EXPECT_EQ(rows[i].sys, functions.at(rows[i].name).self_sys) << rows[i].name;
      }
    }
  }
}

TEST(CallgrindAnnotate, InclusiveCostsAreTheReportsTotals) {
  REQUIRE_CALLGRIND_ANNOTATE();
  Exported exported(small_profile());
  const auto rows = callgrind_annotate(exported.write("callgrind", "callgrind.out.1"),
                                       {"--inclusive=yes", "--sort=user_ns"});
  const ChargedByName functions = exported.report();
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> found;
  for (const AnnotateRow& row : rows) {
    found[row.name].first += row.user;
    found[row.name].second += row.sys;
  }
  for (const auto& [name, charged] : functions)
    EXPECT_EQ(found[name], std::pair(charged.total_user, charged.total_sys)) << name;
  EXPECT_EQ(rows.at(0).name, "[process] prog") << "of one with a child, all of its own";
}

TEST(CallgrindAnnotate, ReadsAnyNames) {
  REQUIRE_CALLGRIND_ANNOTATE();
  Exported exported(hostile_profile());
  const auto rows = callgrind_annotate(exported.write("callgrind", "callgrind.out.1"), {});
  EXPECT_GE(rows.size(), hostile_names().size() - 1) << "one is too long for this test";
  for (const AnnotateRow& row : rows) EXPECT_EQ(row.name.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace profiler::test
