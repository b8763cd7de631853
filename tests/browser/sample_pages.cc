// Writes the pages that the tests of the viewer open, each with what the reports say of the same
// profile: sample_pages DIRECTORY. NAME.html; NAME.json: {"functions", "kernel_functions", "tree",
// "kernel_tree", "inverted", "merged", "lines", "programs", "causes", "half"}, documents of
// profiler.report/1. NAME.old and NAME.new: recordings to be compared.
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

#include "profile/profile_writer.h"
#include "render/html.h"
#include "render/report_json.h"
#include "tests/browser/sample_profiles.h"
#include "tests/support/compile_profile.h"
#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/call_tree.h"
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

/// Of one thread only, as `profiler html --filter thread=helper` makes it.
bool write_part(const std::string& directory, const std::string& name, const Profile& profile) {
  std::string text;
  const view::Selection selection = view::select_with_waits(profile, {.thread = "helper"});
  render::html(profile, selection, {.selection = "thread=helper", .version = "1.2.3"},
               [&](std::string_view bytes) { text += bytes; });
  return write(directory + "/" + name + ".html", text);
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
      .counted({.name = "mmap", .cpu_ns = 12'000, .durations = {{4'000, 3}}})
      .build();
}

/// Charged 3 s of user and 1 of sys, which the samples of its two threads split the other way
/// round.
Profile split_otherwise() {
  return ProfileBuilder()
      .command({"./forky"})
      .charged(5'000'000'000, 3'000'000'000, 1'000'000'000)
      .user("main;work", 980)
      .sys("main;fork@libc.so.6", "entry_SYSCALL_64;kernel_clone", test::syscall("clone"), 2'000)
      .thread("helper", 101)
      .sys("start_thread;spawn@libc.so.6", "entry_SYSCALL_64;kernel_clone", test::syscall("clone"),
           1'000)
      .build();
}

/// Callers of one name in modules of their own.
Profile with_namesakes() {
  ProfileBuilder builder;
  for (const char* module : {"cc1plus", "as", "collect2"}) {
    builder.user("_start@" + std::string(module) + ";__libc_start_main@libc.so.6;main@" + module,
                 100);
  }
  return builder
      .user("_start@cc1plus;__libc_start_main@libc.so.6;libbfd.so+0x48ff0@libbfd.so;" +
                std::string(300, 'n'),
            50)
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

/// Four threads that take turns on two CPUs, which never rest: each is sampled when it has used a
/// millisecond, at moments that vary. One has changed its name.
Profile taking_turns() {
  ProfileBuilder builder;
  builder.run().cpus = 2;
  for (std::uint64_t i = 0; i < 4; ++i) {
    if (i == 3) builder.thread("prog", 103).user("main;begin", 1);
    builder.thread("worker-" + std::to_string(i), 100 + static_cast<Tid>(i));
    for (std::uint64_t k = 1; k <= 300; ++k) {
      builder.at((2 * k + i / 2) * 1'000'000 + (k * 7919 + i * 104'729) % 800'000);
      builder.user(k % 3 == 0 ? "main;rest" : "main;work");
    }
  }
  return builder.build();
}

/// Two recordings, to be compared by the program (tests/browser/run).
bool write_pair(const std::string& directory, const std::string& name, const Profile& before,
                const Profile& after) {
  const auto write_profile = [&](const std::string& ending, const Profile& profile) {
    auto writer = profile::ProfileWriter::create(directory + "/" + name + ending);
    return writer && writer->finish(profile);
  };
  return write_profile(".old", before) && write_profile(".new", after);
}

/// A program that waits in several ways, for a CPU too: `more` of all of it.
Profile waiting(std::uint64_t more) {
  return ProfileBuilder()
      .command({"./server"})
      .user("_start;main;serve;handle", static_cast<int>(300 * more))
      .sys("_start;main;serve;handle;write@libc.so.6", "entry_SYSCALL_64;vfs_write",
           test::syscall("write"), 100)
      .wait("_start;main;serve;handle;pthread_mutex_lock@libc.so.6",
            "entry_SYSCALL_64;futex_do_wait;schedule", WaitClass::kLock, 10'000'000 * more, 20)
      .wait("_start;main;serve;poll@libc.so.6", "entry_SYSCALL_64;do_sys_poll;schedule",
            WaitClass::kPoll, 30'000'000, 10, test::syscall("poll"))
      .runnable("_start;main;serve;handle", 2'000'000 * more, 30)
      .runnable("_start;main;only_runnable", 1'000'000, 40)
      .thread("flusher", 101)
      .wait("start_thread@libc.so.6;flush;fsync@libc.so.6",
            "entry_SYSCALL_64;ext4_sync_file;io_schedule;schedule", WaitClass::kDisk, 50'000'000, 4,
            test::syscall("fsync"))
      .unsampled_wait(200'000'000)
      .charged(2'000'000'000 * more, 290'000'000 * more, 110'000'000)
      .build();
}

int run(const std::string& directory) {
  bool good =
      write_both(directory, "kinds", test::kinds()) &&
      write_both(directory, "waits", test::waits()) &&
      write_both(directory, "hostile", hostile()) &&
      write_both(directory, "counts", with_counts()) &&
      write_both(directory, "recursion", recursion()) &&
      write_both(directory, "lines", with_lines(), with_text()) &&
      write_both(directory, "bare_lines", with_lines()) &&
      write_both(directory, "split", split_otherwise()) &&
      write_both(directory, "namesakes", with_namesakes()) &&
      write_part(directory, "part", split_otherwise()) &&
      write_both(directory, "compile", test::compile_profile(5000)) &&
      write_both(directory, "threads", many_threads(10'000)) &&
      write_both(directory, "turns", taking_turns()) &&
      write_both(directory, "few", ProfileBuilder().user("main;f", 3).user("main;g", 2).build()) &&
      write_both(directory, "one", ProfileBuilder().user("main;f", 1).build()) &&
      write_both(directory, "empty", ProfileBuilder().build()) &&
      write_both(
          directory, "cycles",
          ProfileBuilder().event("cache-misses", "cache-misses").user("main;f", 100).build());
  good = good &&
         write_pair(directory, "comparison",
                    ProfileBuilder()
                        .command({"./prog"})
                        .user("main;stays", 400)
                        .user("main;shrinks;~inner", 300)
                        .user("main;goes", 100)
                        .user("main;grows", 200)
                        .build(),
                    ProfileBuilder()
                        .command({"./prog"})
                        .user("main;stays", 410)
                        .user("main;shrinks;inner", 200)
                        .user("main;grows", 380)
                        .user("main;comes", 60)
                        .sys("main;comes;read@libc.so.6", "entry_SYSCALL_64;vfs_read",
                             test::syscall("read"), 40)
                        .build()) &&
         // Twice the work in one function: all others have smaller shares.
         write_pair(directory, "slower",
                    ProfileBuilder().user("main;parse", 2000).user("main;render", 3000).build(),
                    ProfileBuilder().user("main;parse", 4000).user("main;render", 3000).build()) &&
         write_pair(directory, "waiting", waiting(1), waiting(3)) &&
         write_pair(directory, "few-compared", ProfileBuilder().user("main;f", 3).build(),
                    ProfileBuilder().user("main;f", 200).build()) &&
         write_pair(directory, "empty-compared", ProfileBuilder().build(),
                    ProfileBuilder().user("main;f", 200).build()) &&
         write_pair(directory, "same", test::waits(), test::waits());
  for (std::uint32_t seed = 0; good && seed < 6; ++seed) {
    good = write_pair(directory, "pair" + std::to_string(seed), test::random_profile(seed),
                      test::random_profile(seed + 50));
  }
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
