// Code that is in no file, and its names: what a program says of the code that it has generated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/integration/recorded.h"
#include "tests/support/confinement.h"

namespace profiler::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

#if defined(__x86_64__)
constexpr bool kHasWorkload = true;
#else
constexpr bool kHasWorkload = false;
#endif

#define REQUIRE_GENERATED_CODE() \
  REQUIRE_SAMPLING();            \
  if (!kHasWorkload) GTEST_SKIP() << "the workload writes x86-64 instructions"

const std::string kWarm = "generated_\x1b[1mwarm";

TEST(GeneratedCode, HasTheNamesOfThePerfMap) {
  REQUIRE_GENERATED_CODE();
  const Recorded r = record_workload({"generated_code", "1.2", "map"});
  const json report = r.report();
  const json hot = row_named(report["functions"], "generated_hot");
  const json warm = row_named(report["functions"], kWarm);
  ASSERT_FALSE(hot.is_null());
  ASSERT_FALSE(warm.is_null());
  EXPECT_EQ(hot["module"], "[JIT] generated_code");
  const double both = seconds(hot["self"]) + seconds(warm["self"]);
  const auto samples =
      hot["self"]["samples"].get<std::size_t>() + warm["self"]["samples"].get<std::size_t>();
  EXPECT_TRUE(is_share(seconds(hot["self"]), both, 3, 4, samples));
  EXPECT_TRUE(row_named(report["functions"], "stale").is_null()) << "a later line names that";
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
  EXPECT_FALSE(
      node_at(r.report({"--tree"})["root"], {"main", "call_generated", "generated_hot"}).is_null());
}

TEST(GeneratedCode, KeepsControlCharactersOfNamesFromTheTerminal) {
  REQUIRE_GENERATED_CODE();
  const Recorded r = record_workload({"generated_code", "0.3", "map"});
  for (const std::vector<std::string>& view :
       std::vector<std::vector<std::string>>{{"report"},
                                             {"report", "--tree"},
                                             {"report", "--callers"},
                                             {"report", "--by", "line"},
                                             {"report", "--format", "csv"},
                                             {"report", "--format", "json"},
                                             {"flamegraph", "-o", "-"},
                                             {"export", "--format", "folded"}}) {
    const CommandResult result = run(profiler(view), {.directory = r.directory->path()});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("warm")) << view.back();
    EXPECT_THAT(result.out, Not(HasSubstr("\x1b"))) << view.back();
  }
}

TEST(GeneratedCode, WithoutAMapIsKnownByItsMemory) {
  REQUIRE_GENERATED_CODE();
  const Recorded r = record_workload({"generated_code", "0.3", "none"});
  const json report = r.report();
  const json row = row_named(report["functions"], "[JIT] generated_code");
  ASSERT_FALSE(row.is_null());
  EXPECT_GT(row["self"]["samples"], 0);
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
  const CommandResult text = run(profiler({"report"}), {.directory = r.directory->path()});
  EXPECT_THAT(text.out, HasSubstr("of frames known by mapping only"));
}

TEST(GeneratedCode, DoesNotTakeAFifoForAMap) {
  REQUIRE_GENERATED_CODE();
  const Recorded r = record_workload({"generated_code", "0.3", "fifo"});
  EXPECT_FALSE(row_named(r.report()["functions"], "[JIT] generated_code").is_null());
  EXPECT_THAT(r.profile.run.notes, Contains(HasSubstr("is not a regular file: not used")));
}

TEST(GeneratedCode, OfAForkedProcessHasTheNamesOfItsParents) {
  REQUIRE_GENERATED_CODE();
  const Recorded r = record_workload({"generated_code", "0.4", "child"});
  std::set<ModuleIndex> modules;
  for (std::size_t i = 0; i < r.profile.frames.size(); ++i) {
    if (r.name(FrameIndex(i)) != "generated_hot") continue;
    modules.insert(r.profile.frames[FrameIndex(i)].module);
  }
  // The same address in two processes is two frames, but one function.
  EXPECT_EQ(modules.size(), 2U);
  std::size_t functions = 0;
  for (const Function& function : r.profile.functions) {
    if (r.profile.text(function.name) == "generated_hot") ++functions;
  }
  EXPECT_EQ(functions, 1U);
  EXPECT_EQ(r.report()["quality"]["frames_unnamed"], 0);
}

TEST(GeneratedCode, OfAJitDumpIsWhatWasThereAtTheTimeOfTheSample) {
  REQUIRE_GENERATED_CODE();
  const Recorded r = record_workload({"generated_code", "1.6", "dump"});
  const json report = r.report();
  const json first = row_named(report["functions"], "generated_first");
  const json second = row_named(report["functions"], "generated_second");
  ASSERT_FALSE(first.is_null());
  ASSERT_FALSE(second.is_null());
  const double both = seconds(first["self"]) + seconds(second["self"]);
  const auto samples =
      first["self"]["samples"].get<std::size_t>() + second["self"]["samples"].get<std::size_t>();
  EXPECT_TRUE(is_share(seconds(first["self"]), both, 2, 3, samples));
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
  bool has_line = false;
  const json by_line = r.report({"--by", "line"});
  for (const json& row : by_line["rows"])
    has_line = has_line || (row["file"] == "generated.src" && row["line"] == 41);
  EXPECT_TRUE(has_line);
}

