// Hundreds of damaged versions of a perf.data and of a profile, through the built program: the
// status is 0 or 1, each problem is a line on stderr, what is shown is whole, and nothing crashes
// or hangs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/integration/recorded.h"
#include "tests/unit/perf_data/perf_data_builder.h"

namespace profiler::test {
namespace {

constexpr int kVersions = 300;
constexpr std::chrono::seconds kTimeout{60};

/// The same for the same seed: one of several ways to spoil `whole`.
std::string damaged(const std::string& whole, std::mt19937& random) {
  std::string bytes = whole;
  switch (random() % 5) {
    case 0:  // Cut.
      bytes.resize(random() % bytes.size());
      break;
    case 1:  // Flipped bits.
      for (unsigned n = 1 + random() % 8; n != 0; --n) {
        char& byte = bytes[random() % bytes.size()];
        byte = static_cast<char>(byte ^ (1U << (random() % 8)));
      }
      break;
    case 2: {  // A number that lies.
      const std::uint64_t values[] = {0, 1, 0x7fffffff, ~0ULL, bytes.size(), random() % 65536};
      const std::uint64_t value = values[random() % std::size(values)];
      const std::size_t width = std::size_t{1} << (random() % 4);
      std::memcpy(bytes.data() + random() % (bytes.size() - width), &value, width);
      break;
    }
    case 3: {  // A hole.
      const std::size_t at = random() % bytes.size();
      bytes.erase(at, 1 + random() % 64);
      break;
    }
    default: {  // A piece of it twice.
      const std::size_t at = random() % bytes.size();
      bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 200));
      break;
    }
  }
  return bytes;
}

class DamagedInput : public ::testing::Test {
 protected:
  CommandResult run_on_damaged(const std::vector<std::string>& words) const {
    return run(profiler(words), {.directory = directory_.path(),
                                 .environment = {{"HOME", directory_.path()}, {"NO_COLOR", "1"}},
                                 .timeout = kTimeout});
  }

  static void expect_one_outcome(const CommandResult& result, const std::string& what) {
    ASSERT_FALSE(result.timed_out) << what;
    ASSERT_EQ(result.signal, 0) << what << result.err;
    ASSERT_TRUE(result.exit_status == 0 || result.exit_status == 1)
        << what << ": " << result.exit_status << ", " << result.err;
    std::istringstream lines(result.err);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count)
      EXPECT_THAT(line, ::testing::StartsWith("profiler")) << what;
    if (result.exit_status == 1) {
      EXPECT_EQ(count, 1U) << what << ": " << result.err;
      EXPECT_THAT(result.err, ::testing::HasSubstr("damaged")) << what;
      EXPECT_EQ(result.out, "") << what;
    }
  }

  /// What can be shown of each version, by another command each time.
  void expect_sense_of(const std::string& whole, unsigned seed) {
    const std::vector<std::vector<std::string>> commands = {
        {"report", "-i", "damaged", "--format", "json"},
        {"report", "-i", "damaged", "--tree"},
        {"report", "-i", "damaged", "--by", "line", "--format", "csv"},
        {"report", "-i", "damaged", "--by", "cause", "--format", "json"},
        {"export", "-i", "damaged", "--format", "folded"},
        {"export", "-i", "damaged", "--format", "speedscope"},
        {"export", "-i", "damaged", "--format", "firefox"},
        {"export", "-i", "damaged", "--format", "pprof"},
        {"export", "-i", "damaged", "--format", "perf-script"},
        {"export", "-i", "damaged", "--format", "callgrind"},
        {"flamegraph", "-i", "damaged", "-o", "-"},
        {"html", "-i", "damaged", "-o", "-"},
    };
    std::mt19937 random(seed);
    int readable = 0;
    for (int version = 0; version < kVersions; ++version) {
      write_bytes(directory_.file("damaged"), damaged(whole, random));
      const auto& words = commands[static_cast<std::size_t>(version) % commands.size()];
      const std::string what = "seed " + std::to_string(seed) + ", version " +
                               std::to_string(version) + ", " + words.front();
      const CommandResult result = run_on_damaged(words);
      expect_one_outcome(result, what);
      if (HasFatalFailure()) return;
      if (result.exit_status != 0) continue;
      ++readable;
      // Without a sample there is nothing to fold.
      if (words.front() != "export") {
        EXPECT_NE(result.out, "") << what;
      }
      if (words.back() == "json") {
        EXPECT_TRUE(json::accept(result.out)) << what;
      }
    }
    EXPECT_GT(readable, kVersions / 10);
  }

  TemporaryDirectory directory_;
};

