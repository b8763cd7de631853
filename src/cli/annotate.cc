// `profiler annotate`: the source of one function with the time of each line.
#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/filter_options.h"
#include "cli/function_code.h"
#include "cli/load_profile.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_ending.h"
#include "cli/source_files.h"
#include "cli/spelling.h"
#include "render/annotate_asm.h"
#include "render/annotate_json.h"
#include "render/annotate_text.h"
#include "render/run_text.h"
#include "view/annotation.h"
#include "view/filter.h"
#include "view/find_function.h"
#include "view/module_name.h"
#include "view/overview.h"

namespace profiler::cli {
namespace {

CommandLine command_line() {
  CommandLine line(
      {.name = "annotate",
       .usage = "[OPTIONS] [-i FILE] FUNCTION",
       .summary = "The source of a function with the user and sys time of each line",
       .examples = {{"profiler annotate Arena::grow", "its lines, and what they called"},
                    {"profiler annotate arena.cc:helper", "the one of that file"},
                    {"profiler annotate --asm mix", "instructions beside the lines"},
                    {"profiler annotate --source-dir /build=. main", "sources that were moved"}},
       .operands = Operands::kFiles});
  line.basic().add_options()  //
      ("input,i", po::value<std::string>()->value_name("FILE"), "profile to read (profiler.data)");
  add_filter_options(line);
  add_symbol_options(line);
  line.basic().add_options()  //
      ("asm", po::bool_switch(), "instructions beside the lines; needs the files that ran")(
          "all", po::bool_switch(), "the whole function, not only what has time")(
          "context", po::value<std::string>()->value_name("N"), "lines around those with time (3)")(
          "limit", po::value<std::string>()->value_name("N"),
          "most lines with time to show (40); 0 shows all")(
          "source-dir", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
          "where sources are: a directory, or OLD=NEW for paths that begin with OLD")(
          "format", po::value<std::string>()->value_name("FORMAT"), "text or json")(
          "output,o", po::value<std::string>()->value_name("FILE"),
          "file to write; - is standard output");
  add_event_option(line);
  add_display_options(line);
  return line;
}

struct AnnotateRequest {
  std::string function;
  bool json = false;
  bool with_asm = false;
  SourceSearch sources;
  render::AnnotateOptions shown;
};

Result<AnnotateRequest> request_of(const ParsedOptions& options) {
  AnnotateRequest request;
  if (options.operands().size() != 1) {
    return std::unexpected(
        Error{.what = options.operands().empty() ? "which function?" : "one function at a time",
              .advice = options.operands().empty() ? "`profiler report` has their names"
                                                   : "quote a name that has spaces"});
  }
  request.function = options.operands().front();
  const auto format = wanted_format(options);
  if (!format) return std::unexpected(format.error());
  if (*format != "text" && *format != "json") {
    return std::unexpected(
        Error{.what = "--format: no '" + *format + "'", .advice = "use one of text, json"});
  }
  request.json = *format == "json";
  request.with_asm = options.flag("asm");
  request.shown.whole = options.flag("all");
  for (const auto& [name, value] :
       {std::pair{"limit", &request.shown.limit}, std::pair{"context", &request.shown.context}}) {
    if (!options.has(name)) continue;
    const auto number =
        parse_number("--" + std::string(name), options.get<std::string>(name), 0, 1'000'000);
    if (!number) return std::unexpected(number.error());
    *value = *number;
  }
  auto sources = source_search(options.get<std::vector<std::string>>("source-dir"));
  if (!sources) return std::unexpected(sources.error());
  request.sources = *std::move(sources);
  return request;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// What was most likely meant, of names by falling weight.
std::string nearest(const std::string& wanted, const std::vector<std::string>& names) {
  const auto same = std::ranges::find_if(names, [what = lower(wanted)](const std::string& name) {
    return lower(name).find(what) != std::string::npos;
  });
  if (same != names.end()) return *same;
  std::vector<std::string> last_parts;
  for (const std::string& name : names) {
    const std::size_t colons = name.rfind("::");
    last_parts.push_back(colons == std::string::npos ? name : name.substr(colons + 2));
  }
  const std::string whole = nearest_name(wanted, names);
  return whole.empty() ? nearest_name(wanted, last_parts) : whole;
}

/// The one function that is meant, or why there is none.
Result<view::SourceFunction> choose_function(const Profile& profile,
                                             const std::vector<const Sample*>& samples,
                                             const std::string& wanted, bool filtered) {
  view::FunctionMatch match = view::find_functions(profile, samples, wanted);
  if (match.found.size() == 1) return std::move(match.found.front());
  if (match.found.empty()) {
    if (wanted.starts_with('<') && wanted.ends_with('>')) {
      return std::unexpected(
          Error{.what = "'" + wanted + "' stands for work of the kernel, it is no function",
                .advice = "`profiler report --by cause` has the functions behind it"});
    }
    const std::string near = nearest(wanted, match.names);
    return std::unexpected(
        Error{.what = "no function '" + wanted + "' has samples" + (filtered ? " here" : ""),
              .advice = near.empty() ? "`profiler report` lists those that have"
                                     : "did you mean " + render::shell_word(near) + "?"});
  }
  std::string list;
  const std::size_t listed = std::min(match.found.size(), view::FunctionMatch::kListed);
  for (std::size_t i = 0; i < listed; ++i)
    list += (i == 0 ? "" : ", ") + render::shell_word(match.found[i].to_write);
  if (listed < match.found.size())
    list += ", … " + std::to_string(match.found.size() - listed) + " more";
  return std::unexpected(Error{.what = "'" + wanted + "' is in the names of " +
                                       std::to_string(match.found.size()) + " functions",
                               .advice = "write one of " + list});
}

void read_sources(const AnnotateRequest& request, render::AnnotateInput& input) {
  const Profile& profile = *input.profile;
  std::string missing;
  std::size_t count = 0;
  bool has_lines = false;
  for (const view::AnnotatedFile& file : input.annotation->files) {
    has_lines = has_lines || !file.path.empty();
    render::SourceText text = read_source(file.path, request.sources, profile.run.start_unix_ns);
    if (text.newer) {
      input.notes.push_back(
          text.path + " was changed after the recording: its lines may not be those that ran");
    }
    if (text.path.empty() && !file.path.empty() && count++ == 0) missing = file.path;
    input.sources.push_back(std::move(text));
  }
  if (count != 0) {
    if (count > 1) missing += " and " + std::to_string(count - 1) + " more";
    input.notes.push_back(missing + (count > 1 ? " are" : " is") +
                          " not here: --source-dir says where sources are");
  }
  if (has_lines) return;
  const Function& function = profile.functions[input.annotation->functions.front()];
  input.notes.push_back(
      function.kernel
          ? "no lines are known of this kernel code"
          : "no lines are known of " + view::module_name(profile, function.module) +
                ": it was built without -g, or its debug file was not here when it was recorded "
                "(--resymbolize looks again)");
}

std::string annotated(const render::AnnotateInput& input, const AnnotateRequest& request,
                      const FunctionCode& code, const render::TextStyle& style) {
  if (request.json) return render::annotate_json(input, request.with_asm ? &code.blocks : nullptr);
  if (request.with_asm) return render::annotate_asm_text(input, code.blocks, request.shown, style);
  return render::annotate_text(input, request.shown, style);
}

}  // namespace

int annotate_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto given = line.parse(args);
  if (!given) return given.error();
  auto filter = filter_of(*given);
  if (!filter) return line.fail(filter.error());
  const auto request = request_of(*given);
  if (!request) return line.fail(request.error());
  const auto output = given->get<std::string>("output", "-");
  const auto display = display_of(*given, output);
  if (!display) return line.fail(display.error());

