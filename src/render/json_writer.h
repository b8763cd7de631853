// Writes JSON (RFC 8259) front to back, without a document in memory.
//
//   JsonWriter json;
//   json.begin_object().key("name").string("f").key("samples").number(3).end();
//   json.take();                                           // {"name":"f","samples":3}
//
// Nesting and commas are its business; that keys are unique is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace profiler::render {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& begin_array();
  /// Ends the innermost object or array.
  JsonWriter& end();
  JsonWriter& key(std::string_view name);
  /// Bytes that are no UTF-8 become U+FFFD.
  JsonWriter& string(std::string_view text);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& signed_number(std::int64_t value);
  /// Nanoseconds as decimal seconds, all digits.
  JsonWriter& seconds(std::uint64_t ns);
  /// Likewise as milliseconds.
  JsonWriter& milliseconds(std::uint64_t ns);
  JsonWriter& signed_seconds(std::int64_t ns);
  /// A part of a whole, or the difference of two: nine decimals.
  JsonWriter& fraction(double value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// A string, or null for "".
  JsonWriter& string_or_null(std::string_view text);
  /// A number, or null for 0: of lines and other things that count from 1.
  JsonWriter& number_or_null(std::uint64_t value);
  /// Begins a new line before the next value or key, so that people can read the result too.
  JsonWriter& line_break();

  [[nodiscard]] std::string take();
  /// What has been written since the last call, in mid-document: for documents that are not to be
  /// held in memory.
  [[nodiscard]] std::string drain();
  /// How much drain() would give.
  [[nodiscard]] std::size_t size() const { return text_.size(); }

 private:
  void before_value();
  void quote(std::string_view text);

  std::string text_;
  std::vector<char> open_;  ///< Closing brackets of what is open.
  bool first_ = true;       ///< Nothing stands yet in the innermost one.
  bool after_key_ = false;
  bool break_wanted_ = false;
};

}  // namespace profiler::render
