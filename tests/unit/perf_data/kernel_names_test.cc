// Which kernel's names a recording gets.
#include "perf_data/kernel_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <filesystem>
#include <string>

#include "perf_data/module_search.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::perf_data {
namespace {

using testing::HasSubstr;

constexpr const char* kText =
    "ffffffff81000000 T _text\n"
    "ffffffff81000100 t do_work\n"
    "ffffffffc0000000 t of_module\t[nf_tables]\n";

BuildId build_id(unsigned char fill, std::size_t size = 20) {
  const std::vector<std::byte> bytes(size, static_cast<std::byte>(fill));
  return BuildId(bytes);
}

TEST(PlacedKernelSymbols, StayWhereTheKernelLaySo) {
  for (const auto& [reference, address] :
       {std::pair("_text", 0xffffffff81000000), {"_stext", 0xffffffff91000000}, {"", 0}}) {
    auto symbols = symbolizer::KernelSymbols::parse(kText);
    ASSERT_TRUE(symbols);
    place(*symbols, {.reference = reference, .reference_address = address});
    EXPECT_TRUE(symbols->find(RuntimeAddress(0xffffffff81000100)));
    EXPECT_TRUE(symbols->find(RuntimeAddress(0xffffffffc0000000)));
  }
}

TEST(PlacedKernelSymbols, MoveTheCoreAndLeaveModulesOut) {
  auto symbols = symbolizer::KernelSymbols::parse(kText);
  ASSERT_TRUE(symbols);
  place(*symbols, {.reference = "_text", .reference_address = 0xffffffff91000000});
  EXPECT_EQ(symbols->find(RuntimeAddress(0xffffffff91000000))->name, "_text");
  EXPECT_EQ(symbols->find(RuntimeAddress(0xffffffff91000104))->name, "do_work");
  EXPECT_EQ(symbols->find(RuntimeAddress(0xffffffff91000104))->start.value(), 0xffffffff91000100);
  for (const std::uint64_t gone : {0xffffffff81000100, 0xffffffffc0000000, 0xffffffffd0000000})
    EXPECT_FALSE(symbols->find(RuntimeAddress(gone)));
  EXPECT_EQ(symbols->anchors().text, 0xffffffff91000000);
}

TEST(KernelNames, ComeFromTheFileThatIsGiven) {
  const test::TemporaryDirectory directory;
  test::write_bytes(directory.file("kallsyms"), kText);
  const auto names = kernel_names(
      {.build_id = build_id(1), .reference = "_text", .reference_address = 0xffffffff91000000},
      {.kallsyms = directory.file("kallsyms")});
  ASSERT_TRUE(names) << names.error().message();
  const auto symbol = names->find(RuntimeAddress(0xffffffff91000108));
  ASSERT_TRUE(symbol);
  EXPECT_EQ(symbol->name, "do_work");
}

/// A vmlinux that does nothing, linked to where kernels are.
class Vmlinux : public testing::Test {
 protected:
  void SetUp() override {
    test::write_bytes(directory_.file("kernel.s"),
                      ".globl _text, do_work\n.text\n_text: nop\n.fill 255, 1, 0x90\n"
                      "do_work: nop\n.Llabel: nop\n.size do_work, 2\n"
                      ".data\n.globl table\ntable: .quad 0\n");
    const auto built = test::run(
        {"sh", "-c",
         "gcc -nostdlib -static -Wl,--build-id=0x0102030405060708090a0b0c0d0e0f1011121314 "
         "-Wl,-Ttext=0xffffffff81000000 -Wl,-e,_text kernel.s -o vmlinux && "
         "strip -o stripped vmlinux && objcopy --only-keep-debug vmlinux vmlinux.debug"},
        {.directory = directory_.path()});
    if (built.exit_status != 0) GTEST_SKIP() << "needs gcc and binutils: " << built.err;
    const auto file = symbolizer::ElfFile::open(path());
    ASSERT_TRUE(file);
    identity_ = {.build_id = (*file)->build_id(),
                 .reference = "_text",
                 .reference_address = 0xffffffff9a000000};
    ASSERT_TRUE(identity_.build_id);
  }
  [[nodiscard]] std::string path() const { return directory_.file("vmlinux"); }

