// Writes the flame graphs that the browser test opens: sample_flamegraphs DIRECTORY
#include <cstdio>
#include <fstream>
#include <string>

#include "render/diff_flamegraph.h"
#include "render/flamegraph.h"
#include "tests/support/profile_builder.h"
#include "view/call_tree.h"
#include "view/diff_tree.h"
#include "view/filter.h"

namespace profiler {
namespace {

using test::fault;
using test::ProfileBuilder;
using test::syscall;

/// All kinds of frames, and a name that would be a script if it were not escaped.
Profile kinds() {
  return ProfileBuilder()
      .command({"./prog", "--size", "100"})
      .user("_start;main;parse(std::string const&);~skip_space;is_space", 40)
      .user("_start;main;parse(std::string const&);parse(std::string const&)", 60)
      .user("_start;main;solve;~dot<double, 3>", 200)
      .user("_start;main;solve;</script><img src=x onerror=alert(1)>", 50)
      .sys("_start;main;load;read@libc.so.6",
           "entry_SYSCALL_64;do_syscall_64;vfs_read;copy_to_user", syscall("read"), 80)
      .sys("_start;main;solve;Arena::grow(unsigned long);brk@libc.so.6",
           "entry_SYSCALL_64;do_syscall_64;do_brk_flags", syscall("brk"), 30)
      .sys("_start;main;solve;Arena::grow(unsigned long)", "asm_exc_page_fault;clear_page_erms",
           fault("anonymous"), 70)
      .end(StackEnd::kDumpTooShort)
      .user("deep;deeper", 20)
      .end(StackEnd::kNoUnwindInfo)
      .user("prog+0x1200;0x1f00", 10)
      .build();
}

/// User, sys and wait, in two threads.
Profile waits() {
  ProfileBuilder builder;
  builder.command({"./server"})
      .user("_start;main;serve;handle", 300)
      .sys("_start;main;serve;handle;write@libc.so.6", "entry_SYSCALL_64;vfs_write",
           syscall("write"), 100)
      .wait("_start;main;serve;handle;pthread_mutex_lock@libc.so.6",
            "entry_SYSCALL_64;futex_do_wait;schedule", WaitClass::kLock, 10'000'000, 20)
      .wait("_start;main;serve;poll@libc.so.6", "entry_SYSCALL_64;do_sys_poll;schedule",
            WaitClass::kPoll, 30'000'000, 10, syscall("poll"))
      .runnable("_start;main;serve;handle", 2'000'000, 30)
      .thread("flusher", 101)
      .wait("start_thread@libc.so.6;flush;fsync@libc.so.6",
            "entry_SYSCALL_64;ext4_sync_file;io_schedule;schedule", WaitClass::kDisk, 50'000'000, 4,
            syscall("fsync"))
      .unsampled_wait(200'000'000)
      .unsampled_wait(40'000'000);
  return builder.build();
}

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

/// What changed between two recordings, one of them with a name that would be a script.
std::string diff_svg() {
  const auto recorded = [](std::uint64_t parse, std::uint64_t solve, const std::string& other) {
    return ProfileBuilder()
        .command({"./prog"})
        .user("_start;main;parse", parse)
        .user("_start;main;solve", solve)
        .user("_start;main;steady", 1000)
        .user("_start;main;" + other, 300)
        .build();
  };
  const Profile before = recorded(2000, 1000, "dropped");
  const Profile after = recorded(1000, 2000, "</script><img src=x onerror=alert(1)>");
  const auto was = view::select(before, {});
  const auto is = view::select(after, {});
  const view::JoinedProfile joined = view::join_profiles({before, was}, {after, is});
  return render::diff_flamegraph(joined.profile, view::diff_tree(joined, {}, {}),
                                 {.old_path = "old.data", .new_path = "new.data"});
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
      write(directory + "/diff.svg", diff_svg()) &&
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
