#include "render/annotate_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/golden.h"
#include "tests/support/json_schema.h"
#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/filter.h"
#include "view/find_function.h"
#include "view/overview.h"

namespace profiler::render {
namespace {

using nlohmann::json;
using test::ProfileBuilder;

std::string json_of(const Profile& profile, FunctionIndex function, const SourceText& source) {
  const auto samples = view::select(profile, {});
  const view::Annotation annotation = view::annotate(profile, samples, {function});
  if (annotation.functions.empty()) return {};
  AnnotateInput input{.profile = &profile,
                      .event = &profile.run.events[0],
                      .sampled = view::sum(samples),
                      .annotation = &annotation,
                      .sources = {}};
  input.sources.resize(annotation.files.size(), source);
  return annotate_json(input, nullptr);
}

void expect_valid(const std::string& text) {
  static const json kSchema = json::parse(test::read_golden("profiler.annotate-1.schema.json"));
  for (const std::string& problem : test::violations(kSchema, json::parse(text)))
    ADD_FAILURE() << problem;
}

Profile small_profile() {
  return ProfileBuilder()
      .function("void f<int>(int)", {.file = "/src/f.cc", .line = 2})
      .user("main;void f<int>(int)#3", 2)
      .user("main;void f<int>(int)#4;~std::vector<int, std::allocator<int> >::size()", 1)
      .sys("main;void f<int>(int)#4", "asm_exc_page_fault;v", test::fault("anonymous"), 2)
      .build();
}

FunctionIndex function_f(const Profile& profile) {
  return view::find_functions(profile, view::select(profile, {}), "f").found.at(0).functions[0];
}

TEST(AnnotateJson, HasLinesWithTheirTextTimesAndWholeNames) {
  const Profile profile = small_profile();
  const std::string text =
      json_of(profile, function_f(profile),
              {.path = "./f.cc", .lines = {"", "void f(int x) {", "  loop();"}, .newer = true});
  expect_valid(text);
  const json report = json::parse(text);
  EXPECT_EQ(report["schema"], "profiler.annotate/1");
  EXPECT_EQ(report["function"]["name"], "void f<int>(int)");
  EXPECT_EQ(report["function"]["total"]["samples"], 5);
  EXPECT_EQ(report["function"]["self"]["user_s"], 0.002);
  const json& file = report["files"][0];
  EXPECT_EQ(file["file"], "/src/f.cc");
  EXPECT_EQ(file["source"], "./f.cc");
  EXPECT_EQ(file["source_newer"], true);
  ASSERT_EQ(file["lines"].size(), 2U);
  EXPECT_EQ(file["lines"][0]["text"], "  loop();");
  EXPECT_EQ(file["lines"][0]["self"]["user_s"], 0.002);
  EXPECT_TRUE(file["lines"][1]["text"].is_null()) << "the file has no line 4";
  EXPECT_EQ(file["lines"][1]["total"]["sys_s"], 0.002);
  EXPECT_EQ(file["lines"][1]["callees"][0]["name"], "<page fault>");
  EXPECT_EQ(file["lines"][1]["callees"][0]["kernel"], true);
  EXPECT_EQ(file["lines"][1]["callees"][1]["name"],
            "std::vector<int, std::allocator<int> >::size()");
  EXPECT_EQ(file["lines"][1]["callees"][1]["inlined"], true);
}

TEST(AnnotateJson, OfAnythingMatchesTheSchema) {
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    Profile profile = test::random_profile(seed);
    if (seed % 2 == 0) profile.run.events[0] = {.name = "page-faults", .unit = "faults"};
    for (std::size_t i = 0; i < profile.functions.size(); ++i) {
      const std::string text =
          json_of(profile, FunctionIndex(i), {.path = "x\xff\x1b", .lines = {"\xff\"\\\x01"}});
      if (!text.empty()) expect_valid(text);
    }
  }
}

}  // namespace
}  // namespace profiler::render