// Its own root of processes, users and mounts: the map has another number, and lies in another
// /tmp, which is gone with the process. (What lies in our /tmp is not seen there: hence the
// descriptor.)
TEST(GeneratedCode, InAContainerHasTheNamesOfTheMapThere) {
  REQUIRE_GENERATED_CODE();
  const std::vector<std::string> contained = {"unshare", "-Urpfm", "--mount-proc", "sh", "-c"};
  const std::string mount = "mount -t tmpfs t /tmp && cd /";
  std::vector<std::string> words = contained;
  words.push_back(mount);
  if (run(words).exit_status != 0)
    GTEST_SKIP() << "needs unshare with namespaces of users, processes and mounts";
  const TemporaryDirectory directory;
  words = {"record", "-e", "cpu-clock", "--"};
  words.insert(words.end(), contained.begin(), contained.end());
  words.push_back("exec 3< '" + workload("generated_code") + "' && " + mount +
                  " && /proc/self/fd/3 0.5 map && true");
  const CommandResult recorded = run(profiler(words), {.directory = directory.path()});
  ASSERT_EQ(recorded.exit_status, 0) << recorded.err;
  const CommandResult reported = run(profiler({"report", "--format", "json", "--limit", "0"}),
                                     {.directory = directory.path()});
  const json report = json::parse(reported.out, nullptr, false);
  EXPECT_FALSE(row_named(report["functions"], "generated_hot").is_null()) << reported.out;
  EXPECT_EQ(report["quality"]["frames_by_mapping"], 0);
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
}

TEST(GeneratedCode, WithoutFramePointersIsUnwoundByItsInstructions) {
  REQUIRE_GENERATED_CODE();
  if (reading_memory_refused()) GTEST_SKIP() << "needs the permission to trace children";
  const Recorded r = record_workload({"generated_code", "0.9", "trampoline"});
  const json tree = r.report({"--tree"});
  const json spin =
      node_at(tree["root"], {"main", "call_trampoline", "generated_trampoline", "spin"});
  ASSERT_FALSE(spin.is_null());
  EXPECT_GT(seconds(spin["total"]), 0.9 * seconds(tree["root"]["total"]));
}

// Python 3.12's trampolines, where there is one.
TEST(GeneratedCode, OfPythonHasTheNamesOfItsFunctions) {
  REQUIRE_GENERATED_CODE();
  const TemporaryDirectory directory;
  const std::string question =
      "import sys; sys.activate_stack_trampoline('perf'); sys.deactivate_stack_trampoline()";
  if (run({"python3", "-c", question}).exit_status != 0)
    GTEST_SKIP() << "needs python3 from 3.12 on, with perf trampolines";
  write_bytes(directory.file("fib.py"),
              "import time\n"
              "def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)\n"
              "end = time.time() + 0.7\n"
              "while time.time() < end: fibonacci(15)\n");
  ASSERT_EQ(run(profiler({"record", "-e", "cpu-clock", "--", "python3", "-X", "perf", "fib.py"}),
                {.directory = directory.path()})
                .exit_status,
            0);
  const CommandResult report = run(profiler({"report", "--format", "json", "--limit", "0"}),
                                   {.directory = directory.path()});
  const json parsed = json::parse(report.out, nullptr, false);
  const json row = row_named(parsed["functions"], "py::fibonacci");
  ASSERT_FALSE(row.is_null());
  EXPECT_THAT(row["file"].get<std::string>(), HasSubstr("fib.py"));
}

// Needs /usr/bin/node, which the packages for tests have.
class Node : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_SAMPLING();
    const CommandResult version = run({"node", "--version"});
    if (version.exit_status != 0) GTEST_SKIP() << "needs node";
    write_bytes(
        directory_.file("fib.js"),
        "function fibonacci(n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }\n"
        "let sum = 0;\n"
        "for (const end = Date.now() + 700; Date.now() < end;) sum += fibonacci(20);\n"
        "console.log(sum);\n");
  }
  [[nodiscard]] json record(const std::vector<std::string>& options) const {
    std::vector<std::string> words = {"record", "-e", "cpu-clock", "--", "node"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(directory_.file("fib.js"));
    const CommandResult recorded =
        run(profiler(std::move(words)), {.directory = directory_.path()});
    EXPECT_EQ(recorded.exit_status, 0) << recorded.err;
    const CommandResult report = run(profiler({"report", "--format", "json", "--limit", "0"}),
                                     {.directory = directory_.path()});
    EXPECT_EQ(report.exit_status, 0) << report.err;
    return json::parse(report.out, nullptr, false);
  }
  [[nodiscard]] std::string notes() const {
    return run(profiler({"report"}), {.directory = directory_.path()}).out;
  }
  TemporaryDirectory directory_;
};

TEST_F(Node, HasTheNamesAndPlacesOfScripts) {
  const json report = record({"--perf-basic-prof"});
  bool found = false;
  for (const json& row : report["functions"]) {
    // Its mark says how it was compiled.
    if (!row["name"].get<std::string>().ends_with("fibonacci")) continue;
    found = true;
    EXPECT_EQ(row["module"], "[JIT] node");
    EXPECT_EQ(row["file"], directory_.file("fib.js"));
    EXPECT_EQ(row["line"], 1);
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
}

TEST_F(Node, HasTheLinesOfScriptsFromAJitDump) {
  const json report = record({"--perf-prof"});
  bool found = false;
  for (const json& row : report["functions"])
    found = found || row["name"].get<std::string>().ends_with("fibonacci");
  EXPECT_TRUE(found);
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
}

TEST_F(Node, WithoutAMapSaysHowToGetOne) {
  const json report = record({});
  EXPECT_FALSE(row_named(report["functions"], "[JIT] node").is_null());
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
  EXPECT_THAT(notes(), HasSubstr("run node with --perf-basic-prof"));
}

}  // namespace
}  // namespace profiler::test
