#include "render/annotate_asm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "render/annotate_json.h"
#include "render/printable.h"
#include "tests/support/golden.h"
#include "tests/support/json_schema.h"
#include "tests/support/profile_builder.h"
#include "view/filter.h"
#include "view/find_function.h"
#include "view/overview.h"

namespace profiler::render {
namespace {

using nlohmann::json;
using test::ProfileBuilder;
using testing::HasSubstr;
using testing::Not;

view::Charge charge(std::uint64_t self_samples, std::uint64_t called_sys = 0) {
  view::Charge charge;
  charge.self = {.user = self_samples * 1'000'000, .sys = 0, .samples = self_samples};
  charge.total = charge.self;
  charge.total += {.user = 0, .sys = called_sys * 1'000'000, .samples = called_sys};
  return charge;
}

struct Listing {
  Profile profile = ProfileBuilder()
                        .function("churn(std::vector<int, std::allocator<int> > const&)",
                                  {.file = "/src/churn.cc", .line = 1})
                        .user("main;churn(std::vector<int, std::allocator<int> > const&)#2", 600)
                        .sys("main;churn(std::vector<int, std::allocator<int> > const&)#4", "e;v",
                             test::syscall("write"), 400)
                        .build();
  std::vector<AsmBlock> blocks = {
      {.symbol = "churn(std::vector<int, std::allocator<int> > const&)",
       .module = "prog",
       .instructions = {},
       .files = {"/src/churn.cc", "/src/table.def"}},
      {.symbol = "churn(std::vector<int, std::allocator<int> > const&) [clone .cold]",
       .module = "prog",
       .instructions = {{.address = 0x900, .text = "ud2", .file = 0, .line = 4}},
       .files = {"/src/churn.cc"}}};

  Listing() {
    auto& in = blocks[0].instructions;
    in.push_back({.address = 0x1000, .text = "pushq %rbp", .file = 0, .line = 1});
    in.push_back({.address = 0x1001, .text = "movl (%rdi), %eax", .file = 0, .line = 2});
    in.push_back({.address = 0x1003,
                  .text = "xorl %eax, %edx",
                  .file = 0,
                  .line = 2,
                  .inlined = "unsigned int app::mix<unsigned int>(unsigned int, unsigned int)",
                  .inlined_file = "/src/mix.h",
                  .inlined_line = 12,
                  .charge = charge(590)});
    in.push_back({.address = 0x1005, .text = "addq $4, %rdi", .charge = charge(10)});
    in.back().line = 2;
    for (std::uint64_t i = 0; i < 20; ++i)
      in.push_back({.address = 0x1009 + i, .text = "nop", .file = 1, .line = 77});
    in.push_back({.address = 0x101d,
                  .text = "callq 0x1060 <write@plt>",
                  .file = 0,
                  .line = 4,
                  .charge = charge(0, 400)});
    in.push_back({.address = 0x1022, .text = "retq", .file = 0, .line = 5});
  }

  [[nodiscard]] std::string text(const AnnotateOptions& options, const TextStyle& style,
                                 bool as_json = false) const {
    const auto samples = view::select(profile, {});
    const view::Annotation annotation = view::annotate(
        profile, samples, view::find_functions(profile, samples, "churn").found.at(0).functions);
    AnnotateInput input{.profile = &profile,
                        .event = &profile.run.events[0],
                        .sampled = view::sum(samples),
                        .annotation = &annotation,
                        .sources = {}};
    input.sources.push_back({.path = "/src/churn.cc",
                             .lines = {"void churn(const std::vector<int>& values) {",
                                       "  for (int value : values) sum = mix(sum, value);",
                                       "#include \"table.def\"", "  write(1, &sum, 4);", "}"}});
    return as_json ? annotate_json(input, &blocks)
                   : annotate_asm_text(input, blocks, options, style);
  }
};

TEST(AnnotateAsm, LooksAsAgreed) {
  const Listing listing;
  test::expect_golden("annotate/asm-80.txt", listing.text({}, {.width = 80}));
  test::expect_golden("annotate/asm-140.txt", listing.text({}, {.width = 140}));
  test::expect_golden("annotate/asm-whole-100.txt", listing.text({.whole = true}, {.width = 100}));
}

TEST(AnnotateAsm, ShowsTheHeaviestInstructionsOnly) {
  const std::string text = Listing().text({.context = 0, .limit = 1}, {});
  EXPECT_THAT(text, HasSubstr("xorl"));
  EXPECT_THAT(text, Not(HasSubstr("callq")));
  EXPECT_THAT(text, HasSubstr("… 2 more instructions with 0.410 s; --limit 0 shows all"));
}

TEST(AnnotateAsm, ShowsWhereCodeOfOthersLiesBetween) {
  Listing listing;
  EXPECT_THAT(listing.text({.whole = true}, {.width = 160}), Not(HasSubstr("…")));
  listing.blocks[0].instructions[3].follows = false;
  EXPECT_THAT(
      listing.text({.whole = true}, {.width = 120}),
      testing::ContainsRegex("1003  xorl[^\n]*\n +…\n +churn.cc:2[^\n]*\n[^\n]* 1005  addq"));
}

TEST(AnnotateAsm, FitsEveryWidth) {
  for (const std::size_t width : {80, 100, 120, 160}) {
    const std::string text = Listing().text({.whole = true}, {.width = width});
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      EXPECT_LE(display_width(text.substr(at, end - at)), width) << text.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(AnnotateAsm, IsInJsonWhole) {
  const json report = json::parse(Listing().text({}, {}, true));
  const json schema = json::parse(test::read_golden("profiler.annotate-1.schema.json"));
  for (const std::string& problem : test::violations(schema, report)) ADD_FAILURE() << problem;
  const json& instructions = report["instructions"];
  ASSERT_EQ(instructions.size(), 27U);
  EXPECT_EQ(instructions[2]["address"], "0x1003");
  EXPECT_EQ(instructions[2]["text"], "xorl %eax, %edx");
  EXPECT_EQ(instructions[2]["inlined"],
            "unsigned int app::mix<unsigned int>(unsigned int, unsigned int)");
  EXPECT_EQ(instructions[2]["inlined_line"], 12);
  EXPECT_EQ(instructions[2]["line"], 2);
  EXPECT_EQ(instructions[2]["self"]["user_s"], 0.59);
  EXPECT_EQ(instructions[5]["file"], "/src/table.def");
  EXPECT_EQ(instructions[24]["total"]["sys_s"], 0.4);
}

}  // namespace
}  // namespace profiler::render
