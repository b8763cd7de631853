#include <gtest/gtest.h>

#include "profile_file.h"
#include "tests/support/compile_profile.h"

namespace profiler::profile {
namespace {

TEST(ProfileSize, OfACompileIsAtMost128BytesASampleWithEveryNameInIt) {
  const Profile profile = test::compile_profile(5000);
  // As large as a real one: else the figure below would say nothing.
  EXPECT_GT(profile.stacks.size(), 4000U);
  EXPECT_GT(profile.nodes.size(), 55'000U);
  EXPECT_GT(profile.frames.size(), 18'000U);
  const std::string bytes = written(profile);
  RecordProperty("bytes_per_sample", static_cast<int>(bytes.size() / profile.samples.size()));
  EXPECT_LE(bytes.size(), 128 * profile.samples.size());
  const Result<Profile> after = parse(bytes);
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_TRUE(*after == profile);
}

TEST(ProfileSize, OfALongRecordingGrowsByFewBytesASample) {
  // The same stacks again and again, as a steady program has them: only the samples are new.
  const TemporaryDirectory directory;
  Result<ProfileWriter> writer = ProfileWriter::create(directory.file("p"));
  ASSERT_TRUE(writer);
  Profile profile = test::compile_profile(5000);
  ASSERT_TRUE(writer->append(profile));
  const std::uint64_t once = writer->bytes_written();
  for (int i = 0; i < 10; ++i) {
    for (Sample& sample : profile.samples) sample.time_ns += 6'000'000'000;
    ASSERT_TRUE(writer->append(profile));
  }
  EXPECT_LE(writer->bytes_written() - once, std::uint64_t{10} * 12 * profile.samples.size());
}

}  // namespace
}  // namespace profiler::profile
