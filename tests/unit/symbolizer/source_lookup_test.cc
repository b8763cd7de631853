#include "symbolizer/dwarf/source_lookup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <random>
#include <set>
#include <sstream>

#include "sample_program.h"
#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/module_symbolizer.h"
#include "workshop.h"

namespace symbolizer {
namespace {

using profiler::SourceFrame;
using profiler::Symbolized;

struct Frame {
  std::string function;
  std::string file;
  std::uint32_t line = 0;
  bool operator==(const Frame&) const = default;
  [[nodiscard]] std::pair<std::string, std::uint32_t> place() const { return {file, line}; }
};
using Chain = std::vector<Frame>;

std::string normal(const std::string& path) {
  return path == "??" ? "" : std::filesystem::path(path).lexically_normal().string();
}

/// "/src/a.cc:12:3 (discriminator 3)", with a column or without.
Frame parse_place(std::string function, std::string place) {
  place = place.substr(0, place.find(" (disc"));
  const auto numeric_tail = [&place]() -> std::optional<std::string> {
    const std::size_t colon = place.rfind(':');
    if (colon == std::string::npos ||
        place.find_first_not_of("0123456789?", colon + 1) != std::string::npos) {
      return std::nullopt;
    }
    std::string tail = place.substr(colon + 1);
    place.resize(colon);
    return tail;
  };
  std::string line = numeric_tail().value_or("?");
  if (const auto before = numeric_tail()) line = *before;
  Frame frame{.function = std::move(function), .file = normal(place), .line = 0};
  if (!line.empty() && line.find('?') == std::string::npos) {
    frame.line = static_cast<std::uint32_t>(std::stoul(line));
  }
  // A file without a line comes from the symbol table, not from DWARF.
  if (frame.line == 0) frame.file.clear();
  return frame;
}

/// What `addr2line -a -f -i` (binutils' or elfutils') prints, a chain for each address.
std::vector<Chain> parse_addr2line(const std::string& text) {
  std::vector<Chain> chains;
  const auto lines = test::lines_of(text);
  for (std::size_t i = 0; i < lines.size();) {
    if (lines[i].starts_with("0x")) {
      chains.emplace_back();
      ++i;
    } else if (i + 1 < lines.size() && !chains.empty()) {
      std::string function = lines[i].substr(0, lines[i].find(" inlined at "));
      chains.back().push_back(parse_place(std::move(function), lines[i + 1]));
      i += 2;
    } else {
      break;
    }
  }
  return chains;
}

/// How our answers compare with another program's.
struct Agreement {
  std::size_t exact = 0;           ///< The whole chain: functions, files, lines.
  std::size_t same_places = 0;     ///< Files and lines; a name is from another source.
  std::size_t same_line = 0;       ///< File and line of the address only.
  std::size_t different_line = 0;  ///< Another line of the same file, or another file.
  std::size_t impossible = 0;      ///< Theirs is "<artificial>" or behind the end of a.cc, as
                                   ///< binutils says of DWARF 5 files that are listed twice.
  std::size_t only_ours = 0;
  std::size_t only_theirs = 0;
  std::string examples;

