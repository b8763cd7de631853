#include "pipeline/pipeline.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace profiler::pipeline {
namespace {

constexpr Pid kChild = 1000;
constexpr Pid kStranger = 2000;

/// A mapping record for this test program itself, as a process would map it.
class OwnModule {
 public:
  OwnModule() {
    std::ifstream maps("/proc/self/maps");
    std::string line;
    const auto here = reinterpret_cast<std::uint64_t>(&marker);
    while (std::getline(maps, line)) {
      std::istringstream in(line);
      std::string range, flags, device;
      std::uint64_t offset = 0, inode = 0;
      in >> range >> flags >> std::hex >> offset >> device >> std::dec >> inode >> path_;
      const std::size_t dash = range.find('-');
      const std::uint64_t start = std::stoull(range.substr(0, dash), nullptr, 16);
      const std::uint64_t end = std::stoull(range.substr(dash + 1), nullptr, 16);
      if (here < start || here >= end) continue;
      event_.start = RuntimeAddress(start);
      event_.length = end - start;
      event_.file_offset = FileOffset(offset);
      event_.inode = inode;
      const std::size_t colon = device.find(':');
      event_.device_major =
          static_cast<std::uint32_t>(std::stoul(device.substr(0, colon), nullptr, 16));
      event_.device_minor =
          static_cast<std::uint32_t>(std::stoul(device.substr(colon + 1), nullptr, 16));
      return;
    }
  }

  [[nodiscard]] MmapEvent mapped_by(Pid pid) const {
    MmapEvent event = event_;
    event.context = {.time_ns = 1, .pid = pid, .tid = pid};
    event.pid = event.tid = pid;
    event.path = path_;
    return event;
  }

  [[nodiscard]] static RuntimeAddress marker_address() {
    return RuntimeAddress(reinterpret_cast<std::uint64_t>(&marker));
  }

 private:
  // Named in the symbol table: what a sample at its address must come out as.
  static void marker();

  MmapEvent event_;
  std::string path_;
};

[[gnu::noinline]] void OwnModule::marker() { asm volatile("" ::: "memory"); }

SampleEvent sample(Pid pid, CpuMode mode, std::span<const std::uint64_t> chain) {
  SampleEvent event;
  event.context = {.time_ns = 100, .pid = pid, .tid = pid};
  event.mode = mode;
  event.period = 1000;
  event.callchain = chain;
  return event;
}

CommEvent exec(Pid pid, std::string_view name) {
  return {.context = {.pid = pid, .tid = pid}, .pid = pid, .tid = pid, .exec = true, .name = name};
}

ForkEvent fork(Pid parent, Pid child) {
  return {.context = {}, .pid = child, .parent_pid = parent, .tid = child, .parent_tid = parent};
}

TEST(Pipeline, KeepsTheSamplesOfTheTargetAndItsDescendantsOnly) {
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kChild, TargetStart::kAtExec);
  const std::array<std::uint64_t, 2> chain = {PERF_CONTEXT_USER, 0x1234};
  pipeline.handle(sample(kChild, CpuMode::kUser, chain));  // still a copy of the profiler
  EXPECT_EQ(pipeline.sample_count(), 0U);
  pipeline.handle(exec(kChild, "prog"));
  pipeline.handle(sample(kChild, CpuMode::kUser, chain));
  pipeline.handle(sample(kStranger, CpuMode::kUser, chain));
  pipeline.handle(fork(kChild, 1001));
  pipeline.handle(fork(kStranger, 2001));
  pipeline.handle(sample(1001, CpuMode::kUser, chain));
  pipeline.handle(sample(2001, CpuMode::kUser, chain));
  EXPECT_EQ(pipeline.sample_count(), 2U);
  EXPECT_EQ(pipeline.profile().run.losses.processes_seen, 2U);
}

