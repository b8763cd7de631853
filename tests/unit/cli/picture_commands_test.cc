// `profiler flamegraph` and `profiler export`, as programs: files, streams, exit statuses.
#include <gmock/gmock.h>

#include <fstream>
#include <string>

#include "tests/support/profile_builder.h"
#include "tests/unit/cli/command_fixture.h"

namespace profiler::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class PictureCommands : public CommandFixture {
 protected:
  void SetUp() override {
    test::ProfileBuilder builder;
    builder.command({"./prog"})
        .user("main;f;g", 40)
        .sys("main;f;read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 10)
        .process("child", 101)
        .user("main;h", 50);
    for (int i = 0; i < 3000; ++i) builder.user("main;many_" + std::to_string(i));
    write("profiler.data", builder.build());
  }
  Ran run(const std::string& line) { return shell(line); }
  [[nodiscard]] std::size_t files() const { return directory_.names().size(); }
};

TEST_F(PictureCommands, ExportOfWaitsHasNoColumnsOfTimeOnTheCpu) {
  write("waits.data", test::ProfileBuilder()
                          .user("main;f", 3)
                          .wait("main;g", "", WaitClass::kSleep, 7'000, 3)
                          .build());

  EXPECT_EQ(run("$P export -i waits.data --format callgrind | grep ^events:").output,
            "events: user_ns sys_ns wait_ns\n");
  EXPECT_EQ(run("$P export -i waits.data --format callgrind --wait | grep ^events:").output,
            "events: wait_ns\n");
}

TEST_F(PictureCommands, FlamegraphWritesAnSvgHere) {
  const Ran ran = run("$P flamegraph");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output, "");
  const std::string svg = file("flamegraph.svg");
  EXPECT_THAT(svg, StartsWith("<?xml"));
  EXPECT_THAT(svg, HasSubstr("<title>g\n0.040 s user, 40 samples"));
  EXPECT_THAT(svg, HasSubstr("<title>child\n")) << "several processes have a row";
  EXPECT_THAT(svg, HasSubstr("&lt;syscall read&gt;"));
}

TEST_F(PictureCommands, FlamegraphTakesItsOptions) {
  const Ran sys = run("$P flamegraph --sys --kernel-frames --title Reads --width 900 -o -");
  EXPECT_EQ(sys.status, 0);
  EXPECT_THAT(sys.output, HasSubstr(">Reads</text>"));
  EXPECT_THAT(sys.output, HasSubstr("only sys"));
  EXPECT_THAT(sys.output, HasSubstr("width=\"900\""));
  EXPECT_THAT(sys.output, HasSubstr("<title>vfs_read\n"));
  EXPECT_THAT(sys.output, Not(HasSubstr("<title>h\n")));
  EXPECT_THAT(run("$P flamegraph --filter function=many_77 --icicle --inverted -o -").output,
              HasSubstr("data-up=\"0\""));
}

TEST_F(PictureCommands, NothingTakesTheFilesPlaceWhenNothingMatches) {
  for (const std::string command :
       {"flamegraph", "html", "export --format folded", "export --format pprof"}) {
    const Ran ran = run("echo before > out; $P " + command + " --filter process=none -o out");
    EXPECT_EQ(ran.status, 1) << command;
    EXPECT_THAT(ran.output, MatchesRegex("profiler [a-z]+: no sample is of process=none: nothing "
                                         "was written; profiler report shows what there is\n"));
    EXPECT_EQ(file("out"), "before\n");
  }
}

TEST_F(PictureCommands, SayThatARecordingIsEmpty) {
  write("empty.data", test::ProfileBuilder().build());
  const Ran ran = run("$P export --format folded -i empty.data");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output, "profiler: empty.data: has no samples\n");
  EXPECT_EQ(run("$P flamegraph -i empty.data").output, "profiler: empty.data: has no samples\n");
  EXPECT_THAT(file("flamegraph.svg"), HasSubstr("No samples in this profile"));
}

