// What the filter sends besides: a sample of a thread as it leaves its CPU, and of whoever wakes
// it, into the rings of a recording. On the real kernel; needs root and BPF.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "events/decoder.h"
#include "record/added_events.h"
#include "record/event_attributes.h"
#include "record/event_set.h"
#include "record/proc_file.h"
#include "record/process_filter.h"
#include "test_process.h"

namespace profiler::record {
namespace {

constexpr std::size_t kRing = std::size_t{8} << 20;
constexpr std::size_t kSwitchRing = std::size_t{1} << 20;
/// Far fewer than a CPU has sampled before it spares some.
constexpr int kSleeps = 20;

Tid this_thread() { return static_cast<Tid>(::syscall(SYS_gettid)); }

/// What a test looks at of a sample.
struct Sent {
  Pid pid = 0;
  Tid tid = 0;
  std::size_t kernel_frames = 0;
  bool has_registers = false;
  std::uint32_t raw = 0;  ///< Its first word.
};

/// A recording whose own events never sample: what is in its rings, the filter has sent.
class Recording {
 public:
  static std::optional<Recording> open(const ProcessFilter& filter, bool wakers) {
    RecordOptions options;
    options.raw_data = wakers;  // Where the woken thread's number is.
    EventRequest request;
    request.samples = {sample_attributes(*parse_event_name("cpu-clock"), options)};
    request.side = side_attributes();
    request.sample_cpus = online_cpus();
    request.side_cpus = online_cpus();
    request.sizes = {.sample_bytes = kRing, .side_bytes = kSmallestRing};
    auto events = EventSet::open(request);
    if (!events) return std::nullopt;
    Recording recording(*std::move(events));
    const perf_event_attr attr =
        bpf_output_attributes(AddedEvents::attributes(recording.events_.sample_attr()));
    const auto rings = recording.events_.sample_rings();
    const auto add = [&](AddedEvents& added, auto send) {
      if (!added.open(attr, rings)) return false;
      for (std::size_t i = 0; i < rings.size(); ++i)
        if (!(filter.*send)(added.all()[i], rings[i].cpu)) return false;
      return true;
    };
    if (!add(recording.leavers_, &ProcessFilter::send_wait_stacks_to)) return std::nullopt;
    if (wakers && !add(recording.wakers_, &ProcessFilter::send_wakers_to)) return std::nullopt;
    return recording;
  }

  struct Result {
    std::vector<Sent> leavers;
    std::vector<Sent> wakers;
    int others = 0;
  };
  Result stop() {
    leavers_.disable();
    wakers_.disable();
    Result result;
    const auto layout = events::EventLayout::of(events_.sample_attr());
    for (EventRing& ring : events_.rings()) {
      if (ring.kind != RingKind::kSamples) continue;
      ring.reader.drain([&](std::span<const std::byte> record) {
        const auto event = events::decode(record, layout);
        const auto* sample = event ? std::get_if<SampleEvent>(&*event) : nullptr;
        if (sample == nullptr) {
          ++result.others;
        } else if (leavers_.own(sample->context.id)) {
          result.leavers.push_back(sent(*sample));
        } else if (wakers_.own(sample->context.id)) {
          result.wakers.push_back(sent(*sample));
        } else {
          ++result.others;
        }
      });
    }
    return result;
  }

 private:
  explicit Recording(EventSet events) : events_(std::move(events)) {}
  static Sent sent(const SampleEvent& sample) {
    Sent sent{.pid = sample.context.pid,
              .tid = sample.context.tid,
              .kernel_frames = 0,
              .has_registers = !sample.user_registers.values.empty()};
    bool kernel = false;
    for (const std::uint64_t address : sample.callchain) {
      if (address == PERF_CONTEXT_KERNEL || address == PERF_CONTEXT_USER) {
        kernel = address == PERF_CONTEXT_KERNEL;
      } else if (kernel) {
        ++sent.kernel_frames;
      }
    }
    if (sample.raw.size() >= sizeof sent.raw)
      std::memcpy(&sent.raw, sample.raw.data(), sizeof sent.raw);
    return sent;
  }

