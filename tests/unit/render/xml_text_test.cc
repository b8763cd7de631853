#include "render/xml_text.h"

#include <gtest/gtest.h>

namespace profiler::render {
namespace {

TEST(XmlText, EscapesMarkup) {
  EXPECT_EQ(xml_text("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(xml_text("größe 漢 😀"), "größe 漢 😀");
}

TEST(XmlText, LeavesNothingThatXmlForbids) {
  EXPECT_EQ(xml_text("\x01"), "\\x01");
  EXPECT_EQ(xml_text("a\xef\xbf\xbf"
                     "b\xef\xbf\xbe"),
            "a\ufffdb\ufffd");
  EXPECT_EQ(xml_text("\xef\xbc\x81"), "！") << "others of that lead byte stay";
  EXPECT_EQ(xml_text("\xed\xa0\x80").find('\xed'), std::string::npos) << "a surrogate";
  EXPECT_EQ(xml_text("\xef"), "\\xef");
}

TEST(XmlText, ClipsToColumns) {
  EXPECT_EQ(clip("abcdef", 6), "abcdef");
  EXPECT_EQ(clip("abcdef", 5), "abcd…");
  EXPECT_EQ(clip("abcdef", 1), "…");
  EXPECT_EQ(clip("abcdef", 0), "");
  EXPECT_EQ(clip("漢字漢字", 5), "漢字…");
  EXPECT_EQ(clip("漢字漢字", 4), "漢…");
}

}  // namespace
}  // namespace profiler::render
