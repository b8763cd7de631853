#include "render/flamegraph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "render/amount.h"
#include "render/flamegraph_layout.h"
#include "render/flamegraph_style.h"
#include "render/flamegraph_text.h"
#include "render/xml_text.h"

namespace profiler::render {
namespace {

constexpr std::string_view kScript =
#include "render/flamegraph.js.inc"
    ;

constexpr double kMargin = 10;
constexpr double kBaseline = 12;     ///< Of a label, from the top of its frame.
constexpr double kLabelInset = 3;    ///< From a frame's edge to its label.
constexpr double kLabelCell = 6.95;  ///< Of the labels' fixed-width font.
constexpr double kTitleCell = 10.5;  ///< Of the title's proportional one, roughly.
constexpr double kFactsCell = 6.6;
constexpr double kLegendCell = 7;
/// What a frame takes in the file besides its name.
constexpr std::size_t kFrameBytes = 150;

class FlamegraphWriter {
 public:
  FlamegraphWriter(const Profile& profile, const view::CallTree& tree,
                   const FlamegraphOptions& options)
      : profile_(profile),
        names_(profile),
        tree_(tree),
        options_(options),
        event_(options.event < profile.run.events.size() ? profile.run.events[options.event]
                                                         : EventInfo()),
        inner_width_(std::max(options.width - 2 * kMargin, 1.0)) {
    if (!tree.nodes.empty()) all_ = tree.nodes[0].total;
    layout_ = flame_layout(
        tree,
        {.width = inner_width_, .min_width = options.min_width, .size_limit = options.size_limit},
        [&](const view::TreeNode& node) { return bytes_of(node); });
    head_height_ = layout_.boxes.empty() ? 66 : layout_.frames_left_out != 0 ? 104 : 84;
    frames_height_ = layout_.boxes.empty() ? 120 : layout_.rows * kRowPitch;
  }

  std::string write() {
    open();
    if (layout_.boxes.empty()) {
      nothing();
    } else {
      frames();
    }
    head();
    if (!layout_.boxes.empty()) put("<script><![CDATA[\n{}]]></script>\n", kScript);
    put("</svg>\n");
    return std::move(out_);
  }

 private:
  /// About what its frame takes in the file.
  [[nodiscard]] std::size_t bytes_of(const view::TreeNode& node) const {
    const std::size_t bytes = kFrameBytes + names_.of(node.entry).size();
    if (options_.look == nullptr) return bytes;
    const FlamegraphLook::Frame look =
        options_.look->frame(static_cast<std::uint32_t>(&node - tree_.nodes.data()));
    return bytes + look.details.size() + 2 * look.label.size();
  }

  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  [[nodiscard]] std::string title() const {
    if (!options_.title.empty()) return options_.title;
    std::string text;
    for (const std::string& word : profile_.run.command) text += (text.empty() ? "" : " ") + word;
    return text.empty() ? "Flame graph" : text;
  }

  void open() {
    const double height = head_height_ + frames_height_ + kMargin;
    put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"flamegraph\" width=\"{0:.10g}\" "
        "height=\"{1:.10g}\" viewBox=\"0 0 {0:.10g} {1:.10g}\">\n"
        "<title>{2}</title>\n<style>\n{3}</style>\n<defs>\n{4}</defs>\n"
        "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
        options_.width, height, xml_text(clip(title(), 300)),
        style_sheet() + (options_.look != nullptr ? options_.look->style_sheet : ""), patterns());
  }

  void head() {
    put("<g class=\"head\">\n<rect class=\"paper\" width=\"100%\" height=\"{:.10g}\"/>\n",
        head_height_ - 4);
    line("name", 30, title(), kTitleCell);
    line("facts", 53, options_.look != nullptr ? options_.look->facts : facts(), kFactsCell);
    if (!layout_.boxes.empty()) legend_line();
    if (layout_.frames_left_out != 0) line("quiet", 95, left_out(), kFactsCell);
    put("</g>\n");
  }

  void line(std::string_view css_class, double y, const std::string& text, double cell) {
    const auto cells = static_cast<std::size_t>(inner_width_ / cell);
    put("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", css_class, kMargin, y,
        xml_text(clip(text, cells)));
  }

