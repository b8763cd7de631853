#include "symbolizer/dwarf/abbreviations.h"

#include <dwarf.h>

#include <optional>

namespace symbolizer {
namespace {

/// What can be said of an entry before it is read.
class Shape {
 public:
  /// `size`: kVariable, or what the attribute takes.
  void add(const AttributeSpec& spec, std::uint8_t size) {
    if (spec.name == DW_AT_sibling && spec.form == DW_FORM_ref4 && is_fixed_ && size_ < kLimit) {
      sibling_at_ = static_cast<std::uint16_t>(size_);
    }
    is_fixed_ = is_fixed_ && size != kVariable;
    size_ += size;
  }
  [[nodiscard]] std::uint16_t size() const {
    return is_fixed_ && size_ < kLimit ? static_cast<std::uint16_t>(size_) : kLimit;
  }
  [[nodiscard]] std::uint16_t sibling_at() const { return sibling_at_; }

 private:
  static constexpr std::uint16_t kLimit = Abbreviation::kNone;
  bool is_fixed_ = true;
  std::size_t size_ = 0;
  std::uint16_t sibling_at_ = kLimit;
};

}  // namespace

Abbreviations::Abbreviations(std::span<const std::byte> section, std::uint64_t offset,
                             const UnitFormat& format) {
  if (offset >= section.size()) return;
  ByteCursor cursor(section, static_cast<std::size_t>(offset));
  while (const std::uint64_t code = cursor.uleb()) {
    Abbreviation kind;
    const std::uint64_t tag = cursor.uleb();
    kind.tag = tag <= UINT16_MAX ? static_cast<std::uint16_t>(tag) : 0;
    kind.has_children = cursor.u8() != 0;
    kind.first_attribute = static_cast<std::uint32_t>(attributes_.size());
    Shape shape;
    for (;;) {
      const std::uint64_t name = cursor.uleb();
      const std::uint64_t form = cursor.uleb();
      AttributeSpec spec;
      if (form == DW_FORM_implicit_const) spec.constant = static_cast<std::uint32_t>(cursor.sleb());
      if (!cursor.ok()) return;
      if (name == 0 && form == 0) break;
      if (form > UINT16_MAX || kind.attribute_count == UINT16_MAX) return;
      // An unknown name is skipped like a known one, by its form.
      spec.name = name <= UINT16_MAX ? static_cast<std::uint16_t>(name) : 0;
      spec.form = static_cast<std::uint16_t>(form);
      if (name == DW_AT_low_pc || name == DW_AT_high_pc || name == DW_AT_ranges) {
        kind.has_code = true;
      }
      sizes_.push_back(fixed_size(spec.form, format));
      attributes_.push_back(spec);
      shape.add(spec, sizes_.back());
      ++kind.attribute_count;
    }
    kind.fixed_size = shape.size();
    kind.sibling_at = shape.sibling_at();
    if (code == dense_ + 1 && kinds_.size() == dense_) {
      ++dense_;
    } else {
      others_.try_emplace(code, static_cast<std::uint32_t>(kinds_.size()));
    }
    kinds_.push_back(kind);
  }
  kinds_.shrink_to_fit();
  attributes_.shrink_to_fit();
  sizes_.shrink_to_fit();
}

const Abbreviation* Abbreviations::find_sparse(std::uint64_t code) const {
  const auto known = others_.find(code);
  return known == others_.end() ? nullptr : &kinds_[known->second];
}

}  // namespace symbolizer