  test::TemporaryDirectory directory_;
  KernelIdentity identity_;
};

TEST_F(Vmlinux, NamesAKernelThatLaySomewhereElse) {
  for (const char* name : {"vmlinux", "vmlinux.debug"}) {
    const auto names = kernel_names(identity_, {.vmlinux = directory_.file(name)});
    ASSERT_TRUE(names) << names.error().message();
    const auto symbol = names->find(RuntimeAddress(0xffffffff9a000101));
    ASSERT_TRUE(symbol) << name;
    EXPECT_EQ(symbol->name, "do_work");
    EXPECT_FALSE(names->find(RuntimeAddress(0xffffffff81000101)));
  }
}

TEST_F(Vmlinux, StaysWhereItIsLinkedWhereTheRecordingDoesNotTell) {
  identity_.reference_address = 0;
  const auto names = kernel_names(identity_, {.vmlinux = path()});
  ASSERT_TRUE(names);
  EXPECT_TRUE(names->find(RuntimeAddress(0xffffffff81000101)));
}

TEST_F(Vmlinux, ComesBehindKallsyms) {
  test::write_bytes(directory_.file("kallsyms"), kText);
  identity_.reference_address = 0xffffffff81000000;
  const auto names =
      kernel_names(identity_, {.kallsyms = directory_.file("kallsyms"), .vmlinux = path()});
  ASSERT_TRUE(names);
  EXPECT_TRUE(names->find(RuntimeAddress(0xffffffffc0000000)));
}

TEST_F(Vmlinux, OfAnotherKernelOrWithoutSymbolsIsRefused) {
  const auto stripped = kernel_names(identity_, {.vmlinux = directory_.file("stripped")});
  ASSERT_FALSE(stripped);
  EXPECT_THAT(stripped.error().message(), HasSubstr("no symbol table"));
  identity_.build_id = build_id(9);
  const auto other = kernel_names(identity_, {.vmlinux = path()});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message(), HasSubstr("another kernel's"));
  EXPECT_THAT(other.error().message(), HasSubstr(build_id(9).hex()));
  const auto no_elf = kernel_names(identity_, {.vmlinux = directory_.file("kernel.s")});
  ASSERT_FALSE(no_elf);
  EXPECT_THAT(no_elf.error().message(), HasSubstr("not an ELF file"));
}

TEST(KernelModuleName, IsThatOfTheModuleHoweverItIsMapped) {
  EXPECT_EQ(kernel_module_name("[nf_tables]"), "nf_tables");
  EXPECT_EQ(kernel_module_name("/lib/modules/6.1.0/kernel/net/nf-tables.ko.xz"), "nf_tables");
  EXPECT_EQ(kernel_module_name("/lib/modules/6.1.0/updates/v.ko"), "v");
  EXPECT_EQ(kernel_module_name("[kernel.kallsyms]_text"), "");
  EXPECT_EQ(kernel_module_name("[guest.kernel.kallsyms]"), "");
  EXPECT_EQ(kernel_module_name("/proc/kcore"), "");
}

TEST(KernelNames, ComeFromPerfsCacheByBuildId) {
  const test::TemporaryDirectory directory;
  const std::string folder = build_id_file(directory.path(), build_id(1));
  std::filesystem::create_directories(folder);
  test::write_bytes(folder + "/kallsyms", kText);
  EXPECT_TRUE(kernel_names({.build_id = build_id(1)}, {.build_id_cache = directory.path()}));
  EXPECT_FALSE(kernel_names({.build_id = build_id(2)}, {.build_id_cache = directory.path()}));
}

TEST(KernelNames, AreNotThoseOfAnotherKernel) {
  utsname name{};
  ASSERT_EQ(::uname(&name), 0);
  EXPECT_FALSE(
      is_running_kernel({.build_id = build_id(1), .release = name.release, .host = name.nodename}));
  EXPECT_FALSE(is_running_kernel({.release = name.release, .host = "elsewhere"}));
  EXPECT_FALSE(is_running_kernel({}));
  EXPECT_TRUE(is_running_kernel({.release = name.release, .host = name.nodename}));
  const auto names = kernel_names({.build_id = build_id(1), .release = "5.10.0"}, {});
  ASSERT_FALSE(names);
  EXPECT_THAT(names.error().message(), HasSubstr("(5.10.0)"));
  EXPECT_THAT(names.error().message(), HasSubstr("--kallsyms FILE"));
}

TEST(SameBuildId, TakesPaddingForNothing) {
  std::vector<std::byte> padded(20);
  std::fill_n(padded.begin(), 16, std::byte{7});
  EXPECT_TRUE(same_build_id(build_id(7, 16), BuildId(padded)));
  EXPECT_TRUE(same_build_id(BuildId(padded), build_id(7, 16)));
  EXPECT_FALSE(same_build_id(build_id(7, 16), build_id(7, 20)));
  EXPECT_FALSE(same_build_id(BuildId(), build_id(7)));
}

}  // namespace
}  // namespace profiler::perf_data
