#include "cli/command_line.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "cli/help.h"
#include "cli/output.h"
#include "render/printable.h"

namespace profiler::cli {

namespace {

/// Drops all but the last of the options that are not meant to be repeated.
void keep_last(std::vector<po::option>& options, const po::options_description& description) {
  std::set<std::string> seen;
  const auto superseded = [&](const po::option& option) {
    const auto& declared = description.find(option.string_key, false);
    return !declared.semantic()->is_composing() && !seen.insert(option.string_key).second;
  };
  std::ranges::reverse(options);
  std::erase_if(options, superseded);
  std::ranges::reverse(options);
}

}  // namespace

CommandLine::CommandLine(CommandInfo info) : info_(std::move(info)) {
  advanced_.add_options()("help,h", po::bool_switch(), "the most used options, with examples")(
      "help-all", po::bool_switch(), "all options");
}

po::options_description CommandLine::all_options() const {
  po::options_description all;
  all.add(basic_).add(advanced_);
  return all;
}

Result<ParsedOptions> CommandLine::parse_quietly(std::span<const std::string> args) const {
  const po::options_description all = all_options();
  auto split = split_arguments(all, info_.operands, args);
  if (!split) return std::unexpected(split.error());
  try {
    po::parsed_options parsed(&all, po::command_line_style::allow_long);  // how errors name options
    parsed.options = std::move(split->options);
    keep_last(parsed.options, all);
    po::variables_map values;
    po::store(parsed, values);
    po::notify(values);
    return ParsedOptions(std::move(values), std::move(split->operands));
  } catch (const po::error& problem) {
    return std::unexpected(Error{.what = problem.what()});
  }
}

std::expected<ParsedOptions, int> CommandLine::parse(std::span<const std::string> args) const {
  auto options = parse_quietly(args);
  if (!options) return std::unexpected(fail(options.error()));
  const bool all = options->flag("help-all");
  if (!all && !options->flag("help")) return std::move(*options);
  const auto written = write_output("-", help(all), Content::kText);
  return std::unexpected(written ? 0 : fail(written.error()));
}

int CommandLine::fail(const Error& error) const {
  std::fprintf(stderr, "profiler %s: %s\n", info_.name.c_str(),
               render::printable(error.message()).c_str());
  return info_.usage_status;
}

std::string CommandLine::help(bool all) const {
  return help_screen(info_, basic_, all ? &advanced_ : nullptr);
}

}  // namespace profiler::cli
