// Writes the flame graphs that the browser test opens: sample_flamegraphs DIRECTORY
#include <cstdio>
#include <fstream>
#include <string>

#include "render/flamegraph.h"
#include "tests/browser/sample_profiles.h"
#include "tests/support/profile_builder.h"
#include "view/call_tree.h"
#include "view/filter.h"

namespace profiler {
namespace {

using test::kinds;
using test::ProfileBuilder;
using test::waits;

std::string wall_svg(const Profile& profile, const view::Filter& filter) {
  const view::Selection chosen = view::select_with_waits(profile, filter);
  const view::CallTree tree =
      view::call_tree(profile, chosen.samples, {.path = {.wait_nodes = true}});
  return render::flamegraph(profile, tree, {});
}

std::string svg(const Profile& profile, bool kernel_frames,
                const render::FlamegraphOptions& options) {
  const view::CallTree tree = view::call_tree(profile, view::select(profile, {}),
                                              {.path = {.kernel_frames = kernel_frames}});
  return render::flamegraph(profile, tree, options);
}

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return file.good();
}

int run(const std::string& directory) {
  const Profile all = kinds();
  const Profile few = ProfileBuilder().user("main;f", 3).user("main;g", 2).build();
  std::string stack = "main";
  for (int i = 0; i < 5000; ++i) stack += ";f" + std::to_string(i);
  const Profile deep = ProfileBuilder().user(stack, 40).user("main;g", 5).build();
  const bool good =
      write(directory + "/kinds.svg", svg(all, false, {})) &&
      write(directory + "/kernel.svg", svg(all, true, {})) &&
      write(directory + "/icicle.svg", svg(all, false, {.fit_window = false, .icicle = true})) &&
      write(directory + "/few.svg", svg(few, false, {})) &&
      write(directory + "/deep.svg", svg(deep, false, {})) &&
      write(directory + "/wall.svg", wall_svg(waits(), {})) &&
      write(directory + "/wait.svg", wall_svg(waits(), {.wait_only = true})) &&
      write(directory + "/empty.svg", svg(ProfileBuilder().build(), false, {}));
  return good ? 0 : 1;
}

}  // namespace
}  // namespace profiler

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: sample_flamegraphs DIRECTORY\n", stderr);
    return 1;
  }
  return profiler::run(argv[1]);
}
