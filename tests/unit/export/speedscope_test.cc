#include "export/speedscope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "tests/unit/export/stacks.h"
#include "view/filter.h"

namespace profiler::exporter {
namespace {

using nlohmann::json;
using test::ProfileBuilder;
using test::syscall;
using test::WeightByStack;
using ::testing::ElementsAre;

json speedscope(const Profile& profile, const std::vector<const Sample*>& samples,
                const SpeedscopeOptions& options = {}) {
  std::string text;
  write_speedscope(profile, samples, options, [&](std::string_view bytes) { text += bytes; });
  json document = json::parse(text, nullptr, false);
  EXPECT_FALSE(document.is_discarded()) << text;
  return document;
}

json speedscope(const Profile& profile, const SpeedscopeOptions& options = {}) {
  return speedscope(profile, view::select(profile, {}), options);
}

/// Checks what speedscope asserts of a sampled profile, and gives the weight of each stack.
WeightByStack read_back(const json& document) {
  EXPECT_EQ(document["$schema"], "https://www.speedscope.app/file-format-schema.json");
  const json& frames = document["shared"]["frames"];
  WeightByStack weights;
  for (const json& profile : document["profiles"]) {
    EXPECT_EQ(profile["type"], "sampled");
    EXPECT_EQ(profile["samples"].size(), profile["weights"].size());
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < profile["samples"].size(); ++i) {
      std::string text;
      for (const json& frame : profile["samples"][i]) {
        if (!text.empty()) text += ';';
        text += frames.at(frame.get<std::size_t>())["name"].get<std::string>();
      }
      weights[text] += profile["weights"][i].get<std::uint64_t>();
      total += profile["weights"][i].get<std::uint64_t>();
    }
    EXPECT_EQ(profile["startValue"], 0);
    EXPECT_EQ(profile["endValue"], total);
  }
  return weights;
}

TEST(Speedscope, HasASampledProfileForEachThread) {
  const json document = speedscope(ProfileBuilder()
                                       .command({"./prog", "-x"})
                                       .user("main;f", 2)
                                       .thread("worker", 101)
                                       .user("main;g", 3)
                                       .build());
  ASSERT_EQ(document["profiles"].size(), 2U);
  EXPECT_EQ(document["name"], "./prog -x");
  EXPECT_EQ(document["profiles"][0]["name"], "prog (pid 100)");
  EXPECT_EQ(document["profiles"][1]["name"], "worker (prog, pid 100, tid 101)");
  EXPECT_EQ(document["profiles"][0]["unit"], "nanoseconds");
  EXPECT_EQ(document["activeProfileIndex"], 1) << "the heaviest";
  EXPECT_EQ(document["profiles"][0]["weights"], json::array({2'000'000})) << "one stack, one row";
}

TEST(Speedscope, KeepsTheOrderOfTime) {
  const json document =
      speedscope(ProfileBuilder().user("main;a").user("main;b").user("main;a").build());
  EXPECT_EQ(document["profiles"][0]["samples"], json::parse("[[0,1],[0,2],[0,1]]"));
}

TEST(Speedscope, FramesTellWhereTheirFunctionIs) {
  const json document =
      speedscope(ProfileBuilder()
                     .function("main", {.file = "main.cc", .line = 3})
                     .sys("main#12;~inner;read@libc.so.6", "vfs_read", syscall("read"))
                     .build());
  const json expected = json::parse(R"([{"name":"main","file":"main.cc","line":3},
      {"name":"inner","file":"prog"},{"name":"read","file":"libc.so.6"},
      {"name":"vfs_read","file":"[kernel]"}])");
  EXPECT_EQ(document["shared"]["frames"], expected);
}

TEST(Speedscope, HoldsEveryStackWithItsWeightWhateverTheyAre) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const Profile profile = test::random_profile(seed);
    const auto samples = view::select(profile, {});
    EXPECT_EQ(read_back(speedscope(profile, samples)), test::weights_by_stack(profile, samples))
        << seed;
  }
}

TEST(Speedscope, WaitsAreStacksLikeOthers) {
  const Profile profile =
      ProfileBuilder()
          .user("main;f", 2)
          .wait("main;lock", "entry_SYSCALL_64;futex_do_wait;schedule", WaitClass::kLock, 7'000, 3)
          .build();
  const view::Selection selection = view::select_with_waits(profile, {});
  const WeightByStack expected = {{"main;f", 2'000'000},
                                  {"main;lock;entry_SYSCALL_64;futex_do_wait;<wait lock>", 21'000}};
  EXPECT_EQ(read_back(speedscope(profile, selection.samples)), expected);
}

TEST(Speedscope, AnEventThatIsNoClockHasNoTime) {
  const json document =
      speedscope(ProfileBuilder().event("page-faults", "faults").period(1).user("main", 3).build());
  EXPECT_EQ(document["profiles"][0]["unit"], "none");
  EXPECT_EQ(document["profiles"][0]["endValue"], 3);
}

TEST(Speedscope, AnyNameIsJsonAndHasNoControls) {
  Profile profile = ProfileBuilder().user("main;A").thread("B", 102).user("main").build();
  for (std::string& text : profile.strings) {
    if (text == "A") text = "</script>\"\\\x1b[0m\xff\n";
    if (text == "B") text = "\"\n";
  }
  const json document = speedscope(profile);
  EXPECT_EQ(document["shared"]["frames"][1]["name"], "</script>\"\\\ufffd[0m\ufffd\ufffd");
}

TEST(Speedscope, ComesInPieces) {
  ProfileBuilder builder;
  for (int i = 0; i < 9000; ++i) builder.user("main;a_rather_long_name_" + std::to_string(i));
  const Profile profile = builder.build();
  std::size_t largest = 0;
  write_speedscope(profile, view::select(profile, {}), {},
                   [&](std::string_view bytes) { largest = std::max(largest, bytes.size()); });
  EXPECT_LT(largest, 70'000U);
}

TEST(Speedscope, OfNothingIsADocumentWithoutProfiles) {
  const json document = speedscope(ProfileBuilder().build());
  EXPECT_EQ(document["profiles"], json::array());
  EXPECT_EQ(document["shared"]["frames"], json::array());
}

}  // namespace
}  // namespace profiler::exporter
