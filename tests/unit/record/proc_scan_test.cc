#include "record/proc_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace profiler::record {
namespace {

using ::testing::Contains;

TEST(MapsLine, BecomesAMappingOfAFile) {
  std::string path;
  const auto event = parse_maps_line(
      "7f5a00001000-7f5a00003000 r-xp 00002000 fe:1f 1234                       /usr/lib/a b.so",
      42, 99, path);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->context.time_ns, 99U);
  EXPECT_EQ(event->pid, 42);
  EXPECT_EQ(event->start, RuntimeAddress(0x7f5a00001000));
  EXPECT_EQ(event->length, 0x2000U);
  EXPECT_EQ(event->file_offset, FileOffset(0x2000));
  EXPECT_EQ(event->device_major, 0xfeU);
  EXPECT_EQ(event->device_minor, 0x1fU);
  EXPECT_EQ(event->inode, 1234U);
  EXPECT_EQ(event->path, "/usr/lib/a b.so");
}

TEST(MapsLine, NamesMemoryOfNoFileAsTheKernelsRecordsDo) {
  std::string path;
  EXPECT_EQ(parse_maps_line("1000-2000 rwxp 00000000 00:00 0 ", 1, 1, path)->path, "//anon");
  EXPECT_EQ(parse_maps_line("1000-2000 rwxp 00000000 00:00 0", 1, 1, path)->path, "//anon");
  EXPECT_EQ(parse_maps_line("1000-2000 r-xp 00000000 00:00 0    [vdso]", 1, 1, path)->path,
            "[vdso]");
}

TEST(MapsLine, KeepsANewlineInAPath) {
  std::string path;
  EXPECT_EQ(parse_maps_line("1000-2000 r-xp 0 fe:01 5    /tmp/a\\012b (deleted)", 1, 1, path)->path,
            "/tmp/a\nb (deleted)");
}

TEST(MapsLine, IsNoneUnlessItIsExecutableAndWhole) {
  std::string path;
  for (const char* line :
       {"", "1000-2000 r--p 00000000 fe:01 5 /a", "1000 r-xp 0 fe:01 5 /a",
        "2000-1000 r-xp 0 fe:01 5 /a", "1000-1000 r-xp 0 fe:01 5 /a", "1000-2000 r-xp x fe:01 5 /a",
        "1000-2000 r-xp 0 fe01 5 /a", "1000-2000 r-xp 0 fe:01 x /a", "1000-2000 r-x",
        "10000000000000000-2 r-xp 0 fe:01 5 /a"}) {
    EXPECT_FALSE(parse_maps_line(line, 1, 1, path)) << line;
  }
}

struct Scan {
  std::vector<ForkEvent> forks;
  std::set<std::string> names;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> mappings;
  EventSink sink() {
    return [this](const Event& event) {
      if (const auto* fork = std::get_if<ForkEvent>(&event)) forks.push_back(*fork);
      if (const auto* comm = std::get_if<CommEvent>(&event)) names.insert(std::string(comm->name));
      if (const auto* mmap = std::get_if<MmapEvent>(&event)) {
        mappings.emplace_back(mmap->start.value(), mmap->length);
      }
    };
  }
};

TEST(ProcScan, FindsEveryExecutableSegmentThatTheLoaderKnows) {
  Scan scan;
  scan_contents({::getpid()}, 1, scan.sink());
  int segments = 0;
  const auto check = [&](const dl_phdr_info* info) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& segment = info->dlpi_phdr[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
      ++segments;
      const std::uint64_t address = info->dlpi_addr + segment.p_vaddr;
      EXPECT_TRUE(std::ranges::any_of(scan.mappings, [&](const auto& m) {
        return address >= m.first && address - m.first < m.second;
      })) << info->dlpi_name;
    }
  };
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        (*static_cast<decltype(check)*>(data))(info);
        return 0;
      },
      const_cast<void*>(static_cast<const void*>(&check)));
  EXPECT_GE(segments, 3);
}

TEST(ProcScan, TellsThreadsWithTheirNames) {
  std::atomic<Tid> tid = 0;
  std::atomic<bool> end = false;
  std::thread thread([&] {
    ::prctl(PR_SET_NAME, "scanned thread");
    tid = static_cast<Tid>(::syscall(SYS_gettid));
    tid.notify_all();
    end.wait(false);
  });
  tid.wait(0);
  Scan scan;
  scan_contents({::getpid()}, 1, scan.sink());
  const auto threads = threads_of(::getpid());
  const auto process = process_of(tid);
  end = true;
  end.notify_all();
  thread.join();
  EXPECT_THAT(scan.names, Contains("scanned thread"));
  EXPECT_THAT(threads, Contains(tid.load()));
  EXPECT_EQ(process, ::getpid());
  EXPECT_TRUE(std::ranges::any_of(scan.forks, [&](const ForkEvent& f) {
    return f.tid == tid && f.pid == ::getpid() && f.parent_pid == ::getpid();
  }));
}

TEST(ProcScan, FindsDescendantsParentsFirst) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto pids = with_descendants({::getpid()});
  Scan scan;
  scan_forks({child}, 1, scan.sink());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ASSERT_FALSE(pids.empty());
  EXPECT_EQ(pids.front(), ::getpid());
  EXPECT_THAT(pids, Contains(child));
  ASSERT_EQ(scan.forks.size(), 1U);
  EXPECT_EQ(scan.forks[0].pid, child);
  EXPECT_EQ(scan.forks[0].parent_pid, ::getpid());
}

TEST(ProcScan, SaysNothingOfAProcessThatIsGone) {
  Scan scan;
  scan_forks({0x7ffffffe}, 1, scan.sink());
  scan_contents({0x7ffffffe}, 1, scan.sink());
  EXPECT_TRUE(scan.forks.empty());
  EXPECT_TRUE(scan.names.empty());
  EXPECT_TRUE(scan.mappings.empty());
  EXPECT_FALSE(process_of(0x7ffffffe));
}

}  // namespace
}  // namespace profiler::record
