// One line of text for a terminal: pieces with colours, made harmless, measured and aligned.
//
//   TextLine line(style);
//   line.add("user", Colour::kUser).pad_to(10).add_right("4.312 s", 12).add("  ").add(name);
//   out += line.take();                              // with its line break
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace profiler::render {

/// How text is shown. `width` is in columns.
struct TextStyle {
  std::size_t width = 100;
  bool colour = false;
};

/// By meaning; which colour that is, is said in one place (text_line.cc).
enum class Colour : std::uint8_t {
  kPlain,
  kTitle,    ///< Headings.
  kFaint,    ///< Modules, files, what is there for completeness.
  kUser,     ///< User time.
  kSys,      ///< Kernel time.
  kWait,     ///< Time off the CPU.
  kName,     ///< Functions.
  kWarning,  ///< Losses, truncation, what is hidden.
  kSlower,   ///< Costs more than before.
  kFaster,   ///< Costs less than before.
};

class TextLine {
 public:
  explicit TextLine(const TextStyle& style) : style_(style) {}

  /// Appends printable(text).
  TextLine& add(std::string_view text, Colour colour = Colour::kPlain);
  /// The same, with spaces before it to fill `width` columns.
  TextLine& add_right(std::string_view text, std::size_t width, Colour colour = Colour::kPlain);
  /// Spaces up to that column, counted from 0; none if the line is longer already.
  TextLine& pad_to(std::size_t column);
  /// A bar of at most `width` columns, `fraction` of it filled, and spaces for the rest.
  TextLine& add_bar(double fraction, std::size_t width, Colour colour);

  /// Parts of one whole side by side, in `width` columns: told apart without colours too.
  struct BarPart {
    double amount;
    Colour colour;
  };
  TextLine& add_stacked_bar(std::initializer_list<BarPart> parts, std::size_t width);

  [[nodiscard]] std::size_t width() const { return width_; }
  /// Columns left before the style's width.
  [[nodiscard]] std::size_t room() const {
    return width_ < style_.width ? style_.width - width_ : 0;
  }
  /// The line without spaces at its end, and a line break. The line is empty then.
  [[nodiscard]] std::string take();

 private:
  const TextStyle& style_;
  std::string text_;
  std::size_t width_ = 0;
  std::size_t spaces_ = 0;  ///< Not yet written: they may turn out to be the line's end.
};

/// "█████▍": `fraction` (0 to 1) of `width` columns in eighths; something for anything above 0.
[[nodiscard]] std::string bar(double fraction, std::size_t width);

}  // namespace profiler::render
