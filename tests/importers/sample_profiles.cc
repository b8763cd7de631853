#include "tests/importers/sample_profiles.h"

#include "tests/support/profile_builder.h"

namespace profiler::test {

Profile small_profile() {
  return ProfileBuilder()
      .command({"./prog", "--size", "100"})
      .function("main", {.file = "src/main.cc", .line = 3, .system_name = "main"})
      .function("dot<double, 3>", {.file = "src/dot.h", .line = 9, .system_name = "_Z3dotIdLi3EE"})
      .user("_start;main#10;parse(std::string const&)", 40)
      .user("_start;main#11;solve;~dot<double, 3>#11", 200)
      .user("_start;main#11;solve;fib;fib;fib", 30)
      .user("_start;main#11;solve;even;odd;even;leaf", 20)
      .sys("_start;main#12;load;read@libc.so.6",
           "entry_SYSCALL_64;do_syscall_64;vfs_read;copy_to_user", syscall("read"), 80)
      .sys("_start;main#11;solve", "asm_exc_page_fault;clear_page_erms", fault("anonymous"), 70)
      .thread("worker thread", 101)
      .user("clone3@libc.so.6;operator() (int) const;größe_漢字", 33)
      .end(StackEnd::kDumpTooShort)
      .user("deep;deeper", 20)
      .end(StackEnd::kNoUnwindInfo)
      .user("prog+0x1200;0x1f00", 10)
      .process("child", 200)
      .end(StackEnd::kUndefinedReturnAddress)
      .user("_start;main#10;fib", 7)
      .build();
}

Profile waiting_profile() {
  return ProfileBuilder()
      .command({"./server"})
      .user("_start;main;serve;handle", 300)
      .sys("_start;main;serve;handle;write@libc.so.6", "entry_SYSCALL_64;vfs_write",
           syscall("write"), 100)
      .wait("_start;main;serve;handle;lock@libc.so.6", "entry_SYSCALL_64;futex_do_wait;schedule",
            WaitClass::kLock, 10 * kMillisecond, 20)
      .runnable("_start;main;serve;handle", 2 * kMillisecond, 30)
      .thread("flusher", 101)
      .wait("clone3;flush;fsync@libc.so.6", "entry_SYSCALL_64;ext4_sync_file;io_schedule",
            WaitClass::kDisk, 50 * kMillisecond, 4, syscall("fsync"))
      .build();
}

const std::vector<std::string>& hostile_names() {
  static const std::vector<std::string> kNames = {"</script><img src=x onerror=alert(1)>",
                                                  "\x1b[2J\x1b]0;title\x07",
                                                  "two\nlines 12",
                                                  "\xff\xfe\xc3(",
                                                  std::string(10'000, 'n'),
                                                  "semi;colon",
                                                  "(7) name",
                                                  "fn=(1)",
                                                  "12 34",
                                                  "calls=5",
                                                  "a (b) +0x12",
                                                  R"("quoted\")",
                                                  " ",
                                                  "#comment",
                                                  ""};
  return kNames;
}

Profile hostile_profile() {
  ProfileBuilder builder;
  builder.command({"./prog"});
  for (std::size_t i = 0; i < hostile_names().size(); ++i) {
    const std::string name = "X" + std::to_string(i) + "X";
    builder.function("F" + name, {.module = "M" + name, .file = "S" + name, .line = 3});
    builder.thread("T" + name, Tid(300 + i)).user("main;F" + name + "@M" + name + "#4", 5);
  }
  Profile profile = builder.build();
  for (std::string& text : profile.strings) {
    for (std::size_t i = 0; i < hostile_names().size(); ++i)
      if (text.ends_with("X" + std::to_string(i) + "X")) text = hostile_names()[i];
  }
  return profile;
}

}  // namespace profiler::test
