// What a page fault had to do, from the functions that it ran.
//
//   fault_kind(names_inside_the_fault);     // "anonymous", "file", "copy-on-write", "major",
//   "other"
//
// "major": it read a page from a file or from swap, or waited for somebody who did. Each function
// that compilers leave out of line on some kernel is looked for, so a fault is "other" only when
// interrupted before or after its real work, or when it had none of these kinds to do (a spurious
// one, a signal's, a userfaultfd's, a page table's).
#pragma once

#include <span>
#include <string_view>

namespace profiler::kernel {

/// `names`: without compiler suffixes, in any order.
[[nodiscard]] std::string_view fault_kind(std::span<const std::string_view> names);

}  // namespace profiler::kernel
