// Which functions of a profile a person means by what he writes: the name of one, or a part of it.
//
//   FunctionMatch match = find_functions(profile, samples, "Arena::grow");
//   match.found.size() == 1                            // then match.found[0].functions are meant
//
// Instances of a template, clones and .cold parts of one function in the source are found together.
// A name may be written whole, as tables show it ("…" stands for anything), without its arguments,
// without its scope, or in part: what matches best counts. PLACE:NAME is the one declared in a
// file, or compiled in a module, whose path ends with PLACE; FILE:LINE the one declared there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/profile.h"
#include "view/weight.h"

namespace profiler::view {

/// A function of the source, in all its copies.
struct SourceFunction {
  std::vector<FunctionIndex> functions;  ///< Heaviest first.
  std::string to_write;                  ///< What finds this one and no other, short if possible.
  std::uint64_t samples = 0;             ///< Of its copies; one that holds several counts for each.
};

struct FunctionMatch {
  static constexpr std::size_t kListed = 8;
  std::vector<SourceFunction> found;  ///< Heaviest first; `to_write` of the first kListed.
  /// Where nothing was found: the names there are, without arguments, heaviest first.
  std::vector<std::string> names;
};

/// Among the functions that hold any of `samples`.
[[nodiscard]] FunctionMatch find_functions(const Profile& profile,
                                           const std::vector<const Sample*>& samples,
                                           std::string_view query);

}  // namespace profiler::view
