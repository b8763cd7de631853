// The oracle of chains, on chains made up and on a recording.
#include "tests/oracle/perf/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/oracle/perf/call_site.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/perf_data/perf_data_builder.h"

namespace profiler::oracle {
namespace {

TEST(PerfScriptText, IsTakenApart) {
  const auto samples = parse_perf_script(
      "my prog/2  12/13     7.000000042: cpu-clock:pppH: \n"
      "\tffffffff81000130 [unknown] ([kernel.kallsyms])\n"
      "\tffffffff81000130 ([kernel.kallsyms])\n"
      "\t           d4ad7 (/usr/lib/libc.so.6)\n"
      "\n"
      "swapper     0/0     6.999999999: cpu-clock:  ffffffff81000140 ([kernel.kallsyms])\n");
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].comm, "swapper");
  EXPECT_EQ(samples[0].time, 6'999'999'999U);
  ASSERT_EQ(samples[0].frames.size(), 1U);
  EXPECT_TRUE(samples[0].frames[0].kernel);
  EXPECT_EQ(samples[1].comm, "my prog/2");
  EXPECT_EQ(samples[1].pid, 12);
  EXPECT_EQ(samples[1].tid, 13);
  ASSERT_EQ(samples[1].frames.size(), 3U);
  EXPECT_EQ(samples[1].frames[2].address, 0xd4ad7U);
  EXPECT_EQ(samples[1].frames[2].module, "/usr/lib/libc.so.6");
  EXPECT_FALSE(samples[1].frames[2].kernel);
}

/// A program whose calls are known: main calls outer, which calls inner through a pointer.
class CallSitesOfAProgram : public testing::Test {
 protected:
  void SetUp() override {
    test::write_bytes(
        directory_.file("p.s"),
        ".globl main, outer, inner\n"
        "main: .cfi_startproc\n call outer\nafter_outer: ret\n.cfi_endproc\n"
        "outer: .cfi_startproc\n call *8(%rsp)\nafter_inner: jmp inner\n.cfi_endproc\n"
        "inner: .cfi_startproc\n nop\n nop\n nop\n ret\n.cfi_endproc\n");
    const auto built =
        test::run({"sh", "-c", "gcc -no-pie p.s -o p && nm p"}, {.directory = directory_.path()});
    if (built.exit_status != 0) GTEST_SKIP() << "needs gcc: " << built.err;
    symbols_ = built.out;
  }
  [[nodiscard]] ShownFrame at(const std::string& symbol, std::uint64_t offset = 0) const {
    const std::size_t line = symbols_.find(" " + symbol + "\n");
    return {.address = std::stoull(symbols_.substr(line - 18, 16), nullptr, 16) + offset,
            .module = directory_.file("p")};
  }

