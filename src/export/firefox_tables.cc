#include "export/firefox_tables.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "export/clean_name.h"
#include "view/module_name.h"

namespace profiler::exporter {
namespace {

constexpr std::uint64_t kLibraryResource = 1;  // ResourceType.Library

/// The name of a build by Breakpad's rule: its first 16 bytes as a little-endian GUID, and an age
/// of 0.
std::string breakpad_id(const BuildId& id) {
  constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1,  0,  5,  4,  7,  6,
                                                  8, 9, 10, 11, 12, 13, 14, 15};
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  const std::span<const std::byte> bytes = id.bytes();
  for (const std::size_t at : kOrder) {
    const auto byte = at < bytes.size() ? std::to_integer<unsigned>(bytes[at]) : 0;
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text + "0";
}

}  // namespace

FirefoxTables::FirefoxTables(const Profile& profile, const FirefoxCategories& categories,
                             KernelFrames kernel)
    : profile_(profile), categories_(categories), places_(profile, kernel), charged_(profile) {}

std::uint32_t FirefoxTables::string(std::string_view text) {
  const auto [row, is_new] =
      string_rows_.try_emplace(std::string(text), static_cast<std::uint32_t>(strings_.size()));
  if (is_new) strings_.emplace_back(text);
  return row->second;
}

std::uint32_t FirefoxTables::stack(const Sample& sample, bool idle) {
  const std::uint64_t key = std::uint64_t{sample.stack.row()} << 16 |
                            static_cast<std::uint64_t>(sample.mode) << 8 |
                            static_cast<std::uint64_t>(sample.wait) << 1 | (idle ? 1 : 0);
  const auto [leaf, is_new] = leaves_.try_emplace(key);
  if (!is_new) return leaf->second;
  const view::StackWeight charged = charged_.of(sample);
  const Pair kernel = categories_.of_kernel(charged.stack);
  const bool is_wait = sample.mode == Mode::kWait;
  std::optional<std::uint32_t> prefix;
  const std::span<const PlaceId> path = places_.path(charged);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::span<const Step> steps = places_.steps(path[i]);
    const Code code = steps.front().code;
    Pair category = code == Code::kKernel ? kernel : FirefoxCategories::of_user(code);
    if (is_wait && i + 1 == path.size()) category = FirefoxCategories::of_wait(sample.wait, idle);
    const std::uint32_t first = first_frame(path[i], category);
    for (std::uint32_t frame = first; frame < first + steps.size(); ++frame) {
      const std::uint64_t step = std::uint64_t{prefix ? *prefix + 1 : 0} << 32 | frame;
      const auto [row, new_row] =
          stack_rows_.try_emplace(step, static_cast<std::uint32_t>(stacks_.size()));
      if (new_row) stacks_.push_back({.frame = frame, .prefix = prefix});
      prefix = row->second;
    }
  }
  return leaf->second = prefix.value_or(0);
}

/// Frames of a place follow each other.
std::uint32_t FirefoxTables::first_frame(PlaceId place, Pair category) {
  const std::uint64_t key = std::uint64_t{place} << 24 |
                            static_cast<std::uint64_t>(category.category) << 16 |
                            category.subcategory;
  const auto [first, is_new] =
      first_frames_.try_emplace(key, static_cast<std::uint32_t>(frames_.size()));
  if (!is_new) return first->second;
  const std::span<const Step> steps = places_.steps(place);
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    Pair own = category;
    if (category.category == FirefoxCategories::kUser)
      own = FirefoxCategories::of_user(steps[i].code);
    frames_.push_back({.place = place, .step = i, .category = own});
  }
  return first->second;
}

