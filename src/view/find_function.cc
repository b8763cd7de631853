#include "view/find_function.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "view/copy_suffix.h"
#include "view/group_charges.h"
#include "view/module_name.h"
#include "view/simple_name.h"

namespace profiler::view {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// As tables show it, without what compilers append.
std::string plain_name(std::string_view name) {
  return std::string(without_copy_suffix(simple_name(name)));
}

/// "std::vector<int>::push_back" without anything in "<…>".
std::string without_template_arguments(std::string_view name) {
  std::string text;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (const std::size_t length = operator_length(name, i); length != 0) {
      if (depth == 0) text += name.substr(i, length);
      i += length - 1;
    } else if (name[i] == '<' && !text.empty() && !text.ends_with(':')) {
      ++depth;
    } else if (name[i] == '>' && depth != 0) {
      --depth;
    } else if (depth == 0) {
      text += name[i];
    }
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string_view last_part(std::string_view name) {
  const std::size_t colons = name.rfind("::");
  return colons == std::string_view::npos ? name : name.substr(colons + 2);
}

/// "…" in the pattern is any text.
bool matches(std::string_view text, std::string_view pattern) {
  constexpr std::string_view kAnything = "…";
  std::size_t wildcard = pattern.find(kAnything);
  if (wildcard == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, wildcard))) return false;
  text.remove_prefix(wildcard);
  while (true) {
    pattern.remove_prefix(wildcard + kAnything.size());
    wildcard = pattern.find(kAnything);
    if (wildcard == std::string_view::npos) return text.ends_with(pattern);
    const std::size_t at = text.find(pattern.substr(0, wildcard));
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + wildcard);
  }
}

/// Whether a path ends with `place`, in whole parts.
bool path_ends_with(std::string_view path, std::string_view place) {
  return path.ends_with(place) && (path.size() == place.size() || place.starts_with('/') ||
                                   path[path.size() - place.size() - 1] == '/');
}

struct Query {
  std::string_view place;  ///< Before the single colon; empty: none.
  std::string_view name;
};

/// Divides at the first colon that is not part of "::".
Query parse(std::string_view text) {
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != ':') continue;
    if (text[i + 1] == ':') {
      ++i;
      continue;
    }
    // Nothing of a name's own, like "{lambda(auto:1)#1}".
    if (text.substr(0, i).find_first_of("<({ ") != std::string_view::npos) break;
    return {.place = text.substr(0, i), .name = text.substr(i + 1)};
  }
  return {.place = {}, .name = text};
}

/// The forms in which a function can be written.
struct Names {
  FunctionIndex function;
  std::string plain;
  std::string base;   ///< Without its arguments, of either kind.
  std::string scope;  ///< `base` without template arguments of its scopes.
};

class Finder {
 public:
  Finder(const Profile& profile, const std::vector<const Sample*>& samples) : profile_(profile) {
    count(samples);
    std::vector<FunctionIndex> present;
    for (std::size_t i = 0; i < samples_.size(); ++i)
      if (samples_[i] != 0) present.emplace_back(i);
    std::ranges::stable_sort(present, std::greater{},
                             [this](FunctionIndex f) { return samples_[f.row()]; });
    for (const FunctionIndex function : present) {
      const std::string& name = profile.text(profile.functions[function].name);
      Names names{.function = function, .plain = plain_name(name), .base = {}, .scope = {}};
      names.base = base_function_name(names.plain);
      names.scope = without_template_arguments(names.base);
      all_.push_back(std::move(names));
    }
  }

  FunctionMatch find(std::string_view text) const {
    FunctionMatch match;
    match.found = matching(text);
    if (match.found.empty()) {
      std::set<std::string> seen;
      for (const Names& names : all_)
        if (seen.insert(names.scope).second) match.names.push_back(names.scope);
    } else if (match.found.size() > 1) {
      for (std::size_t i = 0; i < std::min(match.found.size(), FunctionMatch::kListed); ++i)
        match.found[i].to_write = to_write(match.found[i]);
    } else {
      match.found[0].to_write = text;
    }
    return match;
  }

 private:
  void count(const std::vector<const Sample*>& samples) {
    const auto nothing = static_cast<std::uint32_t>(profile_.functions.size());
    std::vector<std::uint32_t> groups;
    Grouping grouping;
    grouping.of_frame = [&](FrameIndex frame) -> std::span<const std::uint32_t> {
      groups.clear();
      const FrameName name = frame ? profile_.frames[frame].name : FrameName{};
      for (std::size_t i = 0; i < name.count; ++i) {
        const LocationIndex location(name.first.row() + i);
        if (!profile_.locations.contains(location)) continue;
        if (const FunctionIndex function = profile_.locations[location].function; function)
          groups.push_back(function.row());
      }
      if (groups.empty()) groups.push_back(nothing);
      return groups;
    };
    grouping.of_kernel = [&](const Stack&) { return nothing; };
    grouping.of_nothing = [&] { return nothing; };
    for (const Charge& charge : charge_groups(profile_, samples, true, grouping))
      samples_.push_back(charge.total.samples);
    samples_.resize(nothing);
  }