  test::TemporaryDirectory directory_;
  std::string symbols_;
};

TEST_F(CallSitesOfAProgram, AreJudgedByTheirInstructions) {
#ifndef __x86_64__
  GTEST_SKIP() << "reads x86-64 code";
#endif
  CallSites sites;
  EXPECT_EQ(sites.judge(at("after_outer"), at("outer", 2)), CallSite::kCallsIt);
  EXPECT_EQ(sites.judge(at("after_outer"), at("inner", 1)), CallSite::kElsewhere);
  EXPECT_EQ(sites.judge(at("after_inner"), at("inner", 1)), CallSite::kCall);
  EXPECT_EQ(sites.judge(at("inner", 3), at("outer")), CallSite::kNoCall);
  EXPECT_EQ(sites.judge({.address = 4096, .module = "//anon"}, at("outer")), CallSite::kUnknown);
}

TEST_F(CallSitesOfAProgram, DecideWhoIsRightWhereChainsPart) {
#ifndef __x86_64__
  GTEST_SKIP() << "reads x86-64 code";
#endif
  const auto lookup = [&](const char* symbol) { return at(symbol, ~std::uint64_t{0}); };
  const auto class_of = [](std::vector<ShownFrame> ours, std::vector<ShownFrame> perfs) {
    const Comparison all = compare({{.time = 1, .tid = 2, .frames = std::move(ours)}},
                                   {"reached the start of its thread"},
                                   {{.time = 1, .tid = 2, .frames = std::move(perfs)}});
    if (all.equal == 1) return std::string("equal");
    if (all.extended == 1) return std::string("extended");
    return (all.suspicious() != 0 ? "LOOK: " : "") + all.classes.begin()->first;
  };
  const ShownFrame inner = at("inner", 1);
  const ShownFrame nowhere{.address = 77, .module = "[unknown]"};
  EXPECT_EQ(class_of({inner, lookup("after_inner")}, {inner, at("after_inner")}), "equal");
  EXPECT_EQ(
      class_of({inner, lookup("after_inner"), lookup("after_outer")}, {inner, at("after_inner")}),
      "extended");
  EXPECT_EQ(class_of({inner, at("inner", 2)}, {inner}),
            "LOOK: ours extends perf's with a frame behind no call");
  EXPECT_EQ(class_of({inner, lookup("after_inner")}, {inner, nowhere}),
            "perf leaves mapped memory, of the innermost frame");
  EXPECT_EQ(class_of({inner, lookup("after_inner")}, {inner, at("inner", 3)}),
            "perf returns where no call is, of the innermost frame");
  EXPECT_EQ(class_of({inner, at("inner", 2)}, {inner, at("after_inner")}),
            "LOOK: ours returns where no call is, of the innermost frame");
  EXPECT_EQ(
      class_of({inner, lookup("after_inner"), lookup("after_outer")}, {inner, at("after_outer")}),
      "perf skips a caller, of the innermost frame");
  EXPECT_EQ(class_of({inner, lookup("after_outer")}, {inner, at("after_inner"), at("after_outer")}),
            "LOOK: ours skips a caller, of the innermost frame");
  EXPECT_EQ(class_of({inner}, {inner, at("after_inner")}),
            "LOOK: ours ends (reached the start of its thread), perf goes on, of the innermost "
            "frame");
  EXPECT_EQ(class_of({at("inner")}, {at("outer")}), "LOOK: the address in user mode differs");
}

std::string with_mapping(std::uint8_t build_id_size, std::uint16_t misc) {
  perf_data::PerfDataBuilder data;
  data.event(perf_data::standard_attr(), {7})
      .record(perf_data::sample({.time = 1}))
      .record(perf_data::with_trailer(events::RecordBuilder(PERF_RECORD_MMAP2, misc)
                                          .i32(100)
                                          .i32(100)
                                          .u64(0x400000)
                                          .u64(0x10000)
                                          .u64(0)
                                          .u32(build_id_size)
                                          .u32(0)
                                          .u64(1234)
                                          .u64(0)
                                          .u32(5)
                                          .u32(2)
                                          .string("/no/such/prog"),
                                      10));
  const perf_data::Bytes bytes = data.file_form();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(MendBuildIds, TakesTheMarkFromMappingsWithoutOne) {
  std::string file = with_mapping(254, PERF_RECORD_MISC_MMAP_BUILD_ID | PERF_RECORD_MISC_USER);
  EXPECT_TRUE(mend_build_ids(file));
  EXPECT_EQ(file, with_mapping(254, PERF_RECORD_MISC_USER));
  for (const std::uint8_t size : {16, 20}) {
    const std::string whole = with_mapping(size, PERF_RECORD_MISC_MMAP_BUILD_ID);
    std::string kept = whole;
    EXPECT_FALSE(mend_build_ids(kept));
    EXPECT_EQ(kept, whole);
  }
}

/// perf's way and ours on one recording: there is no sample where perf may be right and we are not.
class PerfOracle : public testing::TestWithParam<const char*> {};

TEST_P(PerfOracle, IsNeverRightWhereWeAreNot) {
  const test::TemporaryDirectory directory;
  if (test::run({"perf", "--version"}).exit_status != 0) GTEST_SKIP() << "perf is missing";
  const auto recorded = test::run(
      {"sh", "-c",
       std::string("perf record -q -B -N -e cpu-clock -F 999 -o perf.data ") + GetParam() +
           " -- sh -c 'exec " PROFILER_BINARY_DIR "/tests/workloads/call_chain 1'"},
      {.directory = directory.path()});
  if (recorded.exit_status != 0) GTEST_SKIP() << "perf may not record so: " << recorded.err;
  const auto all = compare_with_perf(directory.file("perf.data"));
  if (!all) GTEST_SKIP() << all.error().message();
  if (all->samples < 100) GTEST_SKIP() << "only " << all->samples << " samples";
  // Nobody can say of a sample or two in a thousand who is right, of the loader's most of all.
  EXPECT_LE(all->suspicious(), 2U) << all->text();
  // (What was built without frame pointers ends soon in the other recording.)
  if (std::string(GetParam()).find("dwarf") != std::string::npos) {
    EXPECT_GT(all->equal + all->extended, all->samples / 2) << all->text();
  }
}

INSTANTIATE_TEST_SUITE_P(CallGraph, PerfOracle,
                         testing::Values("--call-graph dwarf,16384", "--call-graph fp"),
                         [](const auto& instance) {
                           return std::string(instance.index == 0 ? "Dwarf" : "FramePointers");
                         });

}  // namespace
}  // namespace profiler::oracle
