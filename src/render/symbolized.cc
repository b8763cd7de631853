#include "render/symbolized.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "render/json_writer.h"
#include "render/printable.h"

namespace profiler::render {
namespace {

std::string hexadecimal(std::uint64_t value) {
  char digits[20] = "0x";
  const auto end = std::to_chars(digits + 2, std::end(digits), value, 16).ptr;
  return {digits, end};
}

/// Nearly every name is printable as it stands.
void append_printable(std::string& text, const std::string& name) {
  for (const char c : name) {
    if (c < ' ' || c > '~') {
      text += printable(name);
      return;
    }
  }
  text += name;
}

std::string_view naming_text(Naming naming) {
  switch (naming) {
    case Naming::kSymbol:
      return "symbol";
    case Naming::kRange:
      return "range";
    case Naming::kNone:
      break;
  }
  return "none";
}

}  // namespace

std::string symbolized_frame_text(const SourceFrame& frame, bool inlined) {
  std::string text;
  append_printable(text, frame.function.empty() ? "??" : frame.function);
  if (!frame.file.empty()) {
    text += " at ";
    append_printable(text, frame.file);
    text += ':';
    text += frame.line == 0 ? "?" : std::to_string(frame.line);
  }
  if (inlined) text += " (inlined)";
  return text;
}

void append_symbolized_text(std::string& text, ModuleAddress address, Naming /*naming*/,
                            std::span<const std::string_view> frames) {
  const std::string shown = hexadecimal(address.value());
  text += shown;
  if (frames.empty()) text += " ??\n";
  for (std::size_t i = 0; i < frames.size(); ++i) {
    text.append(i == 0 ? 1 : shown.size() + 1, ' ');
    text += frames[i];
    text += '\n';
  }
}

std::string symbolized_frame_json(const SourceFrame& frame, bool inlined) {
  JsonWriter json;
  json.begin_object().key("function").string(frame.function);
  json.key("system_name").string_or_null(frame.system_name);
  json.key("inlined").boolean(inlined);
  json.key("file").string_or_null(frame.file).key("line").number_or_null(frame.line);
  json.key("declared_file").string_or_null(frame.declared_file);
  json.key("declared_line").number_or_null(frame.declared_line).end();
  return json.take();
}

void append_symbolized_json(std::string& text, ModuleAddress address, Naming naming,
                            std::span<const std::string_view> frames) {
  text += R"({"address":")" + hexadecimal(address.value());
  text += R"(","naming":")";
  text += naming_text(naming);
  text += R"(","frames":[)";
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i > 0) text += ',';
    text += frames[i];
  }
  text += "]}\n";
}

}  // namespace profiler::render
