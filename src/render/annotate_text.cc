#include "render/annotate_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "render/printable.h"
#include "render/run_text.h"
#include "render/short_name.h"
#include "view/module_name.h"
#include "view/simple_name.h"

namespace profiler::render {
namespace {

using view::AnnotatedFile;
using view::AnnotatedLine;

/// Below this share of the function, neither a line nor a callee is worth a line of ours.
constexpr double kLeastShare = 0.005;

constexpr std::size_t kLongestName = 44;

struct ShownCallee {
  std::string name;
  bool inlined = false;
  std::uint64_t weight = 0;
};

/// Those that would read the same together: instances of a template with long arguments.
std::vector<ShownCallee> shown_callees(const std::vector<view::LineCallee>& callees) {
  std::vector<ShownCallee> shown;
  for (const view::LineCallee& callee : callees) {
    std::string name = short_name(printable(view::without_parameters(callee.name)), kLongestName);
    const auto same = std::ranges::find_if(shown, [&](const ShownCallee& known) {
      return known.name == name && known.inlined == callee.inlined;
    });
    if (same == shown.end()) {
      shown.push_back(
          {.name = std::move(name), .inlined = callee.inlined, .weight = callee.weight.all()});
    } else {
      same->weight += callee.weight.all();
    }
  }
  std::ranges::stable_sort(shown, std::greater{}, &ShownCallee::weight);
  return shown;
}

class SourceWriter {
 public:
  SourceWriter(const AnnotateInput& input, const AnnotateOptions& options, const TextStyle& style)
      : input_(input),
        options_(options),
        style_(style),
        columns_(*input.event, input.annotation->charge.total, all_charges(*input.annotation),
                 style) {}

  std::string text() {
    for (std::size_t i = 0; i < input_.annotation->files.size(); ++i)
      file(input_.annotation->files[i], input_.sources[i]);
    return std::move(out_);
  }

 private:
  static std::vector<view::Charge> all_charges(const view::Annotation& annotation) {
    std::vector<view::Charge> charges;
    for (const AnnotatedFile& file : annotation.files)
      for (const AnnotatedLine& line : file.lines) charges.push_back(line.charge);
    return charges;
  }

  void file(const AnnotatedFile& file, const SourceText& source) {
    const std::vector<const AnnotatedLine*> shown = worth_showing(file);
    if (shown.empty()) return;
    out_ += '\n';
    lines_shown_ = 0;
    weight_shown_ = 0;
    const std::uint32_t last = std::max(shown.back()->line, std::uint32_t{1});
    line_width_ = std::max<std::size_t>(std::to_string(last + options_.context).size(), 4);
    titles(file, source);

    std::size_t next = 0;
    // Of no known line: they stand first.
    for (; next < shown.size() && shown[next]->line == 0; ++next) row(shown[next], 0, nullptr);
    if (source.path.empty()) {
      for (; next < shown.size(); ++next) row(shown[next], shown[next]->line, nullptr);
    } else {
      const auto beyond = std::ranges::find_if(
          shown, [&](const AnnotatedLine* line) { return line->line > source.lines.size(); });
      numbered(file, source, {shown.begin() + static_cast<std::ptrdiff_t>(next), beyond});
      for (auto line = beyond; line != shown.end(); ++line) row(*line, (*line)->line, nullptr);
      if (beyond != shown.end()) {
        out_ += wrapped(fmt::format("{} has only {} lines: it is not what was compiled",
                                    source.path, grouped(source.lines.size())),
                        "! ", style_, Colour::kWarning);
      }
    }
    hidden(file);
  }

  void titles(const AnnotatedFile& file, const SourceText& source) {
    TextLine line(style_);
    columns_.add_titles(line);
    line.add_right("line", line_width_, Colour::kFaint).add("  ");
    std::string path = file.path.empty() ? "no line is known" : file.path;
    if (!source.path.empty() && source.path != file.path)
      path = source.path + " (recorded as " + file.path + ")";
    line.add(short_path(printable(path), std::max<std::size_t>(line.room(), 12)), Colour::kTitle);
    out_ += line.take();
  }

  /// The heaviest, by number.
  [[nodiscard]] std::vector<const AnnotatedLine*> worth_showing(const AnnotatedFile& file) const {
    std::vector<const AnnotatedLine*> lines;
    for (const AnnotatedLine& line : file.lines) {
      const double share = columns_.format().fraction(line.charge.total.all());
      if (options_.whole || options_.limit == 0 || share >= kLeastShare) lines.push_back(&line);
    }
    if (options_.limit != 0 && lines.size() > options_.limit) {
      std::ranges::stable_sort(lines, std::greater{},
                               [](const AnnotatedLine* l) { return l->charge.total.all(); });
      lines.resize(options_.limit);
      std::ranges::sort(lines, {}, &AnnotatedLine::line);
    }
    return lines;
  }

