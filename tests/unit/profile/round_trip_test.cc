#include <gtest/gtest.h>

#include <string>

#include "profile_file.h"
#include "random_profile.h"

namespace profiler::profile {
namespace {

TEST(ProfileFile, GivesBackEveryFieldOfRandomProfiles) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    const Profile before = random_profile(seed);
    const Result<Profile> after = parse(written(before));
    ASSERT_TRUE(after) << after.error().message();
    ASSERT_EQ(*after, before) << "seed " << seed;
  }
}

TEST(ProfileFile, GivesBackAnEmptyProfile) {
  const Profile before;
  const Result<Profile> after = parse(written(before));
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_EQ(*after, before);
  EXPECT_FALSE(after->run.interrupted);
}

TEST(ProfileFile, GivesBackTablesOfSeveralChunks) {
  const Profile before = random_profile(3, {.strings = 70'000,
                                            .modules = 300,
                                            .frames = 70'000,
                                            .nodes = 140'000,
                                            .stacks = 66'000,
                                            .samples = 200'000});
  const Result<Profile> after = parse(written(before));
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_TRUE(*after == before);
}

TEST(ProfileFile, GivesBackAStringLargerThanAChunkOfStrings) {
  Profile before = random_profile(4);
  before.strings.push_back(std::string(3'000'000, 's') + "end");
  before.strings.push_back(std::string(3'000'000, 's') + "other end");
  const Result<Profile> after = parse(written(before));
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_TRUE(*after == before);
}

TEST(ProfileFile, GivesBackWhatCompressesBeyondTheLimitOfReaders) {
  Profile before = random_profile(5);
  for (int i = 0; i < 500'000; ++i) before.samples.push_back(before.samples.back());
  const std::string bytes = written(before);
  const Result<Profile> after = parse(bytes);
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_TRUE(*after == before);
  EXPECT_LT(bytes.size(), 50'000U);
}

TEST(ProfileFile, IsTheSameFromSeveralPiecesAsFromOne) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("profiler.data");
    Result<ProfileWriter> writer = ProfileWriter::create(path);
    ASSERT_TRUE(writer) << writer.error().message();
    RandomProfile random(seed);
    Profile growing;
    std::vector<Sample> all_samples;
    std::vector<Wait> all_waits;
    for (std::size_t pieces = 1 + random.below(5); pieces != 0; --pieces) {
      random.grow(growing, {});
      all_samples.insert(all_samples.end(), growing.samples.begin(), growing.samples.end());
      all_waits.insert(all_waits.end(), growing.waits.begin(), growing.waits.end());
      ASSERT_TRUE(writer->append(growing));
      growing.samples.clear();
      growing.waits.clear();
    }
    random.grow(growing, {});
    random.name(growing);
    // Rows that were written before may have changed: a thread took a new name.
    growing.threads[ThreadIndex(0)].name = StringIndex(1);
    growing.processes[ProcessIndex(0)].name = StringIndex(2);
    all_samples.insert(all_samples.end(), growing.samples.begin(), growing.samples.end());
    all_waits.insert(all_waits.end(), growing.waits.begin(), growing.waits.end());
    const Result<void> finished = writer->finish(growing);
    ASSERT_TRUE(finished) << finished.error().message();

    const Result<Profile> after = read_profile(path);
    ASSERT_TRUE(after) << after.error().message();
    growing.samples = all_samples;
    growing.waits = all_waits;
    ASSERT_EQ(*after, growing) << "seed " << seed;
    EXPECT_EQ(writer->bytes_written(), std::filesystem::file_size(path));
  }
}

TEST(ProfileFile, OfARecorderThatIsStillAliveHoldsWhatWasAppended) {
  const TemporaryDirectory directory;
  Result<ProfileWriter> writer = ProfileWriter::create(directory.file("p"));
  ASSERT_TRUE(writer) << writer.error().message();
  RandomProfile random(9);
  Profile before;
  random.grow(before, {});
  before.run.interrupted = false;
  ASSERT_TRUE(writer->append(before));
  const Result<Profile> after = read_profile(directory.file("p.part"));
  ASSERT_TRUE(after) << after.error().message();
  before.run.interrupted = true;
  EXPECT_EQ(*after, before);
}

TEST(ProfileWriter, RefusesRowsThatAReaderWouldRefuse) {
  const auto error_of = [](auto&& spoil) {
    Profile profile = random_profile(11);
    spoil(profile);
    const TemporaryDirectory directory;
    Result<ProfileWriter> writer = ProfileWriter::create(directory.file("p"));
    const Result<void> finished = writer->finish(profile);
    return finished ? std::string() : finished.error().message();
  };
  using P = Profile&;
  EXPECT_EQ(error_of([](P) {}), "");
  EXPECT_EQ(error_of([](P p) { p.frames[FrameIndex(4)].module = {}; }),
            "the profile is inconsistent: frame 4 has no module");
  EXPECT_EQ(error_of([](P p) { p.nodes[NodeIndex(7)].parent = NodeIndex(7); }),
            "the profile is inconsistent: node 7 precedes its parent");
  EXPECT_EQ(error_of([](P p) { p.nodes[NodeIndex(7)].frame = FrameIndex(60); }),
            "the profile is inconsistent: node 7 has no frame");
  EXPECT_EQ(error_of([](P p) { p.samples[2].stack = {}; }),
            "the profile is inconsistent: sample 2 has no stack");
  EXPECT_EQ(error_of([](P p) { p.locations[LocationIndex(0)].function = {}; }),
            "the profile is inconsistent: location 0 has no function");
  EXPECT_EQ(error_of([](P p) { p.frames[FrameIndex(3)].name = {LocationIndex(79), 2}; }),
            "the profile is inconsistent: frame 3 has unknown locations");
  const auto error_of_account = [&](auto&& spoil) {
    return error_of([&](P p) {
      p.syscalls = {};
      p.syscalls.rows.push_back({});
      p.syscalls.errors.push_back({.row = SyscallIndex(0)});
      p.syscalls.callers.push_back({.row = SyscallIndex(0), .stack = StackIndex(0)});
      spoil(p.syscalls);
    });
  };
  using A = SyscallAccount&;
  EXPECT_EQ(error_of_account([](A) {}), "");
  EXPECT_EQ(error_of_account([](A a) { a.rows[SyscallIndex(0)].group = StringIndex(1'000'000); }),
            "the profile is inconsistent: system call 0 has an unknown name");
  EXPECT_EQ(error_of_account([](A a) { a.errors[0].row = SyscallIndex(1); }),
            "the profile is inconsistent: error 0 is of no system call");
  EXPECT_EQ(error_of_account([](A a) { a.callers[0].row = {}; }),
            "the profile is inconsistent: caller 0 is of no system call");
  EXPECT_EQ(error_of_account([](A a) { a.callers[0].stack = {}; }),
            "the profile is inconsistent: caller 0 has no stack");
  EXPECT_EQ(error_of_account([](A a) { a.rows.resize((1U << 18) + 1); }),
            "the profile is inconsistent: system call 262144 is one too many");
}

TEST(ProfileFile, GivesBackAsManyCountedCallsAsItMayHold) {
  Profile before = random_profile(6);
  before.syscalls.backend = SyscallBackend::kBpf;
  SyscallRow row;
  row.name = StringIndex(3);
  row.calls = 70;
  row.wall_ns = 5'000;
  row.durations.add(900, 70);
  while (before.syscalls.rows.size() < 70'000) {
    ++row.group_id;
    before.syscalls.rows.push_back(row);
  }
  before.syscalls.callers.push_back({.row = SyscallIndex(69'999), .stack = StackIndex(0)});
  const std::string bytes = written(before);
  const Result<Profile> after = parse(bytes);
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_TRUE(*after == before);
  EXPECT_LT(bytes.size(), 100'000U);
}

}  // namespace
}  // namespace profiler::profile
