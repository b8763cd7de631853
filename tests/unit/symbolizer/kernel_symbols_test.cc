#include "symbolizer/kernel/kernel_symbols.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "symbolizer/kernel/read_kallsyms.h"
#include "workshop.h"

namespace symbolizer {
namespace {

using profiler::RuntimeAddress;

constexpr std::string_view kText =
    "0000000000000000 A fixed_percpu_data\n"
    "ffffffff81000000 T _stext\n"
    "ffffffff81000000 T startup_64\n"
    "ffffffff81001000 t __pfx_do_thing\n"
    "ffffffff81001010 t do_thing\n"
    "ffffffff81001010 T __do_thing_alias\n"
    "ffffffff81001090 W weak_thing\n"
    "ffffffff810010a0 d table_in_text\n"
    "ffffffff810010b0 T last_text\n"
    "ffffffff82000000 D some_data\n"
    "ffffffff83000000 t init_thing\n"
    "ffffffffc0000000 t nft_do_chain\t[nf_tables]\n"
    "ffffffffc0000100 t nft_last\t[nf_tables]\n"
    "ffffffffc0000200 d nft_data\t[nf_tables]\n"
    "ffffffffc0800000 t ext4_first\t[ext4]\n"
    "ffffffffc0900000 t bpf_prog_6deef7357e7b4530\t[bpf]\n";

std::string name_at(const KernelSymbols& symbols, std::uint64_t address) {
  const KernelSymbol* found = symbols.find(RuntimeAddress(address));
  if (found == nullptr) return "";
  return std::string(found->name) +
         (found->module.empty() ? "" : "[" + std::string(found->module) + "]");
}

TEST(KernelSymbols, NameTextByTheSymbolThatAPersonWouldUse) {
  const auto symbols = KernelSymbols::parse(std::string(kText));
  ASSERT_TRUE(symbols);
  EXPECT_EQ(name_at(*symbols, 0xffffffff81001010), "do_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff8100108f), "do_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff81001090), "weak_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff80ffffff), "");
  EXPECT_EQ(name_at(*symbols, 0), "");
}

TEST(KernelSymbols, EndTextAtTheDataBehindItButNotAtTablesAmongIt) {
  const auto symbols = KernelSymbols::parse(std::string(kText));
  ASSERT_TRUE(symbols);
  EXPECT_EQ(name_at(*symbols, 0xffffffff810010a4), "weak_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff810010b8), "last_text");
  EXPECT_EQ(name_at(*symbols, 0xffffffff82000004), "");
  EXPECT_EQ(name_at(*symbols, 0xffffffff83000004), "init_thing");
}

TEST(KernelSymbols, KeepModulesApart) {
  const auto symbols = KernelSymbols::parse(std::string(kText));
  ASSERT_TRUE(symbols);
  EXPECT_EQ(name_at(*symbols, 0xffffffffc00000ff), "nft_do_chain[nf_tables]");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0000110), "nft_last[nf_tables]");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0400000), "");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0800000), "ext4_first[ext4]");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0900010), "bpf_prog_6deef7357e7b4530[bpf]");
}

TEST(KernelSymbols, FindWhatIsAddedLater) {
  auto symbols = KernelSymbols::parse(std::string(kText));
  ASSERT_TRUE(symbols);
  const std::size_t before = symbols->size();
  symbols->add(RuntimeAddress(0xffffffffc0a00000), 0x40, std::string("bpf_prog_x"), "bpf");
  EXPECT_EQ(symbols->size(), before + 1);
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0a0003f), "bpf_prog_x[bpf]");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0a00040), "");
  KernelSymbols none;
  none.add(RuntimeAddress(16), 16, "a", "");
  EXPECT_EQ(name_at(none, 31), "a");
  EXPECT_EQ(name_at(none, 15), "");
}

TEST(KernelSymbols, SayWhenTheKernelHidesThem) {
  const auto symbols =
      KernelSymbols::parse("0000000000000000 T _stext\n0000000000000000 t do_thing\t[x]\n");
  ASSERT_FALSE(symbols);
  EXPECT_EQ(symbols.error().what, "kernel symbols are hidden");
  EXPECT_NE(symbols.error().advice.find("kptr_restrict"), std::string::npos);
  EXPECT_NE(symbols.error().advice.find("CAP_SYSLOG"), std::string::npos);
}

