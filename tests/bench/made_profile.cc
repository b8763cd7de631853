// Writes a profile of a size that was asked for, for scripts that measure what reads it:
// made_profile SAMPLES STACKS FROM FILE. Of the recording FROM it takes the samples up to the one
// with which there are so many distinct stacks, and adds others of those stacks at random, which is
// the hardest for what compresses them.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <unordered_set>

#include "profile/profile_reader.h"
#include "profile/profile_writer.h"

namespace profiler {
namespace {

bool make(Profile& profile, std::size_t samples, std::size_t stacks) {
  std::unordered_set<StackIndex> seen;
  std::size_t taken = 0;
  while (taken < profile.samples.size() && seen.size() < stacks)
    seen.insert(profile.samples[taken++].stack);
  if (seen.size() < stacks || taken > samples) {
    std::fprintf(stderr, "made_profile: %zu samples of %zu stacks only\n", taken, seen.size());
    return false;
  }
  profile.samples.resize(taken);
  profile.samples.reserve(samples);
  std::mt19937_64 random(1);
  while (profile.samples.size() < samples) {
    Sample sample = profile.samples[random() % taken];
    sample.time_ns = profile.samples.back().time_ns + 980'000 + random() % 40'000;
    profile.samples.push_back(sample);
  }
  profile.run.duration_ns = profile.samples.back().time_ns;
  return true;
}

int run(const std::string& samples, const std::string& stacks, const std::string& from,
        const std::string& path) {
  Result<Profile> profile = profile::read_profile(from);
  if (!profile) {
    std::fprintf(stderr, "made_profile: %s\n", profile.error().what.c_str());
    return 1;
  }
  if (!make(*profile, std::stoull(samples), std::stoull(stacks))) return 1;
  auto writer = profile::ProfileWriter::create(path);
  if (!writer || !writer->finish(*profile)) {
    std::fprintf(stderr, "made_profile: cannot write %s\n", path.c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace profiler

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: made_profile SAMPLES STACKS FROM FILE\n", stderr);
    return 1;
  }
  return profiler::run(argv[1], argv[2], argv[3], argv[4]);
}
