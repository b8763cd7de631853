#include "symbolizer/module_symbolizer.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>

#include "sample_program.h"
#include "symbolizer/elf/fde_table.h"
#include "symbolizer/elf/function_symbols.h"
#include "workshop.h"

namespace symbolizer {
namespace {

using profiler::NameSource;
using profiler::Naming;
using profiler::Symbolized;

const DebugFileSearch kNowhere{.directories = {}};

class ModuleSymbolizerTest : public testing::Test {
 protected:
  // Compiled once: a.o, ag.o with debug information, and the program a.
  static void SetUpTestSuite() {
    compiled_ = new test::Workshop;
    compiled_->write("a.cc", test::kSampleProgram);
    built_ = compiled_->run(
        "g++ -O2 -fPIC -fcf-protection -c a.cc && g++ -O2 -g -fPIC -c a.cc -o ag.o && "
        "g++ -Wl,--build-id=sha1 a.o -o a");
  }
  static void TearDownTestSuite() { delete compiled_; }
  void SetUp() override {
    if (!built_) GTEST_SKIP() << "needs g++: " << compiled_->log();
    ASSERT_TRUE(shop_.run("cp '" + compiled_->path("") + "'* ."));
  }
  static ModuleSymbolizer names_of(const std::string& path,
                                   const DebugFileSearch& search = kNowhere) {
    auto file = ElfFile::open(path);
    if (!file) ADD_FAILURE() << file.error().message();
    return {*file, search};
  }
  /// Start and size of each function by name, from nm.
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> symbols_of(
      const std::string& name) {
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> symbols;
    for (const auto& line : test::lines_of(shop_.output("nm -S -C --defined-only " + name))) {
      const auto words = test::words_of(line);
      if (words.size() < 4 || words[1].size() != 16) continue;
      symbols[line.substr(36)] = {std::stoull(words[0], nullptr, 16),
                                  std::stoull(words[1], nullptr, 16)};
    }
    return symbols;
  }
  /// No address of any executable section is without a name.
  static void expect_all_named(const std::string& path) {
    auto file = ElfFile::open(path);
    ASSERT_TRUE(file) << file.error().message();
    const ModuleSymbolizer names(*file, kNowhere);
    std::size_t tried = 0;
    for (const CodeRegion& region : code_regions(**file)) {
      for (ModuleAddress at = region.start; at < region.end; at = at + 7) {
        const Symbolized found = names.symbolize(at);
        ASSERT_NE(found.naming, Naming::kNone) << std::hex << at.value();
        ASSERT_FALSE(found.frames.empty());
        ASSERT_FALSE(found.frames.back().function.empty()) << std::hex << at.value();
        ++tried;
      }
    }
    EXPECT_GT(tried, 500U);
  }