  [[nodiscard]] std::string facts() const {
    const AmountFormat format(event_, all_);
    std::string text = event_.name;
    if (event_.frequency_hz != 0) text += fmt::format(" at {} Hz", grouped(event_.frequency_hz));
    const bool has_waits = all_.wait != 0 || all_.waits != 0;
    if (has_waits && all_.samples == 0) {
      text = "time off the CPU";
    } else {
      text += fmt::format(" · user {} · sys {}", format.amount_with_unit(all_.user),
                          format.amount_with_unit(all_.sys));
    }
    if (has_waits) text += " · wait " + AmountFormat::of_waits(all_).amount_with_unit(all_.wait);
    text += " · " + sample_count(all_);
    if (!profile_.run.kernel_sampled) text += " · kernel not sampled";
    if (options_.inverted) text += " · bottom-up: on each function, its callers";
    if (!options_.selection.empty()) text += " · only " + options_.selection;
    return text;
  }

  [[nodiscard]] std::string left_out() const {
    constexpr std::uint64_t kWhole = 1'000'000;
    const auto part = static_cast<std::uint64_t>(layout_.area_left_out * kWhole);
    const auto frames = [](std::size_t count) {
      return grouped(count) + (count == 1 ? " frame" : " frames");
    };
    std::string text = "Not drawn: ";
    if (const std::size_t narrow = layout_.frames_left_out - layout_.tower_left_out; narrow != 0)
      text += fmt::format("{} narrower than {:.2g} px", frames(narrow), layout_.narrowest);
    if (layout_.tower_left_out != 0) {
      text += fmt::format("{}{} of narrow towers over {} rows high",
                          layout_.tower_left_out == layout_.frames_left_out ? "" : ", ",
                          frames(layout_.tower_left_out), FlameLayoutOptions{}.tall_rows);
    }
    return text + fmt::format(", {} of the picture's area.",
                              percent(std::max<std::uint64_t>(part, 1), kWhole));
  }

  void legend_line() {
    double x = 0;
    put("<g class=\"legend\" transform=\"translate({},63)\">\n", kMargin);
    for (const FlamegraphLook::LegendEntry& entry :
         options_.look != nullptr ? options_.look->legend : kinds_drawn()) {
      put("<g class=\"{}\" transform=\"translate({},0)\"><rect width=\"26\" height=\"{}\" "
          "rx=\"2\"/>"
          "<text x=\"32\" y=\"13\">{}</text></g>\n",
          entry.css_class, x, kRowHeight, entry.text);
      x += 58 + kLegendCell * static_cast<double>(entry.text.size());
    }
    put("</g>\n");
  }

  /// The kinds that are in the picture, in the order of their declaration.
  [[nodiscard]] std::vector<FlamegraphLook::LegendEntry> kinds_drawn() const {
    std::array<std::string, kFrameKinds> example;
    for (const FlameBox& box : layout_.boxes) {
      const FrameKind kind = kind_of(box);
      if (example[static_cast<std::size_t>(kind)].empty())
        example[static_cast<std::size_t>(kind)] = frame_class(kind, name_of(box));
    }
    std::vector<FlamegraphLook::LegendEntry> entries;
    for (int k = 0; k < kFrameKinds; ++k) {
      const auto kind = static_cast<FrameKind>(k);
      const std::string& of = example[static_cast<std::size_t>(k)];
      if (kind == FrameKind::kProcess || of.empty()) continue;
      entries.push_back({.css_class = of, .text = std::string(legend(kind))});
    }
    return entries;
  }

  void nothing() {
    const bool all = profile_.samples.empty() && profile_.waits.empty();
    put("<g class=\"head\" transform=\"translate({},{})\"><text class=\"name\" y=\"32\">{}</text>\n"
        "<text class=\"quiet\" y=\"58\">{}</text></g>\n",
        kMargin, head_height_, all ? "No samples in this profile" : "No samples match",
        all ? "The program may have ended before the first sample was due, or spent its time "
              "waiting."
            : xml_text(clip("Of the profile's " + sample_count(profile_.samples.size()) +
                                ", none is in the selection" +
                                (options_.selection.empty() ? "" : ": " + options_.selection) + ".",
                            static_cast<std::size_t>(inner_width_ / kFactsCell))));
  }

