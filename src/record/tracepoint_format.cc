#include "record/tracepoint_format.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

namespace profiler::record {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Cuts off and returns what stands before the next `separator`.
std::string_view cut(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return part;
}

/// "unsigned long args[6]": args; "__data_loc char[] cmd": cmd.
std::string_view declared_name(std::string_view declaration) {
  if (declaration.ends_with(']')) declaration = declaration.substr(0, declaration.rfind('['));
  declaration = trimmed(declaration);
  const auto is_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  std::size_t begin = declaration.size();
  while (begin > 0 && is_name(declaration[begin - 1])) --begin;
  return declaration.substr(begin);
}

/// "field:long id;\toffset:8;\tsize:8;\tsigned:1;"
std::optional<TracepointField> parse_field(std::string_view line) {
  TracepointField field;
  bool has_offset = false;
  bool has_size = false;
  while (!line.empty()) {
    std::string_view value = trimmed(cut(line, ';'));
    const std::string_view key = cut(value, ':');
    std::uint32_t number = 0;
    const bool is_number =
        std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc();
    if (key == "field") {
      field.declaration = trimmed(value);
      field.name = declared_name(field.declaration);
    } else if (key == "offset" && is_number) {
      field.offset = number;
      has_offset = true;
    } else if (key == "size" && is_number) {
      field.size = number;
      has_size = true;
    } else if (key == "signed" && is_number) {
      field.is_signed = number != 0;
    }
  }
  if (field.name.empty() || !has_offset || !has_size) return std::nullopt;
  return field;
}

template <class Number>
std::uint64_t read_as(const std::byte* bytes) {
  Number number{};
  std::memcpy(&number, bytes, sizeof number);
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(number));
}

}  // namespace

const TracepointField* TracepointFormat::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &TracepointField::name);
  return found == fields.end() ? nullptr : &*found;
}

TracepointFormat parse_tracepoint_format(std::string_view text) {
  TracepointFormat format;
  while (!text.empty()) {
    const std::string_view line = trimmed(cut(text, '\n'));
    if (!line.starts_with("field:")) continue;
    if (auto field = parse_field(line)) format.fields.push_back(*std::move(field));
  }
  return format;
}

std::optional<std::uint64_t> number_at(std::span<const std::byte> raw,
                                       const TracepointField& field) {
  if (field.offset > raw.size() || raw.size() - field.offset < field.size) return std::nullopt;
  const std::byte* const bytes = raw.data() + field.offset;
  switch (field.size) {
    case 1:
      return field.is_signed ? read_as<std::int8_t>(bytes) : read_as<std::uint8_t>(bytes);
    case 2:
      return field.is_signed ? read_as<std::int16_t>(bytes) : read_as<std::uint16_t>(bytes);
    case 4:
      return field.is_signed ? read_as<std::int32_t>(bytes) : read_as<std::uint32_t>(bytes);
    case 8:
      return read_as<std::uint64_t>(bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace profiler::record
