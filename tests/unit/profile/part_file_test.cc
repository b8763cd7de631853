// Where the profile goes, and what becomes of the files that are there already.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include "profile_file.h"
#include "random_profile.h"

namespace profiler::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// Runs `body` in a process of its own, which may give up rights; its exit status.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string error_of_creating(const std::string& path) {
  const Result<ProfileWriter> writer = ProfileWriter::create(path);
  return writer ? "no error" : writer.error().message();
}

TEST(PartFile, BecomesTheProfileAndKeepsTheOneBefore) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("p");
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    Result<ProfileWriter> writer = ProfileWriter::create(path);
    ASSERT_TRUE(writer) << writer.error().message();
    ASSERT_TRUE(writer->finish(random_profile(seed)));
  }
  EXPECT_THAT(directory.names(), ElementsAre("p", "p.old"));
  EXPECT_EQ(*read_profile(path), random_profile(3));
  EXPECT_EQ(*read_profile(path + ".old"), random_profile(2));
}

TEST(PartFile, OfARecordingThatWroteNothingGoesAway) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("p");
  write_bytes(path, "the one before");
  {
    const Result<ProfileWriter> writer = ProfileWriter::create(path);
    ASSERT_TRUE(writer);
    EXPECT_THAT(directory.names(), ElementsAre("p", "p.part"));
  }
  EXPECT_THAT(directory.names(), ElementsAre("p"));
  EXPECT_EQ(read_bytes(path), "the one before");
}

TEST(PartFile, StaysWhenTheRecordingEndsWithoutFinish) {
  const TemporaryDirectory directory;
  {
    Result<ProfileWriter> writer = ProfileWriter::create(directory.file("p"));
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->append(random_profile(1)));
  }
  EXPECT_THAT(directory.names(), ElementsAre("p.part"));
  EXPECT_TRUE(read_profile(directory.file("p.part"))->run.interrupted);
}

TEST(PartFile, OfADeadRecorderIsReplaced) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("p");
  ASSERT_EQ(in_child([&] {
              Result<ProfileWriter> writer = ProfileWriter::create(path);
              if (!writer || !writer->append(random_profile(1))) return 1;
              return raise(SIGKILL);
            }),
            128 + SIGKILL);
  ASSERT_THAT(directory.names(), ElementsAre("p.part"));
  Result<ProfileWriter> writer = ProfileWriter::create(path);
  ASSERT_TRUE(writer) << writer.error().message();
  ASSERT_TRUE(writer->finish(random_profile(2)));
  EXPECT_THAT(directory.names(), ElementsAre("p"));
  EXPECT_EQ(*read_profile(path), random_profile(2));
}

TEST(PartFile, OfALivingRecorderIsLeftAlone) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("p");
  Result<ProfileWriter> first = ProfileWriter::create(path);
  ASSERT_TRUE(first);
  // In this process and from another.
  const std::string expected = path +
                               ".part: another recording is writing this file; wait for it to "
                               "end, or use -o FILE to write it elsewhere";
  EXPECT_EQ(error_of_creating(path), expected);
  EXPECT_EQ(in_child([&] { return error_of_creating(path) == expected ? 0 : 1; }), 0);
  ASSERT_TRUE(first->finish(random_profile(1)));
  EXPECT_EQ(*read_profile(path), random_profile(1));
  EXPECT_EQ(error_of_creating(path), "no error");
}

TEST(PartFile, HasOneOwnerAmongManyRecordersThatStartAtOnce) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("p");
  write_bytes(path + ".part", "left over");
  constexpr int kRecorders = 12;
  // Every recorder waits until all have started, tries, and holds on to what it got until all
  // tried.
  int start[2];
  int tried[2];
  int end[2];
  ASSERT_TRUE(pipe(start) == 0 && pipe(tried) == 0 && pipe(end) == 0);
  for (int i = 0; i < kRecorders; ++i) {
    if (fork() != 0) continue;
    char byte = 0;
    ::close(start[1]);
    ::close(end[1]);
    if (read(start[0], &byte, 1) != 0) _exit(3);
    const Result<ProfileWriter> writer = ProfileWriter::create(path);
    if (write(tried[1], "x", 1) != 1) _exit(4);
    if (read(end[0], &byte, 1) != 0) _exit(5);
    _exit(writer ? 1 : 0);
  }
  ::close(start[1]);
  char byte = 0;
  for (int i = 0; i < kRecorders; ++i) ASSERT_EQ(read(tried[0], &byte, 1), 1);
  ::close(end[1]);
  int owners = 0;
  for (int i = 0; i < kRecorders; ++i) {
    int status = 0;
    ASSERT_GT(wait(&status), 0);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    owners += WEXITSTATUS(status);
  }
  for (const int fd : {start[0], tried[0], tried[1], end[0]}) ::close(fd);
  EXPECT_EQ(owners, 1);
}

