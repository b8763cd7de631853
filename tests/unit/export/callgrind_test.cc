#include "export/callgrind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/filter.h"
#include "view/function_table.h"

namespace profiler::exporter {
namespace {

using test::ProfileBuilder;
using test::syscall;
using ::testing::Each;
using ::testing::HasSubstr;

std::string callgrind(const Profile& profile, CallgrindOptions options = {}) {
  const view::Selection selection = view::select_with_waits(profile, {});
  if (selection.has_waits && options.times == Times::kOnCpu) options.times = Times::kAll;
  std::string text;
  write_callgrind(profile, selection.samples, options,
                  [&](std::string_view bytes) { text += bytes; });
  return text;
}

using Costs = std::array<std::uint64_t, 3>;  ///< user, sys, wait.

struct Called {
  std::uint64_t calls = 0;
  Costs costs{};
};

struct ReadFile {
  std::string events;
  Costs summary{};
  std::map<std::string, Costs> self;                             ///< By "file:function".
  std::map<std::string, Costs> into;                             ///< Calls into it, likewise.
  std::map<std::string, Costs> out_of;                           ///< Calls that it makes.
  std::map<std::pair<std::string, std::string>, Called> called;  ///< Caller, callee.
  std::map<std::string, std::map<int, Costs>> lines;

  /// As callgrind_annotate has it.
  [[nodiscard]] Costs inclusive(const std::string& function) const {
    if (const auto calls = into.find(function); calls != into.end()) return calls->second;
    Costs sum = self.contains(function) ? self.at(function) : Costs{};
    if (out_of.contains(function)) add(sum, out_of.at(function));
    return sum;
  }
  static void add(Costs& to, const Costs& more) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += more[i];
  }
};

/// Reads the format by its rules of name compression and of calls.
ReadFile read_back(const std::string& text) {
  ReadFile file;
  std::map<std::string, std::map<std::string, std::string>> names;
  const auto name = [&](const std::string& space, const std::string& value) {
    const std::size_t end = value.find(')');
    EXPECT_TRUE(value.starts_with('(') && end != std::string::npos) << value;
    const std::string number = value.substr(0, end);
    if (value.size() > end + 2) {
      EXPECT_TRUE(names[space].emplace(number, value.substr(end + 2)).second) << value;
    }
    EXPECT_TRUE(names[space].contains(number)) << value;
    return names[space][number];
  };
  std::string function;
  std::string source;
  std::string callee;
  std::string callee_source;
  std::uint64_t calls = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    const std::size_t equals = line.find('=');
    const std::string key = line.substr(0, std::min(equals, line.size()));
    const std::string value = equals == std::string::npos ? "" : line.substr(equals + 1);
    if (line.empty() || line.starts_with('#')) continue;
    if (std::isdigit(static_cast<unsigned char>(line.front())) != 0) {
      int number = 0;
      Costs costs{};
      words >> number >> costs[0] >> costs[1] >> costs[2];
      if (calls != 0) {
        Called& edge = file.called[{function, callee}];
        edge.calls += std::exchange(calls, 0);
        ReadFile::add(edge.costs, costs);
        ReadFile::add(file.into[callee], costs);
        ReadFile::add(file.out_of[function], costs);
      } else {
        ReadFile::add(file.self[function], costs);
        ReadFile::add(file.lines[function][number], costs);
      }
    } else if (key == "fl") {
      source = name("file", value);
    } else if (key == "fn") {
      function = source + ":" + name("function", value);
    } else if (key == "cfi") {
      callee_source = name("file", value);
    } else if (key == "cfn") {
      callee = callee_source + ":" + name("function", value);
    } else if (key == "ob" || key == "cob") {
      name("object", value);
    } else if (key == "calls") {
      calls = std::stoull(value);
    } else if (line.starts_with("events: ")) {
      file.events = line.substr(8);
    } else if (line.starts_with("summary: ")) {
      words >> callee >> file.summary[0] >> file.summary[1] >> file.summary[2];
    } else {
      EXPECT_THAT(line, testing::MatchesRegex("[a-z]+: .*"));
    }
  }
  return file;
}

Costs costs_of(const view::Weight& weight) { return {weight.user, weight.sys, weight.wait}; }

TEST(Callgrind, ChargesLinesAndCalls) {
  const ReadFile file = read_back(callgrind(ProfileBuilder()
                                                .function("main", {.file = "main.cc", .line = 3})
                                                .function("f", {.file = "f.cc", .line = 20})
                                                .user("main#10;f#21", 5)
                                                .user("main#10;f#22", 2)
                                                .user("main#11", 1)
                                                .build()));
  EXPECT_EQ(file.events, "user_ns sys_ns");
  EXPECT_EQ(file.summary, (Costs{8'000'000, 0, 0}));
  EXPECT_EQ(file.lines.at("f.cc:f").at(21), (Costs{5'000'000, 0, 0}));
  EXPECT_EQ(file.lines.at("f.cc:f").at(22), (Costs{2'000'000, 0, 0}));
  EXPECT_EQ(file.lines.at("main.cc:main").at(11), (Costs{1'000'000, 0, 0}));
  EXPECT_EQ(file.called.at({"main.cc:main", "f.cc:f"}).calls, 7U);
  EXPECT_EQ(file.called.at({"main.cc:main", "f.cc:f"}).costs, (Costs{7'000'000, 0, 0}));
  EXPECT_EQ(file.inclusive("???:[process] prog"), file.summary);
}