TEST(Pipeline, GivesTheUserStackOfAnEventThatIsNoSample) {
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kChild, TargetStart::kNow);
  const std::array<std::uint64_t, 4> chain = {PERF_CONTEXT_KERNEL, 0xffffffff81000000,
                                              PERF_CONTEXT_USER, 0x1000};
  SampleEvent event = sample(kChild, CpuMode::kKernel, chain);
  event.ip = RuntimeAddress(0x4000);
  const auto stack = pipeline.user_stack(event);
  ASSERT_TRUE(stack);
  EXPECT_EQ(pipeline.sample_count(), 0U);
  EXPECT_TRUE(pipeline.profile().samples.empty());
  EXPECT_FALSE(pipeline.profile().stacks[*stack].kernel);
  EXPECT_TRUE(pipeline.profile().stacks[*stack].user);
  EXPECT_FALSE(pipeline.user_stack(sample(kStranger, CpuMode::kUser, {})));
}

TEST(Pipeline, WithoutAFileKeepsABoundedNumberOfSamples) {
  constexpr std::size_t kRoom = 64;
  PipelineOptions options;
  options.samples_in_memory = kRoom;
  Pipeline pipeline(options, nullptr);
  pipeline.add_target(kChild, TargetStart::kNow);
  pipeline.set_event_id(7, 0);
  pipeline.set_event_id(8, 1);
  constexpr std::uint64_t kSamples = 10'000;
  std::array<std::uint64_t, 2> sums{};
  for (std::uint64_t i = 0; i < kSamples; ++i) {
    SampleEvent event = sample(kChild, CpuMode::kUser, {});
    event.context.time_ns = i;
    event.context.id = i % 3 == 0 ? 8 : 7;
    event.period = i;
    sums[i % 3 == 0 ? 1 : 0] += i;
    pipeline.handle(event);
  }
  const std::vector<Sample>& kept = pipeline.profile().samples;
  EXPECT_LE(kept.size(), kRoom);
  EXPECT_GE(kept.size(), kRoom / 2 - 2);
  EXPECT_EQ(pipeline.sample_count(), kSamples);
  EXPECT_TRUE(std::ranges::is_sorted(kept, {}, &Sample::time_ns));
  std::array<std::uint64_t, 2> seen{};
  for (const Sample& sample : kept) seen[sample.event] += sample.weight;
  EXPECT_EQ(seen, sums);
}

TEST(Pipeline, CountsProcessesThatEndedWithoutASample) {
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kChild, TargetStart::kNow);
  pipeline.handle(fork(kChild, 1001));
  pipeline.handle(ExitEvent{
      .context = {}, .pid = 1001, .parent_pid = kChild, .tid = 1001, .parent_tid = kChild});
  EXPECT_EQ(pipeline.profile().run.losses.processes_unsampled, 1U);
}

TEST(Pipeline, KeepsOnlyTheThreadThatIsTheTarget) {
  Pipeline pipeline({}, nullptr);
  pipeline.add_target_thread(1003);
  const std::array<std::uint64_t, 2> chain = {PERF_CONTEXT_USER, 0x1234};
  SampleEvent event = sample(kChild, CpuMode::kUser, chain);
  pipeline.handle(event);
  event.context.tid = 1003;
  pipeline.handle(event);
  EXPECT_EQ(pipeline.sample_count(), 1U);
}

TEST(Pipeline, NamesAFrameByTheSymbolOfItsModule) {
  const OwnModule module;
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kChild, TargetStart::kNow);
  pipeline.handle(module.mapped_by(kChild));
  const std::array<std::uint64_t, 2> chain = {PERF_CONTEXT_USER,
                                              OwnModule::marker_address().value()};
  pipeline.handle(sample(kChild, CpuMode::kUser, chain));
  pipeline.finish(nullptr);
  const Profile& profile = pipeline.profile();
  ASSERT_EQ(profile.samples.size(), 1U);
  const Stack& stack = profile.stacks[profile.samples[0].stack];
  EXPECT_FALSE(stack.kernel);
  const FrameName& name = profile.frames[profile.nodes[stack.user].frame].name;
  EXPECT_EQ(name.naming, Naming::kSymbol);
  ASSERT_GE(name.count, 1);
  const Location& location = profile.locations[name.first];
  EXPECT_NE(profile.text(profile.functions[location.function].name).find("OwnModule::marker()"),
            std::string::npos);
}

