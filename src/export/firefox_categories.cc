#include "export/firefox_categories.h"

#include <cstddef>
#include <string_view>

#include "export/clean_name.h"
#include "view/cause_ledger.h"

namespace profiler::exporter {
namespace {

struct Look {
  std::string_view name;
  std::string_view color;
};
constexpr std::array<Look, FirefoxCategories::kCount> kLooks = {{{"Other", "grey"},
                                                                 {"User", "yellow"},
                                                                 {"Kernel", "orange"},
                                                                 {"Page fault", "red"},
                                                                 {"System call", "blue"},
                                                                 {"Wait", "lightblue"},
                                                                 {"Idle", "transparent"}}};
constexpr std::uint16_t kInlined = 1;
constexpr std::uint16_t kGenerated = 2;

}  // namespace

FirefoxCategories::FirefoxCategories(const Profile& profile) {
  for (std::vector<std::string>& names : subcategories_) names.emplace_back("Other");
  add(kUser, "Inlined");
  add(kUser, "Generated code");
  for (std::size_t i = 1; i < kWaitClasses; ++i)
    add(kWait, std::string(name(static_cast<WaitClass>(i))));
  for (const Cause& row : profile.causes) {
    const std::string& detail = profile.text(row.cause.name);
    if (row.cause.kind == KernelEntryKind::kFault) {
      causes_.push_back(add(kPageFault, detail));
    } else if (row.cause.kind == KernelEntryKind::kSyscall) {
      causes_.push_back(add(kSystemCall, detail));
    } else if (row.cause.kind == KernelEntryKind::kOther) {
      causes_.push_back({.category = kKernel});
    } else {
      causes_.push_back(add(kKernel, view::cause_label(row.cause.kind, detail)));
    }
  }
}

FirefoxCategories::Pair FirefoxCategories::add(Category category, const std::string& name) {
  if (name.empty()) return {.category = category};
  std::vector<std::string>& names = subcategories_[category];
  const auto [row, is_new] =
      rows_.try_emplace({category, name}, static_cast<std::uint16_t>(names.size()));
  if (is_new) names.push_back(clean_name(name));
  return {.category = category, .subcategory = row->second};
}

FirefoxCategories::Pair FirefoxCategories::of_user(Code code) {
  switch (code) {
    case Code::kUser:
      return {.category = kUser};
    case Code::kInlined:
      return {.category = kUser, .subcategory = kInlined};
    case Code::kGenerated:
      return {.category = kUser, .subcategory = kGenerated};
    case Code::kKernel:
      return {.category = kKernel};
    case Code::kMark:
      return {.category = kOther};
  }
  return {};
}

FirefoxCategories::Pair FirefoxCategories::of_kernel(const Stack& stack) const {
  return stack.cause ? causes_[stack.cause.row()] : Pair{.category = kKernel};
}

FirefoxCategories::Pair FirefoxCategories::of_wait(WaitClass wait, bool idle) {
  if (idle) return {.category = kIdle};
  return {.category = kWait, .subcategory = static_cast<std::uint16_t>(wait)};
}

void FirefoxCategories::write(render::JsonWriter& json) const {
  json.key("categories").begin_array();
  for (std::size_t i = 0; i < kCount; ++i) {
    json.line_break().begin_object().key("name").string(kLooks[i].name);
    json.key("color").string(kLooks[i].color).key("subcategories").begin_array();
    for (const std::string& name : subcategories_[i]) json.string(name);
    json.end().end();
  }
  json.end();
}

}  // namespace profiler::exporter
