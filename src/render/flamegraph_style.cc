#include "render/flamegraph_style.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "view/module_name.h"

namespace profiler::render {
namespace {

struct Look {
  char letter;
  std::string_view legend;
  double first_hue;  ///< Degrees; shades are spread from here …
  double last_hue;   ///< … to here.
  double saturation;
  double dark_saturation;
  double light;  ///< HSL lightness of the ground in the light scheme,
  double dark;   ///< and in the dark one.
  double mark;   ///< What to add to the lightness for the mark (base line, stripes, hatching).
};

constexpr std::array<Look, kFrameKinds> kLooks = {{
    {'p', "process", 160, 160, 0.12, 0.10, 0.84, 0.27, 0},
    {'u', "user", 12, 32, 0.86, 0.52, 0.72, 0.33, 0},
    {'i', "user, inlined", 64, 80, 0.66, 0.42, 0.74, 0.29, -0.30},
    {'k', "kernel", 200, 222, 0.72, 0.55, 0.77, 0.35, -0.27},
    {'e', "kernel, by what entered it", 256, 280, 0.62, 0.40, 0.83, 0.36, -0.07},
    {'w', "waiting, off the CPU", 158, 182, 0.38, 0.30, 0.79, 0.28, -0.20},
    {'b', "stack incomplete", 0, 0, 0.0, 0.0, 0.82, 0.32, -0.10},
    {'m', "too narrow to draw", 210, 210, 0.10, 0.10, 0.90, 0.22, -0.12},
}};

constexpr int kChangeLevels = 4;

const Look& look(FrameKind kind) { return kLooks[static_cast<std::size_t>(kind)]; }

bool is_marked(FrameKind kind) { return look(kind).mark != 0; }

std::string hsl(double hue, double saturation, double lightness) {
  const double range = saturation * std::min(lightness, 1 - lightness);
  const auto channel = [&](double n) {
    const double k = std::fmod(n + hue / 30, 12);
    const double value = lightness - range * std::max(-1.0, std::min({k - 3, 9 - k, 1.0}));
    return static_cast<int>(std::lround(value * 255));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", channel(0), channel(8), channel(4));
}

std::string color(FrameKind kind, int shade, bool dark, bool mark) {
  const Look& l = look(kind);
  const double step = static_cast<double>(shade) / (kShades - 1);
  // Neighbours in hue alternate in lightness, so that siblings stay apart.
  const double lightness = (dark ? l.dark : l.light) + (shade % 2 == 0 ? 0.02 : -0.02) +
                           (mark ? (dark ? -l.mark : l.mark) : 0);
  return hsl(l.first_hue + (l.last_hue - l.first_hue) * step,
             dark ? l.dark_saturation : l.saturation, lightness);
}

/// FNV-1a: the same name has the same shade in every picture, on every machine.
std::uint32_t hash(std::string_view text) {
  std::uint32_t value = 2166136261U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619U;
  return value ^ value >> 15;
}

std::string_view mark_shape(FrameKind kind) {
  switch (kind) {
    case FrameKind::kInlined:
      return "M1 16h6";
    case FrameKind::kKernel:
      return "M0 16h8";
    case FrameKind::kEntry:
      return "M-2 5L5 -2M-2 14L14 -2M-2 23L14 7M3 27L14 16";
    case FrameKind::kWait:
      return "M2 4h2M6 8h2M2 12h2M6 16h2";
    case FrameKind::kIncomplete:
      return "M0 0L9 9M9 0L0 9M0 9L9 18M9 9L0 18";
    case FrameKind::kMerged:
      return "M2 0v18M6 0v18";
    default:
      return "";
  }
}

std::string scheme(bool dark) {
  std::string css;
  for (int k = 0; k < kFrameKinds; ++k) {
    const auto kind = static_cast<FrameKind>(k);
    const char letter = look(kind).letter;
    for (int shade = 0; shade < kShades; ++shade) {
      const std::string ground = ground_color(kind, shade, dark);
      if (is_marked(kind)) {
        css += fmt::format(".{0}g{1}{{fill:{2}}}.{0}l{1}{{stroke:{3}}}\n", letter, shade, ground,
                           color(kind, shade, dark, true));
      } else {
        css += fmt::format(".{}{} rect{{fill:{}}}\n", letter, shade, ground);
      }
    }
  }
  css += fmt::format(
      "svg.flamegraph{{background-color:{0};color-scheme:{6}}}\n"
      ".paper{{fill:{0}}}\n"
      "text{{fill:{1}}}\n"
      ".head text{{fill:{2}}}.head .quiet{{fill:{3}}}\n"
      ".w rect{{stroke:{0};stroke-width:.7}}\n"
      ".found rect{{fill:{4}}}.found text{{fill:#fff}}\n"
      ".cursor rect{{stroke:{5};stroke-width:2}}\n",
      dark ? "#17191c" : "#ffffff", text_color(dark), dark ? "#eceef0" : "#1b1d20",
      dark ? "#a3abb3" : "#59616a", "#c2185b", dark ? "#ffffff" : "#000000",
      dark ? "dark" : "light");
  return css;
}

}  // namespace

FrameKind frame_kind(const Profile& profile, const view::PathEntry& entry) {
  using Kind = view::PathEntry::Kind;
  switch (entry.kind) {
    case Kind::kFunction:
      if (entry.function && profile.functions[entry.function].kernel) return FrameKind::kKernel;
      return entry.inlined ? FrameKind::kInlined : FrameKind::kUser;
    case Kind::kAddress: {
      const ModuleIndex module = entry.frame ? profile.frames[entry.frame].module : ModuleIndex();
      return module && view::is_kernel(profile.modules[module].kind) ? FrameKind::kKernel
                                                                     : FrameKind::kUser;
    }
    case Kind::kEntry:
      return FrameKind::kEntry;
    case Kind::kWait:
      return FrameKind::kWait;
    case Kind::kProcess:
    case Kind::kThread:
      return FrameKind::kProcess;
    case Kind::kTruncated:
    case Kind::kBroken:
      return FrameKind::kIncomplete;
  }
  return FrameKind::kUser;
}

std::string_view legend(FrameKind kind) { return look(kind).legend; }

std::string frame_class(FrameKind kind, std::string_view name) {
  return look(kind).letter + std::to_string(hash(name) % kShades);
}

std::string ground_color(FrameKind kind, int shade, bool dark) {
  return color(kind, shade, dark, false);
}

std::string_view text_color(bool dark) { return dark ? "#f6f7f8" : "#15171a"; }

std::string style_sheet() {
  std::string css =
      "text{font:12px system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",Arial,sans-serif}"
      "\n.head .name{font-size:18px;font-weight:600}\n"
      ".frames text{font:11.5px ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\","
      "\"Liberation Mono\",monospace}\n"
      ".frames{cursor:pointer}.frames text{pointer-events:none}\n"
      ".above rect{opacity:.45}\n";
  for (int k = 0; k < kFrameKinds; ++k) {
    const auto kind = static_cast<FrameKind>(k);
    for (int shade = 0; is_marked(kind) && shade < kShades; ++shade)
      css += fmt::format(".{0}{1} rect{{fill:url(#flame-{0}{1})}}", look(kind).letter, shade);
    for (int shade = 0; shade < kShades; ++shade) {
      const char letter = look(kind).letter;
      if (kind == FrameKind::kInlined || kind == FrameKind::kIncomplete)
        css += fmt::format(".{}{} text{{font-style:italic}}", letter, shade);
      if (kind == FrameKind::kEntry)
        css += fmt::format(".{}{} text{{font-weight:bold}}", letter, shade);
    }
    css += '\n';
  }
  return css + scheme(false) + "@media (prefers-color-scheme:dark){\n" + scheme(true) + "}\n";
}

std::string change_class(double part) {
  if (part == 0) return "n0";
  const int level =
      std::clamp(static_cast<int>(std::abs(part) * kChangeLevels), 0, kChangeLevels - 1);
  return (part > 0 ? 'r' : 's') + std::to_string(level);
}

std::string change_style_sheet() {
  const auto rules = [](bool dark) {
    std::string css = fmt::format(".n0 rect{{fill:{}}}", hsl(210, 0.08, dark ? 0.27 : 0.90));
    for (int level = 0; level < kChangeLevels; ++level) {
      const double step = static_cast<double>(level) / (kChangeLevels - 1);
      const double lightness = dark ? 0.30 + 0.12 * step : 0.88 - 0.22 * step;
      css += fmt::format(".r{0} rect{{fill:{1}}}.s{0} rect{{fill:{2}}}", level,
                         hsl(6, dark ? 0.55 : 0.85, lightness),
                         hsl(214, dark ? 0.55 : 0.85, lightness));
    }
    return css + '\n';
  };
  return rules(false) + "@media (prefers-color-scheme:dark){" + rules(true) + "}\n";
}

std::string patterns() {
  std::string defs;
  for (int k = 0; k < kFrameKinds; ++k) {
    const auto kind = static_cast<FrameKind>(k);
    if (!is_marked(kind)) continue;
    const int size = kind == FrameKind::kEntry || kind == FrameKind::kIncomplete ? 9 : 8;
    for (int shade = 0; shade < kShades; ++shade) {
      defs += fmt::format(
          "<pattern id=\"flame-{0}{1}\" width=\"{2}\" height=\"{3}\" "
          "patternUnits=\"userSpaceOnUse\"><rect class=\"{0}g{1}\" width=\"{2}\" height=\"{3}\"/>"
          "<path class=\"{0}l{1}\" d=\"{4}\" fill=\"none\" stroke-width=\"{5}\"/></pattern>\n",
          look(kind).letter, shade, size, kRowPitch, mark_shape(kind),
          kind == FrameKind::kEntry                                   ? "3"
          : kind == FrameKind::kInlined || kind == FrameKind::kKernel ? "2"
                                                                      : "1");
    }
  }
  return defs;
}

}  // namespace profiler::render
