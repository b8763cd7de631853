// The names of kernel modules, as perf maps them.
//
//   kernel_module_name("/lib/modules/6.1.0/kernel/net/nf-tables.ko.xz");     // "nf_tables"
#pragma once

#include <string>
#include <string_view>

namespace profiler::perf_data {

/// "nf_tables" for "[nf_tables]" and "/lib/modules/…/nf_tables.ko.xz". Empty: it is none.
[[nodiscard]] std::string kernel_module_name(std::string_view mapped);

}  // namespace profiler::perf_data
