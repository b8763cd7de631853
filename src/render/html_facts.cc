#include "render/html_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <ranges>
#include <utility>

#include "render/amount.h"
#include "render/diff_head.h"
#include "render/diff_sentence.h"
#include "render/flamegraph_style.h"
#include "render/json_waits.h"
#include "render/json_writer.h"
#include "render/printable.h"
#include "render/report.h"
#include "render/report_json.h"
#include "render/run_text.h"
#include "render/syscalls.h"
#include "render/syscalls_json.h"
#include "view/advice.h"
#include "view/group_table.h"
#include "view/quality.h"

namespace profiler::render {
namespace {

constexpr std::size_t kTitleWidth = 400;

void write_facts(JsonWriter& json, const Facts& facts) {
  for (const Fact& fact : facts) {
    json.begin_object().key("text").string(printable(fact.text));
    json.key("warning").boolean(fact.warning).end();
  }
}

void write_colors(JsonWriter& json) {
  json.key("kinds").begin_array();
  for (int k = 0; k < kFrameKinds; ++k) json.string(legend(static_cast<FrameKind>(k)));
  json.end().key("colors").begin_object();
  for (const bool dark : {false, true}) {
    json.key(dark ? "dark" : "light").begin_array();
    for (int k = 0; k < kFrameKinds; ++k) {
      for (int shade = 0; shade < kShades; ++shade)
        json.string(ground_color(static_cast<FrameKind>(k), shade, dark));
    }
    json.end();
  }
  json.end();
}

void write_machine(JsonWriter& json, const Run& run, const HtmlOptions& options) {
  json.key("machine").begin_object();
  json.key("host").string(printable(run.host)).key("kernel").string(printable(run.kernel_release));
  json.key("architecture").string(printable(run.architecture)).key("cpus").number(run.cpus);
  json.key("start_unix_ms").number(run.start_unix_ns / 1'000'000);
  json.key("duration_s").seconds(run.duration_ns);
  json.key("profiler").string(options.version).end();
}

/// One of the two recordings that are compared; `samples`: those of it that are.
void write_side(JsonWriter& json, std::string_view key, const DiffReport::Side& side,
                const view::Quality& quality) {
  const Run& run = side.profile->run;
  json.key(key).begin_object().key("file").string(printable(side.path));
  json.key("command").string(command_text(run, kTitleWidth));
  json.key("event").string(printable(side.event->name)).key("samples").number(quality.samples);
  json.key("status").string(status_text(run));
  json.key("start_unix_ms").number(run.start_unix_ns / 1'000'000);
  json.key("host").string(printable(run.host)).key("notes").begin_array();
  // That there are no samples, or few, is said of both (diff_notes).
  view::Quality enough = quality;
  enough.samples = std::max(enough.samples, kFewSamples);
  for (const std::string& note : notes_text(run, *side.event, enough)) json.string(printable(note));
  json.end().end();
}

void write_comparison(JsonWriter& json, const Profile& joined, const view::Selection& selection,
                      const HtmlComparison* comparison) {
  json.key("comparison");
  if (comparison == nullptr) {
    json.null();
    return;
  }
  const DiffReport& report = comparison->report;
  const view::DiffTotals& totals = report.diff->totals;
  json.begin_object().key("same_event").boolean(report.same_event());
  json.key("normalized").boolean(totals.normalize == view::Normalize::kCpuTime);
  json.key("waits_only").boolean(report.waits_only);
  json.key("scale").fraction(totals.scale).key("critical").fraction(report.diff->critical);
  json.key("effective_before").fraction(totals.effective_before);
  json.key("effective_after").fraction(totals.effective_after);
  json.key("summary").string(diff_sentence(report));
  json.key("notes").begin_array();
  for (const std::string& note : diff_notes(report)) json.string(printable(note));
  json.end().key("totals").begin_array();
  for (const TotalChange& change : total_changes(report)) {
    json.begin_object().key("name").string(change.name).key("old").string(change.before);
    json.key("new").string(change.after).key("unit").string(change.unit);
    json.key("change").string(change.change).end();
  }
  json.end();
  write_side(json, "old", report.before, view::quality(joined, comparison->before));
  write_side(json, "new", report.after, view::quality(joined, selection.samples));
  json.end();
}

void write_sources(JsonWriter& json, const HtmlOptions& options) {
  json.key("sources");
  if (!options.has_sources) {
    json.null();
    return;
  }
  json.begin_array();
  for (const EmbeddedSource& source : options.sources) {
    json.begin_object().key("file").string(printable(source.file));
    json.key("newer").boolean(source.text.newer).key("lines").begin_array();
    for (const std::string& line : source.text.lines) json.string(printable(without_tabs(line)));
    json.end().end();
  }
  json.end();
}

}  // namespace

std::string html_facts(const Profile& profile, const view::Selection& selection,
                       const HtmlOptions& options) {
  const Run& run = profile.run;
  const ReportHead head = report_head(profile, selection.samples, options.event);
  std::vector<const Sample*> on_cpu;
  std::ranges::copy_if(selection.samples, std::back_inserter(on_cpu),
                       [](const Sample* sample) { return sample->mode != Mode::kWait; });

  JsonWriter json;
  json.begin_object();
  json.key("title").string(options.title.empty() ? command_text(run, kTitleWidth)
                                                 : printable(options.title));
  json.key("selection").string(printable(options.selection));
  json.key("span_s");
  if (options.span_ns == 0) {
    json.null();
  } else {
    json.seconds(options.span_ns);
  }
  json.key("status").string(status_text(run));
  json.key("facts").begin_array();
  write_facts(json, event_facts(run, *head.event, head.quality));
  write_facts(json, stack_facts(run, head.quality, head.quality.samples < 30));
  if (head.has_waits && options.comparison == nullptr)
    write_facts(json, wait_facts(profile, head.waited, !options.selection.empty()));
  write_facts(json, other_event_facts(head.events, *head.event));
  json.end();
  json.key("notes").begin_array();
  for (const std::string& note : notes_text(run, *head.event, head.quality, options.selection))
    json.string(printable(note));
  json.end().key("advice").begin_array();
  for (const view::Advice& advice : view::advice(profile, selection.samples))
    json.string(printable(advice_text(advice)));
  json.end();
  write_machine(json, run, options);
  json.key("unit").string(head.event->is_time() ? "s" : printable(head.event->unit));
  json.key("waits").boolean(head.has_waits);
  write_colors(json);
  write_sources(json, options);
  write_comparison(json, profile, selection, options.comparison);
  std::string text = json.end().take();

  // Documents of other schemas go in whole, but for what the viewer makes itself.
  text.pop_back();
  ReportHead without_ledgers = head;
  without_ledgers.causes.clear();
  without_ledgers.waits.clear();
  text += ",\"report\":" + table_json(without_ledgers, {}, RowsOf::kFunctions, "functions");
  text += ",\"syscalls\":";
  text += profile.syscalls.rows.empty()
              ? "null"
              : syscalls_json(
                    syscalls_report(profile, on_cpu, SyscallGrouping::kNone, options.event), {});
  return text + '}';
}

std::vector<std::string> source_files(const Profile& profile, const view::Selection& selection) {
  const view::Table lines = view::group_table(profile, selection.samples, view::GroupBy::kLine, {});
  std::map<std::string, std::uint64_t> times;
  for (const view::TableRow& row : lines)
    if (!row.file.empty() && row.line != 0) times[row.file] += row.charge.total.wall();
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  sorted.reserve(times.size());
  for (const auto& [file, time] : times) sorted.emplace_back(time, file);
  std::ranges::sort(sorted, std::ranges::greater());
  std::vector<std::string> files;
  files.reserve(sorted.size());
  for (auto& [time, file] : sorted) files.push_back(std::move(file));
  return files;
}

}  // namespace profiler::render
