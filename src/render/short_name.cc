#include "render/short_name.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <vector>

#include "render/printable.h"

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

/// The "<", ">", "(" and ")" that belong to an operator's name are no brackets.
std::size_t operator_length(std::string_view name, std::size_t i) {
  constexpr std::string_view kWord = "operator";
  if (name.substr(i, kWord.size()) != kWord || (i > 0 && is_identifier(name[i - 1]))) return 0;
  std::size_t end = i + kWord.size();
  if (name.substr(end, 2) == "()") return end + 2 - i;
  while (end < name.size() && std::string_view("<>=-").find(name[end]) != std::string_view::npos &&
         end - i < kWord.size() + 3)
    ++end;
  return end - i;
}

/// Empty if the brackets do not match: then nothing is known of the name's shape.
std::vector<Group> groups_of(std::string_view name) {
  std::vector<Group> groups;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (const std::size_t skip = operator_length(name, i); skip != 0) {
      i += skip - 1;
      continue;
    }
    const char c = name[i];
    const bool opens = c == '(' || (c == '<' && i > 0 && is_identifier(name[i - 1]));
    if (opens) {
      groups.push_back({.begin = i, .end = 0, .depth = open.size(), .bracket = c});
      open.push_back(groups.size() - 1);
    } else if (c == ')' || (c == '>' && i > 0 && name[i - 1] != '-')) {
      if (open.empty() || (groups[open.back()].bracket == '(') != (c == ')')) return {};
      groups[open.back()].end = i + 1;
      open.pop_back();
    }
  }
  if (!open.empty()) return {};
  // What is in these tells more than an ellipsis, and is hardly longer.
  std::erase_if(groups, [name](const Group& g) {
    return g.end - g.begin <= 5 || name.substr(g.begin, g.end - g.begin) == "(anonymous namespace)";
  });
  return groups;
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

std::string short_name(std::string_view name, std::size_t width) {
  if (display_width(name) <= width) return std::string(name);
  // Nobody reads further than that; it bounds the work on a hostile name.
  constexpr std::size_t kLongest = 16384;
  if (name.size() > kLongest) return cut_middle(name, width);

  const std::vector<Group> groups = groups_of(name);
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
  return cut_middle(shorter, width);
}

std::string short_path(std::string_view path, std::size_t width) {
  if (display_width(path) <= width) return std::string(path);
  if (width == 0) return {};
  std::string cut(kEllipsis);
  cut += fitting_tail(path, width - 1);
  return cut;
}

}  // namespace profiler::render