TEST(PartFile, RespectsTheUmask) {
  const TemporaryDirectory directory;
  write_bytes(directory.file("p.part"), "left over, readable for all");
  const mode_t before = umask(077);
  Result<ProfileWriter> writer = ProfileWriter::create(directory.file("p"));
  umask(before);
  ASSERT_TRUE(writer && writer->finish(random_profile(1)));
  struct stat status{};
  ASSERT_EQ(stat(directory.file("p").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(PartFile, MadeUnderSudoBelongsToTheCaller) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryDirectory directory;
  ASSERT_EQ(in_child([&] {
              setenv("SUDO_UID", "1234", 1);
              setenv("SUDO_GID", "2345", 1);
              Result<ProfileWriter> writer = ProfileWriter::create(directory.file("p"));
              return writer && writer->finish(random_profile(1)) ? 0 : 1;
            }),
            0);
  struct stat status{};
  ASSERT_EQ(stat(directory.file("p").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1234U);
  EXPECT_EQ(status.st_gid, 2345U);
}

TEST(PartFile, NeedsADirectoryThatExists) {
  EXPECT_EQ(error_of_creating("/nonexistent/p"),
            "/nonexistent: a profile cannot be written there: No such file or directory; use -o "
            "FILE to write it elsewhere");
}

TEST(PartFile, NeedsADirectoryThatMayBeWrittenTo) {
  const TemporaryDirectory directory;
  ASSERT_EQ(chmod(directory.path().c_str(), 0555), 0);
  const std::string expected = directory.path() +
                               ": a profile cannot be written there: Permission denied; use -o "
                               "FILE to write it elsewhere";
  EXPECT_EQ(in_child([&] {
              if (geteuid() == 0 && setuid(65534) != 0) return 2;
              return error_of_creating(directory.file("p")) == expected ? 0 : 1;
            }),
            0);
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST(PartFile, DoesNotReplaceWhatIsNoRegularFile) {
  const TemporaryDirectory directory;
  EXPECT_THAT(error_of_creating("/dev/null"),
              StartsWith("/dev/null: is no regular file: a profile cannot replace it"));
  EXPECT_THAT(error_of_creating(directory.path()), HasSubstr("is a directory"));
  EXPECT_EQ(error_of_creating(""), "the profile's file name is empty");
  ASSERT_EQ(mkfifo(directory.file("p.part").c_str(), 0600), 0);
  EXPECT_THAT(error_of_creating(directory.file("p")), HasSubstr("is in the way"));
  ASSERT_EQ(symlink("/etc/passwd", directory.file("q.part").c_str()), 0);
  EXPECT_THAT(error_of_creating(directory.file("q")), HasSubstr("is in the way"));
  EXPECT_THAT(directory.names(), ElementsAre("p.part", "q.part"));
}

TEST(PartFile, IsKeptWhenItCannotBeRenamed) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("p");
  write_bytes(path, "the one before");
  std::filesystem::create_directories(path + ".old/x");
  Result<ProfileWriter> writer = ProfileWriter::create(path);
  ASSERT_TRUE(writer);
  const Result<void> finished = writer->finish(random_profile(1));
  ASSERT_FALSE(finished);
  EXPECT_THAT(finished.error().message(), HasSubstr("the new profile is " + path + ".part"));
  EXPECT_EQ(read_bytes(path), "the one before");
  EXPECT_EQ(*read_profile(path + ".part"), random_profile(1));
}

/// Appends until the limit is hit, then looks at what is there. Exit status 0: all is well.
int fill_up(const std::string& directory, int expected_errno,
            const std::function<void()>& make_room) {
  Result<ProfileWriter> writer = ProfileWriter::create(directory + "/p");
  if (!writer) return 1;
  RandomProfile random(5);
  Profile profile;
  std::vector<Sample> kept;
  Result<void> appended;
  for (int i = 0; i < 1000; ++i) {
    random.grow(profile, {});
    appended = writer->append(profile);
    if (!appended) break;
    kept.insert(kept.end(), profile.samples.begin(), profile.samples.end());
    profile.samples.clear();
    profile.waits.clear();
  }
  if (appended || appended.error().system_error != expected_errno) return 2;
  if (appended.error().path != directory + "/p.part" || appended.error().advice.empty()) return 3;
  // What was appended before is whole, and nothing torn follows it.
  const Result<Profile> before = read_profile(directory + "/p.part");
  if (!before || before->samples != kept || kept.empty()) return 4;
  if (std::filesystem::file_size(directory + "/p.part") != writer->bytes_written()) return 5;
  // With room again, the same call succeeds.
  make_room();
  kept.insert(kept.end(), profile.samples.begin(), profile.samples.end());
  if (!writer->finish(profile)) return 6;
  const Result<Profile> after = read_profile(directory + "/p");
  if (!after || after->samples != kept || after->nodes != profile.nodes) return 7;
  return 0;
}

TEST(PartFile, OnAFullDiskKeepsWhatWasAppendedBefore) {
  const TemporaryDirectory directory;
  if (mount("none", directory.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs is not permitted: " << std::strerror(errno)
                 << "; the file-size limit below tests the same";
  }
  EXPECT_EQ(
      fill_up(directory.path(), ENOSPC,
              [&] { mount("none", directory.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"); }),
      0);
  umount(directory.path().c_str());
}

TEST(PartFile, AtTheFileSizeLimitKeepsWhatWasAppendedBefore) {
  const TemporaryDirectory directory;
  // SIGXFSZ is left as it is: it must not end the recorder.
  EXPECT_EQ(in_child([&] {
              rlimit limit{};
              getrlimit(RLIMIT_FSIZE, &limit);
              limit.rlim_cur = 100'000;
              setrlimit(RLIMIT_FSIZE, &limit);
              return fill_up(directory.path(), EFBIG, [&] {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_FSIZE, &limit);
              });
            }),
            0);
}

}  // namespace
}  // namespace profiler::profile
