#include "render/symbolized.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

namespace profiler::render {
namespace {

SourceFrame frame(std::string function, std::string file, std::uint32_t line) {
  SourceFrame result;
  result.function = std::move(function);
  result.file = std::move(file);
  result.line = line;
  return result;
}

TEST(SymbolizedText, HasAFrameALineUnderTheFirst) {
  const std::string inner = symbolized_frame_text(frame("grow(int)", "/a.cc", 41), true);
  const std::string outer = symbolized_frame_text(frame("main", "", 0), false);
  const std::array<std::string_view, 2> frames = {inner, outer};
  std::string text;
  append_symbolized_text(text, ModuleAddress(0x1139), Naming::kSymbol, frames);
  append_symbolized_text(text, ModuleAddress(0x2), Naming::kNone, {});
  EXPECT_EQ(text,
            "0x1139 grow(int) at /a.cc:41 (inlined)\n"
            "       main\n"
            "0x2 ??\n");
}

TEST(SymbolizedText, SaysWhatIsNotKnown) {
  EXPECT_EQ(symbolized_frame_text(frame("", "/a.cc", 0), false), "?? at /a.cc:?");
}

TEST(SymbolizedText, NeverGivesTheTerminalWhatAFileSays) {
  EXPECT_EQ(symbolized_frame_text(frame("a\x1b[2Jb", "/x\ny.cc", 1), false),
            "a\\x1b[2Jb at /x\\x0ay.cc:1");
}

TEST(SymbolizedJson, IsOneObjectALine) {
  const std::string only = symbolized_frame_json(frame("f\"\n", "/a.cc", 7), true);
  const std::array<std::string_view, 1> frames = {only};
  std::string text;
  append_symbolized_json(text, ModuleAddress(0xff), Naming::kRange, frames);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["address"], "0xff");
  EXPECT_EQ(json["naming"], "range");
  EXPECT_EQ(json["frames"][0]["function"], "f\"\n");
  EXPECT_EQ(json["frames"][0]["inlined"], true);
  EXPECT_EQ(json["frames"][0]["line"], 7);
  EXPECT_TRUE(json["frames"][0]["declared_file"].is_null());
}

}  // namespace
}  // namespace profiler::render
