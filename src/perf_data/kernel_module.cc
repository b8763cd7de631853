#include "perf_data/kernel_module.h"

#include <algorithm>
#include <cstddef>

namespace profiler::perf_data {

std::string kernel_module_name(std::string_view mapped) {
  std::string name;
  if (mapped.starts_with('[') && mapped.ends_with(']')) {
    if (mapped.starts_with("[kernel") || mapped.starts_with("[guest")) return {};
    name = mapped.substr(1, mapped.size() - 2);
  } else {
    const std::size_t ending = mapped.rfind(".ko");
    if (ending == std::string_view::npos) return {};
    name = mapped.substr(0, ending);
    name.erase(0, name.rfind('/') + 1);
  }
  // The file's name may have either, the module has '_' (modprobe(8)).
  std::ranges::replace(name, '-', '_');
  return name;
}

}  // namespace profiler::perf_data
