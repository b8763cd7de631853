#include "render/annotate_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "render/printable.h"
#include "tests/support/golden.h"
#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/filter.h"
#include "view/find_function.h"
#include "view/overview.h"

namespace profiler::render {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

Profile growing_arena() {
  return ProfileBuilder()
      .function("Arena::grow(unsigned long)", {.file = "/src/arena.cc", .line = 3})
      .function("std::vector<int, std::allocator<int> >::push_back(int const&)",
                {.file = "/usr/include/c++/12/bits/stl_vector.h", .line = 1276})
      .user("main;Arena::grow(unsigned long)#8", 300)
      .user(
          "main;Arena::grow(unsigned long)#9;~std::vector<int, std::allocator<int> >::"
          "push_back(int const&)#1280",
          90)
      .sys("main;Arena::grow(unsigned long)#5;mmap@libc.so.6", "entry_SYSCALL_64;v",
           test::syscall("mmap"), 500)
      .sys("main;Arena::grow(unsigned long)#8", "asm_exc_page_fault;v", test::fault("anonymous"), 9)
      .user("main;Arena::grow(unsigned long)#30", 20)
      .user("main;Arena::grow(unsigned long)#31", 1)
      .user("main", 80)
      .build();
}

SourceText arena_source() {
  SourceText source{.path = "/src/arena.cc", .lines = {"#include \"arena.h\"", ""}};
  for (const char* line : {"void Arena::grow(unsigned long bytes) {",
                           "  if (bytes < chunk_size_) bytes = chunk_size_;",
                           "  void* chunk = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, "
                           "MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);",
                           "  // touch every page", "\tfor (char* p = begin(chunk); p < end;)",
                           "\t\t*p++ = 0;", "  chunks_.push_back(chunk);"})
    source.lines.emplace_back(line);
  while (source.lines.size() < 29) source.lines.emplace_back("  step();");
  for (const char* line : {"  finish(chunk);", "  check();", "}", "", "void next() {", "}"})
    source.lines.emplace_back(line);
  return source;
}

struct Rendered {
  Profile profile = growing_arena();
  std::vector<SourceText> sources = {arena_source()};
  std::vector<std::string> notes = {};
  std::string function = "grow";

