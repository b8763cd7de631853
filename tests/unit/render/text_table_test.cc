#include "render/text_table.h"

#include <gtest/gtest.h>

#include "render/printable.h"

namespace profiler::render {
namespace {

TEST(TextLine, ColoursOnlyWhenAsked) {
  EXPECT_EQ(TextLine({.colour = false}).add("x", Colour::kSys).take(), "x\n");
  EXPECT_EQ(TextLine({.colour = true}).add("x", Colour::kSys).take(), "\x1b[33mx\x1b[0m\n");
}

TEST(TextLine, NeverPassesAnEscapeOn) {
  const TextStyle style;
  EXPECT_EQ(TextLine(style).add("\x1b[31mx").take(), "\\x1b[31mx\n");
}

TEST(TextLine, HasNoSpacesAtItsEnd) {
  const TextStyle style;
  EXPECT_EQ(TextLine(style).add("a ").pad_to(9).add("  ").take(), "a\n");
  EXPECT_EQ(TextLine(style).add("a").pad_to(3).add("b").take(), "a  b\n");
}

TEST(TextLine, AlignsByColumns) {
  const TextStyle style;
  EXPECT_EQ(TextLine(style).add_right("ö", 4).add("|").take(), "   ö|\n");
}

TEST(Bar, IsFilledByEighths) {
  EXPECT_EQ(bar(0, 4), "");
  EXPECT_EQ(bar(0.5, 4), "██");
  EXPECT_EQ(bar(1, 4), "████");
  EXPECT_EQ(bar(7, 4), "████");
  EXPECT_EQ(bar(0.0001, 4), "▏") << "something is not nothing";
  EXPECT_EQ(bar(0.40625, 4), "█▋");
}

TextTable three_columns(const TextStyle& style) {
  TextTable table(style);
  table.column("s", Align::kRight);
  table.column("function", Align::kName, 8);
  table.column("", Align::kPath, 6);
  table.row({{"1.25"}, {"std::vector<long_type>::push_back(long_type const&)"}, {"vector.tcc:91"}});
  table.row({{"10"}, {"main"}, {"m.cc:1"}});
  return table;
}

TEST(TextTable, GivesNamesTheRoomTheyWant) {
  const TextStyle style{.width = 100};
  EXPECT_EQ(three_columns(style).text(),
            "   s  function\n"
            "1.25  std::vector<long_type>::push_back(long_type const&)  vector.tcc:91\n"
            "  10  main                                                 m.cc:1\n");
}

TEST(TextTable, ShortensNamesAndPathsToFit) {
  const TextStyle style{.width = 44};
  EXPECT_EQ(three_columns(style).text(),
            "   s  function\n"
            "1.25  std::vector<…>::push_back(…)  ….tcc:91\n"
            "  10  main                          m.cc:1\n");
}

TEST(TextTable, LongPathsGiveWayBeforeNames) {
  const TextStyle style{.width = 50};
  TextTable table(style);
  table.column("", Align::kName, 8);
  table.column("", Align::kPath, 6);
  table.row({{"a_function_of_28_characters_"}, {"/usr/include/c++/12/bits/vector.tcc"}});
  EXPECT_EQ(table.text(), "a_function_of_28_characters_  …/12/bits/vector.tcc\n");
}

TEST(TextTable, LeavesPathsOutWhereThereIsNoRoom) {
  const TextStyle style{.width = 18};
  EXPECT_EQ(three_columns(style).text(),
            "   s  function\n"
            "1.25  …::push_back\n"
            "  10  main\n");
}

TEST(TextTable, NeverCutsTheMarkBehindAName) {
  const TextStyle style{.width = 30};
  TextTable table(style);
  table.column("", Align::kName, 8);
  table.row({{.text = "std::vector<int>::push_back(int const&)", .mark = " (inlined)"}});
  table.row({{.text = "main"}});
  EXPECT_EQ(table.text(), "std::…::push_back(…) (inlined)\nmain\n");
}

TEST(TextTable, HasTheMarkOfAShortNameToo) {
  const TextStyle style{.width = 30};
  TextTable table(style);
  table.column("", Align::kName, 8);
  table.row({{.text = "f", .mark = " (inlined)"}});
  EXPECT_EQ(table.text(), "f (inlined)\n");
}

TEST(TextTable, KeepsEveryLineWithinTheWidth) {
  for (std::size_t width = 16; width < 90; ++width) {
    const TextStyle style{.width = width};
    const std::string text = three_columns(style).text();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      EXPECT_LE(display_width(text.substr(at, end - at)), width);
      at = end + 1;
    }
  }
}

}  // namespace
}  // namespace profiler::render
