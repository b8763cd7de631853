#include "symbolizer/jit/perf_map_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "workshop.h"

namespace symbolizer {
namespace {

using profiler::RuntimeAddress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PerfMapFileTest : public ::testing::Test {
 protected:
  PerfMapFileTest()
      : directory_(::open(shop_.path("").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}
  ~PerfMapFileTest() override { ::close(directory_); }

  [[nodiscard]] auto open(const PerfMapConditions& conditions = {}) const {
    return PerfMapFile::open(directory_, 77, conditions);
  }
  [[nodiscard]] std::string refusal(const PerfMapConditions& conditions = {}) const {
    const auto map = open(conditions);
    return map ? "taken" : map.error().message();
  }
  [[nodiscard]] static std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(std::time(nullptr)) * 1'000'000'000;
  }

  const test::Workshop shop_;
  int directory_;
  const std::string path_ = shop_.path("perf-77.map");
  const std::vector<RuntimeAddress> address_ = {RuntimeAddress(0x1008)};
};

TEST_F(PerfMapFileTest, IsReadAsItIsWhenAsked) {
  shop_.write("perf-77.map", "1000 10 before\n");
  const auto map = open();
  ASSERT_TRUE(map) << map.error().message();
  EXPECT_THAT(*(*map)->names(address_), ElementsAre("before"));
  shop_.write("perf-77.map", "1000 10 before\n1000 10 after\n");
  EXPECT_THAT(*(*map)->names(address_), ElementsAre("after"));
}

TEST_F(PerfMapFileTest, OutlivesItsNameAndItsDirectory) {
  shop_.write("perf-77.map", "1000 10 gone\n");
  const auto map = open();
  ASSERT_TRUE(map) << map.error().message();
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  EXPECT_THAT(*(*map)->names(address_), ElementsAre("gone"));
}

TEST_F(PerfMapFileTest, IsRefusedIfItIsNoRegularFile) {
  EXPECT_THAT(refusal(), HasSubstr("No such file"));
  // Would hold whoever opens it until somebody writes.
  ASSERT_EQ(::mkfifo(path_.c_str(), 0644), 0);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  shop_.write("elsewhere", "1000 10 x\n");
  ASSERT_EQ(::symlink(shop_.path("elsewhere").c_str(), path_.c_str()), 0);
  EXPECT_THAT(refusal(), HasSubstr("cannot open"));
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  ASSERT_EQ(::mkdir(path_.c_str(), 0755), 0);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

TEST_F(PerfMapFileTest, IsRefusedIfItBelongsToAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a file away";
  shop_.write("perf-77.map", "1000 10 x\n");
  ASSERT_EQ(::chown(path_.c_str(), 1234, 1234), 0);
  EXPECT_THAT(refusal(), HasSubstr("another user"));
  EXPECT_THAT(refusal({.owner = 1235}), HasSubstr("another user"));
  EXPECT_EQ(refusal({.owner = 1234}), "taken") << "the process's own user may name its code";
}

TEST_F(PerfMapFileTest, IsRefusedIfItIsOfAnotherProcessOfThatNumber) {
  shop_.write("perf-77.map", "1000 10 x\n");
  constexpr std::uint64_t kHour = 3'600'000'000'000;
  EXPECT_EQ(refusal({.written_after_ns = now_ns() - kHour}), "taken");
  EXPECT_THAT(refusal({.written_after_ns = now_ns() + kHour}), HasSubstr("earlier process"));
  EXPECT_EQ(refusal({.made_before_ns = now_ns() + kHour}), "taken");
  struct statx status{};
  ASSERT_EQ(::statx(directory_, "perf-77.map", 0, STATX_BTIME, &status), 0);
  if ((status.stx_mask & STATX_BTIME) == 0) GTEST_SKIP() << "files here have no time of birth";
  EXPECT_THAT(refusal({.made_before_ns = now_ns() - kHour}), HasSubstr("later process"));
}

TEST_F(PerfMapFileTest, IsTakenWhileItGrowsAndRefusedWhileItIsWrittenOver) {
  // Long enough that the other thread writes while this one reads.
  std::string text;
  while (text.size() < 1'000'000) text += "5000 10 a name that takes some room in the file\n";
  text = "1000 10 x\n" + text;
  shop_.write("perf-77.map", text);
  const auto map = open();
  ASSERT_TRUE(map) << map.error().message();

  std::atomic<bool> stop = false;
  const auto while_writing = [&](bool over) {
    stop = false;
    std::atomic<bool> started = false;
    constexpr int kMostAppended = 100'000;
    int appended = 0;
    std::thread writer([&] {
      const int fd = ::open(path_.c_str(), over ? O_WRONLY : O_WRONLY | O_APPEND);
      while (!stop) {
        if (over) {
          if (::ftruncate(fd, static_cast<off_t>(text.size() / 2)) != 0) break;
        } else if (appended < kMostAppended) {
          if (::write(fd, "5000 10 y\n", 10) != 10) break;
          ++appended;
        }
        started = true;
        if (over && ::ftruncate(fd, static_cast<off_t>(text.size())) != 0) break;
      }
      ::close(fd);
    });
    while (!started) std::this_thread::yield();
    // Time is not to be relied upon: what is asked is that no answer is ever wrong.
    for (int i = 0; i < 20; ++i) {
      const auto names = (*map)->names(address_);
      if (names) {
        EXPECT_THAT(*names, ElementsAre("x"));
      } else {
        EXPECT_TRUE(over);
        EXPECT_THAT(names.error().message(), HasSubstr("written over"));
      }
    }
    stop = true;
    writer.join();
  };
  while_writing(false);
  while_writing(true);
}

}  // namespace
}  // namespace symbolizer
