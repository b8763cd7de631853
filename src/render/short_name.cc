#include "render/short_name.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "render/printable.h"
#include "view/simple_name.h"

namespace profiler::render {
namespace {

constexpr std::string_view kEllipsis = "…";

/// A bracketed part of a name, both brackets included, and how many others it lies in.
struct Group {
  std::size_t begin;
  std::size_t end;
  std::size_t depth;
  char bracket;
};

bool is_identifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

bool opens(std::string_view name, std::size_t i, bool behind_operator) {
  if (name[i] == '(') return true;
  // "std::<lambda(int)>" and Rust's "<T as Trait>" have nothing in front.
  return name[i] == '<' && (behind_operator || i == 0 || is_identifier(name[i - 1]) ||
                            name[i - 1] == ':' || name[i - 1] == '<' || name[i - 1] == ' ');
}

/// Empty if the brackets do not match: then nothing is known of the name's shape.
std::vector<Group> groups_of(std::string_view name) {
  std::vector<Group> groups;
  std::vector<std::size_t> open;
  bool behind_operator = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (const std::size_t skip = view::operator_length(name, i); skip != 0) {
      i += skip - 1;
      behind_operator = true;
      continue;
    }
    const char c = name[i];
    if (opens(name, i, std::exchange(behind_operator, false))) {
      groups.push_back({.begin = i, .end = 0, .depth = open.size(), .bracket = c});
      open.push_back(groups.size() - 1);
    } else if (c == ')' || (c == '>' && i > 0 && name[i - 1] != '-')) {
      if (open.empty() || (groups[open.back()].bracket == '(') != (c == ')')) return {};
      groups[open.back()].end = i + 1;
      open.pop_back();
    }
  }
  if (!open.empty()) return {};
  // What is in these tells more than an ellipsis, or is hardly longer; the type of a method of Go
  // stands in brackets too.
  std::erase_if(groups, [name](const Group& g) {
    const std::string_view text = name.substr(g.begin, g.end - g.begin);
    return text.size() <= 5 || text == "(anonymous namespace)" || text.starts_with("(*");
  });
  return groups;
}

/// Where the scopes of a name end: each "::" outside of brackets.
std::vector<std::size_t> scope_ends(std::string_view name) {
  std::vector<std::size_t> ends;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < name.size() && view::operator_length(name, i) == 0; ++i) {
    const char c = name[i];
    if (c == '(' || c == '<' || c == '{') ++depth;
    if (c == ')' || c == '}' || (c == '>' && i > 0 && name[i - 1] != '-')) depth -= depth != 0;
    if (depth == 0 && name.substr(i, 2) == "::") ends.push_back(i++);
  }
  return ends;
}

/// As many scopes as fit, from the right, with the name's beginning where there is room for it:
/// "std::vec…::swap(…)". None if not even the last one fits.
std::optional<std::string> without_scopes(std::string_view name, std::size_t width) {
  for (const std::size_t end : scope_ends(name)) {
    std::string rest(kEllipsis);
    rest += name.substr(end);
    const std::size_t taken = display_width(rest);
    if (taken > width) continue;
    // Less would tell nothing.
    constexpr std::size_t kLeastHead = 5;
    if (width - taken >= kLeastHead) rest.insert(0, fitting_head(name, width - taken));
    return rest;
  }
  return std::nullopt;
}

/// `name` with the inside of all chosen groups left out.
template <class Chosen>
std::string without(std::string_view name, const std::vector<Group>& groups, Chosen chosen) {
  std::string text;
  std::size_t done = 0;
  for (const Group& g : groups) {
    if (g.begin < done || !chosen(g)) continue;
    text += name.substr(done, g.begin + 1 - done);
    text += kEllipsis;
    done = g.end - 1;
  }
  text += name.substr(done);
  return text;
}

std::string cut_middle(std::string_view text, std::size_t width) {
  if (width == 0) return {};
  // More of the end: that is where a function's own name is.
  const std::size_t head = (width - 1) * 2 / 5;
  std::string cut(fitting_head(text, head));
  cut += kEllipsis;
  cut += fitting_tail(text, width - 1 - head);
  return cut;
}

}  // namespace

std::string short_name(std::string_view whole, std::size_t width) {
  // Nobody reads further than that; it bounds the work on a hostile name.
  constexpr std::size_t kLongest = 16384;
  if (whole.size() > kLongest) return cut_middle(whole, width);
  std::string name = view::simple_name(whole);
  if (display_width(name) <= width) return name;

  const std::vector<Group> groups = groups_of(name);
  // All in brackets is what stands for the kernel: "<irq apic_timer_interrupt>".
  if (std::ranges::any_of(groups, [&](const Group& g) { return g.end - g.begin == name.size(); }))
    return cut_middle(name, width);
  std::string shorter(name);
  std::size_t deepest = 0;
  for (const Group& g : groups) deepest = std::max(deepest, g.depth);
  constexpr std::size_t kLevels = 8;
  for (std::size_t depth = std::min(deepest, kLevels) + 1; !groups.empty() && depth-- > 0;) {
    for (const bool parameters_too : {false, true}) {
      shorter = without(name, groups, [&](const Group& g) {
        return g.depth > depth || (g.depth == depth && (parameters_too || g.bracket == '<'));
      });
      if (display_width(shorter) <= width) return shorter;
    }
  }
  if (auto last = without_scopes(shorter, width)) return *last;
  shorter = view::base_function_name(shorter);
  if (display_width(shorter) <= width) return shorter;
  if (auto last = without_scopes(shorter, width)) return *last;
  const std::vector<std::size_t> scopes = scope_ends(shorter);
  if (!scopes.empty()) shorter.erase(0, scopes.back() + 2);
  return display_width(shorter) <= width ? shorter : cut_middle(shorter, width);
}

std::string short_path(std::string_view path, std::size_t width) {
  if (display_width(path) <= width) return std::string(path);
  if (width == 0) return {};
  std::string cut(kEllipsis);
  cut += fitting_tail(path, width - 1);
  return cut;
}

}  // namespace profiler::render
