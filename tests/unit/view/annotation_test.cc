#include "view/annotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/filter.h"
#include "view/find_function.h"
#include "view/function_table.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;

Annotation annotation_of(const Profile& profile, std::string_view name) {
  const auto samples = select(profile, {});
  const FunctionMatch match = find_functions(profile, samples, name);
  EXPECT_EQ(match.found.size(), 1U) << name;
  return match.found.empty() ? Annotation() : annotate(profile, samples, match.found[0].functions);
}

/// "file:line user+sys self: callee user+sys, …", in samples of 1 ms.
std::vector<std::string> lines(const Annotation& annotation) {
  const auto in_ms = [](const Weight& weight) {
    return std::to_string(weight.user / 1'000'000) + '+' + std::to_string(weight.sys / 1'000'000);
  };
  std::vector<std::string> text;
  for (const AnnotatedFile& file : annotation.files) {
    for (const AnnotatedLine& line : file.lines) {
      std::string one = file.path + ':' + std::to_string(line.line) + ' ' +
                        in_ms(line.charge.total) + " self " + in_ms(line.charge.self);
      for (const LineCallee& callee : line.callees) {
        one += (callee.inlined ? " ~" : " ") + callee.name + (callee.kernel ? "!" : "") + ' ' +
               in_ms(callee.weight);
      }
      text.push_back(one);
    }
  }
  return text;
}

TEST(Annotation, ChargesALineWithWhatItCallsAndWhatWasInlinedThere) {
  const Profile profile =
      ProfileBuilder()
          .function("f", {.file = "f.cc", .line = 1})
          .function("g", {.file = "g.h", .line = 1})
          .user("main;f#3", 2)
          .user("main;f#4;~g#10", 3)
          .user("main;f#4;h", 1)
          .sys("main;f#5;read@libc.so.6", "entry_SYSCALL_64;v", test::syscall("read"), 4)
          .sys("main;f#3", "asm_exc_page_fault;v", test::fault("anonymous"), 1)
          .build();
  const Annotation annotation = annotation_of(profile, "f");
  EXPECT_THAT(lines(annotation),
              ElementsAre("f.cc:3 2+1 self 2+0 <page fault>! 0+1",
                          "f.cc:4 4+0 self 0+0 ~g 3+0 h 1+0", "f.cc:5 0+4 self 0+0 read 0+4"));
  EXPECT_EQ(annotation.charge.total.samples, 11U);
  EXPECT_EQ(annotation.charge.self.samples, 2U);
  EXPECT_FALSE(annotation.inlined || annotation.partly_inlined);
}

TEST(Annotation, OfAnInlinedFunctionIsWhereverItWasInlined) {
  const Profile profile = ProfileBuilder()
                              .function("g", {.file = "g.h", .line = 1})
                              .user("main#1;~g#10", 3)
                              .user("main#1;~other#7;~g#11;~inner", 2)
                              .user("g#10", 1)
                              .build();
  const Annotation annotation = annotation_of(profile, "g");
  EXPECT_THAT(lines(annotation),
              ElementsAre("g.h:10 4+0 self 4+0", "g.h:11 2+0 self 0+0 ~inner 2+0"));
  EXPECT_TRUE(annotation.partly_inlined);
  EXPECT_TRUE(annotation_of(profile, "inner").inlined);
}

TEST(Annotation, CountsARecursiveFunctionOnceASampleOnEachOfItsLines) {
  const Profile profile =
      ProfileBuilder().function("f", {.file = "f.cc", .line = 1}).user("f#3;f#3;f#4", 5).build();
  const Annotation annotation = annotation_of(profile, "f");
  EXPECT_THAT(lines(annotation), ElementsAre("f.cc:3 5+0 self 0+0 f 5+0", "f.cc:4 5+0 self 5+0"));
  EXPECT_EQ(annotation.charge.total.samples, 5U);
  EXPECT_EQ(annotation.files[0].charge.total.samples, 5U);
}

