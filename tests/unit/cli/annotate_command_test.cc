// `profiler annotate`: options in, exit status and text out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "tests/support/profile_builder.h"
#include "tests/unit/cli/command_fixture.h"

namespace profiler::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class AnnotateCommand : public CommandFixture {
 protected:
  void SetUp() override {
    test::ProfileBuilder builder;
    builder.function("Arena::grow(unsigned long)", {.file = "/gone/src/arena.cc", .line = 2})
        .function("f(int)", {.file = "/gone/f.cc", .line = 1})
        .function("f(char)", {.file = "/gone/f.cc", .line = 9})
        .user("main;Arena::grow(unsigned long)#3", 40)
        .sys("main;Arena::grow(unsigned long)#4;read@libc.so.6", "entry_SYSCALL_64;vfs_read",
             test::syscall("read"), 10)
        .user("main;f(int)#2", 30)
        .user("main;f(char)#10", 20);
    builder.run().start_unix_ns = 1;
    write("profiler.data", builder.build());
    std::ofstream(directory() + "/arena.cc")
        << "\nvoid Arena::grow(unsigned long bytes) {\n  touch(bytes);\n  read(fd, p, 1);\n}\n";
  }

  [[nodiscard]] std::string directory() const { return directory_.path(); }

  Ran run(std::vector<std::string> args) {
    args.insert(args.end(), {"-i", profile_});
    return call(annotate_command, std::move(args));
  }
  /// Whole, and on one line: what, and what to do.
  void expect_error(std::vector<std::string> args, const std::string& pattern) {
    const Ran ran = run(std::move(args));
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.output, "");
    EXPECT_THAT(ran.errors, MatchesRegex("profiler annotate: [^\n]*" + pattern + "[^\n]*\n"));
  }

  std::string profile_ = path("profiler.data");
};

TEST_F(AnnotateCommand, ShowsTheSourceThatIsFoundThere) {
  const Ran ran = run({"grow", "--source-dir", directory()});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.errors, "");
  EXPECT_THAT(ran.output, HasSubstr("0.040      0  0.040  80.0 %  >    3    touch(bytes);\n"));
  EXPECT_THAT(ran.output, HasSubstr("└ read 0.010"));
  EXPECT_THAT(ran.output, HasSubstr("arena.cc was changed after the recording"));
  EXPECT_THAT(run({"grow", "--source-dir", "/gone/src=" + directory()}).output,
              HasSubstr("touch(bytes)"));
}

TEST_F(AnnotateCommand, SaysWhichSourceIsMissing) {
  const Ran ran = run({"grow"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, HasSubstr("! /gone/src/arena.cc is not here: --source-dir says where"));
  EXPECT_THAT(ran.output, HasSubstr(">    3\n"));
}

TEST_F(AnnotateCommand, SaysWhereNoLinesAreKnown) {
  EXPECT_THAT(run({"read"}).output, HasSubstr("! no lines are known of libc.so.6: it was built"));
  EXPECT_THAT(run({"vfs_read"}).output, HasSubstr("! no lines are known of this kernel code"));
}

TEST_F(AnnotateCommand, LooksAtTheSelectedSamplesOnly) {
  const Ran ran = run({"grow", "--sys"});
  EXPECT_THAT(ran.output, AllOf(HasSubstr("0.010 s of 0.010 s"), HasSubstr("only: sys")));
  expect_error({"f(int)", "--sys"}, R"(no function .f\(int\). has samples here)");
}

TEST_F(AnnotateCommand, IsForPrograms) {
  const Ran ran = run({"grow", "--format", "json"});
  EXPECT_EQ(ran.status, 0);
  const json report = json::parse(ran.output, nullptr, false);
  EXPECT_EQ(report["files"][0]["lines"][0]["line"], 3);
}

TEST_F(AnnotateCommand, AnswersWhatIsNotClearWithOneLine) {
  expect_error({"f"},
               R"('f' is in the names of 2 functions; write one of 'f\(int\)', 'f\(char\)')");
  expect_error({"Grow"}, "no function 'Grow' has samples; did you mean Arena::grow\\?");
  expect_error({"gorw"}, "no function 'gorw' has samples; did you mean grow\\?");
  expect_error({"xyzzy"}, "`profiler report` lists those that have");
  expect_error({}, "which function\\?");
  expect_error({"<syscall read>"}, "stands for work of the kernel, it is no function; ");
  expect_error({"vfs_read", "--asm"}, "kernel code is in no file here; ");
  expect_error({"grow", "--asm"}, "prog: cannot open.*--asm needs the file that ran");
  expect_error({"a", "b"}, "one function at a time");
  expect_error({"grow", "--format", "csv"}, "use one of text, json");
  expect_error({"grow", "--limit", "-1"}, "--limit");
  expect_error({"grow", "--source-dir", "/nowhere/at/all"}, "is no directory");
  expect_error({"grow", "--event", "cycles"}, "this profile has cpu-clock");
}

}  // namespace
}  // namespace profiler::cli
