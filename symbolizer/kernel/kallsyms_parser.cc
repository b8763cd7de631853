#include "symbolizer/kernel/kallsyms_parser.h"

#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace symbolizer {
namespace {

/// Names have at most 512 bytes (KSYM_NAME_LEN): what has no line end for so long is no kallsyms.
constexpr std::size_t kLongestLine = std::size_t{1} << 16;
/// Of a line: 16 digits, type, two spaces, 22 bytes of name, line end.
constexpr std::size_t kUsualLine = 42;
constexpr unsigned char kNoDigit = 0x80;

constexpr std::array<unsigned char, 256> kDigits = [] {
  std::array<unsigned char, 256> digits{};
  digits.fill(kNoDigit);
  for (unsigned char i = 0; i < 10; ++i) digits['0' + i] = i;
  for (unsigned char i = 0; i < 6; ++i) digits['a' + i] = digits['A' + i] = 10 + i;
  return digits;
}();

constexpr unsigned char digit(char c) { return kDigits[static_cast<unsigned char>(c)]; }

/// 16 digits, as the kernel writes them.
std::optional<std::uint64_t> whole_address(std::string_view text) {
  std::uint64_t value = 0;
  unsigned char seen = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const unsigned char d = digit(text[i]);
    seen |= d;
    value = value << 4 | (d & 15U);
  }
  if ((seen & kNoDigit) != 0) return std::nullopt;
  return value;
}

bool is_code(char type) {
  switch (type) {
    case 't':
    case 'T':
    case 'w':
    case 'W':
    case 'i':
    case 'I':
      return true;
    default:
      return false;
  }
}

}  // namespace

void KallsymsParser::reserve(std::size_t bytes) {
  // Half of the lines are __pfx_ aliases and data.
  symbols_.reserve(bytes / kUsualLine / 2, bytes / 4);
}

void KallsymsParser::add_line(std::string_view line) {
  if (line.size() > kLongestLine) return;
  std::uint64_t address = 0;
  std::size_t digits = 16;
  if (const auto whole = line.size() > 19 && line[16] == ' ' ? whole_address(line) : std::nullopt) {
    address = *whole;
  } else {
    digits = 0;
    for (; digits < line.size() && digit(line[digits]) != kNoDigit; ++digits)
      address = address << 4 | digit(line[digits]);
    if (digits == 0 || digits > 16) return;
  }
  if (digits + 3 >= line.size() || line[digits] != ' ' || line[digits + 2] != ' ') return;
  const char type = line[digits + 1];
  std::string_view name = line.substr(digits + 3);
  if (name.front() == '\t') return;
  any_line_ = true;
  if (address == 0) return;  // Per-CPU offsets, not code.
  any_address_ = true;
  if (!is_code(type)) {
    symbols_.add_data(address);
    return;
  }
  if (name.starts_with("__pfx_")) return;
  std::string_view module;
  if (const std::size_t tab = name.find('\t'); tab != std::string_view::npos) {
    module = name.substr(tab + 1);
    name = name.substr(0, tab);
    if (module.starts_with('[')) module.remove_prefix(1);
    if (module.ends_with(']')) module.remove_suffix(1);
  } else if (name.front() == '_') {
    if (name == "_text") anchors_.text = address;
    if (name == "_stext") anchors_.stext = address;
  }
  symbols_.add_code(address, type, name, module);
}

void KallsymsParser::add_lines(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    add_line(lines.substr(0, end));
    if (end == std::string_view::npos) break;
    lines.remove_prefix(end + 1);
  }
}

void KallsymsParser::add(std::string_view piece) {
  if (!partial_.empty()) {
    const std::size_t end = piece.find('\n');
    if (partial_.size() <= kLongestLine) partial_ += piece.substr(0, end);
    if (end == std::string_view::npos) return;
    add_line(partial_);
    partial_.clear();
    piece.remove_prefix(end + 1);
  }
  const std::size_t last = piece.rfind('\n');
  const std::size_t whole = last == std::string_view::npos ? 0 : last + 1;
  partial_ = piece.substr(whole);
  add_lines(piece.substr(0, whole));
}

profiler::Result<KernelSymbols> KallsymsParser::finish() && {
  if (!partial_.empty()) add_line(partial_);
  if (any_line_ && !any_address_) {
    return std::unexpected(profiler::Error{
        .what = "kernel symbols are hidden",
        .advice = "set kernel.kptr_restrict to 0 or run as root (CAP_SYSLOG) to see the names "
                  "of kernel functions"});
  }
  return KernelSymbols(std::move(symbols_).finish(), anchors_);
}

}  // namespace symbolizer
