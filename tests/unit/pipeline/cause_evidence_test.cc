#include "pipeline/cause_evidence.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>
#include <vector>

#include "pipeline/interner.h"

namespace profiler::pipeline {
namespace {

using enum KernelEntryKind;

class CauseEvidenceTest : public ::testing::Test {
 protected:
  /// The leaf of a user stack of one module, innermost address first.
  NodeIndex stack(std::initializer_list<std::uint64_t> addresses) {
    std::vector<FrameIndex> frames;
    for (const std::uint64_t address : addresses)
      frames.push_back(interner_.frame(ModuleIndex(0), address));
    return interner_.chain(frames);
  }

  KernelEntry boundary(KernelEntryKind kind, std::string_view name) {
    return {.kind = kind, .name = name.empty() ? StringIndex() : interner_.string(name)};
  }
  Cause simple(KernelEntryKind kind, std::string_view name) {
    return {.cause = boundary(kind, name), .entry = boundary(kind, name)};
  }

  Profile profile_;
  Interner interner_{profile_};
  CauseEvidence evidence_{profile_, interner_.string("other")};
};

TEST_F(CauseEvidenceTest, NamesACallAsOtherSamplesOfTheStackDo) {
  const NodeIndex user = stack({0x10, 0x20, 0x30});
  evidence_.add(user, simple(kSyscall, "gettid"));
  evidence_.add(user, simple(kSyscall, ""));
  EXPECT_EQ(evidence_.complete(user, simple(kSyscall, "")), simple(kSyscall, "gettid"));
}

TEST_F(CauseEvidenceTest, LeavesWhatIsKnownAlone) {
  const NodeIndex user = stack({0x10, 0x20});
  evidence_.add(user, simple(kSyscall, "gettid"));
  EXPECT_EQ(evidence_.complete(user, simple(kSyscall, "futex")), simple(kSyscall, "futex"));
  EXPECT_EQ(evidence_.complete(user, simple(kIrq, "")), simple(kIrq, ""));
  EXPECT_EQ(evidence_.complete(NodeIndex(), simple(kSyscall, "")), simple(kSyscall, ""));
}

TEST_F(CauseEvidenceTest, SaysNothingWhereSamplesDisagree) {
  const NodeIndex user = stack({0x10, 0x20});
  evidence_.add(user, simple(kSyscall, "gettid"));
  evidence_.add(user, simple(kSyscall, "futex"));
  evidence_.add(user, simple(kSyscall, "gettid"));
  EXPECT_EQ(evidence_.complete(user, simple(kSyscall, "")), simple(kSyscall, ""));
}

TEST_F(CauseEvidenceTest, TakesTheTwoInnermostFramesWhereTheStackIsNew) {
  evidence_.add(stack({0x10, 0x20, 0x30}), simple(kSyscall, "gettid"));
  EXPECT_EQ(evidence_.complete(stack({0x10, 0x20, 0x99}), simple(kSyscall, "")),
            simple(kSyscall, "gettid"));
  EXPECT_EQ(evidence_.complete(stack({0x10, 0x21, 0x30}), simple(kSyscall, "")),
            simple(kSyscall, ""));
}

TEST_F(CauseEvidenceTest, PrefersTheSameStackToTheSameTwoFrames) {
  evidence_.add(stack({0x10, 0x20, 0x30}), simple(kSyscall, "gettid"));
  evidence_.add(stack({0x10, 0x20, 0x31}), simple(kSyscall, "futex"));
  EXPECT_EQ(evidence_.complete(stack({0x10, 0x20, 0x30}), simple(kSyscall, "")),
            simple(kSyscall, "gettid"));
  EXPECT_EQ(evidence_.complete(stack({0x10, 0x20, 0x32}), simple(kSyscall, "")),
            simple(kSyscall, ""));
}

TEST_F(CauseEvidenceTest, TellsFaultsOfOneInstructionByTheirKind) {
  const NodeIndex store = stack({0x40, 0x50});
  evidence_.add(store, simple(kFault, "other"));
  evidence_.add(store, simple(kFault, "anonymous"));
  EXPECT_EQ(evidence_.complete(store, simple(kFault, "other")), simple(kFault, "anonymous"));
}

TEST_F(CauseEvidenceTest, KeepsFaultsInsideACallApartFromThoseOfUserCode) {
  const NodeIndex user = stack({0x10, 0x20});
  const Cause inside{.cause = boundary(kFault, "anonymous"), .entry = boundary(kSyscall, "read")};
  evidence_.add(user, inside);
  EXPECT_EQ(evidence_.complete(user, simple(kFault, "other")), simple(kFault, "other"));
  EXPECT_EQ(evidence_.complete(
                user, {.cause = boundary(kFault, "other"), .entry = boundary(kSyscall, "")}),
            inside);
}

}  // namespace
}  // namespace profiler::pipeline
