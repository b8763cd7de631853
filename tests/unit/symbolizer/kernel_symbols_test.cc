#include "symbolizer/kernel/kernel_symbols.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <set>

#include "symbolizer/kernel/kallsyms_parser.h"
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
  const auto found = symbols.find(RuntimeAddress(address));
  if (!found) return "";
  return std::string(found->name) +
         (found->module.empty() ? "" : "[" + std::string(found->module) + "]");
}

TEST(KernelSymbols, NameTextByTheSymbolThatAPersonWouldUse) {
  const auto symbols = KernelSymbols::parse(kText);
  ASSERT_TRUE(symbols);
  EXPECT_EQ(name_at(*symbols, 0xffffffff81001010), "do_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff8100108f), "do_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff81001090), "weak_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff80ffffff), "");
  EXPECT_EQ(name_at(*symbols, 0), "");
}

TEST(KernelSymbols, EndTextAtTheDataBehindItButNotAtTablesAmongIt) {
  const auto symbols = KernelSymbols::parse(kText);
  ASSERT_TRUE(symbols);
  EXPECT_EQ(name_at(*symbols, 0xffffffff810010a4), "weak_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff810010b8), "last_text");
  EXPECT_EQ(name_at(*symbols, 0xffffffff82000004), "");
  EXPECT_EQ(name_at(*symbols, 0xffffffff83000004), "init_thing");
}

TEST(KernelSymbols, KeepModulesApart) {
  const auto symbols = KernelSymbols::parse(kText);
  ASSERT_TRUE(symbols);
  EXPECT_EQ(name_at(*symbols, 0xffffffffc00000ff), "nft_do_chain[nf_tables]");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0000110), "nft_last[nf_tables]");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0400000), "");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0800000), "ext4_first[ext4]");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0900010), "bpf_prog_6deef7357e7b4530[bpf]");
}

TEST(KernelSymbols, FindWhatIsAddedLater) {
  auto symbols = KernelSymbols::parse(kText);
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

/// Everything that a table says of the addresses around `kText`'s.
std::vector<std::string> names_around(const KernelSymbols& symbols, std::string_view text) {
  std::vector<std::string> names;
  for (const auto& line : test::lines_of(std::string(text))) {
    const std::uint64_t start = std::stoull(line, nullptr, 16);
    for (const int into : {-1, 0, 1, 0x90, 4095, 4096}) {
      names.push_back(name_at(symbols, start + static_cast<std::uint64_t>(into)));
      const auto found = symbols.find(RuntimeAddress(start));
      if (found) names.back() += " " + std::to_string(found->size);
    }
  }
  return names;
}

TEST(KernelSymbols, ReadTheSameInPieces) {
  const auto whole = KernelSymbols::parse(kText);
  ASSERT_TRUE(whole);
  const auto expected = names_around(*whole, kText);
  for (std::size_t piece = 1; piece < 90; ++piece) {
    KallsymsParser parser;
    for (std::size_t at = 0; at < kText.size(); at += piece) parser.add(kText.substr(at, piece));
    const auto pieced = std::move(parser).finish();
    ASSERT_TRUE(pieced);
    EXPECT_EQ(names_around(*pieced, kText), expected) << piece;
  }
}

TEST(KernelSymbols, ReadTheSameInAnyOrder) {
  auto lines = test::lines_of(std::string(kText));
  const auto whole = KernelSymbols::parse(kText);
  ASSERT_TRUE(whole);
  // Of two that are equally good the first is kept: these two.
  std::erase_if(lines, [](const std::string& line) { return line.ends_with("startup_64"); });
  std::mt19937 random(4);
  for (int round = 0; round < 200; ++round) {
    std::ranges::shuffle(lines, random);
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    const auto shuffled = KernelSymbols::parse(text);
    ASSERT_TRUE(shuffled);
    ASSERT_EQ(names_around(*shuffled, kText), names_around(*whole, kText)) << text;
  }
}

TEST(KernelSymbols, MoveAsAWholeWithoutModules) {
  auto symbols = KernelSymbols::parse(kText);
  ASSERT_TRUE(symbols);
  symbols->add(RuntimeAddress(0xffffffffc0a00000), 0x40, "bpf_prog_x", "bpf");
  EXPECT_EQ(symbols->anchors().stext, 0xffffffff81000000);
  EXPECT_EQ(symbols->anchors().text, 0U);
  symbols->move(0x1000'0000);
  EXPECT_EQ(name_at(*symbols, 0xffffffff91001018), "do_thing");
  EXPECT_EQ(name_at(*symbols, 0xffffffff81001018), "");
  EXPECT_EQ(name_at(*symbols, 0xffffffff93000fff), "init_thing");
  for (const std::uint64_t gone : {0xffffffff93001000, 0xffffffffc0000000, 0xffffffffd0000000})
    EXPECT_EQ(name_at(*symbols, gone), "");
  EXPECT_EQ(name_at(*symbols, 0xffffffffc0a00010), "bpf_prog_x[bpf]");
  EXPECT_EQ(symbols->anchors().stext, 0xffffffff91000000);
}

TEST(KernelSymbols, EndWhereAForgottenModuleBegan) {
  auto symbols = KernelSymbols::parse(
      "ffffffff81000000 t last\nffffffff81000010 t of_module\t[m]\n"
      "ffffffff81000020 t of_core\n");
  ASSERT_TRUE(symbols);
  EXPECT_EQ(name_at(*symbols, 0xffffffff81000018), "of_module[m]");
  symbols->move(0x100);
  EXPECT_EQ(name_at(*symbols, 0xffffffff8100010f), "last");
  EXPECT_EQ(name_at(*symbols, 0xffffffff81000118), "");
  EXPECT_EQ(name_at(*symbols, 0xffffffff81000128), "of_core");
}

TEST(KernelSymbols, OfALargeKernelTakeLittleMemory) {
  std::string text;
  for (int i = 0; i < 250'000; ++i) {
    char line[96];
    std::snprintf(line, sizeof line, "%016lx t some_subsystem_does_%d\n",
                  0xffffffff81000000UL + i * 64UL, i);
    text += line;
  }
  const auto symbols = KernelSymbols::parse(text);
  ASSERT_TRUE(symbols);
  EXPECT_EQ(symbols->size(), 250'000U);
  EXPECT_LT(symbols->memory(), 10'000'000U);
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
        "ffffffff81000000 T name\t[\n", "ffffffff81000000 T \t[x]\n",
        "ffffffff81000000\tT name\n"}) {
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
    const auto at_start = symbols->find(RuntimeAddress(it->first));
    ASSERT_TRUE(at_start);
    EXPECT_TRUE(it->second.contains(std::string(at_start->name))) << at_start->name;
    if (next == names.end()) break;
    const auto at_end = symbols->find(RuntimeAddress(next->first - 1));
    if (!at_end) {
      ++shortened;
      EXPECT_GT(next->first - it->first, 4096U) << at_start->name;
    } else {
      EXPECT_EQ(at_end->start, at_start->start);
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
  EXPECT_EQ(running_kernel_text(shop.path("kallsyms")), 0U);
  shop.write("kallsyms", "ffffffff91000000 T _text\nffffffff92000000 T _etext\n");
  EXPECT_EQ(running_kernel_text(shop.path("kallsyms")), 0xffffffff91000000);
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
