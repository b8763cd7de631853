#include "syscalls/ring_records.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace profiler::syscalls {
namespace {

constexpr RecordLayout kLayout{.enter = 443, .leave = 442, .signal = 260};
constexpr int kRead = 0;
#if defined(__x86_64__)
constexpr int kExitGroup = 231;
#else
constexpr int kExitGroup = 94;
#endif

/// One CPU's ring in plain memory, with the kernel's side of it.
class CpuRing {
 public:
  explicit CpuRing(std::size_t bytes = 65536) : data_(bytes / 8), reader_(control_, bytes_of()) {}
  record::RingReader& reader() { return reader_; }

  void enter(std::uint64_t time, Tid tid, std::int64_t number,
             std::uint64_t abi = PERF_SAMPLE_REGS_ABI_64) {
    Bytes raw = trace_data(kLayout.enter, number);
    raw.resize(68);
    Bytes record = sample(time, tid, raw);
    put(record, abi);
    put(record, std::uint64_t{0});
    write(PERF_RECORD_SAMPLE, 0, record);
  }
  void leave(std::uint64_t time, Tid tid, std::int64_t number, std::int64_t result) {
    Bytes raw = trace_data(kLayout.leave, number);
    put(raw, result);
    raw.resize(28);
    write(PERF_RECORD_SAMPLE, 0, sample(time, tid, raw));
  }
  void call(std::uint64_t time, Tid tid, std::int64_t number, std::uint64_t wall) {
    enter(time, tid, number);
    leave(time + wall, tid, number, 0);
  }
  void signal(std::uint64_t time, Tid tid) {
    Bytes raw = trace_data(kLayout.signal, 9);
    raw.resize(44);
    write(PERF_RECORD_SAMPLE, 0, sample(time, tid, raw));
  }
  void out(std::uint64_t time, Tid tid) {
    Bytes record;
    put(record, std::uint64_t{0});  // Who comes next.
    write(PERF_RECORD_SWITCH_CPU_WIDE, PERF_RECORD_MISC_SWITCH_OUT, trailer(record, time, tid));
  }
  void in(std::uint64_t time, Tid tid) {
    Bytes record;
    put(record, std::uint64_t{0});
    write(PERF_RECORD_SWITCH_CPU_WIDE, 0, trailer(record, time, tid));
  }
  void fork(std::uint64_t time, Tid child, Tid parent) {
    task(PERF_RECORD_FORK, time, child, parent);
  }
  void exit(std::uint64_t time, Tid tid) { task(PERF_RECORD_EXIT, time, tid, tid); }
  void comm(std::uint64_t time, Tid tid, const std::string& name) {
    Bytes record;
    put(record, pid_of(tid));
    put(record, tid);
    const std::size_t at = record.size();
    record.resize(at + (name.size() + 8) / 8 * 8);
    std::memcpy(record.data() + at, name.data(), name.size());
    write(PERF_RECORD_COMM, 0, trailer(record, time, tid));
  }
  void lost(std::uint64_t time, Tid tid, std::uint64_t count) {
    Bytes record;
    put(record, std::uint64_t{1});
    put(record, count);
    write(PERF_RECORD_LOST, 0, trailer(record, time, tid));
  }
  void write_raw(std::uint32_t type, std::size_t bytes) { write(type, 0, Bytes(bytes)); }

  [[nodiscard]] std::size_t used() const { return control_.data_head - control_.data_tail; }
  [[nodiscard]] std::size_t room() const { return data_.size() * 8 - used(); }
  static Pid pid_of(Tid tid) { return tid / 10 * 10; }

 private:
  using Bytes = std::vector<std::byte>;
  template <class T>
  static void put(Bytes& bytes, T value) {
    const auto* first = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), first, first + sizeof value);
  }
  static Bytes trace_data(std::uint16_t type, std::int64_t first_field) {
    Bytes raw;
    put(raw, type);
    raw.resize(8);
    put(raw, first_field);
    return raw;
  }
  static Bytes sample(std::uint64_t time, Tid tid, const Bytes& raw) {
    Bytes record;
    put(record, pid_of(tid));
    put(record, tid);
    put(record, time);
    put(record, static_cast<std::uint32_t>(raw.size()));
    record.insert(record.end(), raw.begin(), raw.end());
    return record;
  }
  static Bytes trailer(Bytes record, std::uint64_t time, Tid tid) {
    put(record, pid_of(tid));
    put(record, tid);
    put(record, time);
    return record;
  }
  void task(std::uint32_t type, std::uint64_t time, Tid tid, Tid parent) {
    Bytes record;
    put(record, pid_of(tid));
    put(record, pid_of(parent));
    put(record, tid);
    put(record, parent);
    put(record, time);
    write(type, 0, trailer(record, time, parent));
  }
  void write(std::uint32_t type, int misc, const Bytes& body) {
    const perf_event_header header{.type = type,
                                   .misc = static_cast<std::uint16_t>(misc),
                                   .size = static_cast<std::uint16_t>(body.size() + 8)};
    Bytes record;
    put(record, header);
    record.insert(record.end(), body.begin(), body.end());
    const auto ring = std::as_writable_bytes(std::span(data_));
    for (const std::byte byte : record) {
      ring[control_.data_head % ring.size()] = byte;
      control_.data_head = control_.data_head + 1;
    }
  }
  std::span<const std::byte> bytes_of() { return std::as_bytes(std::span(data_)); }

  perf_event_mmap_page control_{};
  std::vector<std::uint64_t> data_;
  record::RingReader reader_;
};