std::optional<std::uint32_t> FirefoxTables::library_row(ModuleIndex index) {
  if (!index) return std::nullopt;
  const ModuleKind kind = profile_.modules[index].kind;
  if (kind == ModuleKind::kUnmapped || kind == ModuleKind::kAnonymous) return std::nullopt;
  const auto [row, is_new] =
      library_rows_.try_emplace(index.row(), static_cast<std::uint32_t>(libraries_.size()));
  if (is_new) {
    const std::string name = clean_name(view::module_name(profile_, index));
    libraries_.push_back({.module = index, .name = string(name)});
  }
  return row->second;
}

std::uint32_t FirefoxTables::source_row(const std::string& file) {
  const std::uint32_t text = string(clean_name(file));
  const auto [row, is_new] =
      source_rows_.try_emplace(text, static_cast<std::uint32_t>(sources_.size()));
  if (is_new) sources_.push_back(text);
  return row->second;
}

std::uint32_t FirefoxTables::function_row(FunctionId id) {
  const auto [row, is_new] =
      function_rows_.try_emplace(id, static_cast<std::uint32_t>(functions_.size()));
  if (is_new) {
    FunctionRow function{
        .function = id, .name = string(places_.name(id)), .library = {}, .source = {}};
    function.library = library_row(places_.module(id));
    const Function* const known = places_.function(id);
    if (known != nullptr && !profile_.text(known->file).empty())
      function.source = source_row(profile_.text(known->file));
    functions_.push_back(function);
  }
  return row->second;
}

/// None: a mark, or an address that lies in nothing that could be opened.
std::optional<std::uint64_t> FirefoxTables::relative_address(PlaceId place) const {
  const Frame* const frame = places_.frame(place);
  if (frame == nullptr || !frame->module) return std::nullopt;
  const std::uint64_t text = profile_.run.kernel_text;
  switch (profile_.modules[frame->module].kind) {
    case ModuleKind::kFile:
    case ModuleKind::kVdso:
    case ModuleKind::kUnreadable:
    case ModuleKind::kJitDump:
      return frame->address;
    case ModuleKind::kKernel:
      if (text == 0 || frame->address < text) return std::nullopt;
      return frame->address - text;
    default:
      return std::nullopt;
  }
}

void FirefoxTables::write(render::JsonWriter& json, const std::function<void()>& flush) {
  json.line_break().key("shared").begin_object();
  write_frames(json, flush);
  write_functions(json, flush);
  write_resources(json);
  json.key("nativeSymbols").begin_object();
  for (const std::string_view column : {"libIndex", "address", "name", "functionSize"})
    json.key(column).begin_array().end();
  json.key("length").number(0).end();
  write_sources(json);
  json.line_break().key("stringArray").begin_array();
  for (const std::string& text : strings_) {
    json.string(text);
    flush();
  }
  json.end().end();
  write_libraries(json);
}

void FirefoxTables::write_frames(render::JsonWriter& json, const std::function<void()>& flush) {
  const auto column = [&](std::string_view name, const auto& rows, auto value) {
    json.key(name).begin_array();
    for (const auto& row : rows) {
      value(row);
      flush();
    }
    json.end();
  };
  const auto number_or_null = [&](const auto& value) {
    if (value) {
      json.number(*value);
    } else {
      json.null();
    }
  };
  json.key("stackTable").begin_object();
  column("frame", stacks_, [&](const StackRow& row) { json.number(row.frame); });
  column("prefix", stacks_, [&](const StackRow& row) { number_or_null(row.prefix); });
  json.key("length").number(stacks_.size()).end();

  const auto step = [&](const FrameRow& row) { return places_.steps(row.place)[row.step]; };
  json.line_break().key("frameTable").begin_object();
  column("address", frames_, [&](const FrameRow& row) {
    if (const auto address = relative_address(row.place)) {
      json.number(*address);
    } else {
      json.signed_number(-1);
    }
  });
  column("inlineDepth", frames_, [&](const FrameRow& row) { json.number(row.step); });
  column("category", frames_, [&](const FrameRow& row) { json.number(row.category.category); });
  column("subcategory", frames_,
         [&](const FrameRow& row) { json.number(row.category.subcategory); });
  column("func", frames_,
         [&](const FrameRow& row) { json.number(function_row(step(row).function)); });
  column("nativeSymbol", frames_, [&](const FrameRow&) { json.null(); });
  column("innerWindowID", frames_, [&](const FrameRow&) { json.number(0); });
  column("line", frames_, [&](const FrameRow& row) {
    const LocationIndex location = step(row).location;
    json.number_or_null(location ? profile_.locations[location].line : 0);
  });
  column("column", frames_, [&](const FrameRow&) { json.null(); });
  json.key("length").number(frames_.size()).end();
}

