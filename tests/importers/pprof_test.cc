// What pprof, Google's own in Go, makes of our export.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/importers/exported.h"
#include "tests/importers/sample_profiles.h"
#include "tests/support/compile_profile.h"
#include "tests/support/profile_builder.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;

/// The pprof tool; none: what it needs.
struct Pprof {
  std::string program;
  std::string missing;
};

const Pprof& pprof_tool() {
  static TemporaryDirectory directory;
  static const Pprof kTool = [] {
    if (!have("go")) return Pprof{.program = "", .missing = "needs go (Debian: golang-go)"};
    if (!std::filesystem::exists("/usr/share/gocode/src/github.com/google/pprof")) {
      return Pprof{.program = "",
                   .missing = "needs pprof (Debian: golang-github-google-pprof-dev)"};
    }
    const CommandResult built = run({"go", "build", "-o", directory.file("pprof"), "."},
                                    {.directory = importers_folder() + "/pprof",
                                     .environment = {{"GO111MODULE", "off"},
                                                     {"GOFLAGS", ""},
                                                     {"GOPATH", "/usr/share/gocode"},
                                                     {"GOCACHE", directory.file("cache")}},
                                     .timeout = std::chrono::seconds(280)});
    if (built.exit_status != 0) return Pprof{.program = "", .missing = "pprof: " + built.err};
    return Pprof{.program = directory.file("pprof"), .missing = ""};
  }();
  return kTool;
}

#define REQUIRE_PPROF() \
  if (const Pprof& tool = pprof_tool(); tool.program.empty()) GTEST_SKIP() << tool.missing

CommandResult pprof(const std::vector<std::string>& options, const std::string& file) {
  std::vector<std::string> words = {pprof_tool().program, "-symbolize=none"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(file);
  return run(words, {.environment = {{"PPROF_TMPDIR", "/nonexistent"}}});
}

/// Flat and cumulative by name, of all functions.
std::map<std::string, std::pair<std::int64_t, std::int64_t>> pprof_top(const std::string& file,
                                                                       const std::string& value,
                                                                       const std::string& unit) {
  const CommandResult result = pprof({"-top", "-sample_index=" + value, "-unit=" + unit,
                                      "-nodecount=0", "-nodefraction=0", "-edgefraction=0"},
                                     file);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  static const std::regex kRow(
      R"(\s*(\d+)[a-z]*\s+\S+%\s+\S+%\s+(\d+)[a-z]*\s+\S+%  (.*?)(?: \((?:partial-)?inline\))?)");
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> rows;
  std::istringstream lines(result.out);
  bool in_table = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("flat  flat%") != std::string::npos) {
      in_table = true;
      continue;
    }
    std::smatch match;
    if (!in_table || line.size() > 9000) continue;  // Too long for std::regex.
    if (!std::regex_match(line, match, kRow)) {
      ADD_FAILURE() << "no row: " << line;
      continue;
    }
    auto& row = rows[match[3]];
    row.first += std::stoll(match[1]);
    row.second += std::stoll(match[2]);
  }
  return rows;
}

void expect_same_top(Exported& exported) {
  const std::string file = exported.write("pprof", "p.pb.gz");
  auto cpu = pprof_top(file, "cpu", "ns");
  auto user = pprof_top(file, "user", "ns");
  auto sys = pprof_top(file, "sys", "ns");
  const ChargedByName functions = exported.report();
  EXPECT_GT(functions.size(), 10U);
  for (const auto& [name, charged] : functions) {
    EXPECT_EQ(cpu[name], std::pair(charged.self(), charged.total())) << name;
    EXPECT_EQ(user[name], std::pair(charged.self_user, charged.total_user)) << name;
    EXPECT_EQ(sys[name], std::pair(charged.self_sys, charged.total_sys)) << name;
    cpu.erase(name);
  }
  for (const auto& [name, row] : cpu)
    EXPECT_THAT(name, testing::AnyOf("[truncated]", "[broken]")) << "not in the report";
}

TEST(Pprof, TopIsTheReportsTable) {
  REQUIRE_PPROF();
  for (const Profile& profile : {small_profile(), compile_profile(2000)}) {
    Exported exported(profile);
    expect_same_top(exported);
  }
}

TEST(Pprof, KnowsWhereFunctionsAreAndWhoRanThem) {
  REQUIRE_PPROF();
  Exported exported(small_profile());
  const std::string file = exported.write("pprof", "p.pb.gz");
  const std::string raw = pprof({"-raw"}, file).out;
  EXPECT_THAT(raw, HasSubstr("dot<double, 3> src/dot.h:11"));
  EXPECT_THAT(raw, HasSubstr("(_Z3dotIdLi3EE)")) << "the linker's name";
  EXPECT_THAT(raw, HasSubstr("cause:[page fault (anonymous)]"));
  EXPECT_THAT(raw, HasSubstr("thread:[worker thread]"));
  const std::string tags = pprof({"-tags"}, file).out;
  EXPECT_THAT(tags, HasSubstr("comm: Total"));
  EXPECT_THAT(pprof({"-top", "-tagfocus=child"}, file).out, HasSubstr("7ms"));
}

TEST(Pprof, WaitIsASampleTypeWhereItWasRecorded) {
  REQUIRE_PPROF();
  Exported waiting(waiting_profile());
  const auto top = pprof_top(waiting.write("pprof", "p.pb.gz"), "wait", "ns");
  std::int64_t sum = 0;
  for (const auto& [name, row] : top) sum += row.first;
  EXPECT_EQ(sum, kWaited);
  EXPECT_EQ(top.at("<wait lock>").first, kLocked);
  Exported other(small_profile());
  EXPECT_NE(pprof({"-top", "-sample_index=wait"}, other.write("pprof", "p.pb.gz")).exit_status, 0);
}

TEST(Pprof, AnotherEventHasItsOwnUnit) {
  REQUIRE_PPROF();
  Exported exported(
      ProfileBuilder().event("page-faults", "faults").period(3).user("main;f", 5).build());
  EXPECT_EQ(pprof_top(exported.write("pprof", "p.pb.gz"), "page-faults", "faults").at("f").first,
            15);
}

TEST(Pprof, PrintsNoControlsWhateverTheNames) {
  REQUIRE_PPROF();
  Exported exported(hostile_profile());
  for (const char* how : {"-top", "-raw", "-traces", "-tags"}) {
    const CommandResult result = pprof({how}, exported.write("pprof", "p.pb.gz"));
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(result.out.find('\x1b'), std::string::npos) << how;
    EXPECT_EQ(result.out.find('\x07'), std::string::npos) << how;
  }
}

}  // namespace
}  // namespace profiler::test
