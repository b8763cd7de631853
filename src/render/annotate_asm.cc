#include "render/annotate_asm.h"

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

/// Below this share of the function an instruction is not worth a line of ours.
constexpr double kLeastShare = 0.005;

class AsmWriter {
 public:
  AsmWriter(const AnnotateInput& input, const std::vector<AsmBlock>& blocks,
            const AnnotateOptions& options, const TextStyle& style)
      : input_(input),
        blocks_(blocks),
        options_(options),
        style_(style),
        columns_(*input.event, input.annotation->charge.total, all_charges(blocks), style),
        least_(least_weight(blocks)) {}

  std::string text() {
    for (const AsmBlock& block : blocks_) add(block);
    if (left_out_ != 0) {
      out_ += TextLine(style_)
                  .add(fmt::format("… {} more instruction{} with {}; --limit 0 shows all",
                                   grouped(left_out_), left_out_ == 1 ? "" : "s",
                                   columns_.format().amount_with_unit(weight_left_out_)),
                       Colour::kFaint)
                  .take();
    }
    return std::move(out_);
  }

 private:
  static std::vector<view::Charge> all_charges(const std::vector<AsmBlock>& blocks) {
    std::vector<view::Charge> charges;
    for (const AsmBlock& block : blocks)
      for (const AsmInstruction& in : block.instructions) charges.push_back(in.charge);
    return charges;
  }

  /// What an instruction must have to be shown for itself.
  [[nodiscard]] std::uint64_t least_weight(const std::vector<AsmBlock>& blocks) const {
    if (options_.limit == 0) return 1;
    std::vector<std::uint64_t> weights;
    for (const AsmBlock& block : blocks) {
      for (const AsmInstruction& in : block.instructions) {
        const std::uint64_t weight = in.charge.total.all();
        if (columns_.format().fraction(weight) >= kLeastShare) weights.push_back(weight);
      }
    }
    if (weights.empty()) return 1;
    std::ranges::sort(weights, std::greater{});
    return weights[std::min(weights.size(), options_.limit) - 1];
  }

