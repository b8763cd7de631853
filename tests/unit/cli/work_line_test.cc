#include "cli/work_line.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

namespace profiler::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// stderr is another file for as long as it lives.
class StderrTo {
 public:
  explicit StderrTo(int fd) : before_(::dup(STDERR_FILENO)) { ::dup2(fd, STDERR_FILENO); }
  ~StderrTo() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }
  StderrTo(const StderrTo&) = delete;
  StderrTo& operator=(const StderrTo&) = delete;

 private:
  int before_;
};

class WorkLineOnATerminal : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::openpty(&master_, &slave_, nullptr, nullptr, nullptr), 0);
    ::fcntl(master_, F_SETFL, O_NONBLOCK);
  }
  void TearDown() override {
    ::close(master_);
    ::close(slave_);
  }
  std::string drawn() {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(master_, buffer.data(), buffer.size());
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }
  int master_ = -1;
  int slave_ = -1;
};

TEST_F(WorkLineOnATerminal, SaysWhatTakesLongAndIsGoneAfterwards) {
  {
    const StderrTo terminal(slave_);
    const WorkLine line("reading \x1b[2Jfile", true, std::chrono::milliseconds(1));
    std::string text;
    for (int i = 0; text.empty() && i < 1000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      text = drawn();
    }
    EXPECT_THAT(text, StartsWith("\r\033[Kreading \\x1b[2Jfile … 0 s"));
  }
  EXPECT_THAT(drawn(), EndsWith("\r\033[K"));
}

TEST_F(WorkLineOnATerminal, IsSilentWhereTheWorkIsShort) {
  {
    const StderrTo terminal(slave_);
    const WorkLine line("reading", true, std::chrono::hours(1));
  }
  EXPECT_EQ(drawn(), "");
}

TEST_F(WorkLineOnATerminal, IsSilentWhereItWasNotAskedFor) {
  {
    const StderrTo terminal(slave_);
    const WorkLine line("reading", false, std::chrono::milliseconds(0));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(drawn(), "");
}

TEST(WorkLine, IsSilentWhereStderrIsNoTerminal) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  {
    const StderrTo pipe(ends[1]);
    const WorkLine line("reading", true, std::chrono::milliseconds(0));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0);
  ::close(ends[0]);
}

}  // namespace
}  // namespace profiler::cli
