// The options of one command: declared once, parsed, and explained by --help. Wraps
// Boost.Program_options; adds the split before PROG, the help screen and the exit statuses.
//
//   CommandLine line({.name = "report", .usage = "[OPTIONS]", .summary = "Tables of a profile"});
//   line.basic().add_options()("input,i", po::value<std::string>(), "profile to read");
//   auto options = line.parse(args);
//   if (!options) return options.error();          // --help (0), or one line was printed to stderr
//   std::string input = options->get<std::string>("input", "profiler.data");
//
// Not here: what the values mean (option_values.h has sizes, durations and lists).
#pragma once

#include <boost/program_options.hpp>
#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_info.h"
#include "profiler/error.h"

namespace profiler::cli {

namespace po = boost::program_options;

/// The options that were given.
class ParsedOptions {
 public:
  ParsedOptions(po::variables_map values, std::vector<std::string> operands)
      : values_(std::move(values)), operands_(std::move(operands)) {}

  /// Given, or has a default. For po::bool_switch() use flag().
  [[nodiscard]] bool has(const std::string& name) const { return values_.count(name) != 0; }
  /// The value of a po::bool_switch().
  [[nodiscard]] bool flag(const std::string& name) const { return get<bool>(name, false); }
  /// The option's value, or `otherwise` where it was not given.
  template <class T>
  [[nodiscard]] T get(const std::string& name, const T& otherwise = T()) const {
    return has(name) ? values_[name].as<T>() : otherwise;
  }
  /// PROG and its arguments, or files.
  [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }

 private:
  po::variables_map values_;
  std::vector<std::string> operands_;
};

class CommandLine {
 public:
  explicit CommandLine(CommandInfo info);

  /// Options that --help shows. A value's name in the screen is its value_name(). An option given
  /// twice has its last value, except for a vector declared composing(), which collects.
  po::options_description& basic() { return basic_; }
  /// Options that only --help-all shows.
  po::options_description& advanced() { return advanced_; }

  /// Parses `args` (without the command's name). The error is the exit status: --help or --help-all
  /// was printed (0), or the reason was, as one line on stderr (CommandInfo::usage_status).
  [[nodiscard]] std::expected<ParsedOptions, int> parse(std::span<const std::string> args) const;

  /// parse() without printing; --help and --help-all are options like others.
  [[nodiscard]] Result<ParsedOptions> parse_quietly(std::span<const std::string> args) const;

  /// Prints "profiler NAME: MESSAGE" to stderr and returns CommandInfo::usage_status: for values
  /// that parse but make no sense.
  int fail(const Error& error) const;

  /// What --help prints (`all`: --help-all).
  [[nodiscard]] std::string help(bool all) const;

 private:
  [[nodiscard]] po::options_description all_options() const;

  CommandInfo info_;
  po::options_description basic_;
  po::options_description advanced_;
};

}  // namespace profiler::cli
