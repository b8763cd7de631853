#include "render/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "profiler/utf8.h"
#include "render/amount.h"

namespace profiler::render {
namespace {

/// std::to_string makes a string of its own, which counts where numbers are most of a document.
void append_number(std::string& text, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), end);
}

}  // namespace

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) text_ += ',';
  if (break_wanted_) text_ += '\n';
  break_wanted_ = false;
  first_ = false;
}

JsonWriter& JsonWriter::begin_object() {
  before_value();
  text_ += '{';
  open_.push_back('}');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  before_value();
  text_ += '[';
  open_.push_back(']');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end() {
  text_ += open_.back();
  open_.pop_back();
  first_ = false;
  break_wanted_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  before_value();
  quote(name);
  text_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  before_value();
  quote(text);
  return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
  before_value();
  append_number(text_, value);
  return *this;
}

JsonWriter& JsonWriter::signed_number(std::int64_t value) {
  before_value();
  text_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::seconds(std::uint64_t ns) {
  before_value();
  text_ += exact_seconds(ns);
  return *this;
}

JsonWriter& JsonWriter::milliseconds(std::uint64_t ns) {
  before_value();
  constexpr std::uint64_t kMillisecond = 1'000'000;
  append_number(text_, ns / kMillisecond);
  if (std::uint64_t rest = ns % kMillisecond; rest != 0) {
    std::array<char, 7> digits = {'.'};
    std::size_t size = 1;
    for (std::uint64_t unit = kMillisecond / 10; rest != 0; rest %= unit, unit /= 10)
      digits[size++] = static_cast<char>('0' + rest / unit);
    text_.append(digits.data(), size);
  }
  return *this;
}

JsonWriter& JsonWriter::signed_seconds(std::int64_t ns) {
  before_value();
  const auto bits = static_cast<std::uint64_t>(ns);
  if (ns < 0) text_ += '-';
  text_ += exact_seconds(ns < 0 ? 0 - bits : bits);
  return *this;
}

JsonWriter& JsonWriter::fraction(double value) {
  constexpr double kDecimals = 1e9;
  return signed_seconds(std::isfinite(value) ? std::llround(value * kDecimals) : 0);
}

JsonWriter& JsonWriter::boolean(bool value) {
  before_value();
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  before_value();
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::string_or_null(std::string_view text) {
  return text.empty() ? null() : string(text);
}

JsonWriter& JsonWriter::number_or_null(std::uint64_t value) {
  return value == 0 ? null() : number(value);
}

JsonWriter& JsonWriter::line_break() {
  break_wanted_ = true;
  return *this;
}

std::string JsonWriter::take() {
  std::string text = std::move(text_);
  *this = JsonWriter();
  return text;
}

std::string JsonWriter::drain() { return std::exchange(text_, {}); }

void JsonWriter::quote(std::string_view text) {
  text_ += '"';
  while (!text.empty()) {
    // Nearly all names are plain throughout.
    const auto special = std::ranges::find_if(
        text, [](unsigned char c) { return c < 0x20 || c >= 0x7f || c == '"' || c == '\\'; });
    const auto plain = static_cast<std::size_t>(special - text.begin());
    text_ += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char32_t c = next_code_point(text);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += static_cast<char>(c);
    } else if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      text_ += escape.data();
    } else {
      append_utf8(text_, c);
    }
  }
  text_ += '"';
}

}  // namespace profiler::render
