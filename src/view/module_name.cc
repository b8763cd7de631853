#include "view/module_name.h"

namespace profiler::view {

std::string_view base_name(std::string_view path) {
  if (path.starts_with('[') || path.starts_with("//")) return path;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == path.size()) return path;
  return path.substr(slash + 1);
}

std::string module_name(const Profile& profile, ModuleIndex module) {
  if (!module) return "[unmapped]";
  const std::string& path = profile.text(profile.modules[module].path);
  return path.empty() ? "[unmapped]" : std::string(base_name(path));
}

}  // namespace profiler::view
