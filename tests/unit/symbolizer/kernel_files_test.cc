// Where a kernel's own files are found.
#include "symbolizer/kernel/kernel_files.h"

#include <gtest/gtest.h>

#include <string>

#include "symbolizer/kernel/vmlinux_symbols.h"
#include "tests/support/fake_kernel.h"

namespace symbolizer {
namespace {

using profiler::test::FakeKernel;

constexpr const char* kRelease = "6.1.0-test";

class KernelFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!kernel_.built()) GTEST_SKIP() << kernel_.log();
  }
  void put(const std::string& from, const std::string& to) const {
    const auto result =
        profiler::test::run({"sh", "-c", "mkdir -p $(dirname " + to + ") && cp " + from + " " + to},
                            {.directory = directory_.path()});
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  void remove(const std::string& what) const { std::filesystem::remove_all(directory_.file(what)); }
  [[nodiscard]] std::string found(const std::string& release = kRelease) const {
    const auto file =
        find_vmlinux(kernel_.build_id(), release, {.directories = {directory_.file("debug")}},
                     directory_.file("root"));
    return file == nullptr ? "" : file->path().substr(directory_.path().size() + 1);
  }

  profiler::test::TemporaryDirectory directory_;
  FakeKernel kernel_{directory_};
};

TEST_F(KernelFiles, LieWherePackagesAndBuildsPutThem) {
  const std::string id = kernel_.build_id().hex();
  EXPECT_EQ(found(), "");
  for (const std::string& place :
       {std::string("debug/boot/vmlinux-6.1.0-test"),
        std::string("debug/lib/modules/6.1.0-test/vmlinux"), std::string("debug/vmlinux"),
        "debug/.build-id/" + id.substr(0, 2) + "/" + id.substr(2) + ".debug",
        std::string("root/lib/modules/6.1.0-test/build/vmlinux"),
        std::string("root/boot/vmlinux-6.1.0-test")}) {
    put("vmlinux", place);
    EXPECT_EQ(found(), place);
    remove(place);
  }
}

TEST_F(KernelFiles, WithDebugInformationAreBetter) {
  put("vmlinux.plain", "debug/boot/vmlinux-6.1.0-test");
  EXPECT_EQ(found(), "debug/boot/vmlinux-6.1.0-test");
  put("vmlinux", "root/lib/modules/6.1.0-test/build/vmlinux");
  EXPECT_EQ(found(), "root/lib/modules/6.1.0-test/build/vmlinux");
}

TEST_F(KernelFiles, OfAnotherBuildAreNotTaken) {
  // Its last byte is one of the build id's.
  ASSERT_EQ(profiler::test::run({"sh", "-c",
                                 "objcopy --dump-section .notes=note vmlinux && "
                                 "head -c -1 note > changed && printf x >> changed && "
                                 "objcopy --update-section .notes=changed vmlinux other"},
                                {.directory = directory_.path()})
                .exit_status,
            0);
  put("other", "debug/boot/vmlinux-6.1.0-test");
  EXPECT_EQ(found(), "");
  put("vmlinux", "debug/boot/vmlinux-6.1.0-test");
  EXPECT_NE(found(), "");
}

TEST_F(KernelFiles, AreNotReachedByAReleaseThatIsAPath) {
  put("vmlinux", "root/boot/vmlinux-");
  put("vmlinux", "outside/vmlinux");
  std::filesystem::create_directories(directory_.file("root/lib/modules"));
  for (const char* release : {"", "../../../outside", "..", "."}) {
    EXPECT_EQ(found(release), "") << release;
    EXPECT_EQ(find_system_map(release, directory_.file("root")), "") << release;
  }
  put("kernel.c", "root/boot/System.map-6.1.0-test");
  EXPECT_EQ(find_system_map(kRelease, directory_.file("root")),
            directory_.file("root/boot/System.map-6.1.0-test"));
}

TEST_F(KernelFiles, SayWhereTheKernelIsLinkedTo) {
  const auto file = ElfFile::open(kernel_.vmlinux());
  ASSERT_TRUE(file);
  EXPECT_EQ(vmlinux_anchors(**file).text, FakeKernel::kText);
  EXPECT_EQ(vmlinux_anchors(**file).stext, FakeKernel::kText);
  const KernelSymbols symbols = vmlinux_symbols(**file);
  EXPECT_EQ(symbols.anchors().text, FakeKernel::kText);
  const auto found = symbols.find(profiler::RuntimeAddress(kernel_.address_of("vfs_read") + 1));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "vfs_read");
}

}  // namespace
}  // namespace symbolizer
