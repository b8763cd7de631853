// A real recording in every format: each holds the report's times, and every inlined function.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/integration/recorded.h"
#include "tests/unit/export/pprof_reader.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;

/// Nanoseconds.
struct Times {
  std::uint64_t cpu = 0, wait = 0;
  bool operator==(const Times&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Times& times) {
  return out << "cpu " << times.cpu << ", wait " << times.wait;
}

std::uint64_t ns(const json& value, double unit) {
  return static_cast<std::uint64_t>(std::llround(value.get<double>() * unit));
}

std::string exported(const Recorded& recorded, const std::string& format,
                     const std::vector<std::string>& options = {}) {
  std::vector<std::string> words = {"export", "--format", format};
  words.insert(words.end(), options.begin(), options.end());
  const CommandResult result = run(profiler(words), {.directory = recorded.directory->path()});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  return result.out;
}

Times reported(const Recorded& recorded) {
  const json time = recorded.report()["time"];
  Times times;
  times.cpu = ns(time["sampled_user_s"], 1e9) + ns(time["sampled_sys_s"], 1e9);
  const json functions = recorded.report({"--by", "thread"})["rows"];
  for (const json& row : functions)
    if (!row["total"]["wait_s"].is_null()) times.wait += ns(row["total"]["wait_s"], 1e9);
  return times;
}

std::uint64_t in_folded(const std::string& text) {
  std::uint64_t sum = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) sum += std::stoull(line.substr(line.rfind(' ')));
  return sum;
}

std::uint64_t in_speedscope(const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  std::uint64_t sum = 0;
  for (const json& profile : document["profiles"]) sum += profile["endValue"].get<std::uint64_t>();
  return sum;
}

/// Of samples; waits are samples only where asked for.
std::uint64_t in_firefox(const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  std::uint64_t sum = 0;
  for (const json& thread : document["threads"])
    for (const json& weight : thread["samples"]["weight"]) sum += ns(weight, 1e6);
  return sum;
}

std::uint64_t in_firefox_wait_markers(const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  std::uint64_t sum = 0;
  for (const json& thread : document["threads"]) {
    for (const json& data : thread["markers"]["data"])
      if (data["type"] == "Wait") sum += ns(data["total"], 1e6);
  }
  return sum;
}

Times in_perf_script(const std::string& text) {
  Times times;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '\t') continue;
    const std::size_t period = line.rfind(": ", line.size() - 4) + 1;
    const bool wait = line.ends_with(" offcpu-time: ");
    (wait ? times.wait : times.cpu) += std::stoull(line.substr(period));
  }
  return times;
}

Times in_callgrind(const std::string& text) {
  std::istringstream in(text.substr(text.find("\nsummary: ") + 10));
  std::uint64_t user = 0;
  std::uint64_t sys = 0;
  Times times;
  in >> user >> sys >> times.wait;
  times.cpu = user + sys;
  return times;
}

Times in_pprof(const std::string& bytes) {
  const ReadProfile read = PprofReader(bytes).profile;
  const bool has_waits = read.types.size() == 5;
  return {.cpu = static_cast<std::uint64_t>(read.sum(1)),
          .wait = has_waits ? static_cast<std::uint64_t>(read.sum(4)) : 0};
}

TEST(Export, HoldsTheReportsTimesInEveryFormat) {
  REQUIRE_SAMPLING();
  const Recorded recorded = record_workload({"known_waits", "pipe", "20"}, {"--wait"});
  const Times times = reported(recorded);
  ASSERT_GT(times.cpu, 0U);
  ASSERT_GT(times.wait, 0U);
  EXPECT_EQ(in_folded(exported(recorded, "folded", {"--weights", "ns"})), times.cpu);
  EXPECT_EQ(in_folded(exported(recorded, "folded", {"--wall"})), times.cpu + times.wait);
  EXPECT_EQ(in_speedscope(exported(recorded, "speedscope")), times.cpu);
  EXPECT_EQ(in_speedscope(exported(recorded, "speedscope", {"--wait"})), times.wait);
  EXPECT_EQ(in_firefox(exported(recorded, "firefox")), times.cpu);
  EXPECT_EQ(in_firefox(exported(recorded, "firefox", {"--wall"})), times.cpu + times.wait);
  EXPECT_EQ(in_firefox_wait_markers(exported(recorded, "firefox")), times.wait);
  EXPECT_EQ(in_perf_script(exported(recorded, "perf-script", {"--wall"})), times);
  EXPECT_EQ(in_callgrind(exported(recorded, "callgrind")), times);
  EXPECT_EQ(in_pprof(exported(recorded, "pprof")), times);
}

TEST(Export, KeepsInlinedFunctionsAndTheKernelInEveryFormat) {
  REQUIRE_KERNEL_SAMPLING();
  const Recorded recorded = record_workload({"inlined_calls", "1"});
  EXPECT_THAT(exported(recorded, "folded"), HasSubstr(";outer;heavy_[i];"));
  EXPECT_THAT(exported(recorded, "perf-script"), HasSubstr(" heavy (inlined)\n"));
  EXPECT_THAT(exported(recorded, "callgrind"), HasSubstr(") heavy\n"));
  for (const char* format : {"speedscope", "firefox"})
    EXPECT_THAT(exported(recorded, format), HasSubstr("\"heavy\"")) << format;
  const ReadProfile read = PprofReader(exported(recorded, "pprof")).profile;
  std::int64_t heavy = 0;
  std::int64_t reading = 0;
  for (const ReadSample& sample : read.samples) {
    const std::string stack = sample.folded();
    if (stack.find("outer;heavy;") != std::string::npos) heavy += sample.values[1];
    const auto cause = sample.labels.find("cause");
    if (cause != sample.labels.end() && cause->second == "read") reading += sample.values[3];
  }
  const json functions = recorded.report()["functions"];
  const json row = row_named(functions, "heavy");
  ASSERT_FALSE(row.is_null());
  EXPECT_EQ(static_cast<std::uint64_t>(heavy),
            ns(row["total"]["user_s"], 1e9) + ns(row["total"]["sys_s"], 1e9));
  EXPECT_GT(reading, 0);
}

}  // namespace
}  // namespace profiler::test