  [[nodiscard]] std::size_t total() const {
    return exact + same_places + same_line + different_line + impossible + only_ours + only_theirs;
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    out << "exact " << exact << ", same places " << same_places << ", same line " << same_line
        << ", different line " << different_line << ", only ours " << only_ours << ", only theirs "
        << only_theirs << "\n"
        << examples;
    return out.str();
  }
};

bool is_impossible(const Frame& place) {
  return place.file.ends_with("/<artificial>") ||
         (place.file.ends_with("/a.cc") &&
          place.line > std::ranges::count(test::kSampleProgram, '\n'));
}

Agreement compare(const std::vector<ModuleAddress>& addresses, const ModuleSymbolizer& names,
                  const std::vector<Chain>& theirs) {
  Agreement result;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    Chain ours;
    for (const SourceFrame& frame : names.symbolize(addresses[i]).frames) {
      ours.push_back({.function = frame.system_name,
                      .file = frame.line == 0 ? "" : normal(frame.file),
                      .line = frame.line});
    }
    const Frame our_place = ours.empty() ? Frame{} : ours.front();
    const Frame their_place = theirs[i].empty() ? Frame{} : theirs[i].front();
    if (ours == theirs[i]) {
      ++result.exact;
      continue;
    }
    if (std::ranges::equal(ours, theirs[i], {}, &Frame::place, &Frame::place)) {
      ++result.same_places;
      continue;
    }
    if (our_place.file == their_place.file && our_place.line == their_place.line) {
      ++result.same_line;
    } else if (our_place.file.empty()) {
      ++result.only_theirs;
    } else if (their_place.file.empty()) {
      ++result.only_ours;
    } else if (is_impossible(their_place)) {
      ++result.impossible;
      continue;
    } else {
      ++result.different_line;
    }
    if (result.examples.size() < 4000) {
      std::ostringstream out;
      out << std::hex << addresses[i].value() << std::dec;
      for (const Chain* chain : {static_cast<const Chain*>(&ours), &theirs[i]}) {
        out << (chain == &ours ? "\n  ours  " : "\n  theirs");
        for (const Frame& f : *chain) out << "  " << f.function << " " << f.file << ":" << f.line;
      }
      result.examples += out.str() + "\n";
    }
  }
  return result;
}

class SourceLookupTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    compiled_ = new test::Workshop;
    compiled_->write("a.cc", test::kSampleProgram);
    built_ = compiled_->run("g++ -O2 -g a.cc -o a");
  }
  static void TearDownTestSuite() { delete compiled_; }
  void SetUp() override {
    if (!built_) GTEST_SKIP() << "needs g++: " << compiled_->log();
  }

  /// A few thousand addresses all over .text of `program`, in a file that addr2line reads.
  static std::vector<ModuleAddress> addresses_of(const std::string& program, unsigned step) {
    std::vector<ModuleAddress> addresses;
    const auto file = ElfFile::open(compiled_->path(program));
    if (!file) return addresses;
    const Section* text = (*file)->section(".text");
    std::ostringstream list;
    for (std::uint64_t into = 0; into < text->size; into += step) {
      addresses.push_back(text->address + into);
      list << "0x" << std::hex << addresses.back().value() << "\n";
    }
    compiled_->write("addresses", list.str());
    return addresses;
  }
  static Agreement agreement_with(const std::string& tool, const std::string& program,
                                  unsigned step = 3) {
    const auto addresses = addresses_of(program, step);
    auto file = ElfFile::open(compiled_->path(program));
    if (!file || addresses.size() < 300) return {};
    const auto theirs = parse_addr2line(compiled_->output(tool + " " + program + " <addresses"));
    if (theirs.size() != addresses.size()) return {.examples = compiled_->log()};
    return compare(addresses, ModuleSymbolizer(*file, {.directories = {}}), theirs);
  }
  /// Every line is theirs; nearly every chain is. Names differ where the symbol table has a better
  /// one (clones, .cold parts), chains in the padding between functions.
  static void expect_agreement(const Agreement& a) {
    ASSERT_GT(a.total(), 300U) << a.text();
    EXPECT_EQ(a.different_line, 0U) << a.text();
    EXPECT_EQ(a.only_theirs, 0U) << a.text();
    EXPECT_LE(a.only_ours, a.total() / 100) << a.text();
    EXPECT_LE(a.impossible, a.total() / 20) << a.text();
    EXPECT_GE(a.exact + a.same_places + a.impossible, a.total() * 97 / 100) << a.text();
  }
  /// The chains at addresses all over a program, each as one line of text.
  static std::vector<std::string> chains_of(const std::string& program) {
    std::vector<std::string> chains;
    auto file = ElfFile::open(compiled_->path(program));
    if (!file) return chains;
    const ModuleSymbolizer names(*file, {.directories = {}});
    for (const ModuleAddress address : addresses_of(program, 5)) {
      std::ostringstream chain;
      for (const SourceFrame& f : names.symbolize(address).frames) {
        chain << f.function << " " << f.file << ":" << f.line << " " << f.declared_file << ":"
              << f.declared_line << "; ";
      }
      chains.push_back(chain.str());
    }
    return chains;
  }

  inline static test::Workshop* compiled_ = nullptr;
  inline static bool built_ = false;
};

TEST_F(SourceLookupTest, AgreesWithAddr2line) {
  expect_agreement(agreement_with("addr2line -a -f -i -e", "a"));
}

TEST_F(SourceLookupTest, AgreesWithEuAddr2line) {
  if (!compiled_->run("eu-addr2line --version")) GTEST_SKIP() << "needs eu-addr2line";
  expect_agreement(agreement_with("eu-addr2line -a -f -i -e", "a", 19));
}

