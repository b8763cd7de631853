#include "cli/arguments.h"

#include <optional>

#include "cli/spelling.h"

namespace profiler::cli {

namespace {

namespace po = boost::program_options;

bool takes_value(const po::option_description& option) {
  return option.semantic()->max_tokens() > 0;
}

std::string short_name(const po::option_description& option) {
  return option.canonical_display_name(po::command_line_style::allow_dash_for_short);
}

/// `word` is "--long" or "-s", with its dashes.
const po::option_description* find_option(const po::options_description& description,
                                          const std::string& word) {
  const bool is_long = word.starts_with("--");
  for (const auto& option : description.options()) {
    if (is_long ? option->long_name() == word.substr(2) && word.size() > 2
                : short_name(*option) == word) {
      return option.get();
    }
  }
  return nullptr;
}

std::unexpected<Error> unknown_option(const po::options_description& description,
                                      const std::string& word) {
  std::vector<std::string> names;
  for (const auto& option : description.options()) {
    if (!option->long_name().empty()) names.push_back("--" + option->long_name());
  }
  const std::string nearest = word.starts_with("--") ? nearest_name(word, names) : "";
  // --json where there is --format json.
  const auto* const format = find_option(description, "--format");
  if (nearest.empty() && format != nullptr && word.size() > 2 &&
      format->description().find(word.substr(2)) != std::string::npos) {
    return std::unexpected(Error{.what = "no option " + word,
                                 .advice = "did you mean --format " + word.substr(2) + "?"});
  }
  return std::unexpected(
      Error{.what = "no option " + word,
            .advice = nearest.empty() ? "--help lists them" : "did you mean " + nearest + "?"});
}

po::option make_option(const po::option_description& declared, const std::string& word,
                       std::optional<std::string> value) {
  po::option option;
  option.string_key = declared.key(word);
  if (value) option.value.push_back(std::move(*value));
  return option;
}

/// Walks the arguments once.
class Splitter {
 public:
  Splitter(const po::options_description& description, Operands operands,
           std::span<const std::string> arguments)
      : description_(description), operands_(operands), rest_(arguments) {}

  Result<SplitArguments> run() {
    while (!rest_.empty()) {
      const std::string word = next();
      if (word == "--") {
        take_rest_as_operands();
      } else if (word.starts_with("--")) {
        if (auto taken = take_long(word); !taken) return std::unexpected(taken.error());
      } else if (word.size() > 1 && word[0] == '-') {
        if (auto taken = take_short(word); !taken) return std::unexpected(taken.error());
      } else {
        split_.operands.push_back(word);
        if (operands_ == Operands::kProgram) take_rest_as_operands();
      }
    }
    if (operands_ == Operands::kNone && !split_.operands.empty()) {
      return std::unexpected(Error{.what = "unexpected argument '" + split_.operands.front() + "'",
                                   .advice = "--help shows what is allowed"});
    }
    return std::move(split_);
  }

 private:
  const std::string& next() {
    const std::string& word = rest_.front();
    rest_ = rest_.subspan(1);
    return word;
  }

  void take_rest_as_operands() {
    split_.operands.insert(split_.operands.end(), rest_.begin(), rest_.end());
    rest_ = {};
  }

  /// --name, --name VALUE, --name=VALUE
  Result<void> take_long(const std::string& word) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto* option = find_option(description_, name);
    if (option == nullptr) return unknown_option(description_, name);
    if (equals == std::string::npos) return take(*option, name);
    if (!takes_value(*option)) {
      return std::unexpected(Error{.what = name + " takes no value"});
    }
    split_.options.push_back(make_option(*option, name, word.substr(equals + 1)));
    return {};
  }

  /// -s, -s VALUE, -sVALUE, -abc
  Result<void> take_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const std::string name = {'-', word[i]};
      const auto* option = find_option(description_, name);
      if (option == nullptr) return unknown_option(description_, name);
      if (takes_value(*option) && i + 1 < word.size()) {
        split_.options.push_back(make_option(*option, name, word.substr(i + 1)));
        return {};
      }
      if (auto taken = take(*option, name); !taken) return taken;
    }
    return {};
  }

  /// An option whose value, if it takes one, is the next argument.
  Result<void> take(const po::option_description& option, const std::string& name) {
    std::optional<std::string> value;
    if (takes_value(option)) {
      if (option.semantic()->min_tokens() > 0 && rest_.empty()) {
        return std::unexpected(
            Error{.what = name + " needs a value", .advice = "--help shows which"});
      }
      if (option.semantic()->min_tokens() > 0) value = next();
    }
    split_.options.push_back(make_option(option, name, std::move(value)));
    return {};
  }

  const po::options_description& description_;
  Operands operands_;
  std::span<const std::string> rest_;
  SplitArguments split_;
};

}  // namespace

Result<SplitArguments> split_arguments(const po::options_description& description,
                                       Operands operands, std::span<const std::string> arguments) {
  return Splitter(description, operands, arguments).run();
}

}  // namespace profiler::cli
