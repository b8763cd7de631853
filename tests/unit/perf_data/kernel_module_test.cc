#include "perf_data/kernel_module.h"

#include <gtest/gtest.h>

namespace profiler::perf_data {
namespace {

TEST(KernelModuleName, IsThatOfTheModuleHoweverItIsMapped) {
  EXPECT_EQ(kernel_module_name("[nf_tables]"), "nf_tables");
  EXPECT_EQ(kernel_module_name("/lib/modules/6.1.0/kernel/net/nf-tables.ko.xz"), "nf_tables");
  EXPECT_EQ(kernel_module_name("/lib/modules/6.1.0/updates/v.ko"), "v");
  EXPECT_EQ(kernel_module_name("[kernel.kallsyms]_text"), "");
  EXPECT_EQ(kernel_module_name("[guest.kernel.kallsyms]"), "");
  EXPECT_EQ(kernel_module_name("/proc/kcore"), "");
}

}  // namespace
}  // namespace profiler::perf_data
