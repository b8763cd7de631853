#include "cli/output_ending.h"

#include <algorithm>
#include <array>
#include <utility>

namespace profiler::cli {
namespace {

struct Ending {
  std::string_view ending;
  std::string_view made_by;  ///< Empty: by no command.
};

constexpr std::array kPictures = {Ending{".svg", "profiler flamegraph"},
                                  Ending{".svgz", "profiler flamegraph"},
                                  Ending{".html", "profiler html"},
                                  Ending{".png", ""},
                                  Ending{".pdf", ""},
                                  Ending{".jpg", ""}};
constexpr std::array<std::string_view, 3> kTables = {".json", ".csv", ".txt"};

std::string output_of(const ParsedOptions& options) {
  std::string output = options.get<std::string>("output", "-");
  if (output.ends_with(".gz")) output.resize(output.size() - 3);
  return output;
}

const Ending* picture_of(std::string_view output) {
  const auto* const found = std::ranges::find_if(
      kPictures, [&](const Ending& known) { return output.ends_with(known.ending); });
  return found == kPictures.end() ? nullptr : found;
}

std::unexpected<Error> failure(const ParsedOptions& options, std::string advice) {
  return std::unexpected(
      Error{.what = "-o " + options.get<std::string>("output") + ": this command writes none such",
            .advice = std::move(advice)});
}

}  // namespace

Result<std::string> wanted_format(const ParsedOptions& options) {
  if (options.has("format")) return options.get<std::string>("format");
  const std::string output = output_of(options);
  if (const Ending* const picture = picture_of(output); picture != nullptr) {
    return failure(options, picture->made_by.empty() ? "it writes text, .json or .csv"
                                                     : "use " + std::string(picture->made_by));
  }
  if (output.ends_with(".json")) return "json";
  if (output.ends_with(".csv")) return "csv";
  return "text";
}

Result<void> check_ending(const ParsedOptions& options, std::string_view ending) {
  const std::string output = output_of(options);
  const bool is_other_picture = picture_of(output) != nullptr && !output.ends_with(ending) &&
                                !output.ends_with(std::string(ending) + 'z');
  const bool is_table =
      std::ranges::any_of(kTables, [&](std::string_view table) { return output.ends_with(table); });
  if (is_other_picture || is_table)
    return failure(options, "name a file that ends in " + std::string(ending));
  return {};
}

bool is_gzip_name(std::string_view path) {
  return path.ends_with(".gz") || path.ends_with(".svgz");
}

}  // namespace profiler::cli