  void add(const AsmBlock& block) {
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < block.instructions.size(); ++i) {
      const view::Weight& weight = block.instructions[i].charge.total;
      if (weight.samples != 0 && weight.all() >= least_) wanted.push_back(i);
    }
    if (options_.whole && wanted.empty() && !block.instructions.empty()) wanted.push_back(0);
    const std::size_t size = block.instructions.size();
    const auto ranges = ranges_around(wanted, options_.whole ? size : options_.context, size);
    std::size_t done = 0;
    if (!ranges.empty()) titles(block);
    for (const auto& [begin, end] : ranges) {
      leave_out(block, done, begin);
      if (begin > done) gap();
      // The line is said again behind a gap.
      const AsmInstruction* before = nullptr;
      for (std::size_t i = begin; i < end; ++i) {
        const AsmInstruction& in = block.instructions[i];
        if (before != nullptr && !in.follows) {
          gap();
          before = nullptr;
        }
        if (before == nullptr || before->line != in.line || before->file != in.file)
          source(block, in);
        instruction(in, before);
        before = &in;
      }
      done = end;
    }
    leave_out(block, done, size);
  }

  void titles(const AsmBlock& block) {
    out_ += '\n';
    address_width_ = 7;
    if (!block.instructions.empty()) {
      address_width_ =
          std::max(address_width_, fmt::format("{:x}", block.instructions.back().address).size());
    }
    TextLine line(style_);
    columns_.add_titles(line);
    line.add_right("address", address_width_, Colour::kFaint).add("  ");
    const std::string module = " in " + block.module;
    const std::size_t taken = display_width(printable(module));
    const std::size_t room = line.room() > taken ? line.room() - taken : line.room();
    line.add(short_name(printable(block.symbol), room), Colour::kTitle);
    if (line.room() >= taken) line.add(module, Colour::kFaint);
    out_ += line.take();
  }

  void source(const AsmBlock& block, const AsmInstruction& in) {
    if (in.line == 0) return;
    TextLine line(style_);
    columns_.add_nothing(line);
    line.pad_to(line.width() + address_width_ + 2);
    const std::string& path = block.files[in.file];
    line.add(place_text("", path, in.line), Colour::kFaint).add("  ");
    if (const std::string* text = source_line(path, in.line)) {
      const std::string plain = printable(without_tabs(*text));
      const bool fits = display_width(plain) <= line.room();
      const std::size_t room = std::max<std::size_t>(line.room(), 1);
      line.add(fits ? plain : fitting_head(plain, room - 1), Colour::kTitle).add(fits ? "" : "…");
    }
    out_ += line.take();
  }

  [[nodiscard]] const std::string* source_line(const std::string& path,
                                               std::uint32_t number) const {
    for (std::size_t i = 0; i < input_.sources.size(); ++i)
      if (input_.annotation->files[i].path == path) return input_.sources[i].line(number);
    return nullptr;
  }

  void instruction(const AsmInstruction& in, const AsmInstruction* before) {
    const bool is_other = before == nullptr || before->inlined != in.inlined ||
                          before->inlined_line != in.inlined_line ||
                          before->inlined_file != in.inlined_file;
    const bool is_remarked = is_other && !in.inlined.empty();
    TextLine line(style_);
    if (is_remarked && style_.width < kWithRemarks) {
      columns_.add_nothing(line);
      remark(line, line.width() + address_width_ + 4, in);
      out_ += line.take();
    }
    if (in.charge.total.samples != 0) {
      columns_.add(line, in.charge);
    } else {
      columns_.add_nothing(line);
    }
    line.add_right(fmt::format("{:x}", in.address), address_width_, Colour::kFaint).add("  ");
    const std::size_t begin = line.width();
    const std::size_t room = std::max<std::size_t>(line.room(), 16);
    // Mnemonics line up, as in every listing.
    const std::size_t space = std::min(in.text.find(' '), in.text.size());
    std::string text = printable(in.text.substr(0, space));
    if (space != in.text.size()) {
      text.resize(std::max<std::size_t>(text.size(), kMnemonic), ' ');
      text += ' ' + printable(in.text.substr(space + 1));
    }
    text = fitting_head(text, room);
    line.add(text, columns_.is_hot(in.charge) ? Colour::kTitle : Colour::kPlain);
    if (is_remarked && style_.width >= kWithRemarks)
      remark(line, std::max(begin + kOperands, line.width() + 2), in);
    out_ += line.take();
  }

  /// Whose code it is: behind the instruction, or on a line of its own above it.
  static void remark(TextLine& line, std::size_t column, const AsmInstruction& in) {
    constexpr std::size_t kLeast = 12;
    line.pad_to(column);
    std::string place = inline_mark(true);
    if (in.inlined_line != 0) place += ' ' + place_text("", in.inlined_file, in.inlined_line);
    if (line.room() < kLeast + display_width(printable(place))) place = inline_mark(true);
    const std::size_t taken = display_width(printable(place));
    if (line.room() < kLeast + taken) return;
    line.add(short_name(printable(view::without_parameters(in.inlined)), line.room() - taken),
             Colour::kFaint);
    line.add(place, Colour::kFaint);
  }

  void gap() {
    TextLine line(style_);
    columns_.add_nothing(line);
    out_ += line.add_right("…", address_width_, Colour::kFaint).take();
  }

  void leave_out(const AsmBlock& block, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const view::Weight& weight = block.instructions[i].charge.total;
      if (weight.samples == 0) continue;
      ++left_out_;
      weight_left_out_ += weight.all();
    }
  }

  static constexpr std::size_t kMnemonic = 7;
  static constexpr std::size_t kOperands = 34;  ///< And the mnemonic, before a remark.
  static constexpr std::size_t kWithRemarks = 120;

  const AnnotateInput& input_;
  const std::vector<AsmBlock>& blocks_;
  const AnnotateOptions& options_;
  const TextStyle& style_;
  ChargeColumns columns_;
  std::uint64_t least_;
  std::size_t address_width_ = 7;
  std::size_t left_out_ = 0;
  std::uint64_t weight_left_out_ = 0;
  std::string out_;
};

}  // namespace

std::string annotate_asm_text(const AnnotateInput& input, const std::vector<AsmBlock>& blocks,
                              const AnnotateOptions& options, const TextStyle& style) {
  return annotate_head(input, style) + AsmWriter(input, blocks, options, style).text();
}

}  // namespace profiler::render
