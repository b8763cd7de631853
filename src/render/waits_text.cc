#include "render/waits_text.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "render/amount.h"
#include "render/first_rows.h"
#include "render/report_text.h"
#include "render/run_text.h"
#include "render/text_table.h"

namespace profiler::render {
namespace {

constexpr std::string_view kIndent = "  ";

}  // namespace

std::string waits_text(const ReportHead& head, std::size_t limit, const TextStyle& style) {
  std::string text = head_text(head, style);
  if (head.waits.empty()) return text + TextLine(style).add("nothing was waited for").take();
  view::Weight whole;
  for (const view::WaitRow& row : head.waits) whole += row.weight;
  const AmountFormat format = AmountFormat::of_waits(whole);
  constexpr std::size_t kCallers = 5;

  TextTable out(style);
  out.column("wait", Align::kRight);
  out.column("share", Align::kRight);
  out.column("", Align::kBar, style.width < 96 ? 0 : 10);
  out.column("count", Align::kRight);
  out.column("for, and the user code behind it", Align::kName, 20);
  out.column("", Align::kPath, 12);
  const auto shown = first_rows(head.waits, limit);
  for (const view::WaitRow& row : shown) {
    out.row({{format.amount(row.weight.wait), Colour::kWait},
             {format.share(row.weight.wait, 0)},
             {.text = "", .colour = Colour::kWait, .fraction = format.fraction(row.weight.wait)},
             {grouped(row.weight.waits)},
             {.text = std::string(name(row.wait)),
              .colour = Colour::kWait,
              .mark = row.threads > 1 ? fmt::format(" in {} threads", grouped(row.threads)) : ""},
             {}});
    if (row.wait == WaitClass::kNotSampled) continue;
    view::WaitCaller rest;
    for (std::size_t c = 0; c < row.callers.size(); ++c) {
      const view::WaitCaller& caller = row.callers[c];
      if (c >= kCallers) {
        rest.wait += caller.wait;
        rest.waits += caller.waits;
        continue;
      }
      out.row({{format.amount(caller.wait)},
               {format.share(caller.wait, 0)},
               {},
               {grouped(caller.waits)},
               {.text = caller.function.empty() ? "(not known where)" : caller.function,
                .colour = Colour::kName,
                .tree_lines = "  ",
                .mark = inline_mark(caller.inlined)},
               {place_text(caller.module, caller.file, caller.line), Colour::kFaint}});
    }
    if (row.callers.size() > kCallers) {
      out.row({{format.amount(rest.wait)},
               {format.share(rest.wait, 0)},
               {},
               {grouped(rest.waits)},
               {.text = fmt::format("… {} more callers", grouped(row.callers.size() - kCallers)),
                .colour = Colour::kFaint,
                .tree_lines = "  "},
               {}});
    }
  }
  return text + out.text() + more_text(head.waits.size() - shown.size(), style);
}

std::string wait_classes_text(const Run& run, const std::vector<view::WaitRow>& rows,
                              const std::vector<view::IdleThreads>& idle, const TextStyle& style) {
  view::Weight waited;
  for (const view::WaitRow& each : rows) waited += each.weight;
  for (const view::IdleThreads& pool : idle) waited += pool.weight;
  std::string text;
  if (run.wait_coverage == WaitCoverage::kDurations) {
    text += wrapped(run.kernel_sampled
                        ? "no stacks of waits were recorded"
                        : "not known: stacks of waits need permission to profile the kernel "
                          "(kernel.perf_event_paranoid of 1 or less, CAP_PERFMON, or root)",
                    kIndent, style, Colour::kPlain);
  }
  const AmountFormat format = AmountFormat::of_waits(waited);
  TextTable table(style, kIndent.size());
  table.column("wait", Align::kRight);
  table.column("share", Align::kRight);
  table.column("", Align::kBar, style.width < 96 ? 0 : 8);
  table.column("count", Align::kRight);
  table.column("for", Align::kLeft);
  table.column(style.width < 96 ? "main caller" : "main caller in user code", Align::kName, 14);
  table.column("", Align::kPath, 12);
  const auto row = [&](const view::Weight& weight, std::string what, Colour colour,
                       const view::CallSite& site) {
    table.row({{format.amount(weight.wait), Colour::kWait},
               {format.share(weight.wait, 0)},
               {.text = "", .colour = Colour::kWait, .fraction = format.fraction(weight.wait)},
               {grouped(weight.waits)},
               {std::move(what), colour},
               {.text = site.function, .colour = Colour::kName, .mark = inline_mark(site.inlined)},
               {place_text(site.module, site.file, site.line), Colour::kFaint}});
  };
  for (const view::WaitRow& each : rows) {
    row(each.weight, std::string(name(each.wait)), Colour::kPlain,
        each.callers.empty() ? view::CallSite{} : view::CallSite(each.callers.front()));
  }
  for (const view::IdleThreads& pool : idle) {
    row(pool.weight,
        fmt::format("{} idle thread{}", grouped(pool.threads), pool.threads == 1 ? "" : "s"),
        Colour::kFaint, pool.caller);
  }
  return text + table.text();
}

}  // namespace profiler::render
