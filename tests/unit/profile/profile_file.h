// What the tests of the profile file share: profiles as bytes.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "profile/profile_reader.h"
#include "profile/profile_writer.h"
#include "tests/support/temporary_directory.h"

namespace profiler::profile {

using test::read_bytes;
using test::TemporaryDirectory;
using test::write_bytes;

inline Result<Profile> parse(const std::string& bytes) {
  return parse_profile(std::as_bytes(std::span(bytes)), "test");
}

/// The file that a profile becomes when it is written in one piece.
inline std::string written(const Profile& profile) {
  const TemporaryDirectory directory;
  Result<ProfileWriter> writer = ProfileWriter::create(directory.file("p"));
  EXPECT_TRUE(writer) << writer.error().message();
  const Result<void> finished = writer->finish(profile);
  EXPECT_TRUE(finished) << finished.error().message();
  return read_bytes(directory.file("p"));
}

}  // namespace profiler::profile