  [[nodiscard]] bool is_at(const Names& names, std::string_view place) const {
    const Function& function = profile_.functions[names.function];
    return path_ends_with(profile_.text(function.file), place) ||
           (function.module &&
            path_ends_with(profile_.text(profile_.modules[function.module].path), place));
  }

  [[nodiscard]] std::vector<SourceFunction> matching(std::string_view text) const {
    const Query query = parse(text);
    std::vector<const Names*> candidates;
    for (const Names& names : all_)
      if (query.place.empty() || is_at(names, query.place)) candidates.push_back(&names);

    if (!query.place.empty() && is_digits(query.name)) {
      std::uint32_t line = 0;
      std::from_chars(query.name.data(), query.name.data() + query.name.size(), line);
      return together(candidates, [&](const Names& names) {
        return line != 0 && profile_.functions[names.function].line == line;
      });
    }
    // The same simplification on both sides, so that either spelling is found.
    const std::string plain = plain_name(query.name);
    const auto levels = std::to_array<std::function<bool(const Names&)>>({
        [&](const Names& names) {
          const Function& function = profile_.functions[names.function];
          return names.plain == plain || profile_.text(function.name) == query.name ||
                 profile_.text(function.system_name) == query.name ||
                 matches(names.plain, query.name);
        },
        [&](const Names& names) { return names.base == plain || names.scope == plain; },
        [&](const Names& names) {
          return std::string_view(names.scope).ends_with("::" + plain) ||
                 std::string_view(names.base).ends_with("::" + plain);
        },
        [&](const Names& names) { return names.scope.find(plain) != std::string::npos; },
        [&](const Names& names) {
          const std::string& name = profile_.text(profile_.functions[names.function].name);
          return name.find(query.name) != std::string::npos ||
                 names.plain.find(query.name) != std::string::npos;
        },
    });
    for (const auto& level : levels)
      if (auto found = together(candidates, level); !found.empty()) return found;
    return {};
  }

  /// Those that match, the copies of one function in the source together. `candidates` are by
  /// falling weight.
  [[nodiscard]] std::vector<SourceFunction> together(
      const std::vector<const Names*>& candidates,
      const std::function<bool(const Names&)>& matches_query) const {
    using Key = std::tuple<std::string, std::uint32_t, ModuleIndex, std::string>;
    std::map<Key, std::size_t> numbers;
    std::vector<SourceFunction> found;
    for (const Names* names : candidates) {
      if (!matches_query(*names)) continue;
      const Function& function = profile_.functions[names->function];
      const std::string& file = profile_.text(function.file);
      const bool declared = !file.empty() && function.line != 0;
      const Key key = declared ? Key{file, function.line, {}, std::string(last_part(names->scope))}
                               : Key{"", 0, function.module, names->scope};
      const auto [known, is_new] = numbers.try_emplace(key, found.size());
      if (is_new) found.emplace_back();
      SourceFunction& one = found[known->second];
      one.functions.push_back(names->function);
      one.samples += samples_[names->function.row()];
    }
    std::ranges::stable_sort(found, std::greater{}, &SourceFunction::samples);
    return found;
  }

  /// The shortest that finds it alone.
  [[nodiscard]] std::string to_write(const SourceFunction& wanted) const {
    const Function& function = profile_.functions[wanted.functions.front()];
    const std::string plain = plain_name(profile_.text(function.name));
    const std::string scope = without_template_arguments(base_function_name(plain));
    const std::string file(base_name(profile_.text(function.file)));
    constexpr std::size_t kReadable = 60;
    std::vector<std::string> ways = {scope};
    if (plain.size() <= kReadable) ways.push_back(plain);
    if (!file.empty()) {
      ways.push_back(file + ':' + scope);
      if (function.line != 0) ways.push_back(file + ':' + std::to_string(function.line));
      ways.push_back(profile_.text(function.file) + ':' + std::to_string(function.line));
    }
    ways.push_back(plain);
    ways.push_back(module_name(profile_, function.module) + ':' + plain);
    for (const std::string& way : ways) {
      const auto found = matching(way);
      if (found.size() == 1 && std::ranges::find(found[0].functions, wanted.functions.front()) !=
                                   found[0].functions.end())
        return way;
    }
    return profile_.text(function.name);
  }

  const Profile& profile_;
  std::vector<std::uint64_t> samples_;  ///< By function row.
  std::vector<Names> all_;              ///< Of functions that have samples, heaviest first.
};

}  // namespace

FunctionMatch find_functions(const Profile& profile, const std::vector<const Sample*>& samples,
                             std::string_view query) {
  return Finder(profile, samples).find(query);
}

}  // namespace profiler::view
