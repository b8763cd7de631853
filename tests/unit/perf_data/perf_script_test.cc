// What we make of a perf.data, against perf script, sample by sample: time, process, thread, name,
// mode, the innermost address; and the chain, which is perf's or goes on where perf's ends.
#include "tests/oracle/perf/perf_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "perf_data/import.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::perf_data {
namespace {

struct ShownFrame {
  std::uint64_t address = 0;  ///< In a chain: in the module as linked, or the kernel's.
  bool known = false;         ///< It lies in a file, or the kernel.
  bool kernel = false;
};

struct ShownSample {
  std::uint64_t time = 0;
  int pid = 0;
  int tid = 0;
  std::string comm;
  std::vector<ShownFrame> frames;  ///< Innermost first.
};

bool by_time(const ShownSample& a, const ShownSample& b) {
  return std::tie(a.time, a.tid) < std::tie(b.time, b.tid);
}

constexpr std::uint64_t kFirstKernelAddress = 0xffff'8000'0000'0000;

/// "1348 (/usr/bin/prog)"
std::optional<ShownFrame> shown_frame(const std::string& text) {
  static const std::regex kFrame(R"(^\s*([0-9a-f]+)(?: \((.*)\))?\s*$)");
  std::smatch match;
  if (!std::regex_match(text, match, kFrame)) return std::nullopt;
  ShownFrame frame{.address = std::stoull(match[1], nullptr, 16)};
  frame.known = match[2].matched && match[2] != "[unknown]";
  frame.kernel = frame.address >= kFirstKernelAddress;
  return frame;
}

std::vector<ShownSample> shown_by_perf(const std::string& text) {
  static const std::regex kHead(R"(^\s*(.*?)\s+(-?\d+)/(-?\d+)\s+(\d+)\.(\d{9}):\s+\S+:(.*)$)");
  std::vector<ShownSample> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kHead)) {
      samples.push_back({.time = std::stoull(match[4]) * 1'000'000'000 + std::stoull(match[5]),
                         .pid = std::stoi(match[2]),
                         .tid = std::stoi(match[3]),
                         .comm = match[1],
                         .frames = {}});
      if (const auto frame = shown_frame(match[6])) samples.back().frames.push_back(*frame);
    } else if (const auto frame = shown_frame(line); frame && !samples.empty()) {
      samples.back().frames.push_back(*frame);
    }
  }
  std::ranges::stable_sort(samples, by_time);
  return samples;
}

std::vector<ShownSample> shown_by_us(const Profile& profile) {
  std::vector<ShownSample> samples;
  for (const Sample& sample : profile.samples) {
    const Thread& thread = profile.threads[sample.thread];
    ShownSample shown{.time = profile.run.start_monotonic_ns + sample.time_ns,
                      .pid = profile.processes[thread.process].pid,
                      .tid = thread.tid,
                      .comm = profile.text(thread.name),
                      .frames = {}};
    const Stack& stack = profile.stacks[sample.stack];
    for (const NodeIndex leaf : {stack.kernel, stack.user}) {
      for (NodeIndex node = leaf; node; node = profile.nodes[node].parent) {
        const Frame& frame = profile.frames[profile.nodes[node].frame];
        shown.frames.push_back(
            {.address = frame.address,
             .known = true,
             .kernel = profile.modules[frame.module].kind == ModuleKind::kKernel});
      }
    }
    EXPECT_EQ(sample.mode == Mode::kSys, static_cast<bool>(stack.kernel));
    samples.push_back(std::move(shown));
  }
  std::ranges::stable_sort(samples, by_time);
  return samples;
}

/// Ours is the address to look up: a byte before the one that a call returns to.
bool same_address(const ShownFrame& ours, const ShownFrame& perfs, bool innermost) {
  return ours.kernel == perfs.kernel &&
         (ours.address == perfs.address || (!innermost && ours.address + 1 == perfs.address));
}

/// How two chains compare, in a word.
std::string compare(const ShownSample& ours, const ShownSample& perfs) {
  for (std::size_t i = 0; i < perfs.frames.size(); ++i) {
    const bool innermost = i == 0 || perfs.frames[i].kernel != perfs.frames[i - 1].kernel;
    if (!perfs.frames[i].known) return "perf's leaves the mapped memory";
    if (i == ours.frames.size()) return "ours is shorter";
    if (!same_address(ours.frames[i], perfs.frames[i], innermost)) return "they differ";
  }
  return ours.frames.size() == perfs.frames.size() ? "the same" : "ours is longer";
}

