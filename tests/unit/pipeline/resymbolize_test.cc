// Names that are looked up again: what arrived since is used, what is gone is kept.
#include "pipeline/resymbolize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "pipeline/kernel_names.h"
#include "pipeline/pipeline.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/support/fake_kernel.h"

namespace profiler::pipeline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Pid kProcess = 1000;
constexpr std::uint64_t kStart = 0x7f0000000000;

/// "work prog.c:2", innermost first; "–" for no name.
std::vector<std::string> chain_of(const Profile& profile, const Frame& frame) {
  std::vector<std::string> chain;
  for (std::size_t i = 0; i < frame.name.count; ++i) {
    const Location& at = profile.locations[LocationIndex(frame.name.first.row() + i)];
    std::string file = profile.text(at.file);
    file.erase(0, file.rfind('/') + 1);
    chain.push_back(profile.text(profile.functions[at.function].name) +
                    (file.empty() ? "" : " " + file + ":" + std::to_string(at.line)));
  }
  return chain;
}

class Resymbolize : public testing::Test {
 protected:
  void SetUp() override {
    test::write_bytes(directory_.file("prog.c"),
                      "static volatile int sink;\n"
                      "static inline __attribute__((always_inline)) void inner(void) { sink++; }\n"
                      "static __attribute__((noinline)) void work(void) {\n"
                      "  inner();\n"
                      "  sink += 2;\n"
                      "}\n"
                      "int main(void) { work(); return sink; }\n");
    const auto made =
        test::run({"sh", "-c",
                   "gcc -g -O2 -Wl,--build-id prog.c -o whole && objcopy --only-keep-debug whole "
                   "prog.debug && strip -o prog whole && nm whole | grep ' t work'"},
                  {.directory = directory_.path()});
    if (made.exit_status != 0) GTEST_SKIP() << "needs gcc and binutils: " << made.err;
    work_ = std::stoull(made.out, nullptr, 16);
    std::filesystem::create_directories(directory_.file("debug"));
  }
  /// A sample in work(), of a program that lies at `path` or did so once.
  Profile recorded(const std::string& path, const symbolizer::DebugFileSearch& debug_files) {
    const auto whole = *symbolizer::ElfFile::open(directory_.file("whole"));
    MmapEvent map;
    map.context = {.time_ns = 1, .pid = kProcess, .tid = kProcess};
    map.pid = map.tid = kProcess;
    map.start = RuntimeAddress(kStart);
    map.executable = true;
    map.build_id = whole->build_id();
    map.path = path;
    for (const symbolizer::Segment& segment : whole->segments()) {
      if (!segment.executable) continue;
      map.file_offset = FileOffset(segment.offset.value() & ~std::uint64_t{4095});
      map.length = 0x1000;
    }
    const std::uint64_t offset = whole->offset_of(ModuleAddress(work_))->value();
    const std::vector<std::uint64_t> chain = {
        PERF_CONTEXT_USER, kStart + offset - map.file_offset.value() + at_inner()};
    Pipeline pipeline({.debug_files = debug_files}, nullptr);
    pipeline.add_target(kProcess, TargetStart::kNow);
    pipeline.handle(map);
    SampleEvent sample;
    sample.context = {.time_ns = 100, .pid = kProcess, .tid = kProcess};
    sample.mode = CpuMode::kUser;
    sample.period = 1000;
    sample.callchain = chain;
    pipeline.handle(sample);
    pipeline.finish(nullptr);
    return std::move(pipeline.profile());
  }
  /// Where in work() the inlined function is: at its start.
  [[nodiscard]] static std::uint64_t at_inner() { return 0; }
  [[nodiscard]] static std::vector<std::string> names(const Profile& profile) {
    return chain_of(profile, profile.frames[FrameIndex(0)]);
  }
  void add_debug_file() const {
    std::filesystem::copy_file(directory_.file("prog.debug"), directory_.file("debug/prog.debug"));
  }
  void add_debug_file_by_id() const {
    const auto id = (*symbolizer::ElfFile::open(directory_.file("whole")))->build_id();
    const std::string path = symbolizer::build_id_file(directory_.file("debug"), id) + ".debug";
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::filesystem::copy_file(directory_.file("prog.debug"), path);
  }

  test::TemporaryDirectory directory_;
  symbolizer::DebugFileSearch nowhere_{.directories = {}};
  symbolizer::DebugFileSearch debug_{.directories = {directory_.file("debug")}};
  std::uint64_t work_ = 0;
};

TEST_F(Resymbolize, UsesADebugFileThatArrivedSince) {
  Profile profile = recorded(directory_.file("prog"), nowhere_);
  ASSERT_EQ(profile.frames.size(), 1U);
  ASSERT_EQ(profile.frames[FrameIndex(0)].name.naming, Naming::kRange);
  EXPECT_EQ(resymbolize(profile, nullptr, debug_).improved, 0U);
  EXPECT_EQ(profile.frames[FrameIndex(0)].name.naming, Naming::kRange);
  add_debug_file();
  EXPECT_EQ(resymbolize(profile, nullptr, debug_).improved, 1U);
  EXPECT_THAT(names(profile), ElementsAre("inner prog.c:2", "work prog.c:4"));
  EXPECT_EQ(profile.modules[ModuleIndex(0)].names, NameSource::kDebugFile);
  // No name that is used no more.
  EXPECT_EQ(profile.functions.size(), 2U);
  EXPECT_EQ(profile.locations.size(), 2U);
  EXPECT_EQ(resymbolize(profile, nullptr, debug_).improved, 0U);
}

