// Cost of a user frame: hot (the rules are cached), cold (a new Unwinder), and libdw's and
// libunwind's on the same stacks. First: from mapping a very large module to its first frame. The
// stacks are sampled from real programs when the benchmark starts; where perf_event_open is
// refused, there are none and every benchmark says so.
//
//   unwind_bench --benchmark_filter=Hot
//
// Counters: ns_per_frame, frames_per_sample, complete_percent (of all stacks); all in CPU time.
// Libdw and Libunwind also say on how many stacks both agree, frame by frame, as far as both go.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "symbolizer/elf/elf_file.h"
#include "tests/bench/captured_program.h"
#include "tests/bench/dwfl_unwinder.h"
#include "tests/bench/libunwind_unwinder.h"
#include "unwind/unwinder.h"

namespace {

using namespace profiler;
using namespace profiler::bench;
using symbolizer::ElfFile;

const std::vector<Capture>& captures() {
  static const std::vector<Capture> all = [] {
    std::vector<Capture> taken;
    taken.push_back(capture_program(
        "sqlite3", {"sqlite3", ":memory:",
                    "with recursive n(i) as (select 1 union all select i+1 from n limit 900000) "
                    "select count(*), sum(x) from (select i % 997 as x, hex(i) as h from n "
                    "order by h) group by x;"}));
    taken.push_back(
        capture_program("python3", {"python3", "-c",
                                    "import json\n"
                                    "d={'k%d'%i:[i,str(i),{'a':i}] for i in range(2000)}\n"
                                    "for _ in range(60): json.loads(json.dumps(d, indent=1))"}));
    taken.push_back(capture_program(
        "xz", {"xz", "-6", "-c", "-k", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus"}));
    taken.push_back(capture_program(
        "cc1plus", {"/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", "-quiet", "-imultiarch",
                    "x86_64-linux-gnu", "-O2", "-std=c++20", "-o", "/dev/null", "-include", "regex",
                    "-include", "map", "-x", "c++", "/dev/null"}));
    std::erase_if(taken, [](const Capture& c) { return c.samples.size() < 20; });
    return taken;
  }();
  return all;
}

/// CPU time of this thread in seconds: other programs on the machine do not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void report(benchmark::State& state, std::uint64_t frames, std::uint64_t stacks,
            std::uint64_t complete, double seconds) {
  if (frames == 0 || stacks == 0) return;
  state.counters["ns_per_frame"] = seconds * 1e9 / static_cast<double>(frames);
  state.counters["frames_per_sample"] = static_cast<double>(frames) / static_cast<double>(stacks);
  state.counters["complete_percent"] =
      100.0 * static_cast<double>(complete) / static_cast<double>(stacks);
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
}

/// All samples of one program again and again, the caches warm from a first round.
void hot(benchmark::State& state, const Capture& capture) {
  unwind::Unwinder unwinder;
  capture.add_modules(unwinder);
  std::vector<unwind::UserFrame> frames;
  for (const CapturedSample& sample : capture.samples)
    unwinder.unwind(sample.snapshot(), capture.space, frames);
  std::uint64_t frame_count = 0;
  std::uint64_t stacks = 0;
  std::uint64_t complete = 0;
  const double start = cpu_seconds();
  for (auto _ : state) {
    for (const CapturedSample& sample : capture.samples) {
      const StackEnd end = unwinder.unwind(sample.snapshot(), capture.space, frames);
      complete += completeness(end) == Completeness::kComplete ? 1 : 0;
      frame_count += frames.size();
      ++stacks;
    }
  }
  report(state, frame_count, stacks, complete, cpu_seconds() - start);
}

/// The same samples once each, with an Unwinder that has seen nothing yet.
void cold(benchmark::State& state, const Capture& capture) {
  std::vector<unwind::UserFrame> frames;
  std::uint64_t frame_count = 0;
  std::uint64_t stacks = 0;
  std::uint64_t complete = 0;
  double seconds = 0;
  for (auto _ : state) {
    state.PauseTiming();
    unwind::Unwinder unwinder;
    capture.add_modules(unwinder);
    state.ResumeTiming();
    const double start = cpu_seconds();
    for (const CapturedSample& sample : capture.samples) {
      const StackEnd end = unwinder.unwind(sample.snapshot(), capture.space, frames);
      complete += completeness(end) == Completeness::kComplete ? 1 : 0;
      frame_count += frames.size();
      ++stacks;
    }
    seconds += cpu_seconds() - start;
  }
  report(state, frame_count, stacks, complete, seconds);
}

/// Another unwinder on the same samples. Theirs: unwind(sample) gives program counters.
template <class Theirs>
void others(benchmark::State& state, const Capture& capture) {
  Theirs oracle(capture);
  if (!oracle.attached()) {
    state.SkipWithError("it cannot be set up");
    return;
  }
  unwind::Unwinder unwinder;
  capture.add_modules(unwinder);
  std::vector<unwind::UserFrame> frames;
  // The first round warms their own caches, and compares: where both went on, they must agree.
  std::uint64_t same = 0;
  for (const CapturedSample& sample : capture.samples) {
    const auto& theirs = oracle.unwind(sample);
    unwinder.unwind(sample.snapshot(), capture.space, frames);
    const std::size_t common = std::min(theirs.size(), frames.size());
    bool equal = common != 0;
    for (std::size_t i = 0; i < common; ++i)
      equal = equal && frames[i].address.address.value() == theirs[i];
    same += equal ? 1 : 0;
  }
  std::uint64_t frame_count = 0;
  std::uint64_t stacks = 0;
  const double start = cpu_seconds();
  for (auto _ : state) {
    for (const CapturedSample& sample : capture.samples) {
      frame_count += oracle.unwind(sample).size();
      ++stacks;
    }
  }
  report(state, frame_count, stacks, 0, cpu_seconds() - start);
  state.counters.erase("complete_percent");
  state.counters["agree_percent"] =
      100.0 * static_cast<double>(same) / static_cast<double>(capture.samples.size());
}

/// The function in the middle of .eh_frame_hdr's table, as linkers write it (sdata4, datarel).
std::uint64_t middle_of_search_table(const ElfFile& file) {
  const auto hdr = file.unwind_sections().eh_frame_hdr;
  std::uint32_t count = 0;
  std::int32_t offset = 0;
  std::memcpy(&count, hdr.bytes.data() + 8, sizeof count);
  std::memcpy(&offset, hdr.bytes.data() + 12 + std::size_t{count} / 2 * 8, sizeof offset);
  return hdr.address.value() + static_cast<std::uint64_t>(std::int64_t{offset});
}

/// From mapping a very large module to the end of the first walk through it: nothing may have been
/// prepared. The file's pages are in memory. Counter: the rules that were compiled meanwhile.
void first(benchmark::State& state, const char* path) {
  constexpr std::uint64_t kBias = 0x10'0000'0000;
  const std::vector<std::byte> stack(4096);
  const std::uint64_t middle = middle_of_search_table(**ElfFile::open(path));
  std::vector<std::uint64_t> registers(kRegisterCount);
  registers[7] = 0x7fff'0000'0000;
  registers[8] = kBias + middle;
  std::uint64_t compiled = 0;
  for (auto _ : state) {
    unwind::Unwinder unwinder;
    unwinder.add_module(ModuleIndex(0), *ElfFile::open(path));
    process::AddressSpace space;
    space.map({.start = RuntimeAddress(kBias),
               .end = RuntimeAddress(2 * kBias),
               .module = ModuleIndex(0),
               .bias = kBias});
    std::vector<unwind::UserFrame> frames;
    unwinder.unwind({.registers = {.abi = 2, .mask = kRegisterMask, .values = registers},
                     .bytes = stack,
                     .requested_bytes = stack.size()},
                    space, frames);
    compiled = unwinder.statistics().rules_compiled;
  }
  state.counters["rules_compiled"] = static_cast<double>(compiled);
}

void nothing_captured(benchmark::State& state) {
  state.SkipWithError("perf_event_open is refused here: no stacks to unwind");
}

const bool kRegistered = [] {
  if (captures().empty()) benchmark::RegisterBenchmark("Hot", nothing_captured);
  for (const Capture& capture : captures()) {
    benchmark::RegisterBenchmark(("Hot/" + capture.name).c_str(), hot, std::cref(capture));
    benchmark::RegisterBenchmark(("Cold/" + capture.name).c_str(), cold, std::cref(capture));
    benchmark::RegisterBenchmark(("Libdw/" + capture.name).c_str(), others<DwflUnwinder>,
                                 std::cref(capture));
#if PROFILER_BENCH_LIBUNWIND
    benchmark::RegisterBenchmark(("Libunwind/" + capture.name).c_str(), others<LibunwindUnwinder>,
                                 std::cref(capture));
#endif
  }
  for (const char* path :
       {"/usr/lib/x86_64-linux-gnu/libLLVM-19.so.1", "/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1",
        "/usr/lib/chromium/chromium"}) {
    if (ElfFile::open(path))
      benchmark::RegisterBenchmark((std::string("First") + path).c_str(), first, path);
  }
  return true;
}();

}  // namespace
