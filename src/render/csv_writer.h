// Writes CSV (RFC 4180) line by line: what every table of ours becomes.
//
//   CsvWriter csv(event.is_time());
//   csv.field("name").number(3).amount(weight).end_line();
//   csv.take();                                            // name,3,0.0125
//
// Text is made harmless for terminals (printable.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "render/amount.h"
#include "render/printable.h"
#include "view/weight.h"

namespace profiler::render {

class CsvWriter {
 public:
  /// `is_time`: weights are nanoseconds, and written as seconds.
  explicit CsvWriter(bool is_time) : is_time_(is_time) {}

  CsvWriter& field(std::string_view raw) {
    separate();
    // It may well be a terminal that it goes to.
    const std::string text = printable(raw);
    const bool quote = text.find_first_of(",\"") != std::string::npos;
    if (quote) text_ += '"';
    for (const char c : text) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    if (quote) text_ += '"';
    return *this;
  }
  CsvWriter& titles(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) field(name);
    return *this;
  }
  CsvWriter& number(std::uint64_t value) { return field(std::to_string(value)); }
  /// Empty for 0.
  CsvWriter& line_number(std::uint32_t line) {
    return field(line == 0 ? "" : std::to_string(line));
  }
  template <class Id>
  CsvWriter& id(const Id& id) {
    return field(id ? std::to_string(*id) : "");
  }
  CsvWriter& flag(bool value) { return field(value ? "1" : "0"); }
  CsvWriter& amount(std::uint64_t weight) {
    return field(is_time_ ? exact_seconds(weight) : std::to_string(weight));
  }
  CsvWriter& charge(const view::Charge& charge) {
    amount(charge.self.user).amount(charge.self.sys).number(charge.self.samples);
    return amount(charge.total.user).amount(charge.total.sys).number(charge.total.samples);
  }
  CsvWriter& charge_titles() {
    for (const char* of : {"self", "total"}) {
      field(std::string(of) + "_user" + suffix()).field(std::string(of) + "_sys" + suffix());
      field(std::string(of) + "_samples");
    }
    return *this;
  }
  /// The same for what was waited: empty where that was not recorded. Stands last in a line.
  CsvWriter& wait_charge_titles() { return field("self_wait_s").field("total_wait_s"); }
  CsvWriter& wait_charge(const view::Charge& charge, bool has_waits) {
    if (!has_waits) return field("").field("");
    return field(exact_seconds(charge.self.wait)).field(exact_seconds(charge.total.wait));
  }
  CsvWriter& optional_seconds(const std::optional<std::uint64_t>& ns) {
    return field(ns ? exact_seconds(*ns) : "");
  }
  [[nodiscard]] std::string suffix() const { return is_time_ ? "_s" : "_value"; }
  void end_line() {
    text_ += "\r\n";
    first_ = true;
  }
  std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }

  bool is_time_;
  bool first_ = true;
  std::string text_;
};

}  // namespace profiler::render