TEST(Callgrind, RecursionIsChargedOnce) {
  const ReadFile file =
      read_back(callgrind(ProfileBuilder().user("main;f;f;f", 2).user("main;f;g;f;h", 3).build()));
  EXPECT_EQ(file.inclusive("???:f"), (Costs{5'000'000, 0, 0}));
  EXPECT_EQ(file.inclusive("???:g"), (Costs{3'000'000, 0, 0}));
  EXPECT_EQ(file.inclusive("???:h"), (Costs{3'000'000, 0, 0}));
  EXPECT_EQ(file.called.at({"???:f", "???:f"}).calls, 4U) << "it is called all the same";
  EXPECT_EQ(file.called.at({"???:f", "???:f"}).costs, Costs{});
  EXPECT_EQ(file.called.at({"???:g", "???:f"}).costs, Costs{});
}

TEST(Callgrind, SelfAndInclusiveAreThoseOfTheTableOfFunctions) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const Profile profile = test::random_profile(seed);
    const ReadFile file = read_back(callgrind(profile));
    view::Weight all;
    for (const view::TableRow& row :
         view::function_table(profile, view::select(profile, {}), {.kernel_frames = true})) {
      const std::string key = (row.file.empty() ? "???" : row.file) + ":" + row.label;
      if (row.module.empty()) continue;  // [broken], for stacks without any frame.
      EXPECT_EQ(file.inclusive(key), costs_of(row.charge.total)) << seed << ' ' << key;
      const auto self = file.self.find(key);
      EXPECT_EQ(self == file.self.end() ? Costs{} : self->second, costs_of(row.charge.self))
          << seed << ' ' << key;
      all += row.charge.self;
    }
    EXPECT_EQ(file.summary, costs_of(all)) << seed;
  }
}

TEST(Callgrind, WaitsAreACostOfTheirOwn) {
  const ReadFile file = read_back(
      callgrind(ProfileBuilder()
                    .user("main;f", 2)
                    .sys("main;f", "entry_SYSCALL_64", syscall("read"), 1)
                    .wait("main;lock", "entry_SYSCALL_64;futex_do_wait", WaitClass::kLock, 7'000, 3)
                    .build()));
  EXPECT_EQ(file.events, "user_ns sys_ns wait_ns");
  EXPECT_EQ(file.summary, (Costs{2'000'000, 1'000'000, 21'000}));
  EXPECT_EQ(file.inclusive("???:main"), (Costs{2'000'000, 1'000'000, 21'000}));
  EXPECT_EQ(file.self.at("???:<wait lock>"), (Costs{0, 0, 21'000}));
}

TEST(Callgrind, WaitsAreTheOnlyCostWhereTheyAreAll) {
  const ReadFile file =
      read_back(callgrind(ProfileBuilder().wait("main", "", WaitClass::kSleep, 7'000, 3).build(),
                          {.times = Times::kWaits}));
  EXPECT_EQ(file.events, "wait_ns");
  EXPECT_EQ(file.summary, (Costs{21'000, 0, 0}));
  EXPECT_EQ(file.self.at("???:<wait sleep>"), (Costs{21'000, 0, 0}));
}

TEST(Callgrind, AnEventThatIsNoClockKeepsItsUnit) {
  const std::string text =
      callgrind(ProfileBuilder().event("page-faults", "faults").period(1).user("main", 3).build());
  EXPECT_THAT(text, HasSubstr("event: user : In user mode (faults)\n"));
  EXPECT_EQ(read_back(text).events, "user sys");
  EXPECT_EQ(read_back(text).summary, (Costs{3, 0, 0}));
}

TEST(Callgrind, NamesStayOnTheirLine) {
  Profile profile = ProfileBuilder().user("main;A;B").build();
  for (std::string& text : profile.strings) {
    if (text == "A") text = "(1)\nfn=(2) x\x1b";
    if (text == "B") text = "";
  }
  const ReadFile file = read_back(callgrind(profile));
  EXPECT_EQ(file.inclusive("???:(1)\ufffdfn=(2) x\ufffd"), (Costs{1'000'000, 0, 0}));
  EXPECT_EQ(file.inclusive("???:[no name]"), (Costs{1'000'000, 0, 0}));
}

TEST(Callgrind, OfNothingIsAHead) {
  const ReadFile file = read_back(callgrind(ProfileBuilder().build()));
  EXPECT_EQ(file.events, "user_ns sys_ns");
  EXPECT_TRUE(file.self.empty());
}

}  // namespace
}  // namespace profiler::exporter