TEST_F(Resymbolize, KeepsNamesThatCannotBeHadAgain) {
  add_debug_file();
  Profile profile = recorded(directory_.file("prog"), debug_);
  const auto before = names(profile);
  ASSERT_THAT(before, ElementsAre("inner prog.c:2", "work prog.c:4"));
  // The debug file is gone, then the program has been built anew, then it is gone too.
  EXPECT_THAT(resymbolize(profile, nullptr, nowhere_).missing, IsEmpty());
  EXPECT_EQ(names(profile), before);
  EXPECT_EQ(profile.modules[ModuleIndex(0)].names, NameSource::kDebugFile);
  for (const char* change : {"gcc prog.c -Wl,--build-id -o prog", "rm prog"}) {
    ASSERT_EQ(test::run({"sh", "-c", change}, {.directory = directory_.path()}).exit_status, 0);
    EXPECT_THAT(resymbolize(profile, nullptr, nowhere_).missing,
                ElementsAre(directory_.file("prog")));
    EXPECT_EQ(names(profile), before);
  }
  EXPECT_EQ(profile.functions.size(), 2U);
}

TEST_F(Resymbolize, NamesAProgramThatIsGoneByItsDebugFile) {
  Profile profile = recorded(directory_.file("prog"), nowhere_);
  std::filesystem::remove(directory_.file("prog"));
  add_debug_file_by_id();
  EXPECT_EQ(resymbolize(profile, nullptr, debug_).improved, 1U);
  EXPECT_THAT(names(profile), ElementsAre("inner prog.c:2", "work prog.c:4"));
}

TEST_F(Resymbolize, NamesAFileThatWasNeverThere) {
  Profile profile = recorded("/no/such/prog", nowhere_);
  ASSERT_EQ(profile.modules[ModuleIndex(0)].kind, ModuleKind::kUnreadable);
  add_debug_file_by_id();
  EXPECT_EQ(resymbolize(profile, nullptr, debug_).improved, 1U);
  EXPECT_EQ(profile.modules[ModuleIndex(0)].kind, ModuleKind::kFile);
  EXPECT_EQ(profile.frames[FrameIndex(0)].address, work_ + at_inner());
  EXPECT_THAT(names(profile), ElementsAre("inner prog.c:2", "work prog.c:4"));
}

TEST_F(Resymbolize, IsNotNeededWhereTheDebugFileWasThereInTime) {
  add_debug_file_by_id();
  const Profile profile = recorded("/no/such/prog", debug_);
  EXPECT_THAT(names(profile), ElementsAre("inner prog.c:2", "work prog.c:4"));
}

/// A recording of a kernel without names, that lay elsewhere than it is linked to.
TEST(ResymbolizeKernel, NamesAKernelByItsVmlinuxAfterARestartWithItsCauses) {
  const test::TemporaryDirectory directory;
  const test::FakeKernel kernel(directory);
  if (!kernel.built()) GTEST_SKIP() << kernel.log();
  constexpr std::uint64_t kDistance = 0x0100'0000;
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kProcess, TargetStart::kNow);
  std::vector<std::uint64_t> chain = {PERF_CONTEXT_KERNEL};
  for (const char* function : {"vfs_read", "__x64_sys_read", "do_syscall_64", "entry_SYSCALL_64"})
    chain.push_back(kernel.address_of(function) + kDistance + 4);
  chain.insert(chain.end(), {PERF_CONTEXT_USER, 0x5000});
  SampleEvent sample;
  sample.context = {.time_ns = 100, .pid = kProcess, .tid = kProcess};
  sample.mode = CpuMode::kKernel;
  sample.period = 1000;
  sample.callchain = chain;
  pipeline.handle(sample);
  pipeline.set_kernel(kernel.build_id(), test::FakeKernel::kText + kDistance);
  pipeline.finish(nullptr);
  Profile profile = std::move(pipeline.profile());
  const Stack& stack = profile.stacks[profile.samples[0].stack];
  const auto leaf = [&] {
    return chain_of(profile, profile.frames[profile.nodes[stack.kernel].frame]);
  };
  ASSERT_THAT(leaf(), IsEmpty());

  const symbolizer::DebugFileSearch debug_files{.directories = {directory.path()}};
  const auto names_of = [&] {
    return kernel_names(kernel_of(profile),
                        {.debug_files = debug_files, .running = {.release = "other"}});
  };
  auto names = names_of();
  ASSERT_TRUE(names) << names.error().message();
  const Resymbolized done = resymbolize(profile, &*names, debug_files);
  EXPECT_EQ(done.improved, 4U);
  EXPECT_TRUE(done.kernel_is_named);
  EXPECT_THAT(leaf(), ElementsAre(testing::StartsWith("spin kernel.c"),
                                  testing::StartsWith("read_pages kernel.c"),
                                  testing::StartsWith("vfs_read kernel.c")));
  EXPECT_EQ(profile.causes[stack.cause].entry.kind, KernelEntryKind::kSyscall);
  EXPECT_EQ(profile.text(profile.causes[stack.cause].entry.name), "read");

  // And they stay when it is gone.
  const auto before = leaf();
  EXPECT_EQ(resymbolize(profile, nullptr, debug_files).improved, 0U);
  EXPECT_EQ(leaf(), before);
  EXPECT_EQ(profile.text(profile.causes[stack.cause].entry.name), "read");
}

}  // namespace
}  // namespace profiler::pipeline
