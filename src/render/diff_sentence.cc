#include "render/diff_sentence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "render/amount.h"
#include "render/change_text.h"
#include "render/printable.h"
#include "view/diff_summary.h"

namespace profiler::render {
namespace {

bool is_few(const view::DiffTotals& totals) {
  return std::min(totals.before.samples, totals.after.samples) < kFewSamples;
}

bool is_comparable(const DiffReport& report) {
  const view::DiffTotals& totals = report.diff->totals;
  return report.same_event() && (report.waits_only ? totals.has_waits() : totals.has_cpu());
}

std::uint64_t rounded(double value) {
  return static_cast<std::uint64_t>(std::llround(std::abs(value)));
}

std::string whole_name(const DiffReport& report) {
  if (report.waits_only) return "Time waited";
  return report.after.event->is_time() ? "CPU time" : report.after.event->name;
}

/// "nearly all of it in parse() (+0.204 s, +95.8 %)"
std::string where_text(const view::DiffSummary& summary, const AmountFormat& format, bool is_time,
                       bool few) {
  if (summary.where == nullptr) return {};
  constexpr double kMore = 1.2;
  constexpr double kNearlyAll = 0.8;
  const view::DiffRow& row = *summary.where;
  std::string text = summary.part > kMore         ? ", more than that in "
                     : summary.part >= kNearlyAll ? ", nearly all of it in "
                                                  : ", most of it in ";
  text += printable(row.what.label);
  if (summary.with_callees) text += " and what it calls";
  text += " (" + signed_amount(format, summary.there.delta);
  if (is_time) text += " s";
  const view::Weight& was = summary.with_callees ? row.before.total : row.before.self;
  if (!few && was.all() != 0) {
    const auto before = static_cast<double>(was.all());
    text += ", " + relative_change(before, before + summary.there.delta);
  }
  return text + (row.is_new() ? ", new)" : row.is_gone() ? ", gone)" : ")");
}

}  // namespace

std::string diff_sentence(const DiffReport& report) {
  if (!is_comparable(report)) return {};
  const view::DiffTotals& totals = report.diff->totals;
  const view::DiffSummary summary = view::summarize(*report.diff, report.waits_only);
  view::Weight larger = summary.before > summary.after ? totals.before : totals.after;
  const AmountFormat format = report.waits_only ? AmountFormat::of_waits(larger)
                                                : AmountFormat(*report.after.event, larger);
  const bool is_time = report.waits_only || report.after.event->is_time();
  const std::string unit = is_time ? " s" : "";
  const std::string range = fmt::format("{} → {}{}", format.amount(rounded(summary.before)),
                                        format.amount(rounded(summary.after)), unit);
  const std::string noise = format.amount(rounded(summary.all.noise));
  if (!summary.all.significant) {
    return fmt::format("{} changed by no more than chance: {} ({} ± {}{})", whole_name(report),
                       range, signed_amount(format, summary.all.delta), noise, unit);
  }
  const bool few = !report.waits_only && is_few(totals);
  return fmt::format("{} {} by {} ± {}{} ({}{}){}", whole_name(report),
                     summary.all.delta > 0 ? "grew" : "fell",
                     format.amount(rounded(summary.all.delta)), noise, unit, range,
                     few ? "" : ", " + relative_change(summary.before, summary.after),
                     where_text(summary, format, is_time, few || report.waits_only));
}

std::string shares_sentence(const DiffReport& report) {
  const view::DiffTotals& totals = report.diff->totals;
  if (!is_comparable(report) || report.waits_only || totals.normalize != view::Normalize::kCpuTime)
    return {};
  const view::DiffSummary summary = view::summarize(*report.diff, false);
  if (!summary.all.significant) return {};
  const bool grew = summary.all.delta > 0;
  return fmt::format(
      "shares of {} are compared: what cost as much as before has a {} share now; for equal work "
      "compare {}",
      whole_name(report), grew ? "smaller" : "larger",
      report.after.event->is_time() ? "seconds" : "counts");
}

}  // namespace profiler::render
