// Writes the pages that the tests of the viewer open, each with what the reports say of the same
// profile: sample_pages DIRECTORY. NAME.html; NAME.json: {"functions", "kernel_functions", "tree",
// "kernel_tree", "inverted", "merged", "lines", "programs", "causes", "half"}, documents of
// profiler.report/1.
#include <cstdio>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "render/html.h"
#include "render/report_json.h"
#include "tests/browser/sample_profiles.h"
#include "tests/support/compile_profile.h"
#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/call_tree.h"
#include "view/diff.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"

namespace profiler {
namespace {

using test::ProfileBuilder;

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return file.good();
}

std::string page(const Profile& profile, const render::HtmlOptions& options) {
  std::string text;
  const view::Selection selection = view::select_with_waits(profile, {.event = options.event});
  render::html(profile, selection, options, [&](std::string_view bytes) { text += bytes; });
  return text;
}

std::string functions(const Profile& profile, const view::Filter& filter, bool kernel_frames) {
  const view::Selection chosen = view::select_with_waits(profile, filter);
  return render::table_json(
      render::report_head(profile, chosen.samples),
      view::function_table(profile, chosen.samples, {.kernel_frames = kernel_frames}),
      render::RowsOf::kFunctions, "functions");
}

std::string tree(const Profile& profile, const view::TreeOptions& options) {
  const view::Selection chosen = view::select_with_waits(profile, {});
  return render::tree_json(render::report_head(profile, chosen.samples),
                           view::call_tree(profile, chosen.samples, options));
}

std::string lines(const Profile& profile) {
  const view::Selection chosen = view::select_with_waits(profile, {});
  return render::table_json(render::report_head(profile, chosen.samples),
                            view::group_table(profile, chosen.samples, view::GroupBy::kLine, {}),
                            render::RowsOf::kLines, "rows");
}

std::string reports(const Profile& profile) {
  std::uint64_t end_ns = 0;
  for (const Sample& sample : profile.samples) end_ns = std::max(end_ns, sample.time_ns);
  // In whole microseconds, as the viewer's times are.
  const view::Filter half = {.from_ns = end_ns / 4 / 1000 * 1000,
                             .until_ns = end_ns * 3 / 4 / 1000 * 1000};
  const view::PathOptions path = {.wait_nodes = true};
  return "{\"functions\":" + functions(profile, {}, false) +
         ",\"kernel_functions\":" + functions(profile, {}, true) +
         ",\"half\":" + functions(profile, half, false) + ",\"half_us\":[" +
         std::to_string(half.from_ns / 1000) + "," + std::to_string(half.until_ns / 1000) + "]" +
         ",\"tree\":" + tree(profile, {.path = path}) +
         ",\"inverted\":" + tree(profile, {.path = path, .inverted = true}) +
         ",\"merged\":" + tree(profile, {.path = {.merge_recursion = true, .wait_nodes = true}}) +
         ",\"programs\":" + tree(profile, {.path = {.process_root = true, .wait_nodes = true}}) +
         ",\"lines\":" + lines(profile) + "}";
}

bool write_both(const std::string& directory, const std::string& name, const Profile& profile,
                const render::HtmlOptions& options = {}) {
  return write(directory + "/" + name + ".html", page(profile, options)) &&
         write(directory + "/" + name + ".json", reports(profile));
}

/// What a page must bear: a stack of 5,000 frames, long names, bytes that are no UTF-8, escapes.
Profile hostile() {
  std::string stack = "main";
  for (int i = 0; i < 5000; ++i) stack += ";f" + std::to_string(i);
  return ProfileBuilder()
      .command({"./\x1b[2Jprog", "</title><script>alert(1)</script>"})
      .user(stack, 40)
      .user("main;" + std::string(10'000, 'n'), 30)
      .user("main;\xff\xfe\x80", 20)
      .user("main;\x1b]0;title\x07\x1b[31mred", 20)
      .user("main;</script><img src=x onerror=alert(1)>", 20)
      .user("main;__proto__;constructor;toString", 20)
      .build();
}

/// Lines, in a file that is embedded.
Profile with_lines() {
  return ProfileBuilder()
      .command({"./prog"})
      .function("main", {.file = "/src/main.c", .line = 1})
      .function("work", {.file = "/src/main.c", .line = 10})
      .user("main#3;work#11", 300)
      .user("main#4;work#12", 100)
      .sys("main#5;read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 50)
      .build();
}

/// A recursion as the compiler leaves it: a copy of the function, and itself inlined into that.
Profile recursion() {
  const test::FunctionDetails depth = {.file = "/src/main.cc", .line = 6};
  std::string stack = "main";
  for (int i = 0; i < 100; ++i) stack += ";depth(int) [clone .isra.0];~depth";
  return ProfileBuilder()
      .command({"./prog"})
      .function("depth", depth)
      .function("depth(int) [clone .isra.0]", depth)
      .user(stack + ";leaf", 300)
      .user("main;depth(int);depth(int) [clone .cold]", 50)
      .user("main;other", 150)
      .build();
}

/// Two calls that were counted too, 8,000 and 2 of them.
Profile with_counts() {
  return ProfileBuilder()
      .command({"./prog"})
      .user("main;work", 100)
      .sys("main;copy;read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 60)
      .sys("main;grow;brk@libc.so.6", "entry_SYSCALL_64;do_brk_flags", test::syscall("brk"), 40)
      .counted({.name = "read",
                .cpu_ns = 61'000'000,
                .durations = {{8'000, 8'000}},
                .errors = {{11, 5}}})
      .counted({.name = "brk", .cpu_ns = 39'000'000, .durations = {{20'000'000, 2}}})
      .build();
}

render::HtmlOptions with_text() {
  render::SourceText text;
  text.path = "/src/main.c";
  for (int line = 1; line <= 40; ++line)
    text.lines.push_back("line " + std::to_string(line) + "; </script> <b>bold</b>");
  return {.has_sources = true, .sources = {{.file = "/src/main.c", .text = text}}};
}

Profile many_threads(int count) {
  ProfileBuilder builder;
  for (int i = 0; i < count; ++i) {
    builder.thread("t" + std::to_string(i), 1000 + i)
        .user("start_thread;work" + std::to_string(i % 7), 2);
  }
  return builder.build();
}

/// A comparison: the page, and what view/diff says of each function.
bool write_comparison(const std::string& directory, const Profile& before, const Profile& after) {
  const auto was = view::select(before, {});
  const auto is = view::select(after, {});
  const view::JoinedProfile joined =
      view::join_profiles({.profile = before, .samples = was}, {.profile = after, .samples = is});
  const view::Diff diff = view::compare_functions(joined, {});
  const std::vector<const Sample*> old_samples = joined.before();
  const render::HtmlComparison comparison{.old_path = "old.data",
                                          .new_path = "new.data",
                                          .before = old_samples,
                                          .totals = diff.totals,
                                          .critical = diff.critical,
                                          .charged = before.run.charged};
  view::Selection selection;
  selection.samples = joined.after();
  std::string text;
  render::html(joined.profile, selection, {.comparison = &comparison},
               [&](std::string_view bytes) { text += bytes; });
  std::string rows;
  const auto all_after = static_cast<double>(diff.totals.after.all());
  for (const view::DiffRow& row : diff.rows) {
    const view::Change& change = row.total.cpu;
    rows +=
        (rows.empty() ? "" : ",\n") + nlohmann::json({{"name", row.what.label},
                                                      {"samples_before", row.before.total.samples},
                                                      {"samples", row.after().total.samples},
                                                      {"delta", change.delta / all_after},
                                                      {"noise", change.noise / all_after},
                                                      {"significant", change.significant}})
                                          .dump();
  }
  return write(directory + "/comparison.html", text) &&
         write(directory + "/comparison.rows", "[" + rows + "]");
}

int run(const std::string& directory) {
  bool good =
      write_both(directory, "kinds", test::kinds()) &&
      write_both(directory, "waits", test::waits()) &&
      write_both(directory, "hostile", hostile()) &&
      write_both(directory, "counts", with_counts()) &&
      write_both(directory, "recursion", recursion()) &&
      write_both(directory, "lines", with_lines(), with_text()) &&
      write_both(directory, "compile", test::compile_profile(5000)) &&
      write_both(directory, "threads", many_threads(10'000)) &&
      write_both(directory, "few", ProfileBuilder().user("main;f", 3).user("main;g", 2).build()) &&
      write_both(directory, "one", ProfileBuilder().user("main;f", 1).build()) &&
      write_both(directory, "empty", ProfileBuilder().build()) &&
      write_both(
          directory, "cycles",
          ProfileBuilder().event("cache-misses", "cache-misses").user("main;f", 100).build());
  good = good && write_comparison(directory,
                                  ProfileBuilder()
                                      .user("main;stays", 400)
                                      .user("main;shrinks;~inner", 300)
                                      .user("main;goes", 100)
                                      .user("main;grows", 200)
                                      .build(),
                                  ProfileBuilder()
                                      .user("main;stays", 410)
                                      .user("main;shrinks;inner", 200)
                                      .user("main;grows", 380)
                                      .user("main;comes", 60)
                                      .sys("main;comes;read@libc.so.6", "entry_SYSCALL_64;vfs_read",
                                           test::syscall("read"), 40)
                                      .build());
  for (std::uint32_t seed = 0; good && seed < 20; ++seed)
    good = write_both(directory, "random" + std::to_string(seed), test::random_profile(seed));
  return good ? 0 : 1;
}

}  // namespace
}  // namespace profiler

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: sample_pages DIRECTORY\n", stderr);
    return 1;
  }
  return profiler::run(argv[1]);
}