struct Reading {
  explicit Reading(std::size_t cpus, std::size_t ring_bytes = 65536,
                   SyscallGrouping grouping = SyscallGrouping::kNone)
      : groups(grouping),
        tracker({.all = true,
                 .start_ns = 1000,
                 .switches_after_end = true,
                 .group_of = [this](Pid pid, Tid tid) { return groups.id_of(pid, tid); }},
                totals),
        records(kLayout, tracker, groups) {
    for (std::size_t i = 0; i < cpus; ++i) records.add(cpu.emplace_back(ring_bytes).reader());
  }
  SyscallRow row(int number, SyscallAbi abi = SyscallAbi::kNative, std::int64_t group = 0) {
    const SyscallAccount all =
        totals.account({}, [](std::string_view) { return StringIndex(std::size_t{0}); });
    const auto found = find_row(all, {.group = group, .number = number, .abi = abi});
    return found ? all.rows[*found] : SyscallRow{};
  }
  void take_all() { records.take(RingRecords::kEverything); }

  std::deque<CpuRing> cpu;
  CallTotals totals;
  CallGroups groups;
  CallTracker tracker;
  RingRecords records;
};

TEST(RingRecords, MeasuresACallThatMovesToAnotherCpu) {
  Reading reading(2);
  reading.cpu[1].in(2500, 10);
  reading.cpu[1].leave(2600, 10, kRead, 7);
  reading.cpu[0].enter(2000, 10, kRead);
  reading.cpu[0].out(2100, 10);
  reading.take_all();
  const SyscallRow row = reading.row(kRead);
  EXPECT_EQ(row.calls, 1U);
  EXPECT_EQ(row.begun_before, 0U);
  EXPECT_EQ(row.wall_ns, 600U);
  EXPECT_EQ(row.cpu_ns, 200U);
  EXPECT_EQ(row.returned, 7U);
}

TEST(RingRecords, LeavesWhatIsLaterThanTheHorizonInTheRings) {
  Reading reading(2);
  reading.cpu[0].call(2000, 10, kRead, 10);
  reading.cpu[1].call(2005, 20, kRead, 1000);
  reading.records.take(2500);
  EXPECT_EQ(reading.row(kRead).calls, 1U);
  EXPECT_EQ(reading.cpu[0].used(), 0U);
  EXPECT_GT(reading.cpu[1].used(), 0U);
  reading.records.take(3005);
  EXPECT_EQ(reading.row(kRead).calls, 2U);
  EXPECT_EQ(reading.cpu[1].used(), 0U);
  EXPECT_EQ(reading.row(kRead).max_ns, 1000U);
}

TEST(RingRecords, TellsTheAbiOfACall) {
  Reading reading(1);
  reading.cpu[0].enter(2000, 10, 3, PERF_SAMPLE_REGS_ABI_32);
  reading.cpu[0].leave(2010, 10, 3, 1);
  reading.cpu[0].call(2100, 10, 3, 10);
  reading.cpu[0].call(2200, 10, 3 | (1 << 30), 10);
  reading.cpu[0].call(2300, 10, -1, 10);
  reading.cpu[0].call(2400, 10, 999, 10);
  reading.take_all();
  EXPECT_EQ(reading.row(3, SyscallAbi::kCompat32).calls, 1U);
  EXPECT_EQ(reading.row(3).calls, 1U);
#if defined(__x86_64__)
  EXPECT_EQ(reading.row(3, SyscallAbi::kX32).calls, 1U);
#endif
  EXPECT_EQ(reading.row(-1).calls, 1U);
  EXPECT_EQ(reading.row(999).calls, 1U);
}

TEST(RingRecords, LeavesIdleAndTheDeadAlone) {
  Reading reading(1);
  reading.cpu[0].in(2000, 0);
  reading.cpu[0].out(2100, 0);
  reading.cpu[0].out(2200, -1);
  reading.cpu[0].out(2300, 77);  // Nothing is known of it: it may have ended.
  reading.take_all();
  EXPECT_EQ(reading.tracker.threads(), 0U);
}

