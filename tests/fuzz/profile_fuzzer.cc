// libFuzzer on the reader of profiles, and on every view of what it accepts. An input is a file;
// or, if it does not begin as one, chunks that become a file, checksums and all:
//
//   type: one byte, size of the payload: two bytes, payload
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "export/folded.h"
#include "pipeline/pipeline.h"
#include "pipeline/time_scale.h"
#include "profile/chunk.h"
#include "profile/profile_reader.h"
#include "render/annotate_json.h"
#include "render/annotate_text.h"
#include "render/flamegraph.h"
#include "render/overview.h"
#include "render/report_csv.h"
#include "render/report_json.h"
#include "render/report_text.h"
#include "render/syscalls.h"
#include "render/syscalls_csv.h"
#include "render/syscalls_json.h"
#include "render/syscalls_text.h"
#include "tests/fuzz/heap_peak.h"
#include "view/annotation.h"
#include "view/filter.h"
#include "view/find_function.h"
#include "view/function_table.h"
#include "view/group_table.h"
#include "view/overview.h"

namespace {

using namespace profiler;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kConstant = std::size_t{1} << 20;
/// Of the decompressed bytes.
/// A counted call has a histogram: 1.2 KiB in memory, 18 bytes at least in a file, and the table
/// may be moved while it grows.
constexpr std::size_t kPerByte = 256;

void drop(const std::string& shown) {
  // Every renderer says something, be it that there is nothing.
  if (shown.empty()) std::abort();
}

struct File {
  std::string bytes;
  std::size_t decompressed = 0;
};

File file_of(std::string_view input) {
  if (input.starts_with(std::string_view(reinterpret_cast<const char*>(profile::kMagic.data()),
                                         profile::kMagic.size()))) {
    return {.bytes = std::string(input), .decompressed = input.size() * profile::kMaxRatio};
  }
  profile::ChunkEncoder encoder;
  File file{.bytes = profile::file_header(), .decompressed = input.size()};
  while (input.size() >= 3) {
    const auto type = static_cast<profile::ChunkType>(static_cast<unsigned char>(input[0]));
    std::uint16_t size = 0;
    std::memcpy(&size, input.data() + 1, sizeof size);
    const std::string_view payload = input.substr(3, size);
    input.remove_prefix(3 + payload.size());
    if (!encoder.append(file.bytes, type, payload, 1)) std::abort();
  }
  return file;
}

/// One of two ways to look at a profile, which differ in all that may.
struct Look {
  const Profile& profile;
  bool kernel;
  std::vector<const Sample*> samples = view::select(profile, {.sys_only = kernel});
  render::ReportHead head = render::report_head(profile, samples);
};

void render_table(const Look& look, const view::Table& table, render::RowsOf rows) {
  drop(render::table_text(look.head, table, {.rows = rows, .sys_only = look.kernel},
                          {.colour = look.kernel}));
  drop(render::table_json(look.head, table, rows, "rows"));
  drop(render::table_csv(look.head, table, rows));
}

void render_functions(const Look& look) {
  const view::TableOptions how{.kernel_frames = look.kernel};
  render_table(look, view::function_table(look.profile, look.samples, how),
               render::RowsOf::kFunctions);
  exporter::write_folded(look.profile, look.samples, {}, [](std::string_view) {});
}

void render_groups(const Look& look) {
  constexpr std::array<std::pair<view::GroupBy, render::RowsOf>, 4> kGroups = {{
      {view::GroupBy::kModule, render::RowsOf::kModules},
      {view::GroupBy::kProcess, render::RowsOf::kProcesses},
      {view::GroupBy::kThread, render::RowsOf::kThreads},
      {view::GroupBy::kLine, render::RowsOf::kLines},
  }};
  const view::TableOptions how{.kernel_frames = look.kernel};
  for (const auto& [by, rows] : kGroups)
    render_table(look, view::group_table(look.profile, look.samples, by, how), rows);
}

void render_trees(const Look& look) {
  const view::CallTree tree =
      view::call_tree(look.profile, look.samples,
                      {.path = {.kernel_frames = look.kernel, .merge_recursion = look.kernel},
                       .inverted = look.kernel,
                       .min_share = 0.5});
  drop(render::tree_text(look.head, tree, {.inverted = look.kernel, .limit = 100}, {}));
  drop(render::tree_json(look.head, tree));
  drop(render::tree_csv(look.head, tree));
  drop(render::flamegraph(look.profile, tree, {.inverted = look.kernel, .size_limit = 100'000}));
}

void render_causes(const Look& look) {
  drop(render::head_text(look.head, {}));
  drop(render::causes_text(look.head, 40, {}));
  drop(render::causes_json(look.head));
  drop(render::causes_csv(look.head));
  drop(render::overview_text(look.profile, view::overview(look.profile, look.samples), {}, {}));
}

void render_syscalls(const Look& look) {
  const render::SyscallsReport report =
      render::syscalls_report(look.profile, look.samples, look.profile.syscalls.grouping);
  drop(render::syscalls_text(report,
                             {.errors = true, .histogram = true, .callers = true, .limit = 20},
                             {.width = look.kernel ? 170U : 80U}));
  drop(render::syscalls_json(report, {.histogram = look.kernel}));
  drop(render::syscalls_csv(report, 0));
}

/// Of the first functions, as the input has them.
void render_annotations(const Look& look) {
  constexpr std::size_t kFunctions = 3;
  for (std::size_t i = 0; i < std::min(kFunctions, look.profile.functions.size()); ++i) {
    const std::string& name = look.profile.text(look.profile.functions[FunctionIndex(i)].name);
    std::vector<FunctionIndex> functions = {FunctionIndex(i)};
    if (auto match = view::find_functions(look.profile, look.samples, name); !match.found.empty())
      functions = match.found.front().functions;
    const view::Annotation annotation = view::annotate(look.profile, look.samples, functions);
    if (annotation.functions.empty()) continue;
    render::AnnotateInput input{.profile = &look.profile,
                                .event = look.head.event,
                                .sampled = look.head.sampled,
                                .annotation = &annotation,
                                .sources = {}};
    input.sources.resize(annotation.files.size(),
                         {.path = "source", .lines = {"{", "\t\x1b", "}"}});
    drop(render::annotate_text(input, {.limit = look.kernel ? 0U : 5U, .whole = look.kernel}, {}));
    drop(render::annotate_json(input, nullptr));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const File file = file_of({reinterpret_cast<const char*>(data), size});
  const profiler::test::HeapPeak peak;
  auto profile = profile::parse_profile(std::as_bytes(std::span(file.bytes)), "input");
  profiler::test::expect_at_most(kConstant + kPerByte * file.decompressed, peak);
  if (!profile) return 0;
  pipeline::apply_time_scale(*profile);
  // All of it takes long: each input has its part, which its size decides.
  constexpr std::array kParts = {render_functions, render_groups,      render_trees,
                                 render_causes,    render_annotations, render_syscalls};
  for (const bool kernel : {false, true}) kParts[size % kParts.size()](Look{*profile, kernel});
  return 0;
}