TEST_F(PictureCommands, TheEndingOfTheOutputFits) {
  EXPECT_THAT(run("$P flamegraph -o x.png").output,
              MatchesRegex("profiler flamegraph: -o x.png: [^\n]*\\.svg\n"));
  EXPECT_THAT(run("$P html -o x.svg").output,
              MatchesRegex("profiler html: -o x.svg: [^\n]*\\.html\n"));
  EXPECT_THAT(run("$P report -o x.svg").output,
              MatchesRegex("profiler report: -o x.svg: [^\n]*use profiler flamegraph\n"));
  EXPECT_THAT(run("$P report -o x.json && head -c 1 x.json").output, "{");
  EXPECT_THAT(run("$P report -o x.csv && head -n 1 x.csv").output, StartsWith("name,module,"));
  EXPECT_THAT(run("$P report --format text -o y.json && head -c 1 y.json").output, ".");
  EXPECT_EQ(files(), 4U) << "x.json, x.csv, y.json beside the recording";
  EXPECT_EQ(run("$P report -o z.json.gz && gzip -cd < z.json.gz").output, file("x.json"));
  EXPECT_THAT(run("$P flamegraph -o x.svgz && gzip -cd < x.svgz").output, HasSubstr("<svg "));
}

TEST_F(PictureCommands, ExportWritesFoldedStacks) {
  const Ran ran = run("$P export --format folded --filter process=prog");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output,
            "prog;main;f;g 40\nprog;main;f;read;entry_SYSCALL_64_[k];vfs_read_[k] 10\n");
  EXPECT_EQ(run("$P export --format folded --weights ns --filter function=g -o out").status, 0);
  EXPECT_EQ(file("out"), "prog;main;f;g 40000000\n");
}

TEST_F(PictureCommands, ExportListsItsFormats) {
  const Ran unknown = run("$P export --format fodled");
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.output,
              MatchesRegex("profiler export: no format 'fodled'; --format takes: .*folded.*\n"));
  EXPECT_EQ(run("$P export").status, 1);
  EXPECT_THAT(run("$P export").output, HasSubstr("--format takes: "));
  EXPECT_THAT(run("$P export --format folded --weights s").output, HasSubstr("use samples or ns"));
}

TEST_F(PictureCommands, FlamegraphDividesByThread) {
  const Ran ran = run("$P flamegraph --thread --title Threads -o -");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, HasSubstr("<title>prog 100\n0.050 s"));
  EXPECT_THAT(ran.output, HasSubstr("<title>child 101\n"));
  EXPECT_THAT(run("$P flamegraph --thread --inverted -o -").output, HasSubstr("<title>prog 100\n"));
}

TEST_F(PictureCommands, HtmlWritesAPageHere) {
  const Ran ran = run("$P html");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output, "");
  EXPECT_THAT(file("profile.html"), StartsWith("<!DOCTYPE html>"));
  EXPECT_EQ(run("$P html -o - > other.html").status, 0);
  EXPECT_EQ(file("other.html"), file("profile.html"));
  EXPECT_EQ(run("$P html --filter process=child -o child.html").status, 0);
  EXPECT_LT(file("child.html").size(), file("profile.html").size());
}

TEST_F(PictureCommands, HtmlEmbedsSourcesOnlyIfAsked) {
  ASSERT_EQ(run("mkdir src; seq 1 2000 > src/p.c").status, 0);
  test::ProfileBuilder builder;
  builder.function("main", {.file = "/build/p.c", .line = 1}).user("main#2", 40);
  write("lines.data", builder.build());
  ASSERT_EQ(run("$P html -i lines.data -o without.html").status, 0);
  ASSERT_EQ(run("$P html -i lines.data -o with.html --source --source-dir /build=src").status, 0);
  EXPECT_GT(file("with.html").size(), file("without.html").size());
  const Ran missing = run("$P html -i lines.data --source --source-dir nowhere");
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.output, HasSubstr("nowhere"));
}

TEST_F(PictureCommands, AClosedPipeIsQuiet) {
  // The status goes through a file: what two processes print comes in either order.
  const Ran ran =
      run("{ $P export --format folded; echo status $? > status; } | head -n 1; cat status");
  EXPECT_EQ(ran.output, "child;main;h 50\nstatus 0\n");
  for (const std::string command : {"flamegraph", "html"}) {
    EXPECT_EQ(
        run("{ $P " + command + " -o -; echo status $? > status; } | true; cat status").output,
        "status 0\n");
  }
}