  inline static test::Workshop* compiled_ = nullptr;
  inline static bool built_ = false;
  test::Workshop shop_;
};

TEST_F(ModuleSymbolizerTest, NamesFunctionsDemangled) {
  const auto names = names_of(shop_.path("a"));
  const auto symbols = symbols_of("a");
  const auto speak = symbols.at("zoo::Animal::speak(int)");
  for (const std::uint64_t into : {std::uint64_t{0}, speak.second - 1}) {
    const Symbolized found = names.symbolize(ModuleAddress(speak.first + into));
    EXPECT_EQ(found.naming, Naming::kSymbol);
    EXPECT_EQ(found.frames.back().function, "zoo::Animal::speak(int)");
    EXPECT_EQ(found.frames.back().system_name, "_ZN3zoo6Animal5speakEi");
  }
  EXPECT_EQ(names.name_source(), NameSource::kSymtab);
}

// plain_c is exported, zoo::hidden is static: stripped, the former must not lend it its name.
TEST_F(ModuleSymbolizerTest, NamesStaticFunctionsOfStrippedFilesByTheirUnwindRange) {
  const auto symbols = symbols_of("a");
  ASSERT_TRUE(
      shop_.run("g++ -rdynamic a.o -o dynamic && nm -S dynamic >n && "
                "strip -o dynamic.stripped dynamic"));
  const auto dynamic = symbols_of("dynamic");
  const auto hidden = dynamic.at("zoo::hidden(int)");
  const auto plain = dynamic.at("plain_c");
  const auto names = names_of(shop_.path("dynamic.stripped"));
  EXPECT_EQ(names.symbolize(ModuleAddress(plain.first)).frames.back().function, "plain_c");
  EXPECT_EQ(names.name_source(), NameSource::kDynsym);
  char expected[64];
  std::snprintf(expected, sizeof expected, "dynamic.stripped+0x%lx", hidden.first);
  for (const std::uint64_t into : {std::uint64_t{0}, hidden.second / 2, hidden.second - 1}) {
    const Symbolized found = names.symbolize(ModuleAddress(hidden.first + into));
    EXPECT_EQ(found.naming, Naming::kRange);
    EXPECT_EQ(found.frames.back().function, expected);
  }
}

TEST_F(ModuleSymbolizerTest, LeavesNoCodeUnnamedInAnyKindOfFile) {
  const std::vector<std::string> recipes = {
      "strip -o b a",
      "g++ -static a.o -o b",
      "g++ -static a.o -o b && strip b",
      "g++ -static-pie a.o -o b && strip b",
      "g++ -no-pie a.o -o b && strip b",
      "g++ -shared a.o -o b && strip b",
      "strip -R .eh_frame -R .eh_frame_hdr -o b a",
  };
  for (const std::string& recipe : recipes) {
    SCOPED_TRACE(recipe);
    ASSERT_TRUE(shop_.run(recipe)) << shop_.log();
    expect_all_named(shop_.path("b"));
    auto bytes = shop_.read("b");
    std::fill_n(bytes.begin() + offsetof(Elf64_Ehdr, e_shoff), 8, std::byte{0});
    std::fill_n(bytes.begin() + offsetof(Elf64_Ehdr, e_shnum), 4, std::byte{0});
    shop_.write("bare", bytes);
    expect_all_named(shop_.path("bare"));
  }
}

TEST_F(ModuleSymbolizerTest, NamesTheEntryPointAndTheEdgesOfAStrippedProgram) {
  const auto symbols = symbols_of("a");
  ASSERT_TRUE(shop_.run("strip -o b a"));
  const auto names = names_of(shop_.path("b"));
  for (const char* name : {"_start", "_init", "_fini"}) {
    const std::string line =
        shop_.output("nm a | grep ' T " + std::string(name) + "$\\|t " + name + "$'");
    ASSERT_FALSE(line.empty()) << name;
    const std::uint64_t start = std::stoull(line, nullptr, 16);
    const Symbolized found = names.symbolize(ModuleAddress(start + 4));
    EXPECT_EQ(found.frames.back().function, name);
    EXPECT_EQ(found.naming, Naming::kSymbol);
  }
}

// objdump names the stubs too, by its own reading of the file.
TEST_F(ModuleSymbolizerTest, NamesPltStubsAsObjdumpDoes) {
  const std::vector<std::string> recipes = {"g++ a.o -o b",
                                            "g++ -Wl,-z,now a.o -o b",
                                            "g++ -Wl,-z,lazy a.o -o b",
                                            "g++ -Wl,-z,ibtplt -Wl,-z,lazy a.o -o b",
                                            "g++ -no-pie a.o -o b && strip b",
                                            "cp $(g++ -print-file-name=libstdc++.so.6) b"};
  for (const std::string& recipe : recipes) {
    SCOPED_TRACE(recipe);
    ASSERT_TRUE(shop_.run(recipe)) << shop_.log();
    const auto names = names_of(shop_.path("b"));
    std::size_t seen = 0;
    for (const auto& line : test::lines_of(shop_.output("objdump -d b | grep '@plt>:$'"))) {
      const std::uint64_t start = std::stoull(line, nullptr, 16);
      const std::size_t open = line.find('<');
      std::string expected = line.substr(open + 1, line.size() - open - 3);
      if (expected.starts_with("*ABS*")) continue;
      if (const auto at = expected.find('@'); expected.find("@@") != std::string::npos) {
        expected = expected.substr(0, at) + "@plt";
      }
      for (const std::uint64_t into : {0, 6}) {
        const Symbolized found = names.symbolize(ModuleAddress(start + into));
        EXPECT_EQ(found.frames.back().system_name, expected) << line;
        EXPECT_FALSE(found.frames.back().function.starts_with("_Z")) << line;
        EXPECT_TRUE(found.frames.back().function.ends_with("@plt")) << line;
        EXPECT_EQ(found.naming, Naming::kSymbol);
      }
      ++seen;
    }
    EXPECT_GT(seen, 4U);
  }
}

TEST_F(ModuleSymbolizerTest, ReadsSymbolsFromGnuDebugdata) {
  const auto symbols = symbols_of("a");
  if (!shop_.run("nm -D a --format=posix --defined-only | awk '{print $1}' | sort >dynsyms && "
                 "nm a --format=posix --defined-only | "
                 "awk '{ if ($2 == \"T\" || $2 == \"t\") print $1 }' | sort >funcsyms && "
                 "comm -13 dynsyms funcsyms >keep && "
                 "objcopy --only-keep-debug a a.debug && "
                 "objcopy -S --remove-section .gdb_index --remove-section .comment "
                 "--keep-symbols=keep a.debug a.mini && xz -k a.mini && "
                 "strip -o b a && objcopy --add-section .gnu_debugdata=a.mini.xz b")) {
    GTEST_SKIP() << "needs objcopy and xz: " << shop_.log();
  }
  const auto names = names_of(shop_.path("b"));
  EXPECT_EQ(names.name_source(), NameSource::kMiniDebugInfo);
  const auto hidden = symbols.at("zoo::hidden(int)");
  EXPECT_EQ(names.symbolize(ModuleAddress(hidden.first + 3)).frames.back().function,
            "zoo::hidden(int)");
}

TEST_F(ModuleSymbolizerTest, FindsTheDebugFileByBuildIdAndByLink) {
  ASSERT_TRUE(
      shop_.run("g++ -Wl,--build-id=sha1 ag.o -o a && "
                "objcopy --only-keep-debug a a.debug && strip -o b a && "
                "objcopy --add-gnu-debuglink=a.debug b linked && "
                "mkdir -p elsewhere/.debug ids other"))
      << shop_.log();
  const auto symbols = symbols_of("a");
  const ModuleAddress hidden(symbols.at("zoo::hidden(int)").first);
  const auto expect_found = [&](const std::string& path, const DebugFileSearch& search,
                                bool found) {
    const auto names = names_of(path, search);
    EXPECT_EQ(names.name_source() == NameSource::kDebugFile, found);
    const Symbolized at = names.symbolize(hidden);
    EXPECT_EQ(at.frames.back().function == "zoo::hidden(int)", found);
    EXPECT_EQ(at.frames.back().declared_file.ends_with("a.cc"), found);
  };
  {
    SCOPED_TRACE("by build id");
    const std::string id = (*ElfFile::open(shop_.path("a")))->build_id().hex();
    const std::string folder = "ids/.build-id/" + id.substr(0, 2);
    ASSERT_TRUE(shop_.run("mkdir -p " + folder + " && cp a.debug " + folder + "/" + id.substr(2) +
                          ".debug"));
    expect_found(shop_.path("b"), {.directories = {shop_.path("ids")}}, true);
    expect_found(shop_.path("b"), kNowhere, false);
  }
  {
    SCOPED_TRACE("by link, next to it");
    expect_found(shop_.path("linked"), kNowhere, true);
  }
  {
    SCOPED_TRACE("by link, in .debug");
    ASSERT_TRUE(shop_.run("cp linked elsewhere/ && cp a.debug elsewhere/.debug/"));
    expect_found(shop_.path("elsewhere/linked"), kNowhere, true);
  }
  {
    SCOPED_TRACE("by link, under the global directory");
    ASSERT_TRUE(
        shop_.run("cp linked other/ && mkdir -p \"global$(realpath other)\" && "
                  "cp a.debug \"global$(realpath other)/\""));
    expect_found(shop_.path("other/linked"), {.directories = {shop_.path("global")}}, true);
    expect_found(shop_.path("other/linked"), kNowhere, false);
  }
}

TEST_F(ModuleSymbolizerTest, RefusesADebugFileOfAnotherBuild) {
  ASSERT_TRUE(
      shop_.run("g++ -Wl,--build-id=none ag.o -o a && "
                "objcopy --only-keep-debug a a.debug && strip -o b a && "
                "objcopy --add-gnu-debuglink=a.debug b linked"))
      << shop_.log();
  EXPECT_EQ(names_of(shop_.path("linked")).name_source(), NameSource::kDebugFile);
  // One byte more: the CRC no longer fits.
  ASSERT_TRUE(shop_.run("printf x >>a.debug"));
  EXPECT_NE(names_of(shop_.path("linked")).name_source(), NameSource::kDebugFile);
}

TEST_F(ModuleSymbolizerTest, HasNothingToSayOutsideTheCode) {
  const auto names = names_of(shop_.path("a"));
  for (const std::uint64_t address : {std::uint64_t{0}, std::uint64_t{1} << 40, UINT64_MAX}) {
    const Symbolized found = names.symbolize(ModuleAddress(address));
    EXPECT_EQ(found.naming, Naming::kNone);
    EXPECT_TRUE(found.frames.empty());
  }
}

// clone3 and the pieces of assembler in libc have no size or odd ones: whatever names them starts
// at or before them and no FDE starts in between.
TEST_F(ModuleSymbolizerTest, NeverNamesAnAddressByAFunctionBeyondAnFdeBoundary) {
  auto file = ElfFile::open("/usr/lib/x86_64-linux-gnu/libc.so.6");
  if (!file) GTEST_SKIP() << "needs libc.so.6: " << file.error().message();
  const ModuleSymbolizer names(*file, kNowhere);
  FunctionSymbols functions(**file);
  functions.add_symbols_of(*file);
  functions.build();
  const FdeTable fdes((*file)->unwind_sections());
  std::size_t seen = 0;
  std::size_t ranges = 0;
  fdes.for_each([&](const Fde& fde) {
    ++seen;
    const Symbolized found = names.symbolize(fde.start + (fde.length - 1));
    EXPECT_NE(found.naming, Naming::kNone);
    if (found.naming == Naming::kRange) {
      ++ranges;
      char expected[64];
      std::snprintf(expected, sizeof expected, "libc.so.6+0x%lx", fde.start.value());
      const std::string& name = found.frames.back().function;
      if (name.find('[') == std::string::npos) {
        EXPECT_EQ(name, expected);
      }
    }
    return true;
  });
  EXPECT_GT(seen, 1000U);
  EXPECT_GT(ranges, 100U);
}

}  // namespace
}  // namespace symbolizer