TEST(Pipeline, AChainAsLongAsTheKernelMakesThemIsTruncated) {
  const OwnModule module;
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kChild, TargetStart::kNow);
  pipeline.handle(module.mapped_by(kChild));
  std::vector<std::uint64_t> chain(PERF_MAX_STACK_DEPTH, OwnModule::marker_address().value());
  chain.insert(chain.begin(), PERF_CONTEXT_USER);
  pipeline.handle(sample(kChild, CpuMode::kUser, chain));
  chain.pop_back();
  pipeline.handle(sample(kChild, CpuMode::kUser, chain));
  const Profile& profile = pipeline.profile();
  ASSERT_EQ(profile.samples.size(), 2U);
  const auto how_far = [&](std::size_t sample) {
    return completeness(profile.stacks[profile.samples[sample].stack].end);
  };
  EXPECT_EQ(how_far(0), Completeness::kTruncated);
  EXPECT_EQ(how_far(1), Completeness::kComplete);
}

TEST(Pipeline, LooksUpReturnAddressesOneByteBefore) {
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kChild, TargetStart::kNow);
  const std::array<std::uint64_t, 5> chain = {PERF_CONTEXT_KERNEL, 0xffffffff81000010,
                                              0xffffffff81000020, PERF_CONTEXT_USER, 0x5000};
  pipeline.handle(sample(kChild, CpuMode::kKernel, chain));
  const Profile& profile = pipeline.profile();
  const Stack& stack = profile.stacks[profile.samples[0].stack];
  const StackNode& inner = profile.nodes[stack.kernel];
  EXPECT_EQ(profile.frames[inner.frame].address, 0xffffffff81000010);
  const StackNode& outer = profile.nodes[inner.parent];
  EXPECT_EQ(profile.frames[outer.frame].address, 0xffffffff8100001f);
  EXPECT_EQ(profile.frames[profile.nodes[stack.user].frame].address, 0x5000U);
  EXPECT_EQ(profile.samples[0].mode, Mode::kSys);
}

TEST(Pipeline, NamesTheCauseOfAKernelChain) {
  auto kernel = symbolizer::KernelSymbols::parse(
      "ffffffff81000000 T entry_SYSCALL_64\n"
      "ffffffff81000100 T do_syscall_64\n"
      "ffffffff81000200 T __x64_sys_read\n"
      "ffffffff81000300 T vfs_read\n"
      "ffffffff81000400 T after\n");
  ASSERT_TRUE(kernel);
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kChild, TargetStart::kNow);
  const std::array<std::uint64_t, 7> chain = {PERF_CONTEXT_KERNEL,
                                              0xffffffff81000310,
                                              0xffffffff81000210,
                                              0xffffffff81000110,
                                              0xffffffff81000010,
                                              PERF_CONTEXT_USER,
                                              0x5000};
  pipeline.handle(sample(kChild, CpuMode::kKernel, chain));
  ASSERT_TRUE(pipeline.has_kernel_frames());
  pipeline.finish(&*kernel);
  const Profile& profile = pipeline.profile();
  const Stack& stack = profile.stacks[profile.samples[0].stack];
  ASSERT_TRUE(stack.cause);
  EXPECT_EQ(profile.causes[stack.cause].entry.kind, KernelEntryKind::kSyscall);
  EXPECT_EQ(profile.text(profile.causes[stack.cause].entry.name), "read");
}