  void frames() {
    put("<g class=\"frames\" transform=\"translate({:.10g},{:.10g})\" data-width=\"{:.10g}\" "
        "data-pitch=\"{}\" data-rows=\"{}\" data-unit=\"{}\" data-up=\"{}\" data-fit=\"{}\" "
        "data-left=\"{}\" data-counts=\"{}\">\n",
        kMargin, head_height_, inner_width_, kRowPitch, layout_.rows, xml_text(event_.unit),
        options_.icicle ? 0 : 1, options_.fit_window ? 1 : 0, layout_.frames_left_out,
        all_.waits == 0     ? "samples"
        : all_.samples == 0 ? "waits"
                            : "both");
    for (const FlameBox& box : layout_.boxes) frame(box);
    put("</g>\n");
  }

  [[nodiscard]] FrameKind kind_of(const FlameBox& box) const {
    if (box.merged != 0) return FrameKind::kMerged;
    if (box.row == 0) return FrameKind::kProcess;
    return frame_kind(profile_, tree_.nodes[box.node].entry);
  }

  [[nodiscard]] std::string name_of(const FlameBox& box) const {
    if (box.merged != 0)
      return fmt::format("[{} narrow frame{}]", grouped(box.merged), box.merged == 1 ? "" : "s");
    return box.row == 0 ? "all" : names_.of(tree_.nodes[box.node].entry);
  }

  /// Where frames are told apart by kind.
  [[nodiscard]] FlamegraphLook::Frame look_by_kind(const FlameBox& box) const {
    std::string details = amount(event_, box.weight) + ", " + sample_count(box.weight);
    if (all_.samples >= kFewSamples || all_.wait * 2 > all_.wall())
      details += ", " + percent(box.weight.wall(), all_.wall());
    if (box.merged == 0 && box.row != 0) {
      const std::string from = origin(profile_, tree_.nodes[box.node].entry);
      if (!from.empty()) details += " · " + from;
    }
    const std::string name = name_of(box);
    return {.css_class = frame_class(kind_of(box), name), .label = name, .details = details};
  }

  void frame(const FlameBox& box) {
    const bool by_kind = options_.look == nullptr || box.merged != 0 || box.row == 0;
    const FlamegraphLook::Frame look = by_kind ? look_by_kind(box) : options_.look->frame(box.node);
    const std::string name = name_of(box);
    const std::uint32_t row = options_.icicle ? box.row : layout_.rows - 1 - box.row;
    const double y = row * kRowPitch;
    // The script cuts labels anew: it has to know those that are not the name.
    const std::string label =
        look.label == name ? "" : fmt::format(" data-l=\"{}\"", xml_text(look.label));
    put("<g class=\"{}{}\" data-v=\"{} {}\"{}><title>{}\n{}</title><rect x=\"{:.2f}\" "
        "y=\"{:.10g}\" width=\"{:.2f}\" height=\"{}\"/>",
        look.css_class, box.width >= 3 ? " w" : "", box.weight.wall(),
        box.weight.samples + box.weight.waits, label, xml_text(name), xml_text(look.details), box.x,
        y, box.width, kRowHeight);
    // A letter and an ellipsis say nothing: no label for less.
    if (box.width > 4 * kLabelCell) {
      const auto cells = static_cast<std::size_t>((box.width - 2 * kLabelInset) / kLabelCell);
      put(R"(<text x="{:.2f}" y="{:.10g}">{}</text>)", box.x + kLabelInset, y + kBaseline,
          xml_text(clip(look.label, cells)));
    }
    put("</g>\n");
  }

  const Profile& profile_;
  FrameNames names_;
  const view::CallTree& tree_;
  const FlamegraphOptions& options_;
  EventInfo event_;
  double inner_width_;
  view::Weight all_;
  FlameLayout layout_;
  double head_height_ = 0;
  double frames_height_ = 0;
  std::string out_;
};

}  // namespace

std::string flamegraph(const Profile& profile, const view::CallTree& tree,
                       const FlamegraphOptions& options) {
  return FlamegraphWriter(profile, tree, options).write();
}

}  // namespace profiler::render
