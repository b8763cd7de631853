#include "render/text_line.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "render/printable.h"

namespace profiler::render {
namespace {

/// Parameters of the terminal's "select graphic rendition", ECMA-48 8.3.117.
std::string_view rendition(Colour colour) {
  switch (colour) {
    case Colour::kPlain:
      return "";
    case Colour::kTitle:
      return "1";
    case Colour::kFaint:
      return "2";
    case Colour::kUser:
      return "36";
    case Colour::kSys:
      return "33";
    case Colour::kWait:
      return "34";
    case Colour::kName:
      return "1";
    case Colour::kWarning:
    case Colour::kSlower:
      return "31";
    case Colour::kFaster:
      return "32";
  }
  return "";
}

}  // namespace

TextLine& TextLine::add(std::string_view text, Colour colour) {
  std::string harmless = printable(text);
  // Spaces at either end stay uncoloured, and those at the end of a line are not printed.
  const std::size_t first = harmless.find_first_not_of(' ');
  if (first == std::string::npos) {
    spaces_ += harmless.size();
    width_ += harmless.size();
    return *this;
  }
  const std::size_t trailing = harmless.size() - 1 - harmless.find_last_not_of(' ');
  text_.append(spaces_ + first, ' ');
  width_ += display_width(harmless);
  spaces_ = trailing;
  harmless.resize(harmless.size() - trailing);
  harmless.erase(0, first);
  const std::string_view codes = style_.colour ? rendition(colour) : "";
  if (codes.empty()) {
    text_ += harmless;
  } else {
    text_.append("\x1b[").append(codes).append("m").append(harmless).append("\x1b[0m");
  }
  return *this;
}

TextLine& TextLine::add_right(std::string_view text, std::size_t width, Colour colour) {
  const std::size_t taken = display_width(printable(text));
  if (taken < width) pad_to(width_ + width - taken);
  return add(text, colour);
}

TextLine& TextLine::pad_to(std::size_t column) {
  if (column > width_) {
    spaces_ += column - width_;
    width_ = column;
  }
  return *this;
}

TextLine& TextLine::add_bar(double fraction, std::size_t width, Colour colour) {
  const std::size_t end = width_ + width;
  return add(bar(fraction, width), colour).pad_to(end);
}

TextLine& TextLine::add_stacked_bar(std::initializer_list<BarPart> parts, std::size_t width) {
  constexpr std::array<std::string_view, 3> kFillings = {"█", "▓", "░"};
  const std::size_t end = width_ + width;
  double whole = 0;
  for (const BarPart& part : parts) whole += part.amount;
  double amount = 0;
  std::size_t cells = 0;
  std::size_t filling = 0;
  for (const BarPart& part : parts) {
    // What comes before is rounded with it: the parts fill the bar.
    amount += part.amount;
    const auto until =
        whole > 0
            ? static_cast<std::size_t>(std::lround(amount / whole * static_cast<double>(width)))
            : 0;
    std::string text;
    for (; cells < until; ++cells) text += kFillings[filling];
    if (!text.empty()) add(text, part.colour);
    filling = (filling + 1) % kFillings.size();
  }
  return pad_to(end);
}

std::string TextLine::take() {
  std::string line = std::move(text_);
  line += '\n';
  text_.clear();
  width_ = spaces_ = 0;
  return line;
}

std::string bar(double fraction, std::size_t width) {
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(fraction > 0) || width == 0) return "";
  const auto whole = static_cast<double>(8 * width);
  const auto eighths = std::max<std::size_t>(
      1, static_cast<std::size_t>(std::lround(std::min(fraction, 1.0) * whole)));
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  text += kEighths[eighths % 8];
  return text;
}

}  // namespace profiler::render
