// Programs and libraries that are not where their paths say: run from memory, removed or replaced
// while they run, under another root, in a user namespace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "tests/integration/recorded.h"
#include "tests/support/confinement.h"

namespace profiler::test {
namespace {

using ::testing::Combine;
using ::testing::HasSubstr;
using ::testing::Values;

void copy_program(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to);
  std::filesystem::permissions(to, std::filesystem::perms(0755));
}

json record_and_report(const TemporaryDirectory& directory, std::vector<std::string> words,
                       std::optional<unsigned> user = {}) {
  const CommandOptions options = {.directory = directory.path(), .user = user};
  std::vector<std::string> command = {directory.file("profiler"), "record", "-e", "cpu-clock",
                                      "--"};
  command.insert(command.end(), words.begin(), words.end());
  const CommandResult recorded = run(command, options);
  EXPECT_EQ(recorded.exit_status, 0) << recorded.signal << recorded.err;
  const CommandResult reported =
      run({directory.file("profiler"), "report", "--format", "json", "--limit", "0"}, options);
  EXPECT_EQ(reported.exit_status, 0) << reported.signal << reported.err;
  return json::parse(reported.out, nullptr, false);
}

double share_of(const json& report, const std::string& function) {
  const json row = row_named(report["functions"], function);
  return row.is_null() ? 0
                       : row["total"]["user_s"].get<double>() /
                             report["time"]["sampled_user_s"].get<double>();
}

class MovedLibrary : public ::testing::TestWithParam<std::tuple<std::string, bool>> {
 protected:
  void SetUp() override {
    REQUIRE_SAMPLING();
    if (as_nobody() && geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
    if (reading_memory_refused()) GTEST_SKIP() << "needs the permission to trace children";
    copy_program(PROFILER_PROGRAM, directory_.file("profiler"));
    copy_program(workload("moved_library"), directory_.file("program"));
    copy_program(workload("call_chain"), directory_.file("call_chain"));
    copy_program(workload("libworkload_first.so"), directory_.file("library.so"));
    copy_program(workload("libworkload_second.so"), directory_.file("other.so"));
    if (!as_nobody()) return;
    ASSERT_EQ(chown(directory_.path().c_str(), kNobody, kNobody), 0);
    if (run({"test", "-x", directory_.file("profiler")}, {.user = kNobody}).exit_status != 0)
      GTEST_SKIP() << "nobody may not enter the directory of temporary files";
    if (read_bytes("/proc/sys/kernel/perf_event_paranoid") > "2\n")
      GTEST_SKIP() << "needs kernel.perf_event_paranoid 2 or lower";
  }
  [[nodiscard]] static std::string how() { return std::get<0>(GetParam()); }
  [[nodiscard]] static bool as_nobody() { return std::get<1>(GetParam()); }
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(, MovedLibrary,
                         Combine(Values("memfd", "memfd-closed", "deleted", "replaced", "exec"),
                                 Values(false, true)),
                         [](const auto& test) {
                           std::string name = std::get<0>(test.param);
                           std::erase(name, '-');
                           return name + (std::get<1>(test.param) ? "AsNobody" : "AsTheTestsUser");
                         });

TEST_P(MovedLibrary, KeepsItsNames) {
  const bool exec = how() == "exec";
  const json report = record_and_report(
      directory_, {"./program", "1.5", exec ? "./call_chain" : "./library.so", how(), "./other.so"},
      as_nobody() ? std::optional<unsigned>(kNobody) : std::nullopt);
  EXPECT_GT(share_of(report, exec ? "spin" : "plugin_first"), 0.9) << report["functions"];
  EXPECT_GT(share_of(report, "main"), 0.9) << "its unwind table is at hand as well";
  EXPECT_TRUE(row_named(report["functions"], "plugin_second").is_null());
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
  // Its file is out of nobody's reach then, and what is left of it is in memory.
  if (!as_nobody() || (how() != "replaced" && how() != "deleted")) return;
  const CommandResult text =
      run({directory_.file("profiler"), "report"}, {.directory = directory_.path()});
  EXPECT_THAT(text.out, HasSubstr("library.so: was " + how() + " while it ran; only its exported"));
}

TEST(Elsewhere, UnderAnotherRootHasTheNamesOfTheDebugFilesThere) {
  REQUIRE_SAMPLING();
  if (geteuid() != 0) GTEST_SKIP() << "needs root, for chroot";
  const TemporaryDirectory directory;
  copy_program(PROFILER_PROGRAM, directory.file("profiler"));
  std::filesystem::create_directories(directory.file("root/usr/lib/debug"));
  copy_program(workload("call_chain_static"), directory.file("root/program"));
  const std::string program = directory.file("root/program");
  const CommandResult id = run({"readelf", "-n", program});
  const std::size_t at = id.out.find("Build ID: ");
  if (id.exit_status != 0 || at == std::string::npos)
    GTEST_SKIP() << "needs readelf and a build id";
  const std::string hex = id.out.substr(at + 10, 40);
  const std::string folder = directory.file("root/usr/lib/debug/.build-id/" + hex.substr(0, 2));
  std::filesystem::create_directories(folder);
  if (run({"objcopy", "--only-keep-debug", program, folder + "/" + hex.substr(2) + ".debug"})
              .exit_status != 0 ||
      run({"strip", program}).exit_status != 0)
    GTEST_SKIP() << "needs objcopy and strip";
  const json report =
      record_and_report(directory, {"chroot", directory.file("root"), "/program", "1"});
  for (const char* name : {"spin", "beta", "main"}) EXPECT_GT(share_of(report, name), 0.9) << name;
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
}

TEST(Elsewhere, InAUserNamespaceHasItsNames) {
  REQUIRE_SAMPLING();
  if (run({"unshare", "-Ur", "true"}).exit_status != 0)
    GTEST_SKIP() << "needs unshare -U, and the permission for it";
  const TemporaryDirectory directory;
  copy_program(PROFILER_PROGRAM, directory.file("profiler"));
  const json report = record_and_report(directory, {"unshare", "-Ur", workload("call_chain"), "1"});
  for (const char* name : {"spin", "beta", "main"}) EXPECT_GT(share_of(report, name), 0.9) << name;
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
}

}  // namespace
}  // namespace profiler::test
