#include "tests/support/random_profile.h"

#include <array>
#include <random>
#include <string>

#include "tests/support/profile_builder.h"

namespace profiler::test {
namespace {

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t limit) {
    // Not a distribution of <random>: those may differ between libraries.
    return static_cast<std::uint32_t>(random_() % limit);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  std::string user_stack() {
    static constexpr std::array kFrames = {"main#1",
                                           "f#2",
                                           "g#3",
                                           "f#4",
                                           "read@libc.so.6",
                                           "~inlined#7",
                                           "0xbeef@anon",
                                           "lib+0x40@lib",
                                           "h@lib",
                                           "malloc@libc.so.6",
                                           "std::sort(int*)",
                                           "operator new@libstdc++.so.6"};
    std::string stack = "main#1";
    for (std::uint32_t depth = below(8); depth > 0; --depth)
      stack += std::string(";") + kFrames[below(kFrames.size())];
    // A frame without a name cannot have inlined functions.
    for (std::size_t at = 0; (at = stack.find("anon;~", at)) != std::string::npos;)
      stack.erase(at + 5, 1);
    return stack;
  }

  std::string kernel_stack() {
    static constexpr std::array kFrames = {"vfs_read", "copy_page", "handle_mm_fault",
                                           "nf_hook@[nf_tables]", "schedule"};
    std::string stack = "entry";
    for (std::uint32_t depth = below(4); depth > 0; --depth)
      stack += std::string(";") + kFrames[below(kFrames.size())];
    return stack;
  }

  Entry entry() {
    switch (below(5)) {
      case 0:
        return syscall("read");
      case 1:
        return syscall("brk");
      case 2:
        return fault("anonymous");
      case 3:
        return fault("file");
      default:
        return irq("apic_timer_interrupt");
    }
  }

 private:
  std::mt19937 random_;
};

}  // namespace

Profile random_profile(std::uint32_t seed) {
  Generator random(seed);
  ProfileBuilder builder;
  builder.function("main", {.file = "main.cc", .line = 1})
      .function("f", {.file = "f.cc", .line = 10})
      .function("g", {.file = "g.cc", .line = 20})
      .function("inlined", {.file = "f.cc", .line = 30});
  const std::uint32_t batches = 1 + random.below(60);
  for (std::uint32_t i = 0; i < batches; ++i) {
    if (random.one_in(8)) builder.process(random.one_in(2) ? "cc1" : "as", Pid(200 + i));
    if (random.one_in(8)) builder.thread("worker", Tid(1000 + i));
    builder.period(1 + random.below(2'000'000));
    builder.end(random.one_in(6)   ? StackEnd::kDumpTooShort
                : random.one_in(6) ? StackEnd::kJoined
                : random.one_in(6) ? StackEnd::kNoUnwindInfo
                                   : StackEnd::kUndefinedReturnAddress);
    const std::uint32_t count = 1 + random.below(5);
    if (random.one_in(2)) {
      builder.user(random.user_stack(), count);
    } else {
      const std::string user = random.one_in(10) ? "" : random.user_stack();
      builder.sys(user, random.kernel_stack(), random.entry(), random.entry(), count);
    }
  }
  Profile profile = builder.build();
  for (std::size_t i = 0; i < profile.stacks.size(); ++i) {
    Stack& stack = profile.stacks[StackIndex(i)];
    if (stack.end == StackEnd::kJoined)
      stack.joined_frames = static_cast<std::uint16_t>(1 + random.below(300));
  }
  return profile;
}

}  // namespace profiler::test
