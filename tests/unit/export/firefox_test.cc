#include "export/firefox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "tests/unit/export/firefox_checker.h"
#include "tests/unit/export/stacks.h"
#include "view/filter.h"

namespace profiler::exporter {
namespace {

using nlohmann::json;
using test::fault;
using test::irq;
using test::ProfileBuilder;
using test::syscall;
using test::WeightByStack;
using ::testing::ElementsAre;

json firefox(const Profile& profile, const FirefoxOptions& options = {}) {
  const view::Selection selection = view::select_with_waits(profile, {});
  std::string text;
  write_firefox(profile, selection.samples, options, [&](std::string_view b) { text += b; });
  json document = json::parse(text, nullptr, false);
  EXPECT_FALSE(document.is_discarded()) << text;
  test::check_firefox(document);
  return document;
}

std::string text_of(const json& document, const json& row) {
  return document["shared"]["stringArray"].at(row.get<std::size_t>());
}

std::string function_of(const json& document, std::size_t stack) {
  const json& shared = document["shared"];
  const auto frame = shared["stackTable"]["frame"].at(stack).get<std::size_t>();
  const auto function = shared["frameTable"]["func"].at(frame).get<std::size_t>();
  return text_of(document, shared["funcTable"]["name"].at(function));
}

std::string folded(const json& document, std::size_t stack) {
  const json& prefix = document["shared"]["stackTable"]["prefix"].at(stack);
  const std::string name = function_of(document, stack);
  return prefix.is_null() ? name : folded(document, prefix.get<std::size_t>()) + ";" + name;
}

/// "Page fault / anonymous" of the innermost frame of a thread's sample.
std::string category(const json& document, std::size_t thread, std::size_t sample) {
  const auto stack =
      document["threads"].at(thread)["samples"]["stack"].at(sample).get<std::size_t>();
  const auto frame = document["shared"]["stackTable"]["frame"].at(stack).get<std::size_t>();
  const json& frames = document["shared"]["frameTable"];
  const json& row =
      document["meta"]["categories"].at(frames["category"].at(frame).get<std::size_t>());
  return row["name"].get<std::string>() + " / " +
         row["subcategories"]
             .at(frames["subcategory"].at(frame).get<std::size_t>())
             .get<std::string>();
}

/// Nanoseconds, from samples in milliseconds.
WeightByStack read_back(const json& document) {
  WeightByStack weights;
  for (const json& thread : document["threads"]) {
    const json& samples = thread["samples"];
    for (std::size_t i = 0; i < samples["length"]; ++i) {
      weights[folded(document, samples["stack"][i].get<std::size_t>())] +=
          static_cast<std::uint64_t>(std::llround(samples["weight"][i].get<double>() * 1e6));
    }
  }
  return weights;
}

TEST(Firefox, HasAThreadForEachWithItsProcess) {
  ProfileBuilder builder;
  builder.run().start_unix_ns = 1'700'000'000'123'000'000;
  const json document = firefox(builder.command({"/bin/prog", "-x"})
                                    .user("main;f", 2)
                                    .thread("worker", 101)
                                    .user("main;g", 3)
                                    .build());
  EXPECT_EQ(document["meta"]["product"], "prog");
  EXPECT_EQ(document["meta"]["startTime"], 1'700'000'000'123);
  EXPECT_EQ(document["meta"]["interval"], 1);
  EXPECT_EQ(document["meta"]["initialSelectedThreads"], json::array({1})) << "the heaviest";
  const json& threads = document["threads"];
  ASSERT_EQ(threads.size(), 2U);
  EXPECT_EQ(threads[0]["isMainThread"], true);
  EXPECT_EQ(threads[1]["isMainThread"], false);
  EXPECT_EQ(threads[1]["name"], "worker");
  EXPECT_EQ(threads[1]["processName"], "prog");
  EXPECT_EQ(threads[1]["pid"], "100");
  EXPECT_EQ(threads[1]["tid"], "101");
  EXPECT_EQ(threads[1]["samples"]["weight"], json::array({1, 1, 1}));
  EXPECT_EQ(threads[1]["samples"]["weightType"], "tracing-ms");
  EXPECT_EQ(threads[1]["samples"]["threadCPUDelta"], json::array({1000000, 1000000, 1000000}));
}

TEST(Firefox, AProcessThatRunsAnotherProgramIsTwo) {
  const json document = firefox(
      ProfileBuilder().process("sh", 7).user("main").process("cc1", 7).user("main").build());
  EXPECT_EQ(document["threads"][0]["pid"], "7");
  EXPECT_EQ(document["threads"][1]["pid"], "7.1");
  EXPECT_EQ(document["threads"][1]["tid"], "7.1");
}

TEST(Firefox, CategoriesSayWhyTheKernelWasEntered) {
  const json document =
      firefox(ProfileBuilder()
                  .user("main;f")
                  .user("main;~small")
                  .sys("main;f", "entry;work", syscall("read"))
                  .sys("main;f", "entry;work", fault("anonymous"), syscall("read"), 1)
                  .sys("main;f", "entry;work", irq("reschedule"))
                  .build());
  EXPECT_EQ(category(document, 0, 0), "User / Other");
  EXPECT_EQ(category(document, 0, 1), "User / Inlined");
  EXPECT_EQ(category(document, 0, 2), "System call / read");
  EXPECT_EQ(category(document, 0, 3), "Page fault / anonymous");
  EXPECT_EQ(category(document, 0, 4), "Kernel / irq reschedule");
}

TEST(Firefox, InlinedFunctionsAreFramesOfOneAddress) {
  const json document = firefox(ProfileBuilder()
                                    .function("main", {.file = "main.cc", .line = 3})
                                    .function("dot", {.file = "dot.h", .line = 9})
                                    .user("main#12;~dot#11")
                                    .build());
  const json& frames = document["shared"]["frameTable"];
  EXPECT_EQ(frames["inlineDepth"], json::array({0, 1}));
  EXPECT_EQ(frames["line"], json::array({12, 11}));
  EXPECT_EQ(frames["address"][0], frames["address"][1]);
  const json& functions = document["shared"]["funcTable"];
  EXPECT_EQ(functions["lineNumber"], json::array({3, 9}));
  const auto source = functions["source"][1].get<std::size_t>();
  EXPECT_EQ(text_of(document, document["shared"]["sources"]["filename"][source]), "dot.h");
}

TEST(Firefox, LibrariesHaveTheirBuildIdInBothForms) {
  Profile profile = ProfileBuilder().user("main").build();
  std::array<std::byte, 20> id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::byte>(i + 0xa0);
  for (Module& module : profile.modules) module.build_id = BuildId(id);
  const json lib = firefox(profile)["libs"].at(0);
  EXPECT_EQ(lib["name"], "prog");
  EXPECT_EQ(lib["breakpadId"], "A3A2A1A0A5A4A7A6A8A9AAABACADAEAF0");
  EXPECT_EQ(lib["codeId"], "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3");
}

TEST(Firefox, WaitsAreMarkersAndOnRequestSamples) {
  const Profile profile =
      ProfileBuilder()
          .user("main;f")
          .wait("main;lock", "entry;futex_do_wait;schedule", WaitClass::kLock, 7'500'000)
          .user("main;f")
          .unsampled_wait(9'000'000, 3)
          .build();
  const json document = firefox(profile);
  const json& thread = document["threads"][0];
  EXPECT_EQ(thread["samples"]["length"], 2) << "of the CPU only";
  const json& markers = thread["markers"];
  ASSERT_EQ(markers["length"], 2);
  EXPECT_EQ(text_of(document, markers["name"][0]), "Wait");
  EXPECT_EQ(text_of(document, markers["data"][0]["for"]), "lock");
  EXPECT_EQ(text_of(document, markers["data"][0]["call"]), "futex");
  EXPECT_EQ(markers["endTime"][0].get<double>() - markers["startTime"][0].get<double>(), 7.5);
  EXPECT_EQ(folded(document, markers["data"][0]["cause"]["stack"].get<std::size_t>()),
            "main;lock;entry;futex_do_wait;<wait lock>");
  EXPECT_EQ(markers["phase"], json::array({1, 0})) << "three waits have no one end";
  EXPECT_EQ(markers["data"][1]["waits"], 3);
  EXPECT_EQ(markers["data"][1]["total"], 9);

  const json wall = firefox(profile, {.wait_samples = true});
  EXPECT_EQ(wall["threads"][0]["samples"]["length"], 4);
  EXPECT_EQ(category(wall, 0, 1), "Wait / lock");
  EXPECT_EQ(wall["threads"][0]["samples"]["threadCPUDelta"][1], 0);
}

TEST(Firefox, SystemCallsAreMarkersOfTheSamplesInThem) {
  const json document = firefox(ProfileBuilder()
                                    .user("main")
                                    .sys("main", "entry;a", syscall("read"), 2)
                                    .sys("main", "entry;b", fault("file"), syscall("read"), 1)
                                    .user("main")
                                    .sys("main", "entry;a", syscall("read"), 1)
                                    .sys("main", "entry;a", syscall("brk"), 1)
                                    .build());
  const json& markers = document["threads"][0]["markers"];
  ASSERT_EQ(markers["length"], 3);
  EXPECT_EQ(text_of(document, markers["data"][0]["call"]), "read");
  EXPECT_EQ(markers["data"][0]["samples"], 3);
  EXPECT_EQ(markers["data"][0]["total"], 3);
  EXPECT_EQ(markers["data"][1]["samples"], 1);
  EXPECT_EQ(text_of(document, markers["data"][2]["call"]), "brk");
}

TEST(Firefox, AThreadThatDoesNothingElseIsIdle) {
  ProfileBuilder builder;
  builder.user("main;f", 50).thread("pool", 101);
  builder.wait("start;wait_for_work", "entry;futex", WaitClass::kLock, 1'000'000'000, 5);
  ThreadSchedule schedule;
  schedule.on_cpu_ns = 1000;
  schedule.blocked_ns = 5'000'000'000;
  builder.schedule(schedule);
  const json document = firefox(builder.build(), {.wait_samples = true});
  EXPECT_EQ(category(document, 1, 0), "Idle / Other");
}

TEST(Firefox, AnEventThatIsNoClockCountsItsOwn) {
  const json document =
      firefox(ProfileBuilder().event("page-faults", "faults").period(7).user("main", 2).build());
  const json& samples = document["threads"][0]["samples"];
  EXPECT_EQ(samples["weight"], json::array({7, 7}));
  EXPECT_EQ(samples["weightType"], "samples");
  EXPECT_FALSE(samples.contains("threadCPUDelta"));
}

TEST(Firefox, HoldsEveryStackWithItsWeightWhateverTheyAre) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const Profile profile = test::random_profile(seed);
    const auto samples = view::select(profile, {});
    EXPECT_EQ(read_back(firefox(profile)), test::weights_by_stack(profile, samples)) << seed;
  }
}

TEST(Firefox, AnyNameIsJsonAndHasNoControls) {
  Profile profile = ProfileBuilder().user("main;A").build();
  for (std::string& text : profile.strings)
    if (text == "A") text = "</script>\"\\\x1b[0m\xff\n";
  const json document = firefox(profile);
  EXPECT_EQ(folded(document, 1), "main;</script>\"\\\ufffd[0m\ufffd\ufffd");
}

TEST(Firefox, OfNothingIsStillAProfile) {
  EXPECT_EQ(firefox(ProfileBuilder().build())["threads"], json::array());
}

}  // namespace
}  // namespace profiler::exporter