TEST_F(SourceLookupTest, AgreesWithAddr2lineOnOtherWaysToCompile) {
  const std::vector<std::string> recipes = {
      "g++ -O2 -gdwarf-4 a.cc -o b",
      "g++ -O0 -g -no-pie a.cc -o b",
      "g++ -O2 -g -flto a.cc -o b",
      "g++ -O2 -g -ffunction-sections -Wl,--gc-sections a.cc -o b",
  };
  for (const std::string& recipe : recipes) {
    SCOPED_TRACE(recipe);
    ASSERT_TRUE(compiled_->run(recipe)) << compiled_->log();
    expect_agreement(agreement_with("addr2line -a -f -i -e", "b", 7));
  }
}

// binutils misses most inlined calls of clang's DWARF 5.
TEST_F(SourceLookupTest, AgreesWithLlvmAddr2lineOnClangsOutput) {
  if (!compiled_->run("clang++-19 -O2 -g a.cc -o b && llvm-addr2line-19 --version")) {
    GTEST_SKIP() << "needs clang++-19 and llvm-addr2line-19: " << compiled_->log();
  }
  expect_agreement(agreement_with("llvm-addr2line-19 -a -f -i -e", "b"));
}

// Units that were forgotten are read again: nothing may depend on what they were.
TEST_F(SourceLookupTest, AnswersTheSameWhenEveryUnitIsForgottenAtOnce) {
  compiled_->write("c.cc", R"(
#include <string>
__attribute__((noinline)) int other(int value) { return std::to_string(value).size() + 1; }
)");
  compiled_->write("d.cc", "int other(int); int main(int argc, char**) { return other(argc); }");
  ASSERT_TRUE(compiled_->run("g++ -O2 -g c.cc d.cc -o cd")) << compiled_->log();
  const auto file = ElfFile::open(compiled_->path("cd"));
  ASSERT_TRUE(file);
  const auto code = code_regions(**file);
  SourceLookup kept(DebugInfo::open(*file, {}), code);
  SourceLookup forgetful(DebugInfo::open(*file, {}), code, {.bytes = 0, .units = 0});
  std::size_t lines = 0;
  auto addresses = addresses_of("cd", 2);
  std::ranges::shuffle(addresses, std::mt19937(1));
  for (const ModuleAddress address : addresses) {
    const auto a = kept.at(address);
    const auto b = forgetful.at(address);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].function, b[i].function);
      EXPECT_EQ(a[i].file, b[i].file);
      EXPECT_EQ(a[i].line, b[i].line);
      EXPECT_EQ(a[i].declared_line, b[i].declared_line);
      lines += a[i].line != 0 ? 1 : 0;
    }
  }
  EXPECT_GT(lines, 50U);
}

TEST_F(SourceLookupTest, ReadsCompressedSectionsAlike) {
  const auto plain = chains_of("a");
  ASSERT_GT(plain.size(), 300U);
  for (const char* method : {"zlib-gabi", "zlib-gnu", "zstd"}) {
    SCOPED_TRACE(method);
    ASSERT_TRUE(
        compiled_->run(std::string("mkdir -p packed && objcopy --compress-debug-sections=") +
                       method + " a packed/a"))
        << compiled_->log();
    EXPECT_EQ(chains_of("packed/a"), plain);
  }
}

TEST_F(SourceLookupTest, ReadsWhatDwzMovedToPartialUnitsAndToAnAlternateFile) {
  if (!compiled_->run("dwz -h >/dev/null 2>&1 || dwz --version")) {
    GTEST_SKIP() << "needs dwz";
  }
  const auto plain = chains_of("a");
  ASSERT_TRUE(
      compiled_->run("mkdir one two single && cp a one && cp a two && cp a single && "
                     "dwz single/a && dwz -r -m common one/a two/a"))
      << compiled_->log();
  EXPECT_EQ(chains_of("single/a"), plain);
  EXPECT_EQ(chains_of("one/a"), plain);
  ASSERT_TRUE(compiled_->run("rm common"));
  EXPECT_EQ(chains_of("one/a").size(), plain.size());
}