TEST(RingRecords, FollowsAThreadBeyondItsEnd) {
  Reading reading(2);
  reading.cpu[0].in(2000, 10);
  reading.cpu[0].enter(2100, 10, kExitGroup);
  reading.cpu[0].exit(2200, 10);
  reading.cpu[0].out(2300, 10);
  reading.cpu[1].in(2350, 10);
  reading.cpu[1].out(2400, -1);  // Nobody's number any more: not told whose.
  reading.cpu[0].in(2300, 12);
  reading.cpu[0].enter(2310, 12, kRead);
  reading.cpu[0].exit(2320, 12);
  reading.cpu[0].out(2360, -1);
  reading.take_all();
  EXPECT_EQ(reading.row(kExitGroup).calls, 1U);
  EXPECT_EQ(reading.row(kExitGroup).cpu_ns, 200U);
  EXPECT_EQ(reading.row(kRead).wall_ns, 50U);
  EXPECT_EQ(reading.tracker.threads(), 0U);
}

TEST(RingRecords, TellsTheForkBeforeWhatTheChildDoesElsewhere) {
  Reading reading(2);
  reading.cpu[1].in(2060, 20);
  reading.cpu[1].leave(2070, 20, 56, 0);
  reading.cpu[1].call(2080, 20, kRead, 10);
  reading.cpu[0].call(1500, 10, kRead, 10);
  reading.cpu[0].fork(2050, 20, 10);
  reading.cpu[0].call(3000, 10, kRead, 10);
  reading.take_all();
  EXPECT_EQ(reading.totals.calls(), 3U);
  EXPECT_EQ(reading.row(kRead).begun_before, 0U);
}

TEST(RingRecords, NamesGroupsAsRecordsDo) {
  Reading reading(1, 65536, SyscallGrouping::kThread);
  reading.cpu[0].comm(1900, 10, "main");
  reading.cpu[0].call(2000, 10, kRead, 10);
  reading.cpu[0].fork(2100, 11, 10);
  reading.cpu[0].call(2200, 11, kRead, 10);
  reading.cpu[0].fork(2300, 12, 10);
  reading.cpu[0].comm(2350, 12, "worker-12345678");
  reading.take_all();
  EXPECT_EQ(reading.groups.name(10), "main (10)");
  EXPECT_EQ(reading.groups.name(11), "main (11)");
  EXPECT_EQ(reading.groups.name(12), "worker-12345678 (12)");
  EXPECT_EQ(reading.row(kRead, SyscallAbi::kNative, 11).calls, 1U);
}

TEST(RingRecords, NoticesALossBeforeAnyoneWhoMovedMeanwhile) {
  Reading reading(2);
  reading.cpu[0].enter(2000, 10, kRead);
  reading.cpu[0].out(2010, 10);
  // Lost: it comes back, returns, enters another call, and goes.
  reading.cpu[0].lost(9000, 0, 4);
  reading.cpu[1].in(5000, 10);
  reading.cpu[1].leave(5010, 10, kRead, 0);
  reading.cpu[1].call(6000, 10, kRead, 10);
  reading.take_all();
  EXPECT_EQ(reading.row(kRead).calls, 1U);
  EXPECT_EQ(reading.row(kRead).max_ns, 10U);
  EXPECT_EQ(reading.records.lost(), 4U);
  EXPECT_EQ(reading.tracker.lost_records(), 4U + 2U);
}

