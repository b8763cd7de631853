#include "render/wakers.h"

#include <string_view>

#include "render/amount.h"
#include "render/csv_writer.h"
#include "render/first_rows.h"
#include "render/json_waits.h"
#include "render/json_writer.h"
#include "render/printable.h"
#include "render/report_text.h"
#include "render/run_text.h"
#include "render/text_table.h"

namespace profiler::render {
namespace {

void write_site(JsonWriter& json, std::string_view key, const view::CallSite& site) {
  json.key(key).begin_object();
  write_call_site(json, site);
  json.end();
}

Cell who_ended(const view::WakerRow& row) {
  if (row.waker.function.empty()) return {row.via, Colour::kName};
  return {.text = row.waker.function, .colour = Colour::kName, .mark = " in " + printable(row.via)};
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
  const auto shown = first_rows(rows, limit);
  for (const view::WakerRow& row : shown) {
    out.row({{format.amount(row.wait), Colour::kWait},
             {format.share(row.wait, 0)},
             {grouped(row.waits)},
             {std::string(name(row.wait_class)), Colour::kWait},
             {.text = row.waiter.function.empty() ? "(not known where)" : row.waiter.function,
              .colour = Colour::kName,
              .mark = inline_mark(row.waiter.inlined)},
             {place_text(row.waiter.module, row.waiter.file, row.waiter.line), Colour::kFaint},
             who_ended(row),
             {place_text(row.waker.module, row.waker.file, row.waker.line), Colour::kFaint}});
  }
  return text + out.text() + more_text(rows.size() - shown.size(), style);
}

std::string wakers_json(const std::vector<view::WakerRow>& rows, std::size_t limit) {
  JsonWriter json;
  json.begin_object().key("schema").string("profiler.wakers/1");
  json.line_break().key("wakers").begin_array();
  for (const view::WakerRow& row : first_rows(rows, limit)) {
    json.line_break().begin_object().key("class").string(json_name(row.wait_class));
    json.key("wait_s").seconds(row.wait).key("count").number(row.waits);
    json.key("via").string(row.via);
    write_site(json, "waiter", row.waiter);
    write_site(json, "waker", row.waker);
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
  for (const view::WakerRow& row : first_rows(rows, limit)) {
    csv.field(name(row.wait_class));
    for (const view::CallSite* site : {&row.waiter, &row.waker}) {
      csv.field(site->function).field(site->module).field(site->file).line_number(site->line);
    }
    csv.field(row.via).amount(row.wait).number(row.waits).end_line();
  }
  return csv.take();
}

}  // namespace profiler::render
