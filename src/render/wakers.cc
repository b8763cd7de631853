#include "render/wakers.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "render/amount.h"
#include "render/csv_writer.h"
#include "render/json_writer.h"
#include "render/report_text.h"
#include "render/run_text.h"
#include "render/text_table.h"

namespace profiler::render {
namespace {

std::span<const view::WakerRow> first_of(const std::vector<view::WakerRow>& rows,
                                         std::size_t limit) {
  return std::span(rows).first(limit == 0 ? rows.size() : std::min(limit, rows.size()));
}

void write_site(JsonWriter& json, const view::CallSite& site) {
  json.begin_object();
  json.key("function").string_or_null(site.function).key("module").string_or_null(site.module);
  json.key("file").string_or_null(site.file).key("line").number_or_null(site.line).end();
}

std::string who(const view::WakerRow& row) {
  return row.waker.function.empty() ? row.via : row.waker.function + " in " + row.via;
}

}  // namespace

std::string wakers_text(const ReportHead& head, const std::vector<view::WakerRow>& rows,
                        std::size_t limit, const TextStyle& style) {
  std::string text = head_text(head, style);
  if (rows.empty()) {
    return text +
           TextLine(style).add("no waker is known: profiler record --wakers records them").take();
  }
  view::Weight whole;
  for (const view::WakerRow& row : rows) {
    whole.wait += row.wait;
    whole.waits += row.waits;
  }
  const AmountFormat format = AmountFormat::of_waits(whole);
  TextTable out(style);
  out.column("wait", Align::kRight);
  out.column("share", Align::kRight);
  out.column("count", Align::kRight);
  out.column("for", Align::kLeft);
  out.column("who waited", Align::kName, 16);
  out.column("", Align::kPath, 8);
  out.column("who ended it", Align::kName, 20);
  out.column("", Align::kPath, 8);
  const auto shown = first_of(rows, limit);
  for (const view::WakerRow& row : shown) {
    out.row(
        {{format.amount(row.wait), Colour::kWait},
         {format.share(row.wait, 0)},
         {grouped(row.waits)},
         {std::string(name(row.wait_class)), Colour::kWait},
         {row.waiter.function.empty() ? "(not known where)" : row.waiter.function, Colour::kName},
         {place_text(row.waiter.module, row.waiter.file, row.waiter.line), Colour::kFaint},
         {who(row), Colour::kName},
         {place_text(row.waker.module, row.waker.file, row.waker.line), Colour::kFaint}});
  }
  text += out.text();
  if (shown.size() < rows.size()) {
    text += TextLine(style)
                .add(fmt::format("… {} more; --limit 0 shows all", rows.size() - shown.size()),
                     Colour::kFaint)
                .take();
  }
  return text;
}

std::string wakers_json(const std::vector<view::WakerRow>& rows, std::size_t limit) {
  JsonWriter json;
  json.begin_object().key("schema").string("profiler.wakers/1");
  json.line_break().key("wakers").begin_array();
  for (const view::WakerRow& row : first_of(rows, limit)) {
    std::string wait_class(name(row.wait_class));
    std::ranges::replace(wait_class, ' ', '_');
    json.line_break().begin_object().key("class").string(wait_class);
    json.key("wait_s").seconds(row.wait).key("count").number(row.waits);
    json.key("via").string(row.via);
    json.key("waiter");
    write_site(json, row.waiter);
    json.key("waker");
    write_site(json, row.waker);
    json.end();
  }
  json.end().end();
  return json.take() + "\n";
}

std::string wakers_csv(const std::vector<view::WakerRow>& rows, std::size_t limit) {
  CsvWriter csv(true);
  csv.titles({"class", "function", "module", "file", "line", "waker", "waker_module", "waker_file",
              "waker_line", "via", "wait_s", "count"});
  csv.end_line();
  for (const view::WakerRow& row : first_of(rows, limit)) {
    csv.field(name(row.wait_class));
    for (const view::CallSite* site : {&row.waiter, &row.waker}) {
      csv.field(site->function).field(site->module).field(site->file).line_number(site->line);
    }
    csv.field(row.via).amount(row.wait).number(row.waits).end_line();
  }
  return csv.take();
}

}  // namespace profiler::render
