// A flame graph as one self-contained SVG: every frame is a rectangle as wide as its share of the
// samples, standing on its caller.
//
//   CallTree tree = view::call_tree(profile, samples, {});
//   std::string svg = render::flamegraph(profile, tree, {.title = "nightly build"});
//
// A viewer without script shows the whole picture, with <title> tooltips. In a browser it zooms,
// searches and fills the window. The same tree and options give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/call_tree.h"

namespace profiler::render {

/// How a picture of something else than where time went shows its frames.
struct FlamegraphLook {
  struct Frame {
    std::string css_class;
    std::string label;    ///< What stands on it, if it fits.
    std::string details;  ///< The tooltip's second line.
  };
  struct LegendEntry {
    std::string css_class;
    std::string text;
  };
  std::function<Frame(std::uint32_t node)> frame;  ///< Of a node but for the root.
  std::vector<LegendEntry> legend;
  std::string facts;        ///< The header's second line.
  std::string style_sheet;  ///< Rules for those classes, after all others.
};

struct FlamegraphOptions {
  double width = 1200;         ///< Of the picture, in px.
  bool fit_window = true;      ///< With script, take the browser window's width instead.
  std::string title = {};      ///< Empty: the command.
  std::string selection = {};  ///< Which samples of the profile it shows; empty: all.
  std::uint16_t event = 0;     ///< Row of Run::events that the samples belong to.
  bool icicle = false;         ///< The root at the top.
  bool inverted = false;       ///< The tree is bottom-up: says so in the header.
  double min_width = 0.1;  ///< Frames narrower than this, in px, are merged with their siblings.
  /// About how large the file may get: the narrowest frames are merged to keep to it. 0: no limit.
  std::size_t size_limit = 740'000;
  const FlamegraphLook* look = nullptr;  ///< None: frames are told apart by kind.
};

[[nodiscard]] std::string flamegraph(const Profile& profile, const view::CallTree& tree,
                                     const FlamegraphOptions& options);

}  // namespace profiler::render
