#include "render/charge_columns.h"

#include <algorithm>

#include "render/printable.h"

namespace profiler::render {
namespace {

constexpr std::size_t kGap = 2;
constexpr double kHot = 0.1;
/// From here on there is a share, and from there on a total too, which user and sys add up to.
constexpr std::size_t kWithShare = 96;
constexpr std::size_t kWithTotal = 120;

}  // namespace

ChargeColumns::ChargeColumns(const EventInfo& event, const view::Weight& whole,
                             const std::vector<view::Charge>& all, const TextStyle& style)
    : format_(event, whole) {
  columns_[kTotal] = {.title = "total", .shown = style.width >= kWithTotal};
  columns_[kUser] = {.title = "user"};
  columns_[kSys] = {.title = "sys"};
  columns_[kSelf] = {.title = "self"};
  columns_[kShare] = {.title = std::string(format_.share_title()),
                      .shown = style.width >= kWithShare};
  for (std::size_t f = 0; f < kFields; ++f) {
    Column& column = columns_[f];
    column.width = column.title.size();
    for (const view::Charge& charge : all)
      column.width = std::max(column.width, display_width(text(static_cast<Field>(f), charge)));
  }
}

std::string ChargeColumns::text(Field field, const view::Charge& charge) const {
  switch (field) {
    case kTotal:
      return format_.amount(charge.total.all());
    case kUser:
      return format_.amount(charge.total.user);
    case kSys:
      return format_.amount(charge.total.sys);
    case kSelf:
      return format_.amount(charge.self.all());
    default:
      return format_.share(charge.total.all(), charge.total.samples);
  }
}

void ChargeColumns::add_titles(TextLine& line) const {
  for (const Column& column : columns_) {
    if (column.shown)
      line.add_right(column.title, column.width, Colour::kFaint).pad_to(line.width() + kGap);
  }
  line.pad_to(line.width() + kGap);
}

void ChargeColumns::add(TextLine& line, const view::Charge& charge) const {
  const auto colour = [&](std::size_t field) {
    if (field == kUser) return charge.total.user == 0 ? Colour::kFaint : Colour::kUser;
    if (field == kSys) return charge.total.sys == 0 ? Colour::kFaint : Colour::kSys;
    if (field == kSelf) return charge.self.all() == 0 ? Colour::kFaint : Colour::kPlain;
    return Colour::kPlain;
  };
  for (std::size_t f = 0; f < kFields; ++f) {
    if (!columns_[f].shown) continue;
    line.add_right(text(static_cast<Field>(f), charge), columns_[f].width, colour(f));
    line.pad_to(line.width() + kGap);
  }
  const std::size_t begin = line.width();
  if (is_hot(charge)) line.add(">", Colour::kWarning);
  line.pad_to(begin + kGap);
}

void ChargeColumns::add_nothing(TextLine& line) const { line.pad_to(line.width() + width()); }

std::size_t ChargeColumns::width() const {
  std::size_t width = kGap;
  for (const Column& column : columns_) width += column.shown ? column.width + kGap : 0;
  return width;
}

bool ChargeColumns::is_hot(const view::Charge& charge) const {
  return charge.total.samples != 0 && format_.fraction(charge.total.all()) >= kHot;
}

}  // namespace profiler::render