// GCC gives no linkage name to what nobody else can call: the debug information says what it is in.
TEST_F(SourceLookupTest, SaysWhatFunctionsWithoutLinkageNamesAreDeclaredIn) {
  compiled_->write("n.cc", R"(
volatile int sink;
namespace zoo {
namespace {
struct Keeper {
  [[gnu::always_inline]] int feed(int n) { sink = n; return sink + 1; }
};
[[gnu::always_inline]] inline int hidden(int n) { sink = n; return sink - 1; }
}  // namespace
int open(int n) {
  Keeper keeper;
  auto local = [&](int m) __attribute__((always_inline)) { sink = m; return sink * 2; };
  struct Inner {
    [[gnu::always_inline]] static int visit(int k) { sink = k; return sink / 3; }
  };
  return keeper.feed(n) + hidden(n) + local(n) + Inner::visit(n);
}
}  // namespace zoo
int main(int argc, char**) { return zoo::open(argc); }
)");
  ASSERT_TRUE(compiled_->run("g++ -O1 -g n.cc -o n")) << compiled_->log();
  const auto file = ElfFile::open(compiled_->path("n"));
  ASSERT_TRUE(file);
  const ModuleSymbolizer names(*file, {.directories = {}});
  std::set<std::string> seen;
  const auto regions = code_regions(**file);
  for (const CodeRegion& region : regions) {
    for (ModuleAddress at = region.start; at < region.end; at = at + 1) {
      for (const SourceFrame& f : names.symbolize(at).frames) seen.insert(f.function);
    }
  }
  // A compiler that gives linkage names has the arguments in them.
  const auto is_seen = [&](const std::string& name) {
    return std::ranges::any_of(seen, [&](const std::string& s) { return s.starts_with(name); });
  };
  EXPECT_TRUE(is_seen("zoo::(anonymous namespace)::Keeper::feed"));
  EXPECT_TRUE(is_seen("zoo::(anonymous namespace)::hidden"));
  EXPECT_TRUE(is_seen("zoo::open(int)::{lambda"));
  EXPECT_TRUE(is_seen("zoo::open(int)::Inner::visit"));
  if (HasFailure()) {
    for (const std::string& name : seen) std::cout << name << "\n";
  }
}

// Two functions that are each the other's abstract origin, the second with a name of its own.
TEST_F(SourceLookupTest, EndsReferencesThatRunInCircles) {
  compiled_->write("circle.s", R"(
  .text
  .globl first
  .type first, @function
first: nop
  nop
  ret
  .size first, .-first
  .globl _start
_start: ret
  .section .debug_info
  .long .Lend - .Lversion
.Lversion: .short 4
  .long .Labbrev
  .byte 8
  .uleb128 1
  .quad first
  .quad 16
.Lone: .uleb128 2
  .quad first
  .quad 3
  .long .Ltwo - .Lversion + 4
.Ltwo: .uleb128 3
  .asciz "called_two"
  .long .Lone - .Lversion + 4
  .byte 0
.Lend:
  .section .debug_abbrev
.Labbrev:
  .uleb128 1, 0x11
  .byte 1
  .uleb128 0x11, 1, 0x12, 7, 0, 0
  .uleb128 2, 0x2e
  .byte 0
  .uleb128 0x11, 1, 0x12, 7, 0x31, 0x13, 0, 0
  .uleb128 3, 0x2e
  .byte 0
  .uleb128 3, 8, 0x31, 0x13, 0, 0
  .byte 0
)");
  ASSERT_TRUE(compiled_->run("gcc -nostdlib -static circle.s -o circle")) << compiled_->log();
  const auto file = ElfFile::open(compiled_->path("circle"));
  ASSERT_TRUE(file);
  SourceLookup source(DebugInfo::open(*file, {.directories = {}}), code_regions(**file));
  const auto address = std::stoull(compiled_->output("nm circle | grep first"), nullptr, 16);
  const auto frames = source.at(ModuleAddress(address + 1));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].function, "called_two");
}

TEST_F(SourceLookupTest, KnowsWhereFunctionsAreDeclared) {
  const auto file = ElfFile::open(compiled_->path("a"));
  ASSERT_TRUE(file);
  const ModuleSymbolizer names(*file, {.directories = {}});
  std::uint32_t expected = 0;
  const auto source = test::lines_of(std::string(test::kSampleProgram));
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i].find("int hidden(") != std::string::npos) {
      expected = static_cast<std::uint32_t>(i + 1);
    }
  }
  const std::uint64_t start =
      std::stoull(compiled_->output("nm a | grep _ZN3zooL6hiddenEi$"), nullptr, 16);
  bool inlined = false;
  for (std::uint64_t into = 0; into < 200; ++into) {
    const Symbolized found = names.symbolize(ModuleAddress(start + into));
    ASSERT_FALSE(found.frames.empty());
    EXPECT_EQ(found.frames.back().function, "zoo::hidden(int)");
    EXPECT_TRUE(found.frames.back().declared_file.ends_with("/a.cc"));
    EXPECT_EQ(found.frames.back().declared_line, expected);
    for (const SourceFrame& f : found.frames) {
      if (f.function.find("four_times") == std::string::npos) continue;
      inlined = true;
      EXPECT_EQ(f.declared_line + 4, expected);
    }
  }
  EXPECT_TRUE(inlined);
}

}  // namespace
}  // namespace symbolizer