  const auto path = given->get<std::string>("input", "profiler.data");
  const auto profile = load_profile(path, symbol_sources(*given));
  if (!profile) return line.fail(profile.error());
  complain_of_damage(path, profile->run);
  if (const auto event = choose_event(*given, *profile, *filter); !event)
    return line.fail(event.error());
  const std::vector<const Sample*> samples = view::select(*profile, *filter);
  const std::string selection = describe_filter(*given);
  const auto function = choose_function(*profile, samples, request->function, !selection.empty());
  if (!function) return line.fail(function.error());

  const view::Annotation annotation = view::annotate(*profile, samples, function->functions);
  render::AnnotateInput input{.profile = &*profile,
                              .event = &render::main_event(*profile, filter->event),
                              .sampled = view::sum(samples),
                              .annotation = &annotation,
                              .sources = {},
                              .selection = selection};
  read_sources(*request, input);
  const render::TextStyle style{.width = display->width, .colour = display->color};
  FunctionCode code;
  if (request->with_asm) {
    auto read = function_code(*profile, annotation, symbol_sources(*given));
    if (!read) return line.fail(read.error());
    code = *std::move(read);
    input.notes.insert(input.notes.end(), code.notes.begin(), code.notes.end());
  }
  const std::string text = annotated(input, *request, code, style);
  const auto written =
      write_output(output, text, Content::kText, request->json ? Paging::kNever : display->paging);
  return written ? 0 : line.fail(written.error());
}

}  // namespace profiler::cli
