// The tables that all threads of a Firefox profile share: stacks, frames, functions, libraries,
// sources and strings, numbered as they are met. Used by firefox.h only.
//
//   FirefoxTables tables(profile, categories, KernelFrames::kShown);
//   tables.stack(*sample, false);          // its row in stackTable, which grows
//   tables.write(json, flush);             // "libs" and "shared", at the end of the document
//
// Bounded by the number of distinct stacks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "export/firefox_categories.h"
#include "export/places.h"
#include "profiler/profile.h"
#include "render/json_writer.h"
#include "view/stack_weights.h"

namespace profiler::exporter {

class FirefoxTables {
 public:
  /// All outlive it.
  FirefoxTables(const Profile& profile, const FirefoxCategories& categories, KernelFrames kernel);

  std::uint32_t stack(const Sample& sample, bool idle);
  std::uint32_t string(std::string_view text);
  /// `flush` is called now and then.
  void write(render::JsonWriter& json, const std::function<void()>& flush);

 private:
  using Pair = FirefoxCategories::Pair;
  struct StackRow {
    std::uint32_t frame;
    std::optional<std::uint32_t> prefix;
  };
  struct FrameRow {
    PlaceId place;
    std::uint32_t step;
    Pair category;
  };
  struct FunctionRow {
    FunctionId function;
    std::uint32_t name;
    std::optional<std::uint32_t> library;
    std::optional<std::uint32_t> source;
  };
  struct Library {
    ModuleIndex module;
    std::uint32_t name;
  };

  std::uint32_t first_frame(PlaceId place, Pair category);
  std::uint32_t function_row(FunctionId function);
  std::optional<std::uint32_t> library_row(ModuleIndex module);
  std::uint32_t source_row(const std::string& file);
  [[nodiscard]] std::optional<std::uint64_t> relative_address(PlaceId place) const;
  void write_libraries(render::JsonWriter& json) const;
  void write_frames(render::JsonWriter& json, const std::function<void()>& flush);
  void write_functions(render::JsonWriter& json, const std::function<void()>& flush);
  void write_resources(render::JsonWriter& json) const;
  void write_sources(render::JsonWriter& json) const;

  const Profile& profile_;
  const FirefoxCategories& categories_;
  Places places_;
  view::ChargedStacks charged_;
  std::vector<StackRow> stacks_;
  std::vector<FrameRow> frames_;
  std::vector<FunctionRow> functions_;
  std::vector<Library> libraries_;
  std::vector<std::uint32_t> sources_;  ///< Of each, its string.
  std::vector<std::string> strings_;
  std::unordered_map<std::uint64_t, std::uint32_t> leaves_;        ///< Of whole stacks.
  std::unordered_map<std::uint64_t, std::uint32_t> stack_rows_;    ///< (prefix, frame).
  std::unordered_map<std::uint64_t, std::uint32_t> first_frames_;  ///< (place, category).
  std::unordered_map<FunctionId, std::uint32_t> function_rows_;
  std::unordered_map<std::uint32_t, std::uint32_t> library_rows_;  ///< By row of the module.
  std::unordered_map<std::uint32_t, std::uint32_t> source_rows_;   ///< By string.
  std::unordered_map<std::string, std::uint32_t> string_rows_;
};

}  // namespace profiler::exporter