void FirefoxTables::write_functions(render::JsonWriter& json, const std::function<void()>& flush) {
  const auto column = [&](std::string_view name, auto value) {
    json.key(name).begin_array();
    for (const FunctionRow& row : functions_) {
      value(row);
      flush();
    }
    json.end();
  };
  json.line_break().key("funcTable").begin_object();
  column("name", [&](const FunctionRow& row) { json.number(row.name); });
  column("isJS", [&](const FunctionRow&) { json.boolean(false); });
  column("relevantForJS", [&](const FunctionRow&) { json.boolean(false); });
  column("resource", [&](const FunctionRow& row) {
    json.signed_number(row.library ? std::int64_t{*row.library} : -1);
  });
  column("source", [&](const FunctionRow& row) {
    if (row.source) {
      json.number(*row.source);
    } else {
      json.null();
    }
  });
  column("lineNumber", [&](const FunctionRow& row) {
    const Function* const function = places_.function(row.function);
    json.number_or_null(function != nullptr ? function->line : 0);
  });
  column("columnNumber", [&](const FunctionRow&) { json.null(); });
  json.key("length").number(functions_.size()).end();
}

/// One for each library.
void FirefoxTables::write_resources(render::JsonWriter& json) const {
  const auto column = [&](std::string_view name, auto value) {
    json.key(name).begin_array();
    for (std::size_t i = 0; i < libraries_.size(); ++i) value(i);
    json.end();
  };
  json.line_break().key("resourceTable").begin_object();
  column("lib", [&](std::size_t i) { json.number(i); });
  column("name", [&](std::size_t i) { json.number(libraries_[i].name); });
  column("host", [&](std::size_t) { json.null(); });
  column("type", [&](std::size_t) { json.number(kLibraryResource); });
  json.key("length").number(libraries_.size()).end();
}

void FirefoxTables::write_sources(render::JsonWriter& json) const {
  const auto column = [&](std::string_view name, auto value) {
    json.key(name).begin_array();
    for (const std::uint32_t text : sources_) value(text);
    json.end();
  };
  json.line_break().key("sources").begin_object();
  column("id", [&](std::uint32_t) { json.null(); });
  column("filename", [&](std::uint32_t text) { json.number(text); });
  column("startLine", [&](std::uint32_t) { json.number(1); });
  column("startColumn", [&](std::uint32_t) { json.number(1); });
  column("sourceMapURL", [&](std::uint32_t) { json.null(); });
  json.key("length").number(sources_.size()).end();
}

void FirefoxTables::write_libraries(render::JsonWriter& json) const {
  json.line_break().key("libs").begin_array();
  for (const Library& library : libraries_) {
    const Module& module = profile_.modules[library.module];
    const std::string& name = strings_[library.name];
    const std::string path = clean_name(profile_.text(module.path));
    json.line_break().begin_object();
    json.key("arch").string(profile_.run.architecture);
    json.key("name").string(name).key("path").string(path);
    json.key("debugName").string(name).key("debugPath").string(path);
    json.key("breakpadId").string(module.build_id ? breakpad_id(module.build_id) : "");
    json.key("codeId").string_or_null(module.build_id.hex());
    json.end();
  }
  json.end();
}

}  // namespace profiler::exporter
