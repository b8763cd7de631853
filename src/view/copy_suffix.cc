#include "view/copy_suffix.h"

#include <array>

namespace profiler::view {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string_view without_copy_suffix(std::string_view name) {
  constexpr std::array<std::string_view, 7> kSuffixes = {
      ".cold", ".part", ".isra", ".constprop", ".lto_priv", ".llvm", ".localalias"};
  if (const std::size_t clone = name.find(" [clone ");
      clone != std::string_view::npos && clone != 0)
    name = name.substr(0, clone);
  for (bool again = true; again;) {
    again = false;
    std::string_view rest = name;
    if (const std::size_t dot = rest.rfind('.');
        dot != std::string_view::npos && is_digits(rest.substr(dot + 1)))
      rest = rest.substr(0, dot);
    for (const std::string_view suffix : kSuffixes) {
      if (!rest.ends_with(suffix) || rest.size() == suffix.size()) continue;
      name = rest.substr(0, rest.size() - suffix.size());
      again = true;
    }
  }
  return name;
}

}  // namespace profiler::view
