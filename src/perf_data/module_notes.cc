#include "perf_data/module_notes.h"

#include <cstddef>
#include <set>

#include "perf_data/module_search.h"

namespace profiler::perf_data {
namespace {

/// Of files in a note.
constexpr std::size_t kNamesInNote = 3;

/// The first few.
std::string list_of(const std::set<std::string>& paths) {
  std::string names;
  std::size_t named = 0;
  for (const std::string& path : paths) {
    if (named++ == kNamesInNote) return names + ", …";
    names += (names.empty() ? "" : ", ") + path;
  }
  return names;
}

}  // namespace

std::vector<std::string> module_notes(const Profile& profile,
                                      const std::unordered_map<std::string, BuildId>& build_ids) {
  std::set<std::string> changed;
  for (const Module& module : profile.modules) {
    if (module.kind != ModuleKind::kFile) continue;
    const auto known = build_ids.find(profile.text(module.path));
    if (known != build_ids.end() && !same_build_id(known->second, module.build_id))
      changed.insert(known->first);
  }
  std::set<std::string> missing;
  for (std::size_t i = 0; i < profile.frames.size(); ++i) {
    const Module& module = profile.modules[profile.frames[FrameIndex(i)].module];
    if (module.kind == ModuleKind::kUnreadable) missing.insert(profile.text(module.path));
  }

  std::vector<std::string> notes;
  if (!changed.empty()) {
    notes.push_back(
        std::to_string(changed.size()) +
        " files have changed since, and stacks through them may be wrong: " + list_of(changed));
  }
  if (!missing.empty()) {
    notes.push_back(std::to_string(missing.size()) +
                    " files are not here as they were recorded, and their functions have no "
                    "names: " +
                    list_of(missing) + "; --sysroot DIR says where they lie");
  }
  return notes;
}

}  // namespace profiler::perf_data
