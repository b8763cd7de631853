#include "render/diff_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "render/amount.h"
#include "render/change_text.h"
#include "render/diff_sentence.h"
#include "render/run_text.h"
#include "view/diff_noise.h"
#include "view/thread_times.h"

namespace profiler::render {
namespace {

std::string side_text(const DiffReport::Side& side, const view::Weight& all, std::string_view mark,
                      bool waits_only, const TextStyle& style) {
  TextLine line(style);
  line.add(mark, Colour::kFaint).pad_to(mark.size() + 2);
  const std::string facts = waits_only
                                ? fmt::format("{} · {} waits", side.path, grouped(all.waits))
                                : fmt::format("{} · {} · {} sample{}", side.path, side.event->name,
                                              grouped(all.samples), all.samples == 1 ? "" : "s");
  constexpr std::size_t kGap = 3;
  const std::size_t taken = line.width() + kGap + TextLine(style).add(facts).width();
  constexpr std::size_t kLeast = 16;
  line.add(command_text(side.profile->run,
                        std::max(style.width > taken ? style.width - taken : 0, kLeast)),
           Colour::kTitle);
  line.pad_to(line.width() + kGap).add(facts, Colour::kFaint);
  return line.take();
}

TotalChange seconds_change(std::string name, std::uint64_t before, std::uint64_t after, bool few) {
  const int digits = second_digits(std::max(before, after));
  TotalChange change{.name = std::move(name),
                     .before = seconds(before, digits),
                     .after = seconds(after, digits),
                     .unit = "s",
                     .change = {}};
  if (before != 0 && !few) {
    change.change = relative_change(static_cast<double>(before), static_cast<double>(after));
  }
  return change;
}

Facts compared_facts(const DiffReport& report) {
  const view::Diff& diff = *report.diff;
  const view::DiffTotals& totals = diff.totals;
  const EventInfo& event = *report.after.event;
  std::string what;
  if (report.waits_only) {
    what = "seconds of waiting as measured";
  } else if (totals.normalize == view::Normalize::kCpuTime) {
    what = event.is_time() ? "shares of CPU time" : "shares of all " + event.unit;
    if (report.same_event() && totals.has_cpu())
      what += fmt::format(" (old × {:.3g})", totals.scale);
    if (totals.waits) what += ", waits (but for a CPU) as measured";
  } else {
    what = (event.is_time() ? "seconds" : event.unit) + " as measured";
  }
  if (diff.tests == 0)
    return {{"compared: " + what}, {"too few samples in any row to tell change from chance"}};
  return {
      {"compared: " + what},
      {fmt::format("± is chance of sampling: {:.3g} standard deviations, {:.0f} % over {} test{}",
                   diff.critical, 100 * view::kConfidence, grouped(diff.tests),
                   diff.tests == 1 ? "" : "s")}};
}

}  // namespace

std::string TotalChange::text() const {
  return fmt::format("{} → {}{}{}{}", before, after, unit.empty() ? "" : " ", unit,
                     change.empty() ? "" : " (" + change + ")");
}

std::vector<TotalChange> total_changes(const DiffReport& report) {
  std::vector<TotalChange> changes;
  const view::DiffTotals& totals = report.diff->totals;
  const bool whole = report.selection.empty();
  const TimeCharged& before = report.before.profile->run.charged;
  const TimeCharged& after = report.after.profile->run.charged;
  // However exactly they are known, of runs of so little they are no percentage of anything.
  const bool few =
      !report.waits_only && std::min(totals.before.samples, totals.after.samples) < kFewSamples;
  const auto charged = [&](std::string name, const std::optional<std::uint64_t>& was,
                           const std::optional<std::uint64_t>& is) {
    if (was && is) changes.push_back(seconds_change(std::move(name), *was, *is, few));
    return was && is;
  };
  if (whole) charged("real", before.real_ns, after.real_ns);
  const bool is_time = report.before.event->is_time() && report.after.event->is_time();
  if (!report.waits_only) {
    const auto sampled = [&](std::string name, std::uint64_t was, std::uint64_t is) {
      if (is_time) {
        changes.push_back(seconds_change(std::move(name), was, is, few));
        return;
      }
      const AmountFormat format(*report.after.event, totals.after);
      changes.push_back({.name = std::move(name),
                         .before = format.amount(was),
                         .after = format.amount_with_unit(is),
                         .unit = {},
                         .change = {}});
    };
    if (!whole || !is_time || !charged("user", before.user_ns, after.user_ns))
      sampled("user", totals.before.user, totals.after.user);
    if (!whole || !is_time || !charged("sys", before.sys_ns, after.sys_ns))
      sampled("sys", totals.before.sys, totals.after.sys);
  }
  if (totals.waits) {
    const auto wait = [&](const DiffReport::Side& side, const view::Weight& selected) {
      return whole ? view::wait_totals(*side.profile).wait_ns : selected.wait;
    };
    changes.push_back(seconds_change("wait", wait(report.before, totals.before),
                                     wait(report.after, totals.after), few));
  }
  return changes;
}

std::string diff_head_text(const DiffReport& report, const TextStyle& style) {
  const view::DiffTotals& totals = report.diff->totals;
  std::string text;
  if (const std::string sentence = diff_sentence(report); !sentence.empty())
    text += wrapped(sentence, "", style, Colour::kTitle);
  if (const std::string shares = shares_sentence(report); !shares.empty())
    text += wrapped(shares + ": --normalize none", "", style, Colour::kPlain);
  text += side_text(report.before, totals.before, "old", report.waits_only, style) +
          side_text(report.after, totals.after, "new", report.waits_only, style);
  Facts facts;
  for (const TotalChange& change : total_changes(report))
    facts.push_back({change.name + ' ' + change.text()});
  text += facts_text(facts, style);
  if (totals.has_cpu() || totals.has_waits()) text += facts_text(compared_facts(report), style);
  if (!report.selection.empty()) text += wrapped(report.selection, "only: ", style, Colour::kTitle);
  for (const std::string& note : diff_notes(report))
    text += wrapped(note, "! ", style, Colour::kWarning);
  return text + '\n';
}

}  // namespace profiler::render
