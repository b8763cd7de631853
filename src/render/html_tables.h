// The tables of a page's profile that samples refer to by way of stacks: strings, modules,
// functions, locations, frames, nodes, causes. Only rows that were asked for are there, numbered in
// the order in which they were; html_profile.h says how they are written. Used by html_profile.cc
// only.
//
//   HtmlTables tables(profile);
//   tables.node(stack.user);                    // row + 1 of the leaf, whose callers precede it
//   tables.write(out);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiler/profile.h"
#include "render/html_columns.h"
#include "view/call_path.h"

namespace profiler::render {

/// Numbers rows of a table in the order in which they are first asked for.
class HtmlRows {
 public:
  explicit HtmlRows(std::size_t rows) : numbers_(rows) {}
  /// Of the row; `is_new` tells that it had none.
  std::uint32_t of(std::size_t row, bool& is_new) {
    is_new = numbers_[row] == 0;
    if (is_new) {
      rows_.push_back(row);
      numbers_[row] = static_cast<std::uint32_t>(rows_.size());
    }
    return numbers_[row] - 1;
  }
  std::uint32_t of(std::size_t row) {
    bool is_new = false;
    return of(row, is_new);
  }
  [[nodiscard]] bool contains(std::size_t row) const { return numbers_[row] != 0; }
  [[nodiscard]] const std::vector<std::size_t>& rows() const { return rows_; }

 private:
  std::vector<std::uint32_t> numbers_;  ///< + 1; 0: none yet.
  std::vector<std::size_t> rows_;
};

class HtmlTables {
 public:
  explicit HtmlTables(const Profile& profile);

  std::uint32_t string(const std::string& text);
  /// + 1 of the row, as what follows; 0 for "".
  std::uint32_t string_if_any(const std::string& text) {
    return text.empty() ? 0 : string(text) + 1;
  }
  std::uint32_t label(const view::PathEntry& entry) {
    return string(view::label(profile_, entry)) + 1;
  }
  /// Of the leaf's row, which its callers' precede; 0 for none.
  std::uint32_t node(NodeIndex leaf);
  std::uint32_t cause(CauseIndex cause) { return cause ? causes_.of(cause.row()) + 1 : 0; }

  /// Strings to causes. Nothing can be asked for afterwards.
  void write(HtmlColumns& out);

 private:
  struct FunctionRow {
    std::uint32_t name = 0;
    std::uint32_t module = 0;
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t kind = 0;
    std::uint32_t same = 0;  ///< The first row of the same function of the source.
  };
  struct LocationRow {
    std::uint32_t function = 0;
    std::uint32_t file = 0;
    std::uint32_t line = 0;
  };
  struct NodeRow {
    std::uint32_t parent = 0;  ///< + 1
    std::uint32_t frame = 0;
  };

  std::uint32_t function(FunctionIndex index);
  std::uint32_t unnamed_function(FrameIndex frame);
  std::uint32_t module(ModuleIndex index) {
    return modules_.of(index ? index.row() : profile_.modules.size()) + 1;
  }
  [[nodiscard]] std::uint32_t kind(const Function& function) const;
  [[nodiscard]] std::uint32_t kind_of_module(ModuleIndex module) const;
  void write_strings(HtmlColumns& out) const;
  void write_functions(HtmlColumns& out) const;
  void write_frames(HtmlColumns& out);
  void write_nodes(HtmlColumns& out) const;
  void write_causes(HtmlColumns& out);
  std::vector<std::uint32_t> module_names();

  const Profile& profile_;
  std::unordered_map<std::string, std::uint32_t> string_numbers_;
  std::vector<std::string> strings_;
  HtmlRows modules_;
  HtmlRows functions_;
  HtmlRows frames_;
  HtmlRows nodes_;
  HtmlRows causes_;
  std::vector<NodeRow> node_rows_;
  std::vector<FunctionRow> function_rows_;
  std::vector<std::uint32_t> function_number_;  ///< Of what functions_ numbers.
  std::vector<FunctionIndex> source_;           ///< Of each function of the profile.
  std::unordered_map<std::size_t, std::uint32_t> first_of_source_;
};

}  // namespace profiler::render
