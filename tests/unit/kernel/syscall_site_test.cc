#include "kernel/syscall_site.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <random>
#include <regex>

#include "disassembly.h"

namespace profiler::kernel {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

std::optional<int> x86(std::initializer_list<int> code) {
  return syscall_number_before(bytes(code), Abi::kX86_64);
}

TEST(SyscallSite, ReadsAnImmediateDirectlyBefore) {
  EXPECT_EQ(x86({0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05}), 60);
  EXPECT_EQ(x86({0x48, 0xc7, 0xc0, 0x01, 0, 0, 0, 0x0f, 0x05}), 1);
  EXPECT_EQ(x86({0x31, 0xc0, 0x0f, 0x05}), 0);
  EXPECT_EQ(x86({0x48, 0x31, 0xc0, 0x0f, 0x05}), 0);
  EXPECT_EQ(x86({0x6a, 0x3c, 0x58, 0x0f, 0x05}), 60);  // push $60; pop %rax
}

TEST(SyscallSite, LooksThroughMovesOfOtherRegisters) {
  // mov $0x101,%eax; mov %rsi,%rdx; mov 0x10(%rsp),%edi; xor %r10d,%r10d; syscall
  EXPECT_EQ(x86({0xb8, 0x01, 0x01, 0, 0, 0x48, 0x89, 0xf2, 0x8b, 0x7c, 0x24, 0x10, 0x45, 0x31, 0xd2,
                 0x0f, 0x05}),
            257);
  // mov $0xca,%r8d; mov $0x80,%esi; mov %r8d,%eax; syscall
  EXPECT_EQ(x86({0x41, 0xb8, 0xca, 0, 0, 0, 0xbe, 0x80, 0, 0, 0, 0x44, 0x89, 0xc0, 0x0f, 0x05}),
            202);
}

TEST(SyscallSite, DoesNotGuess) {
  EXPECT_EQ(x86({0x0f, 0x05}), std::nullopt);
  EXPECT_EQ(x86({0x89, 0xf8, 0x0f, 0x05}), std::nullopt) << "mov %edi,%eax";
  EXPECT_EQ(x86({0xb8, 1, 0, 0, 0, 0x89, 0xf8, 0x0f, 0x05}), std::nullopt) << "overwritten";
  EXPECT_EQ(x86({0xb8, 1, 0, 0, 0, 0xb0, 0x02, 0x0f, 0x05}), std::nullopt) << "partly, %al";
  EXPECT_EQ(x86({0xb8, 1, 0, 0, 0, 0xb4, 0x02, 0x0f, 0x05}), std::nullopt) << "partly, %ah";
  EXPECT_EQ(x86({0xb8, 1, 0, 0, 0, 0x0f, 0x45, 0xc2, 0x0f, 0x05}), std::nullopt) << "cmovne";
  EXPECT_EQ(x86({0xb8, 1, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0x0f, 0x05}), std::nullopt) << "a call";
  EXPECT_EQ(x86({0xb8, 1, 0, 0, 0, 0x0f, 0x05, 0x0f, 0x05}), std::nullopt) << "another syscall";
  EXPECT_EQ(x86({0x41, 0xb8, 1, 0, 0, 0, 0x0f, 0x05}), std::nullopt) << "mov $1,%r8d";
  EXPECT_EQ(x86({0xb8, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x05}), std::nullopt) << "no number";
  EXPECT_EQ(x86({0xb8, 0x3c, 0, 0, 0, 0x0f, 0x34}), std::nullopt) << "sysenter";
  EXPECT_EQ(x86({0xb8, 0x3c, 0, 0, 0, 0xcd, 0x80}), std::nullopt) << "int $0x80: other numbers";
  EXPECT_EQ(x86({0x58, 0x0f, 0x05}), std::nullopt) << "pop %rax";
}

TEST(SyscallSite, DoesNotTakeAnOperandForAnInstruction) {
  // movl $5,-0x48(%rbp): the bytes b8 05 00 00 00 are its displacement and immediate.
  EXPECT_EQ(x86({0xc7, 0x45, 0xb8, 5, 0, 0, 0, 0x0f, 0x05}), std::nullopt);
  // The same, where the code does not begin at an instruction.
  std::vector<std::byte> code(60, std::byte{0x90});
  for (const int b : {0xc7, 0x45, 0xb8, 5, 0, 0, 0, 0x0f, 0x05}) {
    code.push_back(static_cast<std::byte>(b));
  }
  EXPECT_EQ(syscall_number_before(code, Abi::kX86_64), std::nullopt);
}

TEST(SyscallSite, DoesNotLookPastAPlaceThatIsJumpedTo) {
  // mov $1,%eax; jne to the syscall; mov $2,%eax; syscall
  EXPECT_EQ(x86({0xb8, 1, 0, 0, 0, 0x75, 0x05, 0xb8, 2, 0, 0, 0, 0x0f, 0x05}), std::nullopt);
  // jne to after the syscall is no such jump.
  EXPECT_EQ(x86({0xb8, 1, 0, 0, 0, 0x75, 0x07, 0xb8, 2, 0, 0, 0, 0x0f, 0x05}), 2);
}

TEST(SyscallSite, SurvivesAnyBytes) {
  std::mt19937 random(4);
  std::vector<std::byte> code(200);
  for (int i = 0; i < 3000; ++i) {
    for (auto& byte : code) byte = static_cast<std::byte>(random());
    const std::size_t size = random() % code.size();
    if (size > 1) {
      code[size - 2] = std::byte{0x0f};
      code[size - 1] = std::byte{0x05};
    }
    (void)syscall_number_before(std::span(code).first(size), Abi::kX86_64);
    (void)syscall_number_before(std::span(code).first(size), Abi::kAarch64);
  }
}

// --- Against objdump's text, read backwards by name.

/// "%r8d" → "r8": the 64-bit register that a name is part of.
std::string whole_register(const std::string& name) {
  static const std::unordered_map<std::string, std::string> kWhole = [] {
    std::unordered_map<std::string, std::string> names;
    for (const std::string letter : {"a", "b", "c", "d"}) {
      for (const std::string& part :
           {"r" + letter + "x", "e" + letter + "x", letter + "x", letter + "l", letter + "h"}) {
        names[part] = "r" + letter + "x";
      }
    }
    for (const std::string pointer : {"si", "di", "bp", "sp"}) {
      for (const std::string& part : {"r" + pointer, "e" + pointer, pointer, pointer + "l"}) {
        names[part] = "r" + pointer;
      }
    }
    for (int i = 8; i < 16; ++i) {
      const std::string whole = "r" + std::to_string(i);
      for (const char* suffix : {"", "d", "w", "b"}) names[whole + suffix] = whole;
    }
    return names;
  }();
  const auto found = kWhole.find(name);
  return found == kWhole.end() ? name : found->second;
}

/// The number that the text before instruction `site` loads; none if that is not plain to see.
std::optional<int> number_in_text(const Disassembly& code, std::size_t site) {
  static const std::regex kConstant(R"(movq?\s+\$0x([0-9a-f]+),%(\w+))");
  static const std::regex kZero(R"((?:xor|sub)\s+%(\w+),%(\w+))");
  static const std::regex kCopy(R"(mov\s+%(\w+),%(\w+))");
  static const std::regex kPush(R"(push\s+\$0x([0-9a-f]+))");
  static const std::regex kWrites(R"((\w+)\s+.*?,?%(\w+))");
  std::string wanted = "rax";
  for (std::size_t back = 1; back < 20 && back <= site; ++back) {
    const std::size_t i = site - back;
    const std::string& text = code.instructions[i].text;
    std::smatch m;
    if (std::regex_match(text, m, kConstant) && whole_register(m[2]) == wanted) {
      return static_cast<int>(std::stoul(m[1], nullptr, 16));
    }
    if (std::regex_match(text, m, kZero) && m[1] == m[2] && whole_register(m[1]) == wanted) {
      return 0;
    }
    if (std::regex_match(text, m, kCopy) && whole_register(m[2]) == wanted) {
      wanted = whole_register(m[1]);
      continue;
    }
    if (text.starts_with("pop") && whole_register(text.substr(text.find('%') + 1)) == wanted) {
      const std::string& before = code.instructions[i == 0 ? 0 : i - 1].text;
      if (!std::regex_match(before, m, kPush)) return std::nullopt;
      return static_cast<int>(std::stoul(m[1], nullptr, 16));
    }
    for (const std::string_view stop : {"call", "ret", "jmp", "syscall", "cmpxchg", "cpuid"}) {
      if (text.starts_with(stop)) return std::nullopt;
    }
    const bool reads_only =
        text.starts_with("cmp") || text.starts_with("test") || text.starts_with("push");
    if (!reads_only && std::regex_match(text, m, kWrites) && whole_register(m[2]) == wanted) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

TEST(SyscallSite, AgreesWithTheDisassemblyOfTheCLibrary) {
  const auto code = Disassembly::of("/lib/x86_64-linux-gnu/libc.so.6");
  if (!code) GTEST_SKIP() << "objdump or an x86-64 libc.so.6 is missing";
  std::size_t sites = 0;
  std::size_t read = 0;
  for (std::size_t i = 0; i < code->instructions.size(); ++i) {
    const auto& instruction = code->instructions[i];
    if (instruction.text != "syscall") continue;
    ++sites;
    const auto before = code->bytes_before(instruction.address + 2, 64);
    const auto number = syscall_number_before(before, Abi::kX86_64);
    if (!number) continue;
    ++read;
    EXPECT_EQ(number, number_in_text(*code, i)) << std::hex << instruction.address;
    EXPECT_NE(syscall_name(*number, Abi::kX86_64), "") << std::hex << instruction.address;
  }
  RecordProperty("sites", static_cast<int>(sites));
  RecordProperty("read", static_cast<int>(read));
  EXPECT_GT(sites, 300U);
  EXPECT_GE(read * 100, sites * 90) << read << " of " << sites;
}

// --- aarch64.

std::optional<int> arm(std::initializer_list<std::uint32_t> words) {
  std::vector<std::byte> code;
  for (const std::uint32_t word : words) {
    for (int i = 0; i < 4; ++i) code.push_back(static_cast<std::byte>(word >> (8 * i)));
  }
  return syscall_number_before(code, Abi::kAarch64);
}

constexpr std::uint32_t kSvc = 0xd4000001;
constexpr std::uint32_t kMovX8Read = 0xd28007e8;   // mov x8, #63
constexpr std::uint32_t kMovW8Write = 0x52800808;  // mov w8, #64

TEST(SyscallSite, ReadsAarch64Code) {
  EXPECT_EQ(arm({kMovX8Read, kSvc}), 63);
  EXPECT_EQ(arm({kMovW8Write, kSvc}), 64);
  // mov x8, #63; mov x0, x19; ldr x1, [sp, #16]; mov x2, #32; svc #0
  EXPECT_EQ(arm({kMovX8Read, 0xaa1303e0, 0xf9400be1, 0xd2800402, kSvc}), 63);
}

TEST(SyscallSite, DoesNotGuessOnAarch64) {
  EXPECT_EQ(arm({kSvc}), std::nullopt);
  EXPECT_EQ(arm({kMovX8Read, 0xd503201f, kSvc}), std::nullopt) << "nop: an aligned jump target";
  EXPECT_EQ(arm({kMovX8Read, 0xaa0003e8, kSvc}), std::nullopt) << "mov x8, x0";
  EXPECT_EQ(arm({kMovX8Read, 0xf94003e8, kSvc}), std::nullopt) << "ldr x8, [sp]";
  EXPECT_EQ(arm({kMovX8Read, 0xa94023e0, kSvc}), std::nullopt) << "ldp x0, x8, [sp]";
  EXPECT_EQ(arm({kMovX8Read, 0x94000000, kSvc}), std::nullopt) << "bl";
  EXPECT_EQ(arm({kMovX8Read, 0xb4000040, kSvc}), std::nullopt) << "cbz";
  EXPECT_EQ(arm({0xd2a00028, kSvc}), std::nullopt) << "mov x8, #0x10000";
  EXPECT_EQ(arm({kMovX8Read, 0xd4000021}), std::nullopt) << "svc #1";
}

// --- Names.

#define PROFILER_EXPECT_SAME(call) EXPECT_EQ(syscall_name(SYS_##call, kOwnAbi), #call)

TEST(SyscallTable, AgreesWithTheHeadersOfThisMachine) {
#if defined(__x86_64__)
  constexpr Abi kOwnAbi = Abi::kX86_64;
  PROFILER_EXPECT_SAME(open);
  PROFILER_EXPECT_SAME(fork);
  PROFILER_EXPECT_SAME(arch_prctl);
#else
  constexpr Abi kOwnAbi = Abi::kAarch64;
#endif
  PROFILER_EXPECT_SAME(read);
  PROFILER_EXPECT_SAME(brk);
  PROFILER_EXPECT_SAME(clone3);
  PROFILER_EXPECT_SAME(epoll_pwait2);
}

/// Every number of the headers, without a list of ours: the preprocessor's own.
TEST(SyscallTable, HoldsEveryCallOfTheHeadersOfThisMachine) {
#if defined(__x86_64__)
  constexpr Abi kOwnAbi = Abi::kX86_64;
#else
  constexpr Abi kOwnAbi = Abi::kAarch64;
#endif
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
      popen("echo '#include <sys/syscall.h>' | cc -E -dM - 2> /dev/null", "r"), pclose);
  ASSERT_TRUE(pipe);
  char line[512];
  char name[256];
  int number = 0;
  int calls = 0;
  while (std::fgets(line, sizeof line, pipe.get()) != nullptr) {
    if (std::sscanf(line, "#define __NR_%255s %d", name, &number) != 2) continue;
    ++calls;
    EXPECT_EQ(syscall_name(number, kOwnAbi), name);
    EXPECT_TRUE(is_syscall(name));
  }
  if (calls == 0) GTEST_SKIP() << "no compiler to read the headers with";
  EXPECT_GT(calls, 300);
}

TEST(SyscallTable, KnowsBothArchitectures) {
  EXPECT_EQ(syscall_name(63, Abi::kAarch64), "read");
  EXPECT_EQ(syscall_name(79, Abi::kAarch64), "newfstatat");
  EXPECT_EQ(syscall_name(80, Abi::kAarch64), "fstat");
  EXPECT_EQ(syscall_name(222, Abi::kAarch64), "mmap");
  EXPECT_EQ(syscall_name(462, Abi::kAarch64), "mseal");
  EXPECT_EQ(syscall_name(462, Abi::kX86_64), "mseal");
  EXPECT_EQ(syscall_name(337, Abi::kX86_64), "");
  EXPECT_EQ(syscall_name(-1, Abi::kX86_64), "");
  EXPECT_EQ(syscall_name(100000, Abi::kX86_64), "");
}

TEST(SyscallWrapper, NamesTheCallOfAWrapper) {
  for (const char* read : {"read", "__read", "__libc_read", "__GI___libc_read", "__read_nocancel",
                           "read@@GLIBC_2.2.5", "__GI___read_nocancel"}) {
    EXPECT_EQ(syscall_of_wrapper(read), "read") << read;
  }
  EXPECT_EQ(syscall_of_wrapper("__write"), "write");
  EXPECT_EQ(syscall_of_wrapper("epoll_wait"), "epoll_wait");
  EXPECT_EQ(syscall_of_wrapper("__brk"), "brk");
  EXPECT_EQ(syscall_of_wrapper("__sbrk"), "brk");
  EXPECT_EQ(syscall_of_wrapper("mmap64"), "mmap");
  EXPECT_EQ(syscall_of_wrapper("__mmap"), "mmap");
  EXPECT_EQ(syscall_of_wrapper("__lll_lock_wait_private"), "futex");
  EXPECT_EQ(syscall_of_wrapper("pthread_cond_signal@@GLIBC_2.3.2"), "futex");
  EXPECT_EQ(syscall_of_wrapper("__GI__exit"), "exit_group");
  EXPECT_EQ(syscall_of_wrapper("__new_sem_wait_slow64.constprop.0"), "futex");
  EXPECT_EQ(syscall_of_wrapper("__waitpid"), "wait4");
}

TEST(SyscallWrapper, NamesNoneWhereSeveralArePossible) {
  for (const char* function : {"main", "syscall", "open", "__fstat64", "fork", "Foo::read(int)", "",
                               "@", "__", "printf"}) {
    EXPECT_EQ(syscall_of_wrapper(function), "") << function;
  }
}

}  // namespace
}  // namespace profiler::kernel