struct Recording {
  const char* name;
  const char* options;
  bool chains;
  bool one_process = true;  ///< All of its files are still there.
};

class PerfScript : public testing::TestWithParam<Recording> {};

TEST_P(PerfScript, AgreesOnEverySample) {
  const test::TemporaryDirectory directory;
  const std::string workload = PROFILER_BINARY_DIR "/tests/workloads/call_chain";
  if (test::run({"perf", "--version"}).exit_status != 0) GTEST_SKIP() << "perf is missing";
  const std::string options = GetParam().options;
  const bool pipe = options.starts_with("-o -");
  const auto record = [&](const std::string& more) {
    const std::string where = pipe ? options : "-o perf.data " + options;
    const std::string command = "perf record -q -e cpu-clock -F 999 " + where + more + " -- " +
                                workload + " 1 " + (pipe ? "> perf.data" : "> out") + " 2> log";
    return test::run({"sh", "-c", command}, {.directory = directory.path()}).exit_status == 0;
  };
  // perf 6.1 may abort at its end over build ids of processes that vanished: -B looks for none.
  if (!record("") && !record(" -B"))
    GTEST_SKIP() << "perf may not record so: " << test::read_bytes(directory.file("log"));
  // What makes perf script abort, and is not in compressed or pipe form.
  const std::string path = directory.file("perf.data");
  if (std::string file = test::read_bytes(path); oracle::mend_build_ids(file))
    test::write_bytes(path, file);
  const auto script = test::run({"perf", "script", "-i", "perf.data", "--ns", "--no-inline", "-F",
                                 "comm,pid,tid,time,event,ip,dso"},
                                {.directory = directory.path()});
  if (script.exit_status != 0) GTEST_SKIP() << "perf cannot read what it wrote: " << script.err;

  const auto profile = import_perf_data({.path = directory.file("perf.data")}, nullptr);
  ASSERT_TRUE(profile) << profile.error().message();
  EXPECT_EQ(profile->run.losses.malformed_records, 0U);
  const auto perfs = shown_by_perf(script.out);
  const auto ours = shown_by_us(*profile);
  ASSERT_EQ(ours.size(), perfs.size());
  if (ours.size() < 100) GTEST_SKIP() << "only " << ours.size() << " samples";

  std::map<std::string, std::size_t> classes;
  std::size_t other_names = 0;
  std::size_t other_addresses = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    ASSERT_EQ(ours[i].time, perfs[i].time) << "sample " << i;
    ASSERT_EQ(ours[i].pid, perfs[i].pid) << "sample " << i;
    ASSERT_EQ(ours[i].tid, perfs[i].tid) << "sample " << i;
    ASSERT_FALSE(ours[i].frames.empty()) << "sample " << i;
    // Two at the same time may come in either order, where there are several processes.
    if (ours[i].comm != perfs[i].comm) ++other_names;
    if (perfs[i].frames.empty()) continue;
    // Whether perf shows addresses of the process or of the file: pages stay pages.
    if (ours[i].frames[0].kernel != perfs[i].frames[0].kernel ||
        (ours[i].frames[0].address & 0xfff) != (perfs[i].frames[0].address & 0xfff)) {
      ++other_addresses;
    }
    ++classes[compare(ours[i], perfs[i])];
  }
  const std::size_t allowed = GetParam().one_process ? 0 : ours.size() / 100 + 2;
  EXPECT_LE(other_names, allowed);
  EXPECT_LE(other_addresses, allowed);
  if (!GetParam().chains) return;
  for (const auto& [name, count] : classes) RecordProperty(name, static_cast<int>(count));
  // Where perf's unwinder goes wrong (epilogues, procedure linkage tables) is a few in a thousand.
  EXPECT_LE(classes["they differ"] + classes["ours is shorter"], ours.size() / 50 + 2)
      << testing::PrintToString(classes);
}

INSTANTIATE_TEST_SUITE_P(
    Options, PerfScript,
    testing::Values(Recording{"Dwarf", "--call-graph dwarf,32768", true},
                    Recording{"DwarfPipe", "-o - --call-graph dwarf,8192", true},
                    Recording{"DwarfCompressed", "-z --call-graph dwarf,16384", true},
                    Recording{"FramePointers", "--call-graph fp", true},
                    Recording{"NoChains", "", false},
                    Recording{"SeveralEvents", "-e page-faults --call-graph dwarf,8192", true},
                    Recording{"BuildIdsInRecords", "--buildid-mmap --call-graph dwarf,8192", true},
                    Recording{"WholeMachine", "-a -g", false, false}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace profiler::perf_data
