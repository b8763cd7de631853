// The time of one function by its source lines and by its instructions.
//
//   Annotation a = annotate(profile, samples, match.found[0].functions);
//   a.files[0].lines[0].line, .charge.self, .charge.total, .callees[0].name
//
// A line's self is time in the function's own code there; its total has in addition what was called
// from that line, what was inlined there, and the kernel time that it caused. So the line of a call
// has the callee's time, be it inlined or not; which callees, is said for each line. An
// instruction's self is every sample that was interrupted at it, whatever was inlined there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/call_path.h"
#include "view/weight.h"

namespace profiler::view {

/// What a line called, or had inlined.
struct LineCallee {
  std::string name;
  bool inlined = false;
  bool kernel = false;
  Weight weight;  ///< Once a sample, as totals are.
};

struct AnnotatedLine {
  std::uint32_t line = 0;  ///< 0: not known.
  Charge charge;
  std::vector<LineCallee> callees;  ///< Heaviest first.
};

struct AnnotatedFile {
  std::string path;                  ///< As recorded; "" for lines of no known file.
  std::vector<AnnotatedLine> lines;  ///< By number.
  Charge charge;                     ///< Total once a sample.
};

/// Code of the function that was met: where it ran, or where it called.
struct AnnotatedAddress {
  ModuleIndex module;
  std::uint64_t address = 0;  ///< As Frame::address.
  Charge charge;
};

struct Annotation {
  std::vector<FunctionIndex> functions;     ///< Copies that hold samples, heaviest first.
  bool inlined = false;                     ///< In all of its time it was inlined.
  bool partly_inlined = false;              ///< In some of it.
  Charge charge;                            ///< As the table of functions has it.
  std::vector<AnnotatedFile> files;         ///< Heaviest first.
  std::vector<AnnotatedAddress> addresses;  ///< By module and address.
};

/// `functions` are copies of one function (find_function.h). A kernel function's callees are those
/// of the kernel; the kernel part below a user function is one callee, "<syscall read>".
[[nodiscard]] Annotation annotate(const Profile& profile, const std::vector<const Sample*>& samples,
                                  const std::vector<FunctionIndex>& functions);

}  // namespace profiler::view
