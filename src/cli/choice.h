// Options whose value is one of a few words.
//
//   constexpr std::array<Choice<Format>, 2> kFormats = {{{"text", Format::kText}, …}};
//   Result<Format> format = choose("--format", text, kFormats);
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "profiler/error.h"

namespace profiler::cli {

template <class Value>
struct Choice {
  std::string_view name;
  Value value;
};

/// The value called `text`, or an error that lists them all.
template <class Value, std::size_t kSize>
[[nodiscard]] Result<Value> choose(std::string_view option, std::string_view text,
                                   const std::array<Choice<Value>, kSize>& choices) {
  std::string known;
  for (const Choice<Value>& choice : choices) {
    if (choice.name == text) return choice.value;
    known += (known.empty() ? "" : ", ") + std::string(choice.name);
  }
  return std::unexpected(Error{.what = std::string(option) + ": no '" + std::string(text) + "'",
                               .advice = "use one of " + known});
}

}  // namespace profiler::cli