TEST(Pipeline, NamesBpfProgramsThatCameOrWent) {
  auto kernel = symbolizer::KernelSymbols::parse("ffffffff81000000 T entry_SYSCALL_64\n");
  ASSERT_TRUE(kernel);
  Pipeline pipeline({}, nullptr);
  pipeline.add_target(kChild, TargetStart::kNow);
  const auto tell = [&](std::uint64_t start, bool unregister, std::string_view name) {
    KsymbolEvent event;
    event.start = RuntimeAddress(start);
    event.length = 0x100;
    event.unregister = unregister;
    event.name = name;
    pipeline.handle(event);
  };
  tell(0xffffffffc0001000, false, "bpf_prog_came");
  const std::array<std::uint64_t, 3> chain = {PERF_CONTEXT_KERNEL, 0xffffffffc0001010,
                                              0xffffffffc0002011};
  pipeline.handle(sample(kChild, CpuMode::kKernel, chain));
  tell(0xffffffffc0001000, true, "bpf_prog_came");
  tell(0xffffffffc0002000, true, "bpf_prog_went");
  pipeline.finish(&*kernel);
  const Profile& profile = pipeline.profile();
  std::vector<std::string> names;
  for (const Frame& frame : profile.frames) {
    ASSERT_EQ(frame.name.naming, Naming::kSymbol);
    const Location& location = profile.locations[frame.name.first];
    names.push_back(profile.text(profile.functions[location.function].name));
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"bpf_prog_came", "bpf_prog_went"}));
}

TEST(Pipeline, KeepsTheGeneratedCodeOfTwoProcessesApart) {
  Pipeline pipeline({.all_processes = true, .generated_code = {.live = false, .elsewhere = true}},
                    nullptr);
  const std::array<std::uint64_t, 2> chain = {PERF_CONTEXT_USER, 0x10010};
  for (const Pid pid : {kChild, kStranger}) {
    pipeline.handle(exec(pid, "compiler"));
    MmapEvent event;
    event.pid = event.tid = pid;
    event.start = RuntimeAddress(0x10000);
    event.length = 0x1000;
    event.path = "//anon";
    pipeline.handle(event);
    pipeline.handle(sample(pid, CpuMode::kUser, chain));
    pipeline.handle(sample(pid, CpuMode::kUser, chain));
  }
  pipeline.finish(nullptr);
  const Profile& profile = pipeline.profile();
  ASSERT_EQ(profile.frames.size(), 2U);
  EXPECT_NE(profile.frames[FrameIndex(0)].module, profile.frames[FrameIndex(1)].module);
  // For the user it is one: the same program has run twice.
  ASSERT_EQ(profile.functions.size(), 1U);
  EXPECT_EQ(profile.text(profile.functions[FunctionIndex(0)].name), "[JIT] compiler");
  EXPECT_EQ(profile.frames[FrameIndex(0)].name.naming, Naming::kRange);
}

TEST(Pipeline, KeepsOneModuleRowHoweverManyProcessesMapIt) {
  const OwnModule module;
  Pipeline pipeline({.all_processes = true}, nullptr);
  for (Pid pid = 10; pid < 20; ++pid) pipeline.handle(module.mapped_by(pid));
  EXPECT_EQ(pipeline.profile().modules.size(), 1U);
}

TEST(Pipeline, RecordsAModuleThatCannotBeOpened) {
  Pipeline pipeline({.all_processes = true}, nullptr);
  MmapEvent event;
  event.pid = event.tid = kChild;
  event.start = RuntimeAddress(0x10000);
  event.length = 0x1000;
  event.file_offset = FileOffset(0x3000);
  event.path = "/nonexistent/libgone.so (deleted)";
  pipeline.handle(event);
  const std::array<std::uint64_t, 2> chain = {PERF_CONTEXT_USER, 0x10010};
  pipeline.handle(sample(kChild, CpuMode::kUser, chain));
  pipeline.finish(nullptr);
  const Profile& profile = pipeline.profile();
  const Frame& frame =
      profile.frames[profile.nodes[profile.stacks[profile.samples[0].stack].user].frame];
  EXPECT_EQ(profile.modules[frame.module].kind, ModuleKind::kUnreadable);
  EXPECT_EQ(profile.text(profile.modules[frame.module].path), "/nonexistent/libgone.so");
  EXPECT_EQ(frame.address, 0x3010U);
  // No more is known than which file it was.
  EXPECT_EQ(frame.name.naming, Naming::kRange);
  const Function& function = profile.functions[profile.locations[frame.name.first].function];
  EXPECT_EQ(profile.text(function.name), "libgone.so");
}

}  // namespace
}  // namespace profiler::pipeline
