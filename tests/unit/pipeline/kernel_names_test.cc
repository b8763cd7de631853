// Which kernel's names a recording gets.
#include "pipeline/kernel_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <filesystem>
#include <string>

#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/support/command.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/temporary_directory.h"

namespace profiler::pipeline {
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

TEST(KernelNames, ComeFromPerfsCacheByBuildId) {
  const test::TemporaryDirectory directory;
  const std::string folder = symbolizer::build_id_file(directory.path(), build_id(1));
  std::filesystem::create_directories(folder);
  test::write_bytes(folder + "/kallsyms", kText);
  EXPECT_TRUE(kernel_names({.build_id = build_id(1)},
                           {.debug_files = {.build_id_cache = directory.path()}}));
  EXPECT_FALSE(kernel_names({.build_id = build_id(2)},
                            {.debug_files = {.build_id_cache = directory.path()}}));
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

/// A kernel whose names are hidden on the machine that it runs on.
class HiddenKernel : public testing::Test {
 protected:
  static constexpr std::uint64_t kDistance = 0x1200'0000;

  void SetUp() override {
    if (!kernel_.built()) GTEST_SKIP() << kernel_.log();
    identity_ = {.build_id = kernel_.build_id(),
                 .release = "6.1.0-test",
                 .host = "box",
                 .reference = "_text",
                 .reference_address = test::FakeKernel::kText + kDistance};
    test::write_bytes(directory_.file("hidden"), "0000000000000000 T _text\n");
    std::filesystem::create_directories(directory_.file("root/boot"));
  }
  /// What names vfs_read, where it lay then.
  [[nodiscard]] std::string name(std::uint64_t distance = kDistance) const {
    const auto names = kernel_names(
        identity_,
        {.debug_files = {.directories = {directory_.file("debug")}},
         .root = directory_.file("root"),
         .running = {.build_id = kernel_.build_id(), .release = "6.1.0-test", .host = "box"},
         .running_kallsyms = directory_.file("hidden")});
    if (!names) return names.error().message();
    const auto found = names->find(RuntimeAddress(kernel_.address_of("vfs_read") + distance + 3));
    return found ? std::string(found->name) : "nothing";
  }

  test::TemporaryDirectory directory_;
  test::FakeKernel kernel_{directory_};
  KernelIdentity identity_;
};

TEST_F(HiddenKernel, IsNamedBySystemMapOrVmlinuxWhereItIsKnownHowFarItWasMoved) {
  EXPECT_THAT(name(), HasSubstr("kernel symbols are hidden"));
  test::write_bytes(directory_.file("root/boot/System.map-6.1.0-test"), kernel_.kallsyms(0));
  EXPECT_EQ(name(), "vfs_read");
  std::filesystem::remove(directory_.file("root/boot/System.map-6.1.0-test"));
  std::filesystem::copy_file(kernel_.plain_vmlinux(),
                             directory_.file("root/boot/vmlinux-6.1.0-test"));
  EXPECT_EQ(name(), "vfs_read");
  EXPECT_EQ(name(0), "nothing");
}

TEST_F(HiddenKernel, HasNoNamesWhereItMayHaveBeenMoved) {
  identity_.reference_address = 0;
  test::write_bytes(directory_.file("root/boot/System.map-6.1.0-test"), kernel_.kallsyms(0));
  std::filesystem::copy_file(kernel_.vmlinux(), directory_.file("root/boot/vmlinux-6.1.0-test"));
  EXPECT_THAT(name(0), HasSubstr("kernel symbols are hidden"));
  identity_.unmoved = true;
  EXPECT_EQ(name(0), "vfs_read");
}

TEST_F(HiddenKernel, OfAnotherMachineIsNotNamedByTheSystemMapHere) {
  test::write_bytes(directory_.file("root/boot/System.map-6.1.0-test"), kernel_.kallsyms(0));
  identity_.build_id = build_id(3);
  identity_.host = "elsewhere";
  const KernelNameSources here{.debug_files = {.directories = {}},
                               .running = {.release = "6.1.0-test", .host = "box"},
                               .running_kallsyms = directory_.file("hidden")};
  EXPECT_FALSE(kernel_names(identity_, here));
}

TEST_F(HiddenKernel, HasAnImageOnlyOfItsOwnBuildAndWithDebugInformation) {
  test::write_bytes(directory_.file("kallsyms"), kernel_.kallsyms(kDistance));
  const auto image_with = [&](const std::string& vmlinux) {
    const auto names =
        kernel_names(identity_, {.kallsyms = directory_.file("kallsyms"), .vmlinux = vmlinux});
    return names ? names->image() : symbolizer::KernelImage();
  };
  const auto image = image_with(kernel_.vmlinux());
  ASSERT_NE(image.file, nullptr);
  EXPECT_EQ(image.distance, kDistance);
  EXPECT_EQ(image_with(kernel_.plain_vmlinux()).file, nullptr);
  // The table tells as much as the recording does.
  identity_.reference_address = 0;
  EXPECT_EQ(image_with(kernel_.vmlinux()).distance, kDistance);
  identity_.build_id = build_id(3);
  EXPECT_EQ(image_with(kernel_.vmlinux()).file, nullptr);
}

}  // namespace
}  // namespace profiler::pipeline
