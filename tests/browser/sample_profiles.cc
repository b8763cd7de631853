#include "tests/browser/sample_profiles.h"

#include "tests/support/profile_builder.h"

namespace profiler::test {

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

}  // namespace profiler::test