TEST(RingRecords, TakesWhatWasInAFullRingForTorn) {
  Reading reading(2, 4096);
  reading.cpu[0].call(2000, 20, kRead, 1);
  while (reading.cpu[0].room() >= 512) reading.cpu[0].call(2000, 20, kRead, 1);
  reading.cpu[0].enter(3000, 10, kRead);
  // No room for its return, and the record that says so is not written yet.
  reading.cpu[1].in(900'000, 10);
  reading.cpu[1].leave(900'010, 10, kRead, 0);
  reading.records.take(1'000'000);
  EXPECT_EQ(reading.row(kRead).max_ns, 1U);
  EXPECT_EQ(reading.row(kRead).begun_before, 0U);
}

TEST(RingRecords, CountsWhatIsTooShort) {
  for (const std::uint32_t type :
       {PERF_RECORD_SAMPLE, PERF_RECORD_SWITCH, PERF_RECORD_SWITCH_CPU_WIDE, PERF_RECORD_FORK,
        PERF_RECORD_EXIT, PERF_RECORD_COMM, PERF_RECORD_LOST, PERF_RECORD_THROTTLE}) {
    for (std::size_t bytes = 0; bytes < 200; bytes += 8) {
      Reading reading(1);
      reading.cpu[0].call(2000, 10, kRead, 10);
      reading.cpu[0].write_raw(type, bytes);
      reading.cpu[0].call(3000, 10, kRead, 10);
      reading.take_all();
      EXPECT_GE(reading.row(kRead).calls + reading.tracker.lost_records(), 2U);
      EXPECT_EQ(reading.cpu[0].used(), 0U);
      if (bytes < 16) {
        EXPECT_EQ(reading.records.malformed(), 1U) << type << " " << bytes;
      }
    }
  }
}

TEST(RingRecords, KeepTheirSensesWhateverTheBytesAre) {
  std::mt19937 random(11);
  for (int turn = 0; turn < 300; ++turn) {
    Reading reading(2, 4096);
    for (CpuRing& cpu : reading.cpu) {
      while (cpu.room() > 1024) {
        const Tid tid = 10 + Tid(random() % 3);
        const std::uint64_t time = random() % 5000;
        switch (random() % 7) {
          case 0:
            cpu.enter(time, tid, random() % 400, random() % 3);
            break;
          case 1:
            cpu.leave(time, tid, random() % 400, -std::int64_t(random() % 600));
            break;
          case 2:
            cpu.out(time, tid);
            break;
          case 3:
            cpu.in(time, tid);
            break;
          case 4:
            cpu.fork(time, tid, 10 + Tid(random() % 3));
            break;
          case 5:
            cpu.exit(time, tid);
            break;
          case 6:
            cpu.signal(time, tid);
            break;
        }
      }
    }
    reading.take_all();
    reading.tracker.finish(6000);
    for (const SyscallRow& row :
         reading.totals.account({}, [](std::string_view) { return StringIndex(std::size_t{0}); })
             .rows) {
      EXPECT_LE(row.max_ns, 6000U);
      EXPECT_LE(row.cpu_ns, row.wall_ns);
      EXPECT_EQ(row.durations.total(), row.calls);
    }
  }
}

/// Threads that wander over four CPUs, with what each has done; read in many small steps while it
/// goes on.
TEST(RingRecords, AgreeWithAModelWhileRingsAreWritten) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    constexpr std::size_t kCpus = 4;
    Reading reading(kCpus, 1 << 20);
    struct Thread {
      bool in_call = false;
      bool running = false;
      std::size_t cpu = 0;
      std::uint64_t entered = 0;
      std::uint64_t off = 0;
      std::uint64_t out = 0;
    };
    std::map<Tid, Thread> threads;
    std::array<Tid, kCpus> on_cpu{};
    for (Tid tid = 10; tid < 22; ++tid) {
      reading.cpu[0].fork(1000, tid, 5);
      threads[tid] = {.out = 1000};
    }
    std::uint64_t now = 2000;
    std::uint64_t calls = 0;
    std::uint64_t wall = 0;
    std::uint64_t cpu_time = 0;
    for (int step = 0; step < 4000; ++step) {
      now += 1 + random() % 50;
      const std::size_t cpu = random() % kCpus;
      if (on_cpu[cpu] == 0) {
        auto thread = std::next(threads.begin(), std::ptrdiff_t(random() % threads.size()));
        if (thread->second.running) continue;
        Thread& t = thread->second;
        t.running = true;
        t.cpu = cpu;
        on_cpu[cpu] = thread->first;
        if (t.in_call) t.off += now - t.out;
        reading.cpu[cpu].in(now, thread->first);
        continue;
      }
      const Tid tid = on_cpu[cpu];
      Thread& t = threads[tid];
      if (random() % 4 == 0) {
        t.running = false;
        t.out = now;
        on_cpu[cpu] = 0;
        reading.cpu[cpu].out(now, tid);
      } else if (t.in_call) {
        t.in_call = false;
        ++calls;
        wall += now - t.entered;
        cpu_time += now - t.entered - t.off;
        reading.cpu[cpu].leave(now, tid, 300, 0);
      } else {
        t.in_call = true;
        t.entered = now;
        t.off = 0;
        reading.cpu[cpu].enter(now, tid, 300);
      }
      if (random() % 20 == 0)
        reading.records.take(now - std::min<std::uint64_t>(now, random() % 200));
    }
    for (const auto& [tid, t] : threads) {
      if (!t.in_call) continue;
      ++calls;
      wall += now - t.entered;
      cpu_time += now - t.entered - t.off - (t.running ? 0 : now - t.out);
    }
    reading.take_all();
    reading.tracker.finish(now);
    const SyscallRow row = reading.row(300);
    EXPECT_EQ(row.calls, calls) << seed;
    EXPECT_EQ(row.wall_ns, wall) << seed;
    EXPECT_EQ(row.cpu_ns, cpu_time) << seed;
    EXPECT_EQ(reading.tracker.lost_records(), 0U) << seed;
  }
}

}  // namespace
}  // namespace profiler::syscalls
