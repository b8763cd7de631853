#include "syscalls/ring_records.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace profiler::syscalls {
namespace {

using Record = std::span<const std::byte>;

// Where things are (perf_event_open(2), "struct perf_event_mmap_page"). In a sample: pid and tid,
// time, size of the raw data, raw data. Elsewhere pid and tid, and time, are the last.
constexpr std::size_t kSampleTask = 8;
constexpr std::size_t kSampleTime = 16;
constexpr std::size_t kRawSize = 24;
constexpr std::size_t kRaw = 28;
constexpr std::size_t kTrailer = 16;
constexpr std::size_t kSmallest = sizeof(perf_event_header) + kTrailer;
// In the raw data of raw_syscalls: RingEvents has made sure.
constexpr std::size_t kNumber = kRaw + 8;
constexpr std::size_t kResult = kRaw + 16;
constexpr std::int64_t kX32Bit = std::int64_t{1} << 30;

template <class T>
T read(Record record, std::size_t offset) {
  T value;
  std::memcpy(&value, record.data() + offset, sizeof value);
  return value;
}

perf_event_header header_of(Record record) { return read<perf_event_header>(record, 0); }

/// 0 if it is too short to have one.
std::uint64_t time_of(Record record, std::uint32_t type) {
  if (record.size() < kSmallest) return 0;
  return read<std::uint64_t>(
      record, type == PERF_RECORD_SAMPLE ? kSampleTime : record.size() - sizeof(std::uint64_t));
}

struct Task {
  Pid pid = 0;
  Tid tid = 0;
};

Task task_of(Record record, std::uint32_t type) {
  if (record.size() < kSmallest) return {};
  const std::size_t offset = type == PERF_RECORD_SAMPLE ? kSampleTask : record.size() - kTrailer;
  return {read<Pid>(record, offset), read<Tid>(record, offset + sizeof(Pid))};
}

}  // namespace

std::int32_t call_number(std::int64_t raw, SyscallAbi& abi) {
  if (raw >= 0 && (raw & kX32Bit) != 0 && abi == SyscallAbi::kNative) {
#if defined(__x86_64__)
    abi = SyscallAbi::kX32;
    raw &= ~kX32Bit;
#endif
  }
  return static_cast<std::int32_t>(raw);
}

void RingRecords::look(Ring& ring) const {
  const Record record = ring.reader->peek();
  if (record.empty()) {
    ring.next_ns = kEverything;
    return;
  }
  const std::uint32_t type = header_of(record).type;
  // What is missing has been so since the last record: whoever has moved from here since then must
  // not be believed before that is known.
  ring.next_ns = type == PERF_RECORD_LOST ? ring.latest_ns : time_of(record, type);
}

void RingRecords::take(std::uint64_t horizon_ns) {
  for (Ring& ring : rings_) {
    ring.reader->look();
    ring.was_full = ring.reader->was_full();
    look(ring);
  }
  for (;;) {
    Ring& ring = *std::ranges::min_element(rings_, {}, &Ring::next_ns);
    if (ring.next_ns == kEverything || ring.next_ns > horizon_ns) break;
    take_run(ring, horizon_ns);
    // The record that says how many are missing will be written after them, perhaps much later.
    if (ring.was_full && ring.next_ns == kEverything) tracker_->lost(0);
  }
  tracker_->bury(horizon_ns);
  for (Ring& ring : rings_) {
    ring.reader->give_back();
    if (ring.reader->was_full()) tracker_->lost(0);
  }
}