TEST(Annotation, PutsTheCopiesOfAFunctionTogether) {
  const Profile profile = ProfileBuilder()
                              .function("f<int>", {.file = "f.h", .line = 1})
                              .function("f<long>", {.file = "f.h", .line = 1})
                              .user("f<int>#3", 2)
                              .user("f<long>#3", 3)
                              .user("f<long>#3;f<int>#3", 1)
                              .build();
  const Annotation annotation = annotation_of(profile, "f");
  EXPECT_THAT(lines(annotation), ElementsAre("f.h:3 6+0 self 6+0 f<int> 1+0"));
  EXPECT_EQ(annotation.functions.size(), 2U);
}

TEST(Annotation, WalksTheKernelsFramesForAFunctionOfTheKernel) {
  const Profile profile =
      ProfileBuilder()
          .sys("main;read@libc.so.6", "entry_SYSCALL_64;vfs_read;copy", test::syscall("read"), 4)
          .sys("main;read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 2)
          .user("main", 7)
          .build();
  EXPECT_THAT(lines(annotation_of(profile, "vfs_read")), ElementsAre(":0 0+6 self 0+2 copy! 0+4"));
}

TEST(Annotation, HasAFileForEachThatAFunctionHasLinesIn) {
  Profile profile = ProfileBuilder()
                        .function("f", {.file = "f.c", .line = 1})
                        .user("f#3", 2)
                        .user("f#90", 7)
                        .user("g", 1)
                        .build();
  // As of a table that is included into the middle of a function.
  for (std::size_t i = 0; i < profile.locations.size(); ++i) {
    Location& location = profile.locations[LocationIndex(i)];
    if (location.line == 90) location.file = profile.strings.push_back("table.def");
  }
  EXPECT_THAT(lines(annotation_of(profile, "f")),
              ElementsAre("table.def:90 7+0 self 7+0", "f.c:3 2+0 self 2+0"))
      << "heaviest first";
}

TEST(Annotation, AnInstructionHasWhateverWasInterruptedAtIt) {
  const Profile profile = ProfileBuilder()
                              .function("f", {.file = "f.cc", .line = 1})
                              .user("main;f#4;~g#10", 3)
                              .user("main;f#5;h", 2)
                              .sys("main;f#5", "asm_exc_page_fault;v", test::fault("anonymous"), 1)
                              .build();
  const Annotation annotation = annotation_of(profile, "f");
  ASSERT_EQ(annotation.addresses.size(), 2U);
  EXPECT_EQ(annotation.addresses[0].charge.self.samples, 3U) << "in g, which is inlined there";
  EXPECT_EQ(annotation.addresses[0].charge.total.samples, 3U);
  EXPECT_EQ(annotation.addresses[1].charge.self.samples, 0U);
  EXPECT_EQ(annotation.addresses[1].charge.total.samples, 3U);
  EXPECT_LT(annotation.addresses[0].address, annotation.addresses[1].address);
}

/// Of every function of any profile: as the table of functions has it, and its lines hold it.
TEST(Annotation, AgreesWithTheTableOfFunctions) {
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    const Profile profile = test::random_profile(seed);
    const auto samples = select(profile, {});
    for (std::size_t i = 0; i < profile.functions.size(); ++i) {
      const Function& function = profile.functions[FunctionIndex(i)];
      Charge expected;
      std::size_t rows = 0;
      for (const TableRow& row :
           function_table(profile, samples, {.kernel_frames = function.kernel})) {
        if (row.label != profile.text(function.name) || row.kernel != function.kernel) continue;
        expected = row.charge;
        ++rows;
      }
      if (rows != 1) continue;  // Namesakes.
      const Annotation annotation = annotate(profile, samples, {FunctionIndex(i)});
      EXPECT_EQ(annotation.charge, expected) << profile.text(function.name);
      Weight self;
      Weight at_addresses;
      for (const AnnotatedFile& file : annotation.files) {
        for (const AnnotatedLine& line : file.lines) {
          self += line.charge.self;
          EXPECT_LE(line.charge.total.samples, expected.total.samples);
          EXPECT_GE(line.charge.total.samples, line.charge.self.samples);
        }
      }
      EXPECT_EQ(self, expected.self);
      for (const AnnotatedAddress& at : annotation.addresses) at_addresses += at.charge.self;
      EXPECT_GE(at_addresses.samples, expected.self.samples);
    }
  }
}

}  // namespace
}  // namespace profiler::view
