// `profiler symbolize`, as a program: arguments, standard input, both formats, what it refuses.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class SymbolizeCommand : public testing::Test {
 protected:
  void SetUp() override {
    const auto built = shell(R"(cat > s.c <<'C'
volatile int sink;
static inline __attribute__((always_inline)) int twice(int value) {
  sink = value;
  return sink * 2;
}
__attribute__((noinline)) int outer(int value) {
  return twice(value) + 1;
}
int main(int argc, char** argv) { return outer(argc) + (argv == 0); }
C
gcc -O1 -g -no-pie s.c -o s && nm s | grep ' T outer$' | cut -d' ' -f1)");
    if (built.exit_status != 0) GTEST_SKIP() << "needs gcc: " << built.err;
    outer_ = built.out.substr(0, built.out.find('\n'));
  }
  /// $P is the program, $A the address of outer.
  test::CommandResult shell(const std::string& script) {
    return test::run({"sh", "-c", script},
                     {.directory = directory_.path(),
                      .environment = {{"P", PROFILER_BINARY_DIR "/profiler"}, {"A", outer_}}});
  }

  test::TemporaryDirectory directory_;
  std::string outer_;
};

TEST_F(SymbolizeCommand, SaysWhichFunctionsAndLinesWithTheInnermostFirst) {
  const auto ran = shell("$P symbolize --module s $A");
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_THAT(ran.out, MatchesRegex("0x[0-9a-f]+ (outer at .*/s.c:[0-9]+\n|"
                                    "twice at .*/s.c:3 \\(inlined\\)\n +outer at .*/s.c:7\n)"));
  // Somewhere in it is the call.
  const auto all = shell(
      "i=0; while [ $i -lt 16 ]; do printf '%x\\n' $((0x$A + i)); i=$((i + 1)); "
      "done | $P symbolize --module s");
  EXPECT_THAT(all.out, HasSubstr("twice at "));
  EXPECT_THAT(all.out, HasSubstr(":4 (inlined)\n"));
}

TEST_F(SymbolizeCommand, AnswersInTheOrderOfTheQuestions) {
  const auto ran = shell(
      "{ echo 0x1; echo $A; echo; echo \" $A \"; echo 1; printf $A; } | "
      "$P symbolize --module s | grep -o '^0x[0-9a-f]*'");
  const std::string address = "0x" + outer_.substr(outer_.find_first_not_of('0')) + "\n";
  EXPECT_EQ(ran.out, "0x1\n" + address + address + "0x1\n" + address);
}

// Others talk to it through pipes, a question at a time.
TEST_F(SymbolizeCommand, AnswersBeforeTheInputEnds) {
  const auto ran = shell(
      "mkfifo in out && { $P symbolize --module s < in > out & } && "
      "exec 3> in 4< out && echo $A >&3 && read -r first <&4 && "
      "echo \"$first\" && exec 3>&-");
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("0x"));
}

TEST_F(SymbolizeCommand, WritesAnObjectALineForOtherPrograms) {
  const auto ran = shell("$P symbolize -e s --format json $A 0x1");
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  const std::size_t end = ran.out.find('\n');
  const auto first = nlohmann::json::parse(ran.out.substr(0, end));
  EXPECT_EQ(first["naming"], "symbol");
  const auto& outermost = first["frames"].back();
  EXPECT_EQ(outermost["function"], "outer");
  EXPECT_EQ(outermost["inlined"], false);
  EXPECT_EQ(outermost["declared_line"], 6);
  const auto second = nlohmann::json::parse(ran.out.substr(end + 1));
  EXPECT_EQ(second["address"], "0x1");
  EXPECT_EQ(second["naming"], "none");
  EXPECT_TRUE(second["frames"].empty());
}

TEST_F(SymbolizeCommand, SaysWhatIsNoAddressAndAnswersTheRest) {
  const auto ran = shell("$P symbolize --module s zzz $A");
  EXPECT_EQ(ran.exit_status, 1);
  EXPECT_EQ(ran.err, "profiler symbolize: no address: 'zzz'; give it in hexadecimal\n");
  EXPECT_THAT(ran.out, HasSubstr("outer at "));
}

TEST_F(SymbolizeCommand, RefusesWhatIsNoListAndNoObjectFile) {
  EXPECT_THAT(shell("head -c 100000 /dev/zero | $P symbolize --module s").err,
              HasSubstr("not a list of addresses"));
  EXPECT_THAT(shell("$P symbolize --module s.c 1").err, HasSubstr("s.c: not an ELF file"));
  EXPECT_THAT(shell("$P symbolize 1").err, HasSubstr("which file?; give --module FILE"));
  EXPECT_THAT(shell("$P symbolize --module s --format xml 1").err, HasSubstr("use text or json"));
  EXPECT_EQ(shell("$P symbolize --module missing 1").exit_status, 1);
}

}  // namespace
}  // namespace profiler::cli
