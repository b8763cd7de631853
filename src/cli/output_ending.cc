#include "cli/output_ending.h"

#include <algorithm>
#include <array>
#include <utility>

namespace profiler::cli {
namespace {

struct Picture {
  std::string_view ending;
  std::string_view made_by;
};

constexpr std::array kPictures = {Picture{"svg", "profiler flamegraph"},
                                  Picture{"svgz", "profiler flamegraph"},
                                  Picture{"html", "profiler html"},
                                  Picture{"htm", "profiler html"},
                                  Picture{"png", ""},
                                  Picture{"pdf", ""},
                                  Picture{"jpg", ""}};
constexpr std::array<std::string_view, 3> kTables = {"json", "csv", "txt"};

std::unexpected<Error> failure(const ParsedOptions& options, std::string advice) {
  return std::unexpected(
      Error{.what = "-o " + options.get<std::string>("output") + ": this command writes none such",
            .advice = std::move(advice)});
}

}  // namespace

Result<std::string> wanted_format(const ParsedOptions& options) {
  if (options.has("format")) return options.get<std::string>("format");
  const std::string ending = ending_of(options.get<std::string>("output", "-"));
  if (const auto maker = maker_of(ending)) {
    return failure(options,
                   maker->empty() ? "it writes text, .json or .csv" : "use " + std::string(*maker));
  }
  return ending == "json" || ending == "csv" ? ending : "text";
}

Result<void> check_ending(const ParsedOptions& options, std::string_view ending) {
  const std::string is = ending_of(options.get<std::string>("output", "-"));
  // svgz and htm are svg and html.
  const bool is_own = is == ending || is == std::string(ending) + 'z' || is + 'l' == ending;
  const bool is_others = maker_of(is) || std::ranges::find(kTables, is) != kTables.end();
  if (is_others && !is_own)
    return failure(options, "name a file that ends in ." + std::string(ending));
  return {};
}

std::string ending_of(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".gz")) name.remove_suffix(3);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : std::string(name.substr(dot + 1));
}

std::optional<std::string_view> maker_of(std::string_view ending) {
  const auto* const found = std::ranges::find(kPictures, ending, &Picture::ending);
  if (found == kPictures.end()) return std::nullopt;
  return found->made_by;
}

bool is_gzip_name(std::string_view path) {
  return path.ends_with(".gz") || path.ends_with(".svgz");
}

}  // namespace profiler::cli
