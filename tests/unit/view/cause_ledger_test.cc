#include "view/cause_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/filter.h"
#include "view/runtime_code.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;

std::vector<CauseRow> ledger(const Profile& profile) {
  return cause_ledger(profile, select(profile, {}));
}

/// "function file:line samples" of the first cause.
std::vector<std::string> callers(const Profile& profile) {
  std::vector<std::string> text;
  const std::vector<CauseRow> rows = ledger(profile);
  for (const CauseCaller& caller : rows.at(0).callers) {
    text.push_back(caller.function + ' ' + caller.file + ':' + std::to_string(caller.line) + ' ' +
                   std::to_string(caller.samples));
  }
  return text;
}

TEST(CauseLedger, HasARowForEachPairOfCauseAndEntry) {
  const Profile profile =
      ProfileBuilder()
          .user("main", 9)
          .sys("main", "e;a", test::syscall("read"), 2)
          .sys("main;f", "e;b", test::syscall("read"), 2)
          .sys("main", "e;c", test::fault("anonymous"), test::syscall("read"), 3)
          .sys("main", "e;c", test::fault("anonymous"), 5)
          .build();
  std::vector<std::string> text;
  for (const CauseRow& row : ledger(profile)) {
    text.push_back(cause_label(row.kind, row.name) + " in " +
                   cause_label(row.entry_kind, row.entry_name) + ' ' +
                   std::to_string(row.weight.samples) + (row.nested() ? " nested" : ""));
  }
  EXPECT_THAT(text, ElementsAre("page fault (anonymous) in page fault (anonymous) 5",
                                "read in read 4", "page fault (anonymous) in read 3 nested"));
}

TEST(CauseLedger, KernelTimeOfUnknownCauseIsOther) {
  Profile profile = ProfileBuilder().user("main", 2).build();
  profile.samples[0].mode = Mode::kSys;
  const auto rows = ledger(profile);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].kind, KernelEntryKind::kOther);
  EXPECT_EQ(rows[0].weight.sys, 1'000'000U);
  EXPECT_EQ(rows[0].weight.user, 0U);
}

TEST(CauseLedger, TheCallerIsTheInnermostFrameOfTheProgramsOwnCode) {
  const Profile profile =
      ProfileBuilder()
          .function("grow", {.file = "arena.cc", .line = 30})
          .function("std::vector<int>::push_back(int)",
                    {.file = "stl_vector.h", .system_name = "_ZNSt6vectorIiSaIiEE9push_backEOi"})
          .sys("main;grow#41;__brk@libc.so.6", "e", test::syscall("brk"), 5)
          .sys(
              "main;grow#42;std::vector<int>::push_back(int)#9;operator new@libstdc++.so.6;"
              "malloc@/usr/lib/libjemalloc.so.2;__brk@libc.so.6",
              "e", test::syscall("brk"), 3)
          .build();
  EXPECT_THAT(callers(profile), ElementsAre("grow arena.cc:41 5", "grow arena.cc:42 3"));
}

TEST(CauseLedger, FallsBackToTheInnermostFrameOfAll) {
  EXPECT_THAT(callers(ProfileBuilder()
                          .sys("_dl_start@ld-linux-x86-64.so.2;mmap64@ld-linux-x86-64.so.2", "e",
                               test::syscall("mmap"))
                          .build()),
              ElementsAre("mmap64 :0 1"));
}

TEST(CauseLedger, FramesWithoutANameCanBeCallersToo) {
  EXPECT_THAT(
      callers(
          ProfileBuilder().sys("main;0x40@jit;read@libc.so.6", "e", test::syscall("read")).build()),
      ElementsAre("jit+0x40 :0 1"));
}

TEST(CauseLedger, AKernelThreadHasNoCaller) {
  EXPECT_THAT(callers(ProfileBuilder()
                          .sys("", "ret_from_fork;kswapd",
                               test::Entry{.kind = KernelEntryKind::kKthread, .name = ""}, 2)
                          .build()),
              ElementsAre(" :0 2"));
}

TEST(RuntimeCode, KnowsModulesByTheirNames) {
  for (const char* name :
       {"libc.so.6", "libc-2.31.so", "ld-linux-x86-64.so.2", "ld-2.31.so", "[vdso]",
        "libstdc++.so.6.0.30", "libc++.so.1", "libc++abi.so.1", "libgcc_s.so.1", "libjemalloc.so.2",
        "libtcmalloc_minimal.so.4", "libmimalloc.so.2.0", "libpthread-2.31.so", "libm.so.6"})
    EXPECT_TRUE(is_runtime_module(name)) << name;
  for (const char* name : {"prog", "libcurl.so.4", "libcrypto.so.3", "ld", "ld.bfd", "libz.so.1",
                           "libclang.so", "libmount.so.1", "libstdc++fs-tools", ""})
    EXPECT_FALSE(is_runtime_module(name)) << name;
}

TEST(RuntimeCode, KnowsTheCxxLibraryByMangledNames) {
  for (const char* name : {"_ZNSt6vectorIiSaIiEE9push_backEOi", "_ZNKSt6vectorIiSaIiEE4sizeEv",
                           "_ZSt4sortIPiEvT_S1_", "_Znwm", "_ZdlPvm", "_ZNSaIcEC1Ev",
                           "_ZNSs6appendEPKc", "_ZN9__gnu_cxx13new_allocatorIiE8allocateEmPKv"})
    EXPECT_TRUE(is_runtime_function(name)) << name;
  for (const char* name : {"main", "_ZN5Arena4growEm", "_Z3fooRSt6vectorIiSaIiEE", "_ZN", "_ZNK",
                           "_ZN6StableC1Ev", ""})
    EXPECT_FALSE(is_runtime_function(name)) << name;
}

}  // namespace
}  // namespace profiler::view