std::string as_text(const perf_data::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

perf_data::PerfDataBuilder recording() {
  using namespace perf_data;  // NOLINT(google-build-using-namespace)
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .feature(Feature::kHostname, feature_string("box"))
      .feature(Feature::kOsRelease, feature_string("6.1.0-test"))
      .record(comm_record(10, "prog"))
      .record(mmap_record(11, 0x400000, 0x10000, "/proc/self/exe"))
      .record(mmap_record(12, 0x500000, 0x10000, "/no/such/library.so"));
  for (std::uint64_t i = 0; i < 50; ++i) {
    data.record(sample({.time = 1'000'000 * (i + 1),
                        .period = 1'000'000,
                        .chain = {PERF_CONTEXT_USER, 0x401000 + i % 7 * 16, 0x502000, 0x403000}}));
    if (i % 10 == 9) data.record(perf_record(RecordType::kFinishedRound));
  }
  return data;
}

TEST_F(DamagedInput, OfPerfIsShownAsFarAsItGoes) {
  expect_sense_of(as_text(recording().file_form()), 1);
}

TEST_F(DamagedInput, OfPerfInThePipeFormIsShownAsFarAsItGoes) {
  expect_sense_of(as_text(recording().pipe_form()), 2);
}

TEST_F(DamagedInput, OfOursIsShownAsFarAsItGoes) {
  write_bytes(directory_.file("perf.data"), as_text(recording().file_form()));
  const CommandResult imported = run_on_damaged({"import", "-q", "perf.data", "-o", "p.data"});
  ASSERT_EQ(imported.exit_status, 0) << imported.err;
  expect_sense_of(read_bytes(directory_.file("p.data")), 3);
}

TEST_F(DamagedInput, IsSpokenOfWhereWhatIsShownDoesNotSayIt) {
  write_bytes(directory_.file("perf.data"), as_text(recording().file_form()));
  ASSERT_EQ(run_on_damaged({"import", "-q", "perf.data", "-o", "p.data"}).exit_status, 0);
  const std::string whole = read_bytes(directory_.file("p.data"));
  write_bytes(directory_.file("damaged"), whole.substr(0, whole.size() - 3));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"report", "-i", "damaged", "--format", "json"},
                                             {"report", "-i", "damaged", "--format", "csv"},
                                             {"export", "-i", "damaged", "--format", "folded"},
                                             {"flamegraph", "-i", "damaged", "-o", "-"}}) {
    const CommandResult result = run_on_damaged(words);
    EXPECT_EQ(result.exit_status, 0) << words.front();
    EXPECT_EQ(result.err,
              "profiler: damaged: was cut off or is damaged: this is what it held until then\n")
        << words.front();
    EXPECT_NE(result.out, "") << words.front();
  }
}

TEST_F(DamagedInput, IsImportedAsAWholeProfileOrNotAtAll) {
  const std::string whole = as_text(recording().file_form());
  std::mt19937 random(4);
  int imported = 0;
  for (int version = 0; version < kVersions; ++version) {
    const std::string what = "version " + std::to_string(version);
    write_bytes(directory_.file("damaged"), damaged(whole, random));
    const CommandResult result = run_on_damaged({"import", "-q", "damaged", "-o", "new.data"});
    expect_one_outcome(result, what);
    if (HasFatalFailure()) return;
    const std::vector<std::string> names = directory_.names();
    const bool is_there = std::ranges::find(names, "new.data") != names.end();
    EXPECT_EQ(is_there, result.exit_status == 0) << what;
    EXPECT_EQ(std::ranges::find(names, "new.data.part"), names.end()) << what;
    if (!is_there) continue;
    ++imported;
    const auto profile = profile::read_profile(directory_.file("new.data"));
    ASSERT_TRUE(profile) << what << profile.error().message();
    EXPECT_FALSE(profile->run.interrupted) << what;
    std::filesystem::remove(directory_.file("new.data"));
  }
  EXPECT_GT(imported, kVersions / 10);
}

}  // namespace
}  // namespace profiler::test
