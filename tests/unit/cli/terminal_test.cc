#include "cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace profiler::cli {
namespace {

constexpr TerminalFacts kXterm = {.is_terminal = true, .term = "xterm"};

TEST(Terminal, ColoursATerminalAndNothingElse) {
  EXPECT_TRUE(decide_color(ColorChoice::kAuto, kXterm));
  EXPECT_FALSE(decide_color(ColorChoice::kAuto, {.is_terminal = false, .term = "xterm"}));
}

TEST(Terminal, RespectsNoColorUnlessItIsEmpty) {
  TerminalFacts facts = kXterm;
  facts.no_color = "1";
  EXPECT_FALSE(decide_color(ColorChoice::kAuto, facts));
  facts.no_color = "";
  EXPECT_TRUE(decide_color(ColorChoice::kAuto, facts));
}

TEST(Terminal, DoesNotColourADumbOrUnknownTerminal) {
  EXPECT_FALSE(decide_color(ColorChoice::kAuto, {.is_terminal = true, .term = "dumb"}));
  EXPECT_FALSE(decide_color(ColorChoice::kAuto, {.is_terminal = true}));
}

TEST(Terminal, DoesAsTheOptionSaysWhateverTheEnvironment) {
  EXPECT_TRUE(decide_color(ColorChoice::kAlways, {.no_color = "1", .term = "dumb"}));
  EXPECT_FALSE(decide_color(ColorChoice::kNever, kXterm));
}

TEST(Terminal, KnowsThreeChoicesOfColour) {
  EXPECT_EQ(parse_color("auto"), ColorChoice::kAuto);
  EXPECT_EQ(parse_color("always"), ColorChoice::kAlways);
  EXPECT_EQ(parse_color("never"), ColorChoice::kNever);
  EXPECT_EQ(parse_color("sometimes").error().message(),
            "--color: 'sometimes' is not one of auto, always, never");
}

TEST(Terminal, IsAsWideAsItsWindowElseAsTheEnvironmentSays) {
  EXPECT_EQ(decide_width({.is_terminal = true, .window_columns = 133, .columns = "99"}), 133U);
  EXPECT_EQ(decide_width({.is_terminal = true, .columns = "99"}), 99U);
  EXPECT_EQ(decide_width({.is_terminal = true}), 80U);
  EXPECT_EQ(decide_width({.is_terminal = false}), 120U);
  EXPECT_EQ(decide_width({.is_terminal = false, .columns = "200"}), 200U);
}

TEST(Terminal, IgnoresAColumnsVariableThatIsNoNumber) {
  for (const char* text : {"", "0", "-5", "wide", "99x"}) {
    EXPECT_EQ(decide_width({.is_terminal = true, .columns = text}), 80U) << text;
  }
}

TEST(Terminal, IsNeverTooNarrowForATable) {
  EXPECT_EQ(decide_width({.is_terminal = true, .window_columns = 3}), 40U);
}

TEST(Terminal, AsksThePseudoTerminalForItsWidth) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
    GTEST_SKIP() << "no pseudo-terminals here (/dev/ptmx)";
  }
  const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  const winsize size = {.ws_row = 24, .ws_col = 97, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(ioctl(master, TIOCSWINSZ, &size), 0);
  EXPECT_TRUE(terminal_facts(terminal).is_terminal);
  EXPECT_EQ(terminal_width(terminal), 97U);
  close(terminal);
  close(master);
}

}  // namespace
}  // namespace profiler::cli
