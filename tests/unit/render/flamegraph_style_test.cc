#include "render/flamegraph_style.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>

namespace profiler::render {
namespace {

/// Relative luminance of "#rrggbb" (WCAG 2.1).
double luminance(const std::string& color) {
  const std::array<double, 3> weights = {0.2126, 0.7152, 0.0722};
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double c =
        static_cast<double>(std::strtol(color.substr(1 + 2 * i, 2).c_str(), nullptr, 16)) / 255;
    sum += weights[i] * (c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
  }
  return sum;
}

double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a);
  const double y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(FlamegraphStyle, TextStandsOutOnEveryFrameInBothSchemes) {
  EXPECT_NEAR(contrast("#000000", "#ffffff"), 21, 0.01);
  for (const bool dark : {false, true}) {
    for (int kind = 0; kind < kFrameKinds; ++kind) {
      for (int shade = 0; shade < kShades; ++shade) {
        EXPECT_GE(contrast(ground_color(static_cast<FrameKind>(kind), shade, dark),
                           std::string(text_color(dark))),
                  4.5)
            << legend(static_cast<FrameKind>(kind)) << " shade " << shade << (dark ? " dark" : "");
      }
    }
  }
}

TEST(FlamegraphStyle, KindsDoNotShareColors) {
  for (const bool dark : {false, true}) {
    std::set<std::string> colors;
    std::size_t expected = 0;
    for (int kind = 0; kind < kFrameKinds; ++kind) {
      std::set<std::string> own;
      for (int shade = 0; shade < kShades; ++shade)
        own.insert(ground_color(static_cast<FrameKind>(kind), shade, dark));
      expected += own.size();
      colors.merge(own);
    }
    EXPECT_EQ(colors.size(), expected);
  }
}

double hue(const std::string& color) {
  const auto channel = [&](std::size_t i) {
    return static_cast<double>(std::strtol(color.substr(1 + 2 * i, 2).c_str(), nullptr, 16));
  };
  const double degrees = std::atan2(std::sqrt(3.0) * (channel(1) - channel(2)),
                                    2 * channel(0) - channel(1) - channel(2)) *
                         180 / std::acos(-1.0);
  return degrees < 0 ? degrees + 360 : degrees;
}

TEST(FlamegraphStyle, NoShadeOfUserCodeLooksInlined) {
  for (const bool dark : {false, true}) {
    for (int user = 0; user < kShades; ++user) {
      for (int inlined = 0; inlined < kShades; ++inlined) {
        EXPECT_GE(hue(ground_color(FrameKind::kInlined, inlined, dark)) -
                      hue(ground_color(FrameKind::kUser, user, dark)),
                  28)
            << user << ' ' << inlined << (dark ? " dark" : "");
      }
    }
  }
}

TEST(FlamegraphStyle, ANameKeepsItsShade) {
  EXPECT_EQ(frame_class(FrameKind::kUser, "main"), frame_class(FrameKind::kUser, "main"));
  std::set<std::string> shades;
  for (int i = 0; i < 100; ++i)
    shades.insert(frame_class(FrameKind::kKernel, "f" + std::to_string(i)));
  EXPECT_EQ(shades, (std::set<std::string>{"k0", "k1", "k2", "k3", "k4"}));
}

}  // namespace
}  // namespace profiler::render