void RingRecords::take_run(Ring& ring, std::uint64_t horizon_ns) {
  Task running;
  CallTracker::Thread* thread = nullptr;
  bool first = true;
  bool last = false;
  for (;; first = false) {
    const Record record = ring.reader->peek();
    if (record.empty()) break;
    const perf_event_header header = header_of(record);
    const std::uint64_t time = time_of(record, header.type);
    const Task task = task_of(record, header.type);
    if (last || (!first && (time > horizon_ns || task.tid != running.tid))) break;
    running = task;
    ++taken_;
    ring.latest_ns = std::max(ring.latest_ns, time);
    if (time == 0) {
      ++malformed_;
      ring.reader->pop(record);
      continue;
    }
    switch (header.type) {
      case PERF_RECORD_SAMPLE:
        take_sample(record, time, thread);
        break;
      case PERF_RECORD_SWITCH:
      case PERF_RECORD_SWITCH_CPU_WIDE:
        take_switch(ring, record, time, thread);
        last = (header.misc & PERF_RECORD_MISC_SWITCH_OUT) != 0;
        break;
      case PERF_RECORD_FORK:
      case PERF_RECORD_EXIT: {
        if (record.size() < 32 + kTrailer) {
          ++malformed_;
          break;
        }
        const auto pid = read<Pid>(record, 8);
        const auto parent_pid = read<Pid>(record, 12);
        const auto tid = read<Tid>(record, 16);
        const auto parent_tid = read<Tid>(record, 20);
        if (header.type == PERF_RECORD_EXIT) {
          tracker_->ended(tid, time);
          ring.ended = tid;
        } else {
          groups_->forked(pid, tid, parent_pid, parent_tid);
          tracker_->forked(pid, tid, parent_pid, time);
        }
        thread = nullptr;  // It may be gone.
        break;
      }
      case PERF_RECORD_COMM: {
        const std::string_view text(reinterpret_cast<const char*>(record.data()) + 16,
                                    std::max<std::size_t>(record.size(), 32) - 32);
        groups_->named(read<Pid>(record, 8), read<Tid>(record, 12),
                       text.substr(0, text.find('\0')));
        break;
      }
      case PERF_RECORD_LOST:
        if (record.size() < 24 + kTrailer) {
          ++malformed_;
          break;
        }
        lost_ += read<std::uint64_t>(record, 16);
        tracker_->lost(read<std::uint64_t>(record, 16));
        last = true;
        break;
      default:
        break;
    }
    ring.reader->pop(record);
  }
  look(ring);
}

void RingRecords::take_sample(Record record, std::uint64_t time_ns, CallTracker::Thread*& thread) {
  const Task task = task_of(record, PERF_RECORD_SAMPLE);
  if (task.tid <= 0) return;
  if (record.size() < kNumber + sizeof(std::int64_t)) {
    ++malformed_;
    return;
  }
  if (thread == nullptr) thread = tracker_->thread(task.pid, task.tid);
  if (thread->is_stranger()) return;
  const auto type = read<std::uint16_t>(record, kRaw);
  SyscallAbi abi = SyscallAbi::kNative;
  if (type == layout_.leave) {
    if (record.size() < kResult + sizeof(std::int64_t)) {
      ++malformed_;
      return;
    }
    const std::int32_t number = call_number(read<std::int64_t>(record, kNumber), abi);
    tracker_->returned(*thread, time_ns, number, read<std::int64_t>(record, kResult));
  } else if (type == layout_.enter) {
    const std::size_t registers = kRaw + read<std::uint32_t>(record, kRawSize);
    if (registers + sizeof(std::uint64_t) <= record.size() &&
        read<std::uint64_t>(record, registers) == PERF_SAMPLE_REGS_ABI_32) {
      abi = SyscallAbi::kCompat32;
    }
    const std::int32_t number = call_number(read<std::int64_t>(record, kNumber), abi);
    tracker_->entered(*thread, time_ns, number, abi);
  } else if (type == layout_.signal) {
    tracker_->signalled(*thread, time_ns);
  }
}

void RingRecords::take_switch(Ring& ring, Record record, std::uint64_t time_ns,
                              CallTracker::Thread*& thread) {
  const perf_event_header header = header_of(record);
  const Task task = task_of(record, header.type);
  if ((header.misc & PERF_RECORD_MISC_SWITCH_OUT) == 0) {
    ring.ended = 0;
    if (task.tid <= 0) return;  // Idle.
    if (thread == nullptr) thread = tracker_->thread(task.pid, task.tid);
    tracker_->switched_in(*thread, time_ns);
    return;
  }
  // One that has ended may have lost its number already, even to another.
  const Tid tid = std::exchange(ring.ended, 0);
  if (tid != 0) {
    thread = tracker_->ended_thread(tid);
  } else if (thread == nullptr && task.tid > 0) {
    thread = tracker_->known_thread(task.pid, task.tid);
  }
  if (thread != nullptr) tracker_->switched_out(*thread, time_ns);
}

}  // namespace profiler::syscalls
