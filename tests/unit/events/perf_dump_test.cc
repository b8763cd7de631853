// What perf itself reads out of records (perf report -D), against what we do.
#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>

#include "events/compact.h"
#include "events/decoder.h"

namespace profiler::events {
namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char buffer[512];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

/// Each event in the words of perf report -D, without the parts that we do not decode.
struct InWordsOfPerf {
  std::string operator()(const SampleEvent& s) const {
    std::string text = formatted("SAMPLE %d/%d: 0x%" PRIx64 " period: %" PRIu64, s.context.pid,
                                 s.context.tid, s.ip.value(), s.period);
    for (const std::uint64_t frame : s.callchain) text += formatted(" %016" PRIx64, frame);
    for (const std::uint64_t value : s.user_registers.values) {
      text += formatted(" 0x%016" PRIx64, value);
    }
    if (!s.user_registers.values.empty()) {
      text += formatted(" ustack %zu", s.user_stack.size());
    }
    return text;
  }
  std::string operator()(const MmapEvent& m) const {
    std::string where = formatted("%02x:%02x %" PRIu64 " %" PRIu64, m.device_major, m.device_minor,
                                  m.inode, m.inode_generation);
    if (m.build_id) where = "<" + m.build_id.hex() + ">";
    return formatted("MMAP2 %d/%d: [%#" PRIx64 "(%#" PRIx64 ") @ %#" PRIx64 " %s]: %s", m.pid,
                     m.tid, m.start.value(), m.length, m.file_offset.value(), where.c_str(),
                     m.executable ? "x" : "-") +
           " " + std::string(m.path);
  }
  std::string operator()(const CommEvent& c) const {
    return std::string(c.exec ? "COMM exec: " : "COMM: ") + std::string(c.name) +
           formatted(":%d/%d", c.pid, c.tid);
  }
  std::string operator()(const ForkEvent& f) const {
    return formatted("FORK(%d:%d):(%d:%d)", f.pid, f.tid, f.parent_pid, f.parent_tid);
  }
  std::string operator()(const ExitEvent& e) const {
    return formatted("EXIT(%d:%d):(%d:%d)", e.pid, e.tid, e.parent_pid, e.parent_tid);
  }
  std::string operator()(const SwitchEvent& s) const {
    return std::string("SWITCH ") + (!s.out ? "IN" : s.preempted ? "OUT preempt" : "OUT");
  }
  std::string operator()(const LostEvent&) const { return ""; }
  std::string operator()(const ThrottleEvent&) const { return ""; }
  std::string operator()(const KsymbolEvent&) const { return ""; }
  std::string operator()(const UnknownEvent&) const { return ""; }
};

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

/// One record as perf shows it.
struct Shown {
  std::uint64_t time = 0;
  std::size_t offset = 0;
  std::size_t size = 0;
  std::string words;
};

/// perf's words, less what is not compared.
std::string words_of(const std::string& kind, const std::string& rest, std::istream& dump) {
  if (kind == "MMAP2") {
    // "… rw-p path": only whether it is executable.
    return "MMAP2" + std::regex_replace(rest, std::regex(R"(\]: ..(.). (.*)$)"), "]: $1 $2");
  }
  if (kind != "SAMPLE") return trimmed(kind + rest);
  std::string words =
      "SAMPLE" +
      std::regex_replace(rest, std::regex(R"(^\(IP, 0x[0-9a-f]+\):(.*) addr: .*$)"), "$1");
  static const std::regex kFrame(R"(^\.\.\.\.\. +\d+: ([0-9a-f]{16})$)");
  static const std::regex kRegister(R"(^\.\.\.\. \w+ +(0x[0-9a-f]{16})$)");
  static const std::regex kStack(R"(^\.\.\. ustack: size (\d+),.*$)");
  std::string line;
  bool user_registers = false;
  while (std::getline(dump, line) && !line.empty()) {
    std::smatch match;
    if (line.starts_with("... user regs")) user_registers = true;
    if (line.starts_with("... intr regs")) user_registers = false;
    if (std::regex_match(line, match, kFrame)) words += " " + match[1].str();
    if (user_registers && std::regex_match(line, match, kRegister)) words += " " + match[1].str();
    if (std::regex_match(line, match, kStack)) words += " ustack " + match[1].str();
  }
  return words;
}

std::vector<Shown> shown_by_perf(const std::string& file) {
  std::ifstream dump(file);
  static const std::regex kRecord(
      R"(^(?:\d+ )?(\d+) 0x([0-9a-f]+) \[0x([0-9a-f]+)\]: PERF_RECORD_([A-Z0-9_]+)(.*)$)");
  std::vector<Shown> records;
  std::string line;
  while (std::getline(dump, line)) {
    std::smatch match;
    if (!std::regex_match(line, match, kRecord)) continue;
    Shown shown{.time = std::stoull(match[1]),
                .offset = std::stoull(match[2], nullptr, 16),
                .size = std::stoull(match[3], nullptr, 16),
                .words = {}};
    shown.words = words_of(match[4], match[5], dump);
    records.push_back(shown);
  }
  return records;
}

class PerfDump : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::system("perf --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "perf is missing";
    std::string pattern = (std::filesystem::temp_directory_path() / "perf_dump_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  std::filesystem::path folder_;
};

TEST_P(PerfDump, AgreesOnEveryRecord) {
  const std::string data = (folder_ / "perf.data").string();
  const std::string dump = (folder_ / "dump").string();
  const std::string record = "cd " + folder_.string() + " && perf record -q -o perf.data " +
                             GetParam() +
                             " -- sh -c 'ls -lR /usr/include > /dev/null; "
                             "for i in 1 2 3 4 5 6 7 8; do ls /usr > /dev/null; done; "
                             "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done' > log 2>&1";
  if (std::system(record.c_str()) != 0) GTEST_SKIP() << "perf may not record here";
  const std::string report =
      "cd " + folder_.string() + " && perf report -D -i perf.data > dump 2>&1";
  if (std::system(report.c_str()) != 0)
    GTEST_SKIP() << "perf cannot read its own recording: perf report -D fails";

  std::ifstream in(data, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  // perf_file_header: magic, size, attr_size, attrs {offset, size}, …
  std::uint64_t attrs_offset = 0;
  ASSERT_GT(bytes.size(), 104U);
  std::memcpy(&attrs_offset, bytes.data() + 24, sizeof attrs_offset);
  perf_event_attr attr{};
  ASSERT_GT(bytes.size(), attrs_offset + sizeof attr);
  std::memcpy(&attr, bytes.data() + attrs_offset, sizeof attr);
  const EventLayout layout = EventLayout::of(attr);

  std::size_t samples = 0;
  std::size_t sides = 0;
  for (const Shown& shown : shown_by_perf(dump)) {
    ASSERT_LE(shown.offset + shown.size, bytes.size());
    std::vector<std::byte> record_bytes(shown.size);
    std::memcpy(record_bytes.data(), bytes.data() + shown.offset, shown.size);
    const auto event = decode(record_bytes, layout);
    ASSERT_TRUE(event) << event.error().message() << " for " << shown.words;
    const std::string words = std::visit(InWordsOfPerf{}, *event);
    // (What perf makes up for the kernel itself has pid -1, and no protection.)
    if (words.empty() || words.starts_with("MMAP2 -1/")) continue;
    EXPECT_EQ(words, shown.words);
    EXPECT_EQ(time_of(record_bytes, layout), shown.time) << shown.words;
    if (const auto* sample = std::get_if<SampleEvent>(&*event)) {
      ++samples;
      EXPECT_EQ(sample->context.time_ns, shown.time);
      std::vector<std::byte> small;
      append_compacted(record_bytes, layout, 65536, small);
      const auto again = decode(small, layout);
      ASSERT_TRUE(again);
      EXPECT_TRUE(std::get<SampleEvent>(*again).user_stack.size() ==
                  sample->user_stack.size() / 8 * 8);
    } else {
      ++sides;
    }
  }
  EXPECT_GT(samples, 5U);
  EXPECT_GT(sides, 20U);
}

INSTANTIATE_TEST_SUITE_P(
    Options, PerfDump,
    testing::Values("-e cpu-clock -F 2000 --call-graph dwarf,8192 -d --phys-data --code-page-size "
                    "--data-page-size --all-cgroups -W --transaction -I --switch-events",
                    "-e '{cpu-clock,task-clock}:S' -F 2000 -g --buildid-mmap --switch-events",
                    "-e cpu-clock -F 2000 -g --sample-cpu --sample-identifier -a",
                    "-e cpu-clock -c 500000"),
    [](const auto& set) { return "Set" + std::to_string(set.index); });

}  // namespace
}  // namespace profiler::events
