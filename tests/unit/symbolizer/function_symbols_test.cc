#include "symbolizer/elf/function_symbols.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "sample_program.h"
#include "workshop.h"

namespace symbolizer {
namespace {

struct NmSymbol {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
  char type = '?';
  std::string name;
};

/// What nm -S prints of functions, versions cut off.
std::vector<NmSymbol> functions_of_nm(const std::string& text) {
  std::vector<NmSymbol> symbols;
  for (const std::string& line : test::lines_of(text)) {
    const auto words = test::words_of(line);
    if (words.size() != 4 || std::string("tTwWiI").find(words[2]) == std::string::npos) continue;
    symbols.push_back({.start = std::stoull(words[0], nullptr, 16),
                       .size = std::stoull(words[1], nullptr, 16),
                       .type = words[2][0],
                       .name = words[3].substr(0, words[3].find('@'))});
  }
  return symbols;
}

std::shared_ptr<FunctionSymbols> functions_of(const std::string& path) {
  auto file = ElfFile::open(path);
  if (!file) return nullptr;
  auto functions = std::make_shared<FunctionSymbols>(**file);
  functions->add_symbols_of(*file);
  functions->build();
  return functions;
}

std::string without_version(std::string_view name) {
  return std::string(name.substr(0, name.find('@')));
}

/// Every address that nm says a sized symbol holds is named by one of the symbols that hold it, and
/// no other address is.
void expect_agreement(const std::string& path, const std::vector<NmSymbol>& symbols) {
  const auto functions = functions_of(path);
  ASSERT_NE(functions, nullptr);
  ASSERT_GT(symbols.size(), 5U);
  std::mt19937_64 random(11);
  std::vector<std::uint64_t> addresses;
  for (const NmSymbol& s : symbols) {
    if (s.size == 0) continue;
    for (const std::uint64_t into : {std::uint64_t{0}, s.size - 1, s.size, random() % s.size}) {
      addresses.push_back(s.start + into);
    }
  }
  std::multimap<std::uint64_t, const NmSymbol*> by_start;
  std::uint64_t longest = 0;
  for (const NmSymbol& s : symbols) {
    by_start.emplace(s.start, &s);
    longest = std::max(longest, s.size);
  }
  std::size_t named = 0;
  for (const std::uint64_t address : addresses) {
    std::set<std::string> holders;
    const std::uint64_t low = address > longest ? address - longest : 0;
    for (auto it = by_start.lower_bound(low); it != by_start.end() && it->first <= address; ++it) {
      if (address - it->first < it->second->size) holders.insert(it->second->name);
    }
    const auto found = functions->find(ModuleAddress(address));
    if (holders.empty()) {
      EXPECT_TRUE(!found || !found->sized) << std::hex << address << " " << found->name;
    } else {
      ASSERT_TRUE(found) << std::hex << address << " " << *holders.begin();
      EXPECT_TRUE(holders.contains(without_version(found->name)))
          << std::hex << address << " " << found->name << " not " << *holders.begin();
      ++named;
    }
  }
  EXPECT_GT(named, symbols.size());
}

TEST(FunctionSymbols, AgreeWithNmOnDynamicSymbolsOfSystemLibraries) {
  test::Workshop shop;
  std::size_t tried = 0;
  for (const char* name : {"libc.so.6", "libm.so.6", "libstdc++.so.6"}) {
    const std::string path = std::string("/usr/lib/x86_64-linux-gnu/") + name;
    if (!shop.run("test -e " + path)) continue;
    const auto symbols = functions_of_nm(shop.output("nm -D -S --defined-only " + path));
    expect_agreement(path, symbols);
    ++tried;
  }
  if (tried == 0) GTEST_SKIP() << "needs the system's libraries in /usr/lib/x86_64-linux-gnu";
}

TEST(FunctionSymbols, AgreeWithNmOnAProgram) {
  test::Workshop shop;
  shop.write("a.cc", test::kSampleProgram);
  if (!shop.run("g++ -O2 a.cc -o a")) GTEST_SKIP() << "needs g++: " << shop.log();
  expect_agreement(shop.path("a"), functions_of_nm(shop.output("nm -S --defined-only a")));
}

TEST(FunctionSymbols, PreferTheAliasThatAPersonCalls) {
  test::Workshop shop;
  shop.write("a.cc", test::kSampleProgram);
  if (!shop.run("g++ -O2 a.cc -o a")) GTEST_SKIP() << "needs g++: " << shop.log();
  const auto functions = functions_of(shop.path("a"));
  ASSERT_NE(functions, nullptr);
  std::set<std::string> names;
  for (std::size_t i = 0; i < functions->size(); ++i) names.emplace(functions->at(i).name);
  EXPECT_TRUE(names.contains("plain_c"));
  EXPECT_FALSE(names.contains("plain_alias"));
  EXPECT_FALSE(names.contains("__plain_underscored"));
}

TEST(FunctionSymbols, PreferShortPublicNamesInLibc) {
  const std::string path = "/usr/lib/x86_64-linux-gnu/libc.so.6";
  test::Workshop shop;
  const auto symbols = functions_of_nm(shop.output("nm -D -S --defined-only " + path));
  if (symbols.empty()) GTEST_SKIP() << "needs nm and " << path;
  const auto functions = functions_of(path);
  for (const char* name :
       {"read", "write", "open", "puts", "malloc", "fopen", "mmap", "nanosleep"}) {
    const auto wanted = std::ranges::find(symbols, name, &NmSymbol::name);
    ASSERT_NE(wanted, symbols.end()) << name;
    EXPECT_EQ(without_version(functions->find(ModuleAddress(wanted->start))->name), name);
  }
}

TEST(FunctionSymbols, FindTheSameWithoutSectionHeaders) {
  test::Workshop shop;
  shop.write("a.cc", test::kSampleProgram);
  if (!shop.run("g++ -O2 -fPIC -shared a.cc -o a.so && strip a.so")) {
    GTEST_SKIP() << "needs g++: " << shop.log();
  }
  auto bytes = shop.read("a.so");
  std::fill_n(bytes.begin() + 0x28, 8, std::byte{0});  // e_shoff
  std::fill_n(bytes.begin() + 0x3c, 4, std::byte{0});  // e_shnum, e_shstrndx
  shop.write("bare.so", bytes);
  const auto whole = functions_of(shop.path("a.so"));
  const auto bare = functions_of(shop.path("bare.so"));
  ASSERT_NE(bare, nullptr);
  ASSERT_GT(whole->size(), 5U);
  ASSERT_EQ(bare->size(), whole->size());
  for (std::size_t i = 0; i < whole->size(); ++i) {
    EXPECT_EQ(bare->at(i).name, whole->at(i).name);
    EXPECT_EQ(bare->at(i).start, whole->at(i).start);
  }
}

// Assembler without sizes: each label reaches to the next one, a label inside a function names
// nothing, and mapping symbols are no names.
TEST(FunctionSymbols, EndUnsizedSymbolsAtTheNextOne) {
  test::Workshop shop;
  shop.write("a.s", R"(
    .text
    .globl first
first: .fill 32, 1, 0x90
second: .fill 16, 1, 0x90
    .globl sized
    .type sized, @function
sized: .fill 8, 1, 0x90
inside: .fill 8, 1, 0x90
    .size sized, . - sized
"$x": .fill 4, 1, 0x90
last: .fill 12, 1, 0x90
)");
  if (!shop.run("as a.s -o a.o && ld -e first a.o -o a")) {
    GTEST_SKIP() << "needs as and ld: " << shop.log();
  }
  const auto functions = functions_of(shop.path("a"));
  ASSERT_NE(functions, nullptr);
  const std::uint64_t base = functions->at(0).start.value();
  const auto name_at = [&](std::uint64_t offset) -> std::string {
    const auto found = functions->find(ModuleAddress(base + offset));
    return found ? std::string(found->name) : "";
  };
  EXPECT_EQ(name_at(0), "first");
  EXPECT_EQ(name_at(31), "first");
  EXPECT_EQ(name_at(32), "second");
  EXPECT_EQ(name_at(47), "second");
  EXPECT_EQ(name_at(48), "sized");
  EXPECT_EQ(name_at(60), "sized");
  EXPECT_EQ(name_at(64), "");
  EXPECT_EQ(name_at(68), "last");
  EXPECT_EQ(name_at(79), "last");
  EXPECT_EQ(name_at(80), "");
  EXPECT_TRUE(functions->find(ModuleAddress(base + 48))->sized);
  EXPECT_FALSE(functions->find(ModuleAddress(base))->sized);
}

}  // namespace
}  // namespace symbolizer
