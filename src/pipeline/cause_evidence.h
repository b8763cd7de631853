// Why the kernel was entered at one place of the user's code, as the other samples there show.
//
//   CauseEvidence evidence(profile, other);               // other: the interned string "other"
//   for (each stack) evidence.add(stack.user, cause);
//   cause = evidence.complete(stack.user, cause);         // syscall "" becomes syscall "gettid"
//
// A sample that hits the kernel's entry code has no callee yet that would name the system call, or
// tell the kind of a page fault. Mostly the user's code names the call, but not where its number is
// a parameter, as in syscall(3). Samples of the same user stack that went further do tell; or else
// those with the same two innermost user frames. Where they disagree, nothing is filled in.
#pragma once

#include <compare>
#include <cstdint>
#include <map>

#include "profiler/profile.h"

namespace profiler::pipeline {

class CauseEvidence {
 public:
  /// The profile outlives this.
  CauseEvidence(const Profile& profile, StringIndex other) : profile_(profile), other_(other) {}

  /// `user`: the leaf of the stack's user part. None is ignored: nothing is known of its place.
  void add(NodeIndex user, const Cause& cause);
  [[nodiscard]] Cause complete(NodeIndex user, Cause cause) const;

 private:
  /// A stretch of user stack, and the boundaries crossed below it, of which the last is asked for.
  struct Place {
    NodeIndex stack;  ///< Or none, and then:
    FrameIndex leaf;
    FrameIndex caller;
    KernelEntryKind entry = KernelEntryKind::kOther;
    KernelEntryKind nested = KernelEntryKind::kOther;  ///< Inside `entry`; kOther: none.
    auto operator<=>(const Place&) const = default;
  };
  struct Testimony {
    StringIndex name;
    bool disputed = false;
  };

  [[nodiscard]] bool is_open(const KernelEntry& boundary) const;
  [[nodiscard]] Place exact(NodeIndex user, const Cause& cause, bool nested) const;
  [[nodiscard]] Place near(const Place& exact) const;
  void add_name(const Place& place, StringIndex name);
  [[nodiscard]] StringIndex name_at(const Place& place) const;

  const Profile& profile_;
  StringIndex other_;
  std::map<Place, Testimony> testimonies_;
};

}  // namespace profiler::pipeline
