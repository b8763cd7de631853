// Splits arguments into options with their values, and operands. Knows the declared options only by
// name and by whether they take a value; what values mean is Boost.Program_options' part.
//
//   auto split = split_arguments(description, Operands::kProgram, {"-F999", "-o", "f", "make",
//   "-j2"}); split->options;    // -F 999, -o f split->operands;   // make -j2: the program's own
//   options are never taken for ours
//
// Forms: -o FILE, -oFILE, -qv (switches in one word), --output FILE, --output=FILE, and `--`, after
// which everything is an operand. Names are never guessed from a prefix.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/error.h"

namespace profiler::cli {

/// What may follow, or stand among, the options.
enum class Operands : std::uint8_t {
  kNone,
  kFiles,    ///< Anywhere among the options; after `--` all are operands.
  kProgram,  ///< PROG and its arguments: from the first operand on, nothing is an option of ours.
};

struct SplitArguments {
  std::vector<boost::program_options::option> options;  ///< Keys as in the variables_map.
  std::vector<std::string> operands;
};

[[nodiscard]] Result<SplitArguments> split_arguments(
    const boost::program_options::options_description& description, Operands operands,
    std::span<const std::string> arguments);

}  // namespace profiler::cli
