// Inlined calls, files and lines of kernel code: binutils' addr2line is asked about the same
// addresses, before the kernel was moved.
#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "pipeline/kernel_names.h"
#include "pipeline/pipeline.h"
#include "symbolizer/kernel/kernel_symbols.h"
#include "tests/support/fake_kernel.h"

namespace profiler::pipeline {
namespace {

constexpr Pid kProcess = 1000;
constexpr std::uint64_t kDistance = 0x0ab0'0000;

/// "spin kernel.c:3", innermost first.
using Chain = std::vector<std::string>;

class KernelImageTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kernel_.built()) GTEST_SKIP() << kernel_.log();
    test::write_bytes(directory_.file("kallsyms"), kernel_.kallsyms(kDistance, true));
    for (const char* function :
         {"vfs_read", "__x64_sys_read", "do_syscall_64", "entry_SYSCALL_64"}) {
      for (std::uint64_t at = kernel_.address_of(function); at < kernel_.end_of(function); ++at)
        addresses_.push_back(at);
    }
  }
  [[nodiscard]] symbolizer::KernelSymbols names(const std::string& vmlinux) const {
    auto names = kernel_names({.build_id = kernel_.build_id()},
                              {.kallsyms = directory_.file("kallsyms"), .vmlinux = vmlinux});
    EXPECT_TRUE(names) << names.error().message();
    return std::move(*names);
  }
  [[nodiscard]] std::vector<Chain> expected() const {
    std::vector<std::string> command = {"addr2line",      "-a", "-i", "-f", "-s", "-e",
                                        kernel_.vmlinux()};
    for (const std::uint64_t address : addresses_) {
      char text[32];
      std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
      command.emplace_back(text);
    }
    const auto said = test::run(command, {});
    std::vector<Chain> chains;
    std::istringstream lines(said.out);
    std::string line;
    for (std::string function; std::getline(lines, function);) {
      if (function.starts_with("0x")) {
        chains.emplace_back();
      } else if (std::getline(lines, line)) {
        chains.back().push_back(function + " " + line.substr(0, line.find(' ')));
      }
    }
    return chains;
  }

  test::TemporaryDirectory directory_;
  test::FakeKernel kernel_{directory_};
  std::vector<std::uint64_t> addresses_;
};

/// Of a kernel frame. Every one of its functions must be the kernel's.
Chain chain_of(const Profile& profile, const Frame& frame) {
  Chain chain;
  for (std::size_t i = 0; i < frame.name.count; ++i) {
    const Location& at = profile.locations[LocationIndex(frame.name.first.row() + i)];
    const Function& function = profile.functions[at.function];
    EXPECT_TRUE(function.kernel);
    std::string file = profile.text(at.file);
    file.erase(0, file.rfind('/') + 1);
    chain.push_back(profile.text(function.name) + " " + file + ":" + std::to_string(at.line));
  }
  return chain;
}

/// A pipeline that has seen the kernel at each of these addresses.
void see(Pipeline& pipeline, const std::vector<std::uint64_t>& addresses) {
  pipeline.add_target(kProcess, TargetStart::kNow);
  for (const std::uint64_t address : addresses) {
    const std::vector<std::uint64_t> chain = {PERF_CONTEXT_KERNEL, address};
    SampleEvent event;
    event.context = {.time_ns = 100, .pid = kProcess, .tid = kProcess};
    event.mode = CpuMode::kKernel;
    event.period = 1000;
    event.callchain = chain;
    pipeline.handle(event);
  }
}

TEST_F(KernelImageTest, NamesInlinedCallsAndLinesAsAddr2lineDoesOfTheKernelUnmoved) {
  const auto theirs = expected();
  if (theirs.size() != addresses_.size()) GTEST_SKIP() << "needs addr2line";
  std::vector<std::uint64_t> moved;
  for (const std::uint64_t address : addresses_) moved.push_back(address + kDistance);
  Pipeline pipeline({}, nullptr);
  see(pipeline, moved);
  auto kernel = names(kernel_.vmlinux());
  pipeline.finish(&kernel);
  const Profile& profile = pipeline.profile();
  ASSERT_EQ(profile.samples.size(), moved.size());
  std::size_t inlined = 0;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const NodeIndex node = profile.stacks[profile.samples[i].stack].kernel;
    const Frame& frame = profile.frames[profile.nodes[node].frame];
    EXPECT_EQ(frame.address, moved[i]);
    EXPECT_EQ(chain_of(profile, frame), theirs[i]) << std::hex << addresses_[i];
    inlined += static_cast<std::size_t>(frame.name.count > 1);
  }
  EXPECT_GT(inlined, 10U);
}

TEST_F(KernelImageTest, LeavesTheCauseAndModulesAsTheyAre) {
  for (const std::string& vmlinux : {std::string(), kernel_.vmlinux()}) {
    Pipeline pipeline({}, nullptr);
    pipeline.add_target(kProcess, TargetStart::kNow);
    std::vector<std::uint64_t> chain = {PERF_CONTEXT_KERNEL, test::FakeKernel::kModule + 8};
    for (const char* function : {"vfs_read", "__x64_sys_read", "do_syscall_64", "entry_SYSCALL_64"})
      chain.push_back(kernel_.address_of(function) + kDistance + 4);
    chain.insert(chain.end(), {PERF_CONTEXT_USER, 0x5000});
    SampleEvent event;
    event.context = {.time_ns = 100, .pid = kProcess, .tid = kProcess};
    event.mode = CpuMode::kKernel;
    event.period = 1000;
    event.callchain = chain;
    pipeline.handle(event);
    auto kernel = names(vmlinux);
    pipeline.finish(&kernel);
    const Profile& profile = pipeline.profile();
    const Stack& stack = profile.stacks[profile.samples[0].stack];
    ASSERT_TRUE(stack.cause);
    EXPECT_EQ(profile.causes[stack.cause].entry.kind, KernelEntryKind::kSyscall);
    EXPECT_EQ(profile.text(profile.causes[stack.cause].entry.name), "read");
    const Frame& leaf = profile.frames[profile.nodes[stack.kernel].frame];
    EXPECT_EQ(chain_of(profile, leaf), Chain{"nft_do_chain :0"});
    const Frame& caller = profile.frames[profile.nodes[profile.nodes[stack.kernel].parent].frame];
    EXPECT_EQ(caller.name.count > 1, !vmlinux.empty());
  }
}

TEST_F(KernelImageTest, KnowsItsKernelWhenTheProfileIsOpenedElsewhere) {
  Pipeline pipeline({}, nullptr);
  see(pipeline, {addresses_[0] + kDistance});
  pipeline.set_kernel(kernel_.build_id(), test::FakeKernel::kText + kDistance);
  pipeline.finish(nullptr);
  const KernelIdentity identity = kernel_of(pipeline.profile());
  EXPECT_EQ(identity.build_id, kernel_.build_id());
  EXPECT_EQ(identity.reference, "_text");
  EXPECT_EQ(identity.reference_address, test::FakeKernel::kText + kDistance);
}

}  // namespace
}  // namespace profiler::pipeline
