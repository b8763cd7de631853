#include "view/source_function.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "view/copy_suffix.h"
#include "view/simple_name.h"

namespace profiler::view {

std::vector<FunctionIndex> source_functions(const Profile& profile) {
  std::map<std::tuple<std::string, StringIndex, std::uint32_t>, FunctionIndex> declared;
  std::map<std::pair<std::string_view, ModuleIndex>, FunctionIndex> named;
  std::vector<FunctionIndex> same(profile.functions.size());
  const auto whole_name = [&](const Function& f) {
    return without_copy_suffix(profile.text(f.name));
  };
  const auto is_declared = [](const Function& f) { return f.file && f.line != 0; };
  for (std::size_t i = 0; i < same.size(); ++i) {
    const FunctionIndex index(i);
    const Function& f = profile.functions[index];
    if (!is_declared(f)) continue;
    const std::string_view name = whole_name(f);
    same[i] = declared.try_emplace({without_parameters(name), f.file, f.line}, index).first->second;
    named.try_emplace({name, f.module}, same[i]);
  }
  for (std::size_t i = 0; i < same.size(); ++i) {
    const FunctionIndex index(i);
    const Function& f = profile.functions[index];
    if (!is_declared(f))
      same[i] = named.try_emplace({whole_name(f), f.module}, index).first->second;
  }
  return same;
}

}  // namespace profiler::view
