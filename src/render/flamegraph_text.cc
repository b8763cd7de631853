#include "render/flamegraph_text.h"

#include <fmt/format.h>

#include "render/amount.h"
#include "render/xml_text.h"
#include "view/module_name.h"

namespace profiler::render {
namespace {

/// C++ names of expanded templates run to many thousands of characters.
constexpr std::size_t kLongestName = 2000;

}  // namespace

std::string quantity(const EventInfo& event, std::uint64_t weight) {
  return event.is_time() ? seconds(weight, 3) + " s" : grouped(weight) + ' ' + event.unit;
}

std::string amount(const EventInfo& event, const view::Weight& weight) {
  if (weight.sys == 0) return quantity(event, weight.user) + " user";
  if (weight.user == 0) return quantity(event, weight.sys) + " sys";
  return fmt::format("{} ({} user, {} sys)", quantity(event, weight.all()),
                     quantity(event, weight.user), quantity(event, weight.sys));
}

std::string sample_count(std::uint64_t samples) {
  return grouped(samples) + (samples == 1 ? " sample" : " samples");
}

std::string frame_name(const Profile& profile, const view::PathEntry& entry) {
  std::string name = clip(view::label(profile, entry), kLongestName);
  return name.empty() ? "[no name]" : name;
}

std::string origin(const Profile& profile, const view::PathEntry& entry) {
  using Kind = view::PathEntry::Kind;
  if (entry.kind == Kind::kFunction && entry.function) {
    const std::string module = view::module_name(profile, profile.functions[entry.function].module);
    return entry.inlined ? "inlined, " + module : module;
  }
  if (entry.kind == Kind::kEntry) return "kernel";
  if (entry.kind == Kind::kProcess) return "process";
  return {};
}

}  // namespace profiler::render
