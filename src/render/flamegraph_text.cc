#include "render/flamegraph_text.h"

#include <fmt/format.h>

#include "render/amount.h"
#include "render/xml_text.h"
#include "view/module_name.h"
#include "view/simple_name.h"

namespace profiler::render {
namespace {

/// C++ names of expanded templates run to many thousands of characters.
constexpr std::size_t kLongestName = 2000;

}  // namespace

std::string quantity(const EventInfo& event, std::uint64_t weight) {
  return event.is_time() ? seconds(weight, 3) + " s" : grouped(weight) + ' ' + event.unit;
}

std::string amount(const EventInfo& event, const view::Weight& weight) {
  std::string parts;
  std::size_t modes = 0;
  const auto add = [&](std::uint64_t part, std::string_view mode) {
    if (part == 0 && (mode != "user" || weight.wall() != 0)) return;
    if (modes++ != 0) parts += ", ";
    parts += quantity(event, part) + ' ' + std::string(mode);
  };
  add(weight.user, "user");
  add(weight.sys, "sys");
  add(weight.wait, "wait");
  return modes == 1 ? parts : fmt::format("{} ({})", quantity(event, weight.wall()), parts);
}

std::string sample_count(const view::Weight& weight) {
  if (weight.wait == 0 && weight.waits == 0) return sample_count(weight.samples);
  const std::string waits = grouped(weight.waits) + (weight.waits == 1 ? " wait" : " waits");
  return weight.samples == 0 ? waits : sample_count(weight.samples) + ", " + waits;
}

std::string sample_count(std::uint64_t samples) {
  return grouped(samples) + (samples == 1 ? " sample" : " samples");
}

std::string FrameNames::of(const view::PathEntry& entry) const {
  const bool is_function = entry.kind == view::PathEntry::Kind::kFunction && entry.function;
  if (is_function && !functions_[entry.function.row()].empty())
    return functions_[entry.function.row()];
  std::string name = view::label(profile_, entry);
  if (is_function) name = view::simple_name(name);
  name = name.empty() ? "[no name]" : clip(name, kLongestName);
  if (is_function) functions_[entry.function.row()] = name;
  return name;
}

std::string origin(const Profile& profile, const view::PathEntry& entry) {
  using Kind = view::PathEntry::Kind;
  if (entry.kind == Kind::kFunction && entry.function) {
    const std::string module = view::module_name(profile, profile.functions[entry.function].module);
    return entry.inlined ? "inlined, " + module : module;
  }
  if (view::is_kernel_step(entry)) return "kernel";
  if (entry.kind == Kind::kProcess) return "process";
  if (entry.kind == Kind::kThread) return "thread";
  return {};
}

}  // namespace profiler::render