  /// Those lines with their text, and what stands around them.
  void numbered(const AnnotatedFile& file, const SourceText& source,
                const std::vector<const AnnotatedLine*>& shown) {
    if (shown.empty()) return;
    const Function& function = input_.profile->functions[input_.annotation->functions.front()];
    const bool declared_here =
        function.line != 0 && input_.profile->text(function.file) == file.path;
    const std::uint32_t declared = declared_here ? function.line : 0;
    std::uint32_t first = shown.front()->line;
    if (declared_here && declared <= first && first - declared < kFurthestDeclaration)
      first = declared;
    const std::uint32_t last = guess_function_end(source, declared, shown.back()->line);

    std::vector<std::size_t> wanted;
    if (declared_here && first == declared) wanted.push_back(0);
    for (const AnnotatedLine* line : shown) wanted.push_back(line->line - first);
    const std::size_t size = std::size_t{last} - first + 1;
    const std::size_t context = options_.whole ? size : options_.context;
    // Those with little time are shown where they are in between.
    auto charged = std::ranges::lower_bound(file.lines, first, {}, &AnnotatedLine::line);
    std::size_t end = 0;
    for (const auto& [begin, until] : ranges_around(wanted, context, size)) {
      if (begin > end) gap();
      end = until;
      for (std::size_t at = begin; at < until; ++at) {
        const auto number = static_cast<std::uint32_t>(first + at);
        while (charged != file.lines.end() && charged->line < number) ++charged;
        const bool has_time = charged != file.lines.end() && charged->line == number;
        row(has_time ? &*charged : nullptr, number, source.line(number));
      }
    }
  }

  void row(const AnnotatedLine* charged, std::uint32_t number, const std::string* text) {
    TextLine line(style_);
    const bool is_hot = charged != nullptr && columns_.is_hot(charged->charge);
    if (charged != nullptr) {
      ++lines_shown_;
      weight_shown_ += charged->charge.total.all();
      columns_.add(line, charged->charge);
    } else {
      columns_.add_nothing(line);
    }
    line.add_right(number == 0 ? "?" : std::to_string(number), line_width_, Colour::kFaint);
    line.add("  ");
    if (charged != nullptr && text == nullptr) {
      callees(*charged, line, line.width());
      return;
    }
    const std::string plain = text == nullptr ? "" : printable(without_tabs(*text));
    if (display_width(plain) > line.room()) {
      const std::size_t room = std::max<std::size_t>(line.room(), 1);
      line.add(fitting_head(plain, room - 1), is_hot ? Colour::kTitle : Colour::kPlain).add("…");
    } else {
      line.add(plain, is_hot ? Colour::kTitle : Colour::kPlain);
    }
    out_ += line.take();
    if (charged == nullptr) return;
    const std::size_t indented = std::min(plain.find_first_not_of(' '), plain.size());
    callees(*charged, line,
            columns_.width() + line_width_ + 2 + std::min<std::size_t>(indented, 24));
  }

  /// From `column` on: on `line`, if it has begun, and as many as are needed below it.
  void callees(const AnnotatedLine& charged, TextLine& line, std::size_t column) {
    const std::size_t room = style_.width > column ? style_.width - column : 0;
    const bool has_begun = line.width() != 0;
    const auto texts = callees_text(charged.callees, columns_.format(), room);
    for (const std::string& text : texts)
      out_ += line.pad_to(column).add(text, Colour::kFaint).take();
    if (has_begun && texts.empty()) out_ += line.take();
  }

  void gap() {
    TextLine line(style_);
    columns_.add_nothing(line);
    out_ += line.add_right("…", line_width_, Colour::kFaint).take();
  }

  void hidden(const AnnotatedFile& file) {
    if (lines_shown_ == file.lines.size()) return;
    std::uint64_t weight = 0;
    for (const AnnotatedLine& line : file.lines) weight += line.charge.total.all();
    const std::size_t lines = file.lines.size() - lines_shown_;
    out_ += TextLine(style_)
                .add(fmt::format("… {} more line{} with {}; --limit 0 shows all", grouped(lines),
                                 lines == 1 ? "" : "s",
                                 columns_.format().amount_with_unit(weight - weight_shown_)),
                     Colour::kFaint)
                .take();
  }

  /// A declaration further up than that is another's: of a class, say.
  static constexpr std::uint32_t kFurthestDeclaration = 20'000;