  EventSet events_;
  AddedEvents leavers_;
  AddedEvents wakers_;
};

/// A child that does it when it is told to. Forked before it is in the filter, so that it has not
/// switched by then.
class ToldChild {
 public:
  explicit ToldChild(const std::function<int()>& body) {
    if (::pipe(pipe_.data()) != 0) return;
    pid_ = start_process([&] {
      ::close(pipe_[1]);
      char byte = 0;
      return ::read(pipe_[0], &byte, 1) == 1 ? body() : 1;
    });
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  int run() {
    const bool told = ::write(pipe_[1], "", 1) == 1;
    ::close(pipe_[0]);
    ::close(pipe_[1]);
    const int status = wait_for(pid_);
    return told ? status : -1;
  }

 private:
  std::array<int, 2> pipe_{-1, -1};
  pid_t pid_ = -1;
};

int sleep_often() {
  const timespec shortly{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (int i = 0; i < kSleeps; ++i) ::nanosleep(&shortly, nullptr);
  return 0;
}

int sleep_often_in_two_threads() {
  std::thread other(sleep_often);
  sleep_often();
  other.join();
  return 0;
}

TEST(ProcessFilterWaits, HaveASampleOfEachThreadOfTheTargetThatLeavesItsCpu) {
  auto filter = ProcessFilter::load({.switch_ring_bytes = kSwitchRing, .wait_stacks = true});
  if (!filter) GTEST_SKIP() << filter.error().message();
  ToldChild target(sleep_often_in_two_threads);
  ToldChild stranger(sleep_often);
  auto recording = Recording::open(*filter, false);
  ASSERT_TRUE(recording);
  ASSERT_TRUE(filter->add(target.pid()));
  filter->start_switches();
  EXPECT_EQ(stranger.run(), 0);
  EXPECT_EQ(target.run(), 0);
  const Recording::Result result = recording->stop();

  std::map<Tid, int> by_thread;
  for (const Sent& sent : result.leavers) {
    // A thread that ends has no memory any more, and then no number.
    if (!sent.has_registers) continue;
    EXPECT_EQ(sent.pid, target.pid());
    ++by_thread[sent.tid];
    // The BPF program, the scheduler, and a way in.
    EXPECT_GE(sent.kernel_frames, 3U);
  }
  ASSERT_EQ(by_thread.size(), 2U);
  for (const auto& [tid, samples] : by_thread) EXPECT_GE(samples, kSleeps) << tid;
  EXPECT_TRUE(result.wakers.empty());
  EXPECT_EQ(result.others, 0);
}

const events::EventLayout kSwitchLayout = {
    .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER,
    .sample_id_all = true};

/// What lies in the filter's rings, by thread, in order of time.
std::map<Tid, std::vector<SwitchEvent>> switches_in(std::span<EventRing> rings) {
  std::map<Tid, std::vector<SwitchEvent>> by_thread;
  for (EventRing& ring : rings) {
    ring.reader.drain([&](std::span<const std::byte> record) {
      const auto event = events::decode(record, kSwitchLayout);
      const auto* switched = event ? std::get_if<SwitchEvent>(&*event) : nullptr;
      if (switched == nullptr) {
        ADD_FAILURE() << "not a switch";
        return;
      }
      EXPECT_EQ(switched->context.cpu, ring.cpu);
      by_thread[switched->context.tid].push_back(*switched);
    });
  }
  for (auto& [tid, switches] : by_thread)
    std::ranges::sort(switches, {}, [](const SwitchEvent& e) { return e.context.time_ns; });
  return by_thread;
}

// Its sleeps are as long as its own clock says, or it was woken from them and waited for a CPU.
TEST(ProcessFilterSwitches, AreThoseOfTheTargetWithTheTimesOfItsWakeUps) {
  auto filter = ProcessFilter::load({.switch_ring_bytes = kSwitchRing});
  if (!filter) GTEST_SKIP() << filter.error().message();
  const auto rings = filter->map_switch_rings(online_cpus());
  ASSERT_TRUE(rings) << rings.error().message();
  ToldChild target(sleep_often);
  ToldChild stranger(sleep_often);
  ASSERT_TRUE(filter->add(target.pid()));
  filter->start_switches();
  EXPECT_EQ(stranger.run(), 0);
  EXPECT_EQ(target.run(), 0);
  filter->stop_switches();

  const auto by_thread = switches_in(*rings);
  ASSERT_EQ(by_thread.size(), 1U);
  EXPECT_EQ(by_thread.begin()->first, target.pid());
  int sleeps = 0;
  const SwitchEvent* last = nullptr;
  for (const SwitchEvent& event : by_thread.begin()->second) {
    EXPECT_EQ(event.context.pid, target.pid());
    if (last != nullptr) {
      EXPECT_NE(event.out, last->out) << "in and out by turns";
    }
    if (!event.out && last != nullptr && !last->preempted) {
      EXPECT_GE(event.woken_ns, last->context.time_ns);
      EXPECT_LE(event.woken_ns, event.context.time_ns);
      if (event.woken_ns - last->context.time_ns >= 1'000'000) ++sleeps;
    }
    last = &event;
  }
  EXPECT_GE(sleeps, kSleeps);
}

// A ring of a page holds 64 records; whoever reads it late is told how many it has missed.
TEST(ProcessFilterSwitches, SayHowManyThereWasNoRoomFor) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  auto filter = ProcessFilter::load({.switch_ring_bytes = page});
  if (!filter) GTEST_SKIP() << filter.error().message();
  const auto rings = filter->map_switch_rings(online_cpus());
  ASSERT_TRUE(rings) << rings.error().message();
  filter->keep_everybody();
  filter->start_switches();
  const timespec shortly{.tv_sec = 0, .tv_nsec = 100'000};
  for (std::size_t i = 0; i < 4 * page / 64; ++i) ::nanosleep(&shortly, nullptr);
  EXPECT_GT(filter->switches_untold(), page / 64);
  std::size_t told = 0;
  std::uint64_t lost = 0;
  for (int round = 0; round < 2; ++round) {
    for (EventRing& ring : *rings) {
      ring.reader.drain([&](std::span<const std::byte> record) {
        const auto event = events::decode(record, kSwitchLayout);
        ASSERT_TRUE(event);
        if (const auto* loss = std::get_if<LostEvent>(&*event)) lost += loss->lost;
        ++told;
      });
    }
    for (int i = 0; i < 10; ++i) ::nanosleep(&shortly, nullptr);
  }
  filter->stop_switches();
  EXPECT_GT(told, 0U);
  EXPECT_GE(lost + told + filter->switches_untold(), 4 * page / 64);
  EXPECT_GT(lost, 0U);
}

// A thread reads what the main thread writes after each of its sleeps.
TEST(ProcessFilterWaits, AreEndedByWhomTheSampleOfTheWakerNames) {
  auto filter =
      ProcessFilter::load({.switch_ring_bytes = kSwitchRing, .wait_stacks = true, .wakers = true});
  if (!filter) GTEST_SKIP() << filter.error().message();
  std::array<int, 2> report{};
  ASSERT_EQ(::pipe(report.data()), 0);
  ToldChild target([&] {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) return 2;
    std::thread reader([&] {
      const Tid tid = this_thread();
      bool good = ::write(report[1], &tid, sizeof tid) == sizeof tid;
      char byte = 0;
      for (int i = 0; i < kSleeps; ++i) good = good && ::read(pipe[0], &byte, 1) == 1;
      ::_exit(good ? 0 : 3);
    });
    const timespec shortly{.tv_sec = 0, .tv_nsec = 2'000'000};
    for (int i = 0; i < kSleeps; ++i) {
      ::nanosleep(&shortly, nullptr);
      if (::write(pipe[1], "", 1) != 1) return 4;
    }
    reader.join();
    return 5;
  });
  auto recording = Recording::open(*filter, true);
  ASSERT_TRUE(recording);
  ASSERT_TRUE(filter->add(target.pid()));
  filter->start_switches();
  EXPECT_EQ(target.run(), 0);
  Tid reader = 0;
  ASSERT_EQ(::read(report[0], &reader, sizeof reader), static_cast<ssize_t>(sizeof reader));
  for (const int fd : report) ::close(fd);
  const Recording::Result result = recording->stop();

  int by_the_main_thread = 0;
  for (const Sent& sent : result.wakers) {
    if (static_cast<Tid>(sent.raw) != reader || sent.tid != target.pid()) continue;
    ++by_the_main_thread;
    EXPECT_EQ(sent.pid, target.pid());
    EXPECT_GE(sent.kernel_frames, 3U);
    EXPECT_TRUE(sent.has_registers);
  }
  // The first may be there before it is waited for, as where threads are held up.
  EXPECT_GE(by_the_main_thread, kSleeps / 2);
  EXPECT_LE(by_the_main_thread, kSleeps);
}

}  // namespace
}  // namespace profiler::record