TEST_F(PictureCommands, AFullDiskLeavesTheOldFile) {
  for (const std::string command :
       {"$P flamegraph -o out", "$P html -o out", "$P export --format folded -o out"}) {
    ASSERT_EQ(run("echo old > out").status, 0);
    const std::size_t before = files();
    // Files may grow to 1 KiB (or 512 bytes): the nearest a test comes to a disk that is full.
    const Ran ran = run("trap '' XFSZ; ulimit -f 1; " + command);
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.output, MatchesRegex("profiler [a-z]+: out: cannot write: File too large\n"));
    EXPECT_EQ(file("out"), "old\n");
    EXPECT_EQ(files(), before) << "nothing else stays behind";
  }
  const Ran full = run("$P export --format folded > /dev/full");
  EXPECT_EQ(full.status, 1);
  EXPECT_THAT(full.output, HasSubstr("standard output: cannot write: No space left on device\n"));
}

TEST_F(PictureCommands, WrongOptionsAndMissingProfilesAreOneLine) {
  for (const std::string command :
       {"$P flamegraph -i missing", "$P export --format folded -i missing",
        "$P flamegraph --width 3", "$P flamegraph --min-width x", "$P flamegraph --filter bad",
        "$P flamegraph -o nowhere/x.svg", "$P flamegraph -i /etc/passwd"}) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, 1) << command;
    EXPECT_THAT(ran.output, MatchesRegex("profiler [a-z]+: [^\n]+\n")) << command;
  }
  EXPECT_EQ(files(), 1U) << "no picture was begun";
}

TEST_F(PictureCommands, ShowOneEventOfSeveral) {
  test::ProfileBuilder builder;
  builder.user("main;spin", 40).another_event("page-faults").user("main;touch", 7);
  write("profiler.data", builder.build());

  EXPECT_EQ(run("$P export --format folded").output, "prog;main;spin 40\n");
  EXPECT_EQ(run("$P export --format folded -e page-faults").output, "prog;main;touch 7\n");
  EXPECT_EQ(run("$P flamegraph -e page-faults").status, 0);
  EXPECT_THAT(file("flamegraph.svg"), HasSubstr("<title>touch\n7 page-faults"));
  EXPECT_THAT(file("flamegraph.svg"), Not(HasSubstr("spin")));
  const Ran unknown = run("$P flamegraph -e cycles");
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.output, HasSubstr("cpu-clock (40 samples), page-faults (7 samples)"));
}

TEST_F(PictureCommands, WaitsAreDrawnWhereTheyAreAskedFor) {
  EXPECT_THAT(run("$P flamegraph --wall").output, HasSubstr("no waits"));
  const Profile profile = test::ProfileBuilder()
                              .user("main;work", 40)
                              .wait("main;nap", "do_nanosleep;schedule", WaitClass::kSleep,
                                    60'000'000, 1, test::syscall("clock_nanosleep"))
                              .build();
  write("profiler.data", profile);
  EXPECT_EQ(run("$P flamegraph --wall").status, 0);
  EXPECT_THAT(file("flamegraph.svg"), HasSubstr("0.060 s wait, 1 wait, 60.0 %"));
  EXPECT_THAT(file("flamegraph.svg"), HasSubstr("<title>work\n"));
  EXPECT_EQ(run("$P flamegraph --wait").status, 0);
  EXPECT_THAT(file("flamegraph.svg"), HasSubstr("0.060 s wait, 1 wait, 100.0 %"));
  EXPECT_THAT(file("flamegraph.svg"), Not(HasSubstr("<title>work\n")));
  EXPECT_EQ(run("$P flamegraph").status, 0);
  EXPECT_THAT(file("flamegraph.svg"), Not(HasSubstr(" wait, ")));
  EXPECT_THAT(run("$P flamegraph --wall --sys").output, HasSubstr("--wall is all time"));
}

}  // namespace
}  // namespace profiler::cli
