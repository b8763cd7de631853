#include "render/html_tables.h"

#include <cstdint>
#include <utility>

#include "render/printable.h"
#include "view/cause_ledger.h"
#include "view/module_name.h"
#include "view/runtime_code.h"
#include "view/simple_name.h"
#include "view/source_function.h"

namespace profiler::render {
namespace {

// Kinds of functions, added up.
constexpr std::uint32_t kKernel = 1;
constexpr std::uint32_t kUnnamed = 2;
constexpr std::uint32_t kRuntimeName = 4;
constexpr std::uint32_t kRuntimeModule = 8;
constexpr std::uint32_t kStart = 16;

}  // namespace

HtmlTables::HtmlTables(const Profile& profile)
    : profile_(profile),
      modules_(profile.modules.size() + 1),
      functions_(profile.functions.size()),
      frames_(profile.frames.size() + 1),
      nodes_(profile.nodes.size()),
      causes_(profile.causes.size()) {}

std::uint32_t HtmlTables::string(const std::string& text) {
  const auto [known, is_new] =
      string_numbers_.try_emplace(text, static_cast<std::uint32_t>(strings_.size()));
  if (is_new) strings_.push_back(printable(text));
  return known->second;
}

std::uint32_t HtmlTables::node(NodeIndex leaf) {
  if (!leaf) return 0;
  std::vector<NodeIndex> pending;
  NodeIndex known = leaf;
  while (known && !nodes_.contains(known.row())) {
    pending.push_back(known);
    known = profile_.nodes[known].parent;
  }
  std::uint32_t parent = known ? nodes_.of(known.row()) + 1 : 0;
  for (; !pending.empty(); pending.pop_back()) {
    const FrameIndex frame = profile_.nodes[pending.back()].frame;
    node_rows_.push_back(
        {.parent = parent, .frame = frames_.of(frame ? frame.row() : profile_.frames.size())});
    parent = nodes_.of(pending.back().row()) + 1;
  }
  return parent;
}

void HtmlTables::write(HtmlColumns& out) {
  // Those that others refer to stand before them, and are known only when those are written.
  HtmlColumns frames;
  write_frames(frames);
  HtmlColumns causes;
  write_causes(causes);
  const std::vector<std::uint32_t> modules = module_names();
  write_strings(out);
  out.number(modules.size());
  out.plain(modules);
  write_functions(out);
  out.raw(frames.take());
  write_nodes(out);
  out.raw(causes.take());
}

std::vector<std::uint32_t> HtmlTables::module_names() {
  std::vector<std::uint32_t> names;
  names.reserve(modules_.rows().size());
  for (const std::size_t row : modules_.rows()) {
    names.push_back(string(view::module_name(
        profile_, row < profile_.modules.size() ? ModuleIndex(row) : ModuleIndex())));
  }
  return names;
}

void HtmlTables::write_strings(HtmlColumns& out) const {
  std::size_t size = strings_.size();
  for (const std::string& text : strings_) size += text.size();
  out.number(strings_.size());
  out.number(size);
  for (const std::string& text : strings_) {
    out.raw(text);
    out.raw("\n");
  }
}

void HtmlTables::write_nodes(HtmlColumns& out) const {
  out.number(node_rows_.size());
  for (std::size_t i = 0; i < node_rows_.size(); ++i)
    out.number(node_rows_[i].parent == 0 ? 0 : i + 1 - node_rows_[i].parent);
  std::vector<std::uint32_t> frames;
  frames.reserve(node_rows_.size());
  for (const NodeRow& row : node_rows_) frames.push_back(row.frame);
  out.ascending(frames);
}

void HtmlTables::write_frames(HtmlColumns& out) {
  std::vector<LocationRow> locations;
  std::vector<std::uint32_t> counts;
  for (const std::size_t row : frames_.rows()) {
    const std::size_t before = locations.size();
    const bool is_known = row < profile_.frames.size();
    const FrameName name = is_known ? profile_.frames[FrameIndex(row)].name : FrameName{};
    for (std::size_t i = 0; i < name.count; ++i) {
      const LocationIndex location(name.first.row() + i);
      if (!profile_.locations.contains(location)) continue;
      const Location& there = profile_.locations[location];
      if (!there.function) continue;
      locations.push_back({.function = function(there.function),
                           .file = string_if_any(profile_.text(there.file)),
                           .line = there.line});
    }
    if (locations.size() == before) {
      locations.push_back({.function = unnamed_function(is_known ? FrameIndex(row) : FrameIndex()),
                           .file = 0,
                           .line = 0});
    }
    counts.push_back(static_cast<std::uint32_t>(locations.size() - before));
  }
  out.number(locations.size());
  std::vector<std::uint32_t> functions;
  std::vector<std::uint64_t> lines;
  for (const LocationRow& row : locations) {
    functions.push_back(row.function);
    const std::int64_t declared = function_rows_[row.function].line;
    lines.push_back(HtmlColumns::folded(std::int64_t{row.line} - declared));
  }
  out.ascending(functions);
  for (const LocationRow& row : locations)
    out.number(row.file == function_rows_[row.function].file ? 0 : row.file + 1);
  out.wide(lines);
  out.number(counts.size());
  out.plain(counts);
}

std::uint32_t HtmlTables::function(FunctionIndex index) {
  bool is_new = false;
  const std::uint32_t known = functions_.of(index.row(), is_new);
  if (is_new) {
    const Function& f = profile_.functions[index];
    if (source_.empty()) source_ = view::source_functions(profile_);
    const auto row = static_cast<std::uint32_t>(function_rows_.size());
    function_number_.push_back(row);
    function_rows_.push_back(
        {.name = string(view::simple_name(profile_.text(f.name))),
         .module = module(f.module),
         .file = string_if_any(profile_.text(f.file)),
         .line = f.line,
         .kind = kind(f),
         .same = first_of_source_.try_emplace(source_[index.row()].row(), row).first->second});
  }
  return function_number_[known];
}

std::uint32_t HtmlTables::kind(const Function& function) const {
  std::uint32_t kind = function.kernel ? kKernel : 0;
  if (view::is_runtime_function(profile_.text(function.system_name))) kind |= kRuntimeName;
  if (view::is_start_function(profile_.text(function.name))) kind |= kStart;
  return kind | kind_of_module(function.module);
}

std::uint32_t HtmlTables::kind_of_module(ModuleIndex module) const {
  const bool is_runtime =
      module &&
      view::is_runtime_module(view::base_name(profile_.text(profile_.modules[module].path)));
  return is_runtime ? kRuntimeModule : 0;
}

std::uint32_t HtmlTables::unnamed_function(FrameIndex frame) {
  view::PathEntry entry;
  entry.kind = view::PathEntry::Kind::kAddress;
  entry.frame = frame;
  const ModuleIndex in = frame ? profile_.frames[frame].module : ModuleIndex();
  const bool is_kernel = in && view::is_kernel(profile_.modules[in].kind);
  function_rows_.push_back({.name = string(view::label(profile_, entry)),
                            .module = frame ? module(in) : 0,
                            .file = 0,
                            .line = 0,
                            .kind = kUnnamed | (is_kernel ? kKernel : 0) | kind_of_module(in),
                            .same = static_cast<std::uint32_t>(function_rows_.size())});
  return static_cast<std::uint32_t>(function_rows_.size() - 1);
}

void HtmlTables::write_functions(HtmlColumns& out) const {
  out.number(function_rows_.size());
  std::vector<std::uint32_t> names;
  std::vector<std::uint64_t> lines;
  for (const FunctionRow& row : function_rows_) {
    names.push_back(row.name);
    lines.push_back(row.line);
  }
  out.ascending(names);
  for (const FunctionRow& row : function_rows_) out.number(row.module);
  for (const FunctionRow& row : function_rows_) out.number(row.file);
  out.wide(lines);
  for (const FunctionRow& row : function_rows_) out.number(row.kind);
  for (std::size_t i = 0; i < function_rows_.size(); ++i) out.number(i - function_rows_[i].same);
}

void HtmlTables::write_causes(HtmlColumns& out) {
  std::vector<std::vector<std::uint32_t>> columns(2);
  for (const std::size_t row : causes_.rows()) {
    const Cause& cause = profile_.causes[CauseIndex(row)];
    for (const auto& [column, boundary] :
         {std::pair{&columns[0], cause.cause}, std::pair{&columns[1], cause.entry}}) {
      column->push_back(string(view::cause_label(boundary.kind, profile_.text(boundary.name))));
    }
  }
  out.number(columns[0].size());
  for (const auto& column : columns) out.plain(column);
}

}  // namespace profiler::render
