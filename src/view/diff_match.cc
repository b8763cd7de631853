#include "view/diff_match.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "view/copy_suffix.h"

namespace profiler::view {
namespace {

constexpr std::uint32_t kUnmatched = ~std::uint32_t{0};

/// What cannot be told apart on one side: copies of a function, in one file and module.
struct Entity {
  std::string_view file;
  std::string_view module;
  std::vector<std::uint32_t> rows;
  std::uint32_t number = kUnmatched;
};
using Entities = std::vector<Entity>;

/// The last `parts` parts of a path.
std::string_view tail(std::string_view path, std::size_t parts) {
  if (parts == 0) return {};
  std::size_t begin = path.size();
  for (; parts != 0 && begin != std::string_view::npos && begin != 0; --parts)
    begin = path.rfind('/', begin - 1);
  return begin == std::string_view::npos || begin == 0 ? path : path.substr(begin + 1);
}

/// What has to be equal, most telling first.
struct Criterion {
  std::size_t file_parts;  ///< 0: none.
  bool module;
};
constexpr std::size_t kWholePath = 1000;
constexpr auto kCriteria = std::to_array<Criterion>({{kWholePath, true},
                                                     {kWholePath, false},
                                                     {2, true},
                                                     {2, false},
                                                     {1, true},
                                                     {1, false},
                                                     {0, true},
                                                     {0, false}});

using Key = std::pair<std::string_view, std::string_view>;

std::optional<Key> key_of(const Entity& entity, const Criterion& criterion) {
  if (criterion.file_parts != 0 && entity.file.empty()) return std::nullopt;
  return Key{tail(entity.file, criterion.file_parts),
             criterion.module ? entity.module : std::string_view()};
}

/// The only entity of each key that is not matched yet; null where there are several.
std::map<Key, Entity*> by_key(Entities& entities, const Criterion& criterion) {
  std::map<Key, Entity*> only;
  for (Entity& entity : entities) {
    if (entity.number != kUnmatched) continue;
    const auto key = key_of(entity, criterion);
    if (!key) continue;
    const auto [found, is_new] = only.try_emplace(*key, &entity);
    if (!is_new) found->second = nullptr;
  }
  return only;
}

/// Those whose file is not known are copies of the only one of their module of which it is.
void join_without_file(Entities& entities) {
  std::map<std::string_view, Entity*> with_file;
  for (Entity& entity : entities) {
    if (entity.file.empty()) continue;
    const auto [found, is_new] = with_file.try_emplace(entity.module, &entity);
    if (!is_new) found->second = nullptr;
  }
  for (Entity& entity : entities) {
    if (!entity.file.empty()) continue;
    const auto found = with_file.find(entity.module);
    if (found == with_file.end() || found->second == nullptr) continue;
    auto& rows = found->second->rows;
    rows.insert(rows.end(), entity.rows.begin(), entity.rows.end());
    entity.rows.clear();
  }
  std::erase_if(entities, [](const Entity& entity) { return entity.rows.empty(); });
}

class Matcher {
 public:
  Matcher(const std::vector<Named>& before, const std::vector<Named>& after) {
    matching_.before.resize(before.size());
    matching_.after.resize(after.size());
    collect(before, 0);
    collect(after, 1);
  }

  Matching match() {
    for (auto& [name, sides] : groups_) {
      for (Entities& entities : sides) join_without_file(entities);
      match(sides[0], sides[1]);
      number(sides[0], matching_.before);
      number(sides[1], matching_.after);
    }
    return std::move(matching_);
  }

 private:
  using Sides = std::array<Entities, 2>;

  void collect(const std::vector<Named>& rows, std::size_t side) {
    std::map<std::tuple<bool, std::string_view, std::string_view, std::string_view>, std::size_t>
        known;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Named& row = rows[i];
      const std::string_view name = without_copy_suffix(row.name);
      Entities& entities = groups_[{row.kernel, name}][side];
      const auto [found, is_new] =
          known.try_emplace({row.kernel, name, row.file, row.module}, entities.size());
      if (is_new) entities.push_back({.file = row.file, .module = row.module, .rows = {}});
      entities[found->second].rows.push_back(static_cast<std::uint32_t>(i));
    }
  }

  void match(Entities& before, Entities& after) {
    for (const Criterion& criterion : kCriteria) {
      if (before.empty() || after.empty()) return;
      std::map<Key, Entity*> others = by_key(after, criterion);
      for (const auto& [key, entity] : by_key(before, criterion)) {
        const auto other = others.find(key);
        if (entity == nullptr || other == others.end() || other->second == nullptr) continue;
        entity->number = other->second->number = next_++;
      }
    }
  }

  void number(Entities& entities, std::vector<std::uint32_t>& numbers) {
    for (Entity& entity : entities) {
      if (entity.number == kUnmatched) entity.number = next_++;
      for (const std::uint32_t row : entity.rows) numbers[row] = entity.number;
    }
    matching_.size = next_;
  }

  std::map<std::pair<bool, std::string_view>, Sides> groups_;
  Matching matching_;
  std::uint32_t next_ = 0;
};

}  // namespace

Matching match_names(const std::vector<Named>& before, const std::vector<Named>& after) {
  return Matcher(before, after).match();
}

}  // namespace profiler::view