  const AnnotateInput& input_;
  const AnnotateOptions& options_;
  const TextStyle& style_;
  ChargeColumns columns_;
  std::size_t line_width_ = 4;
  std::size_t lines_shown_ = 0;  ///< With time, of the file at hand.
  std::uint64_t weight_shown_ = 0;
  std::string out_;
};

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> ranges_around(
    const std::vector<std::size_t>& wanted, std::size_t context, std::size_t size) {
  constexpr std::size_t kLeastGap = 3;
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (const std::size_t at : wanted) {
    const std::size_t begin = at > context ? at - context : 0;
    const std::size_t end = std::min(std::max(size, at + 1), at + context + 1);
    if (!ranges.empty() && begin < ranges.back().second + kLeastGap) {
      ranges.back().second = std::max(ranges.back().second, end);
    } else {
      ranges.emplace_back(begin < kLeastGap ? 0 : begin, end);
    }
  }
  if (!ranges.empty() && ranges.back().second + kLeastGap > size)
    ranges.back().second = std::max(ranges.back().second, size);
  return ranges;
}

std::vector<std::string> callees_text(const std::vector<view::LineCallee>& callees,
                                      const AmountFormat& format, std::size_t width) {
  constexpr std::size_t kShortestName = 16;
  constexpr std::size_t kLines = 3;
  constexpr std::string_view kMore = ", …";
  std::vector<std::string> lines;
  std::size_t shown = 0;
  const std::vector<ShownCallee> all = shown_callees(callees);
  for (const ShownCallee& callee : all) {
    if (format.fraction(callee.weight) < kLeastShare) break;
    const std::string after = inline_mark(callee.inlined) + ' ' + format.amount(callee.weight);
    const auto room_behind = [&](const std::string& before) {
      const std::size_t taken = display_width(before) + display_width(after) + display_width(kMore);
      return width > taken ? std::min(width - taken, kLongestName) : 0;
    };
    if (!lines.empty() && room_behind(lines.back() + ", ") >= display_width(callee.name)) {
      lines.back() += ", ";
    } else {
      const std::string mark = lines.empty() ? "└ " : "  ";
      const std::size_t least = std::min(kShortestName, display_width(callee.name));
      if (lines.size() == kLines || room_behind(mark) < least) break;
      if (!lines.empty()) lines.back() += ',';
      lines.push_back(mark);
    }
    lines.back() += short_name(callee.name, room_behind(lines.back())) + after;
    ++shown;
  }
  const bool is_cut = shown < all.size() && format.fraction(all[shown].weight) >= kLeastShare;
  if (!lines.empty() && is_cut) lines.back() += kMore;
  return lines;
}

std::string annotate_head(const AnnotateInput& input, const TextStyle& style) {
  const view::Annotation& annotation = *input.annotation;
  const Profile& profile = *input.profile;
  const Function& function = profile.functions[annotation.functions.front()];
  const std::string module = view::module_name(profile, function.module);
  std::string place = place_text("", profile.text(function.file), function.line);
  place += (place.empty() ? "" : ", ") + module;

  TextLine title(style);
  const std::size_t taken = display_width(printable(place)) + 2;
  const std::size_t room = style.width > taken + 20 ? style.width - taken : style.width;
  title.add(short_name(printable(profile.text(function.name)), room), Colour::kTitle);
  if (title.room() > taken) title.add("  ").add(place, Colour::kFaint);
  std::string text = title.take();

  const AmountFormat of_all(*input.event, input.sampled);
  const view::Weight& total = annotation.charge.total;
  Facts facts;
  facts.push_back({fmt::format(
      "{} of {}{}", of_all.amount_with_unit(total.all()),
      of_all.amount_with_unit(input.sampled.all()),
      of_all.few_samples() ? "" : " (" + of_all.share(total.all(), total.samples) + ")")});
  facts.push_back(
      {fmt::format("user {}, sys {}", of_all.amount(total.user), of_all.amount(total.sys))});
  facts.push_back({"self " + of_all.amount(annotation.charge.self.all())});
  facts.push_back(
      {fmt::format("{} {}", grouped(total.samples), total.samples == 1 ? "sample" : "samples")});
  if (annotation.functions.size() > 1)
    facts.push_back({grouped(annotation.functions.size()) + " copies together"});
  if (annotation.inlined) facts.push_back({"inlined everywhere"});
  if (annotation.partly_inlined) facts.push_back({"inlined in places"});
  text += facts_text(facts, style);
  if (!input.selection.empty()) text += wrapped(input.selection, "only: ", style, Colour::kTitle);
  for (const std::string& note : input.notes) text += wrapped(note, "! ", style, Colour::kWarning);
  return text;
}

std::string annotate_text(const AnnotateInput& input, const AnnotateOptions& options,
                          const TextStyle& style) {
  return annotate_head(input, style) + SourceWriter(input, options, style).text();
}

}  // namespace profiler::render
