#include "symbolizer/elf/vdso.h"

#include <gtest/gtest.h>
#include <sys/auxv.h>

#include "symbolizer/elf/fde_table.h"
#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/module_symbolizer.h"

namespace symbolizer {
namespace {

TEST(Vdso, IsTheOneOfThisProcess) {
  const auto vdso = running_vdso();
  if (vdso == nullptr) GTEST_SKIP() << "this kernel gives no vdso";
  EXPECT_EQ(vdso->path(), "[vdso]");
  EXPECT_TRUE(vdso->build_id());
  const auto* mapped = reinterpret_cast<const std::byte*>(getauxval(AT_SYSINFO_EHDR));
  EXPECT_TRUE(std::equal(vdso->bytes().begin(), vdso->bytes().end(), mapped));
  EXPECT_FALSE(vdso->unwind_sections().eh_frame.bytes.empty());
}

TEST(Vdso, HasItsFunctionsNamed) {
  const auto vdso = running_vdso();
  if (vdso == nullptr) GTEST_SKIP() << "this kernel gives no vdso";
  FunctionSymbols functions(*vdso);
  functions.add_symbols_of(vdso);
  functions.build();
  ASSERT_GT(functions.size(), 2U);
  const ModuleSymbolizer names(vdso, {});
  bool clock_gettime = false;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const auto found = names.symbolize(functions.at(i).start);
    ASSERT_FALSE(found.frames.empty());
    EXPECT_EQ(found.naming, profiler::Naming::kSymbol);
    clock_gettime |= found.frames.back().function.find("clock_gettime") != std::string::npos;
  }
  EXPECT_TRUE(clock_gettime);
  const FdeTable fdes(vdso->unwind_sections());
  fdes.for_each([&](const Fde& fde) {
    EXPECT_NE(names.symbolize(fde.start).naming, profiler::Naming::kNone);
    return true;
  });
}

}  // namespace
}  // namespace symbolizer