  [[nodiscard]] std::string text(const AnnotateOptions& options, const TextStyle& style) const {
    const auto samples = view::select(profile, {});
    const auto match = view::find_functions(profile, samples, function);
    const view::Annotation annotation =
        view::annotate(profile, samples, match.found.at(0).functions);
    AnnotateInput input{.profile = &profile,
                        .event = &profile.run.events[0],
                        .sampled = view::sum(samples),
                        .annotation = &annotation,
                        .sources = sources};
    input.sources.resize(annotation.files.size());
    input.notes = notes;
    return annotate_text(input, options, style);
  }
};

TEST(AnnotateText, LooksAsAgreed) {
  const Rendered rendered;
  test::expect_golden("annotate/source-80.txt", rendered.text({}, {.width = 80}));
  test::expect_golden("annotate/source-140.txt", rendered.text({}, {.width = 140}));
  test::expect_golden("annotate/source-100-colour.txt",
                      rendered.text({.context = 0}, {.width = 100, .colour = true}));
  test::expect_golden("annotate/whole-100.txt", rendered.text({.whole = true}, {.width = 100}));
  Rendered missing;
  missing.sources = {{}};
  missing.notes = {"/src/arena.cc is not here: --source-dir says where sources are"};
  test::expect_golden("annotate/no-source-100.txt", missing.text({}, {.width = 100}));
}

TEST(AnnotateText, ShowsTheHeaviestLinesOnly) {
  const Rendered rendered;
  const std::string text = rendered.text({.context = 0, .limit = 2}, {});
  EXPECT_THAT(text, HasSubstr("mmap(nullptr"));
  EXPECT_THAT(text, HasSubstr("*p++ = 0;"));
  EXPECT_THAT(text, Not(HasSubstr("push_back(chunk)")));
  EXPECT_THAT(text, HasSubstr("… 3 more lines with 0.111 s; --limit 0 shows all"));
  EXPECT_THAT(rendered.text({.limit = 0}, {}), Not(HasSubstr("more line")));
}

TEST(AnnotateText, SaysThatAFileIsNotTheOneThatWasCompiled) {
  Rendered rendered;
  rendered.sources[0].lines.resize(8);
  EXPECT_THAT(rendered.text({}, {}), HasSubstr("! /src/arena.cc has only 8 lines"));
  rendered.sources[0].lines.clear();
  EXPECT_THAT(rendered.text({.whole = true}, {}), HasSubstr("has only 0 lines"));
}

TEST(AnnotateText, SaysWhereASourceWasFoundInstead) {
  Rendered rendered;
  rendered.sources[0].path = "./arena.cc";
  EXPECT_THAT(rendered.text({}, {}), HasSubstr("./arena.cc (recorded as /src/arena.cc)"));
}

TEST(AnnotateText, CountsWhereThereAreFewSamples) {
  Rendered rendered;
  rendered.profile = ProfileBuilder()
                         .function("f", {.file = "/src/arena.cc", .line = 3})
                         .user("main;f#5", 7)
                         .user("main", 500)
                         .build();
  rendered.function = "f";
  const std::string text = rendered.text({}, {.width = 100});
  EXPECT_THAT(text, HasSubstr("samples"));
  EXPECT_THAT(text, Not(HasSubstr("100.0 %")));
}

TEST(AnnotateText, FitsEveryWidth) {
  for (const std::size_t width : {60, 80, 96, 100, 120, 160}) {
    const std::string text = Rendered().text({}, {.width = width});
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      EXPECT_LE(display_width(text.substr(at, end - at)), width) << text.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(AnnotateText, NeverCarriesAnEscapeFromASource) {
  Rendered rendered;
  rendered.sources[0].path = "/src/\x1b[2J.cc";
  for (std::string& line : rendered.sources[0].lines) line += "\x1b]0;owned\x07 \r\xc2\x9b\u202e";
  const std::string text = rendered.text({}, {.width = 160});
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_EQ(text.find("\u202e"), std::string::npos);
}

TEST(AnnotateText, IsMadeOfAnyFunctionOfAnyProfile) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    Profile profile = test::random_profile(seed);
    // As a hostile file has them.
    for (std::size_t i = 0; i < profile.locations.size(); i += 7)
      profile.locations[LocationIndex(i)].line = 0xffff'ffff - static_cast<std::uint32_t>(i % 3);
    const auto samples = view::select(profile, {});
    for (std::size_t i = 0; i < profile.functions.size(); ++i) {
      const view::Annotation annotation = view::annotate(profile, samples, {FunctionIndex(i)});
      if (annotation.functions.empty()) continue;
      AnnotateInput input{.profile = &profile,
                          .event = &profile.run.events[0],
                          .sampled = view::sum(samples),
                          .annotation = &annotation,
                          .sources = {}};
      input.sources.resize(annotation.files.size(), arena_source());
      EXPECT_FALSE(annotate_text(input, {.limit = 0, .whole = i % 2 == 0}, {}).empty());
    }
  }
}

TEST(CalleesText, PutsThoseTogetherThatReadTheSame) {
  const std::string first = "it::iterator<int const*, std::vector<int> >::operator++()";
  const std::string second = "it::iterator<long const*, std::vector<long> >::operator++()";
  const auto callee = [](const std::string& name, std::uint64_t samples) {
    return view::LineCallee{.name = name,
                            .inlined = true,
                            .kernel = false,
                            .weight = {.user = samples * 1'000'000, .sys = 0, .samples = samples}};
  };
  const AmountFormat format({}, {.user = 100'000'000, .sys = 0, .samples = 100});
  EXPECT_THAT(
      callees_text({callee("f<int>(int)", 40), callee(first, 30), callee(second, 25)}, format, 100),
      ElementsAre("└ it::iterator<…>::operator++ (inlined) 0.055, f<int> (inlined) 0.040"));
  EXPECT_THAT(callees_text({callee("f<int>(int)", 40), callee("g()", 1)}, format, 30),
              ElementsAre("└ f<int> (inlined) 0.040,", "  g (inlined) 0.001"));
}

TEST(RangesAround, JoinsWhatIsNearAndReachesTheEndsWhereTheyAre) {
  EXPECT_THAT(ranges_around({10, 30}, 3, 100), ElementsAre(Pair(7, 14), Pair(27, 34)));
  EXPECT_THAT(ranges_around({10, 18}, 3, 100), ElementsAre(Pair(7, 22)));
  EXPECT_THAT(ranges_around({10, 19}, 3, 100), ElementsAre(Pair(7, 23)));
  EXPECT_THAT(ranges_around({10, 20}, 3, 100), ElementsAre(Pair(7, 14), Pair(17, 24)));
  EXPECT_THAT(ranges_around({5, 96}, 3, 100), ElementsAre(Pair(0, 9), Pair(93, 100)));
  EXPECT_THAT(ranges_around({5}, 0, 100), ElementsAre(Pair(5, 6)));
  EXPECT_THAT(ranges_around({5}, 1000, 100), ElementsAre(Pair(0, 100)));
  EXPECT_THAT(ranges_around({}, 3, 100), ElementsAre());
}

TEST(SourceText, GuessesWhereAFunctionEnds) {
  const SourceText source = arena_source();
  EXPECT_EQ(guess_function_end(source, 3, 9), 32U);
  EXPECT_EQ(guess_function_end(source, 3, 32), 32U);
  EXPECT_EQ(guess_function_end(source, 0, 34), 35U);
  EXPECT_EQ(guess_function_end(source, 3, 1000), 1000U);
}

TEST(SourceText, TabsReachTheNextStop) {
  EXPECT_EQ(without_tabs("\ta\tbc"), "        a       bc");
  EXPECT_EQ(without_tabs("12345678\t|"), "12345678        |");
}

}  // namespace
}  // namespace profiler::render