TEST(KernelSymbols, SkipLinesThatAreDamaged) {
  for (const std::string text :
       {"", "\n\n", "garbage", "ffffffff81000000", "ffffffff81000000 T", "ffffffff81000000 T ",
        "ffffffff81000000 T  \t[", "fffffffffffffffffffff T x\n", "zz T x\n",
        "ffffffff81000000 T name\t[\n"}) {
    const auto symbols = KernelSymbols::parse(text);
    ASSERT_TRUE(symbols) << text;
    EXPECT_LE(symbols->size(), 1U) << text;
  }
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::string text(kText);
    for (int i = 0; i < 5; ++i) text[random() % text.size()] = static_cast<char>(random());
    const auto symbols = KernelSymbols::parse(text);
    if (symbols) static_cast<void>(symbols->find(RuntimeAddress(0xffffffff81001010)));
  }
}

// The running kernel's own table, against a scan of its text.
TEST(ReadKallsyms, AgreesWithANaiveScan) {
  const auto symbols = read_kallsyms();
  if (!symbols) GTEST_SKIP() << symbols.error().message();
  const auto bytes = test::read_file("/proc/kallsyms");
  std::map<std::uint64_t, std::set<std::string>> names;
  for (const auto& line :
       test::lines_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) {
    const auto words = test::words_of(line);
    if (words.size() < 3 || words[1].find_first_of("tTwWiI") == std::string::npos) continue;
    const std::uint64_t address = std::stoull(words[0], nullptr, 16);
    if (address == 0 || words[2].starts_with("__pfx_")) continue;
    names[address].insert(words[2]);
  }
  ASSERT_GT(names.size(), 1000U);
  EXPECT_EQ(symbols->size(), names.size());
  std::size_t shortened = 0;
  for (auto it = names.begin(); it != names.end(); ++it) {
    const auto next = std::next(it);
    const KernelSymbol* at_start = symbols->find(RuntimeAddress(it->first));
    ASSERT_NE(at_start, nullptr);
    EXPECT_TRUE(it->second.contains(std::string(at_start->name))) << at_start->name;
    if (next == names.end()) break;
    const KernelSymbol* at_end = symbols->find(RuntimeAddress(next->first - 1));
    if (at_end == nullptr) {
      ++shortened;
      EXPECT_GT(next->first - it->first, 4096U) << at_start->name;
    } else {
      EXPECT_EQ(at_end, at_start);
    }
  }
  EXPECT_LT(shortened, names.size() / 100);
}

TEST(ReadKallsyms, ReadsAnyFileAndSaysWhatIsWrong) {
  const test::Workshop shop;
  shop.write("kallsyms", kText);
  const auto symbols = read_kallsyms(shop.path("kallsyms"));
  ASSERT_TRUE(symbols);
  EXPECT_EQ(name_at(*symbols, 0xffffffff81001010), "do_thing");
  const auto missing = read_kallsyms(shop.path("missing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().path, shop.path("missing"));
}

TEST(ReadKallsyms, NamesTheSettingThatHidesThem) {
  const test::Workshop shop;
  shop.write("kallsyms", "0000000000000000 T _stext\n");
  const auto advice = [&](const char* kptr_restrict, const char* paranoid) {
    shop.write("kptr_restrict", kptr_restrict);
    shop.write("perf_event_paranoid", paranoid);
    const auto symbols = read_kallsyms(shop.path("kallsyms"), shop.path(""));
    return symbols ? "" : symbols.error().advice;
  };
  EXPECT_EQ(advice("0\n", "2\n"),
            "kernel.perf_event_paranoid is 2: set it to 1 or lower, or run as root (CAP_SYSLOG)");
  EXPECT_EQ(advice("1\n", "1\n"),
            "kernel.kptr_restrict is 1: set it to 0, or run as root (CAP_SYSLOG)");
  EXPECT_EQ(advice("1\n", "3\n"),
            "kernel.kptr_restrict is 1: set it to 0 and kernel.perf_event_paranoid to 1, or run as "
            "root (CAP_SYSLOG)");
  EXPECT_EQ(advice("2\n", "-1\n"),
            "kernel.kptr_restrict is 2: set it to 1 and run as root (CAP_SYSLOG), or set it to 0");
  // Where the settings do not tell why, what usually helps.
  for (const char* kptr_restrict : {"0\n", "x\n"})
    EXPECT_NE(advice(kptr_restrict, "1\n").find("kptr_restrict"), std::string::npos);
}

}  // namespace
}  // namespace symbolizer
