#include "render/diff_flamegraph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "render/amount.h"
#include "render/change_text.h"
#include "render/flamegraph.h"
#include "render/flamegraph_style.h"
#include "render/flamegraph_text.h"
#include "render/run_text.h"

namespace profiler::render {
namespace {

using view::Weight;

class DiffPicture {
 public:
  DiffPicture(const Profile& profile, const view::DiffTree& diff,
              const DiffFlamegraphOptions& options)
      : profile_(profile),
        names_(profile),
        diff_(diff),
        options_(options),
        event_(main_event(profile, options.event)),
        waits_(!diff.totals.has_cpu() && diff.totals.has_waits()) {
    for (std::uint32_t i = 0; i < diff.changes.size(); ++i)
      if (diff.changes[i].significant) largest_ = std::max(largest_, std::abs(change(i)));
  }

  std::string draw() {
    FlamegraphLook look;
    look.frame = [this](std::uint32_t node) { return frame(node); };
    const bool shares = !waits_ && diff_.totals.normalize == view::Normalize::kCpuTime;
    look.legend = {{.css_class = change_class(1),
                    .text = shares ? "▲ a larger share than before" : "▲ more than before"},
                   {.css_class = change_class(-1), .text = shares ? "▼ a smaller one" : "▼ less"},
                   {.css_class = change_class(0), .text = "no change beyond chance"}};
    look.facts = facts();
    look.style_sheet = change_style_sheet();
    // What has no width is not drawn, nor too narrow to be.
    view::CallTree drawn = diff_.tree;
    for (view::TreeNode& node : drawn.nodes) {
      std::erase_if(node.children,
                    [&](std::uint32_t child) { return drawn.nodes[child].total.wall() == 0; });
    }
    const std::string names = options_.old_path + " → " + options_.new_path;
    return flamegraph(profile_, drawn,
                      {.title = options_.title.empty() ? names : options_.title,
                       .selection = options_.selection,
                       .event = options_.event,
                       .look = &look});
  }

 private:
  [[nodiscard]] std::uint64_t value(const Weight& weight) const {
    return waits_ ? weight.wait : weight.all();
  }
  [[nodiscard]] double share(const Weight& part, const Weight& whole) const {
    const std::uint64_t all = value(whole);
    return all == 0 ? 0 : static_cast<double>(value(part)) / static_cast<double>(all);
  }
  [[nodiscard]] const Weight& after(std::uint32_t node) const {
    return diff_.tree.nodes[node].total;
  }

  /// What the new recording did, in shares, or where seconds are compared in those.
  [[nodiscard]] double change(std::uint32_t node) const {
    return (options_.gone ? -1 : 1) * diff_.changes[node].delta;
  }

  /// "12.0 % → 24.1 %: +12.1 points", what of both is in the picture first named last.
  [[nodiscard]] std::string shares(std::uint32_t node) const {
    double was = share(diff_.total_before[node], diff_.totals.before);
    double is = share(after(node), diff_.totals.after);
    if (options_.gone) std::swap(was, is);
    const auto text = [](double part) { return part == 0 ? std::string("0 %") : percent(part); };
    return fmt::format("{} → {}: {} points", text(was), text(is), points(is - was));
  }

  [[nodiscard]] bool few() const {
    return std::min(diff_.totals.before.samples, diff_.totals.after.samples) < kFewSamples;
  }

  [[nodiscard]] FlamegraphLook::Frame frame(std::uint32_t node) const {
    const Weight& before = diff_.total_before[node];
    const view::PathEntry& entry = diff_.tree.nodes[node].entry;
    const bool significant = diff_.changes[node].significant;
    const double by = change(node);
    FlamegraphLook::Frame frame;
    frame.css_class = change_class(significant && largest_ > 0 ? by / largest_ : 0);
    frame.label = names_.of(entry);
    if (significant) {
      const AmountFormat format = waits_ ? AmountFormat::of_waits(diff_.totals.after)
                                         : AmountFormat(event_, diff_.totals.after);
      const bool in_points = !waits_ && diff_.totals.normalize == view::Normalize::kCpuTime;
      const double sign = options_.gone ? -1 : 1;
      const std::string much = in_points ? points(sign * (share(after(node), diff_.totals.after) -
                                                          share(before, diff_.totals.before)))
                                         : signed_amount(format, by);
      frame.label = fmt::format("{} {}  {}", by > 0 ? "▲" : "▼", frame.label, much);
    }
    const Weight& old = options_.gone ? after(node) : before;
    const Weight& now = options_.gone ? before : after(node);
    if (options_.same_event) {
      frame.details =
          fmt::format("{} → {}, {} → {}", quantity(event_, value(old)),
                      quantity(event_, value(now)), sample_count(old), sample_count(now));
    } else {
      frame.details = fmt::format("{} → {}", sample_count(old), sample_count(now));
    }
    if (!few() || waits_) frame.details += ", " + shares(node);
    if (!significant) frame.details += " (no more than chance)";
    if (old.empty()) frame.details += " · new";
    if (now.empty()) frame.details += " · gone";
    if (const std::string from = origin(profile_, entry); !from.empty())
      frame.details += " · " + from;
    return frame;
  }

  [[nodiscard]] std::string facts() const {
    const view::DiffTotals& totals = diff_.totals;
    const Weight& old = options_.gone ? totals.after : totals.before;
    const Weight& now = options_.gone ? totals.before : totals.after;
    std::string text = fmt::format("widths: {}", options_.gone ? "old" : "new");
    text += waits_                                          ? " · colours: time waited"
            : totals.normalize == view::Normalize::kCpuTime ? " · colours: change of the share"
                                                            : " · colours: change as measured";
    text += fmt::format(" · {} → {}", sample_count(old), sample_count(now));
    std::uint64_t missing = 0;
    std::size_t frames = 0;
    for (std::uint32_t i = 1; i < diff_.tree.nodes.size(); ++i) {
      if (value(after(i)) != 0) continue;
      ++frames;
      missing += value(diff_.self_before[i]);
    }
    if (frames != 0 && value(totals.before) != 0) {
      text += fmt::format(" · {} frame{} with {} of {} {}", grouped(frames), frames == 1 ? "" : "s",
                          percent(missing, value(totals.before)), options_.gone ? "new" : "old",
                          options_.gone ? "are not here" : "are gone (--gone draws them)");
    }
    if (!options_.selection.empty()) text += " · only " + options_.selection;
    return text;
  }

  const Profile& profile_;
  FrameNames names_;
  const view::DiffTree& diff_;
  const DiffFlamegraphOptions& options_;
  const EventInfo& event_;
  bool waits_;
  double largest_ = 0;  ///< Change beyond chance, up or down.
};

}  // namespace

std::string diff_flamegraph(const Profile& profile, const view::DiffTree& diff,
                            const DiffFlamegraphOptions& options) {
  return DiffPicture(profile, diff, options).draw();
}

}  // namespace profiler::render
