#include "cli/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace profiler::cli {
namespace {

using testing::HasSubstr;

class Output : public testing::Test {
 protected:
  Output() : folder_(testing::TempDir() + "output_test." + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~Output() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::ptrdiff_t file_count() const {
    return std::distance(std::filesystem::directory_iterator(folder_), {});
  }

 private:
  std::string folder_;
};

TEST_F(Output, ReplacesAFileAndLeavesNothingElseBehind) {
  ASSERT_TRUE(write_file(path("f"), "old and longer"));
  ASSERT_TRUE(write_file(path("f"), "new"));
  EXPECT_EQ(content(path("f")), "new");
  EXPECT_EQ(file_count(), 1);
}

TEST_F(Output, GivesANewFileTheUsualPermissionsAndKeepsThoseOfAnOldOne) {
  const mode_t before = umask(027);
  ASSERT_TRUE(write_file(path("f"), "x"));
  umask(before);
  struct stat status{};
  ASSERT_EQ(stat(path("f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  ASSERT_EQ(chmod(path("f").c_str(), 0600), 0);
  ASSERT_TRUE(write_file(path("f"), "y"));
  ASSERT_EQ(stat(path("f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(Output, WritesThroughASymbolicLink) {
  ASSERT_TRUE(write_file(path("real"), "old"));
  std::filesystem::create_symlink("real", path("link"));
  ASSERT_TRUE(write_file(path("link"), "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(content(path("real")), "new");
}

TEST_F(Output, KeepsTheOldFileWhenTheNewOneDoesNotFit) {
  ASSERT_TRUE(write_file(path("f"), "old"));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = write_file(path("f"), std::string(100000, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().system_error, EFBIG);
  EXPECT_EQ(content(path("f")), "old");
  EXPECT_EQ(file_count(), 1);
}

TEST_F(Output, LeavesNothingBehindWhenItIsKilled) {
  const pid_t child = fork();
  if (child == 0) {
    (void)stream_output(path("f"), Content::kText, [](const auto& sink) {
      sink("half");
      (void)raise(SIGKILL);
    });
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  if (const int probe = open(path("").c_str(), O_TMPFILE | O_WRONLY, 0600); probe < 0) {
    GTEST_SKIP() << "this file system has no files without a name (O_TMPFILE)";
  } else {
    close(probe);
  }
  EXPECT_EQ(file_count(), 0);
}

TEST_F(Output, DoesNotReplaceARecording) {
  for (const std::string& magic : {std::string("\x89PRF\r\n\x1a\n", 8), std::string("PERFILE2")}) {
    ASSERT_TRUE(write_file(path("f"), magic + " and more"));
    const auto written = write_file(path("f"), "x");
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message(), HasSubstr("is a recording, which is not replaced"));
    EXPECT_EQ(content(path("f")), magic + " and more");
    EXPECT_EQ(file_count(), 1);
    std::filesystem::remove(path("f"));
  }
}

TEST_F(Output, SaysWhichFileCannotBeWritten) {
  const auto missing = write_file(path("no/such/folder"), "x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().path, path("no/such/folder"));
  EXPECT_EQ(missing.error().system_error, ENOENT);
  const auto nothing = write_file("", "x");
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message(), HasSubstr("name a file with -o"));
  const auto folder = write_file(path(""), "x");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().system_error, EISDIR);
}

TEST_F(Output, ReportsAFullDevice) {
  const auto written = write_file("/dev/full", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message(), "/dev/full: cannot write: No space left on device");
  struct stat status{};
  ASSERT_EQ(stat("/dev/full", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));  // not replaced by a file
}

TEST_F(Output, TakesAClosedPipeForAReaderThatHasSeenEnough) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  EXPECT_TRUE(write_all(ends[1], "unread", "the pipe"));
  close(ends[1]);
  // Programs started later must not inherit an ignored SIGPIPE.
  struct sigaction now{};
  ASSERT_EQ(sigaction(SIGPIPE, nullptr, &now), 0);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST_F(Output, WritesEverythingToStandardOutput) {
  const std::string text(300000, 'y');
  testing::internal::CaptureStdout();
  const auto written = write_output("-", text, Content::kBinary);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), text);
  EXPECT_TRUE(written);
}

TEST_F(Output, WillNotSendBinaryToATerminal) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
    GTEST_SKIP() << "no pseudo-terminals here (/dev/ptmx)";
  }
  const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  const int standard_output = dup(STDOUT_FILENO);
  dup2(terminal, STDOUT_FILENO);
  const auto binary = write_output("-", "\x01", Content::kBinary);
  const auto text = write_output("-", "text", Content::kText);
  dup2(standard_output, STDOUT_FILENO);
  ASSERT_FALSE(binary);
  EXPECT_THAT(binary.error().message(), HasSubstr("-o"));
  EXPECT_TRUE(text);
  std::array<char, 16> shown{};
  EXPECT_EQ(read(master, shown.data(), shown.size()), 4);
  EXPECT_STREQ(shown.data(), "text");
  close(standard_output);
  close(terminal);
  close(master);
}

}  // namespace
}  // namespace profiler::cli
