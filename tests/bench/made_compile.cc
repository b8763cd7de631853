// No benchmark, but what scripts of figures measure with: a made-up recording of a large compile.
//
//   made_compile FILE SAMPLES [DISTINCT]
//
// DISTINCT: how many samples are different (tests/support/compile_profile.h); the rest repeat them.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "profile/profile_writer.h"
#include "tests/support/compile_profile.h"

int main(int count, char** words) {
  if (count < 3) {
    std::fputs("made_compile FILE SAMPLES [DISTINCT]\n", stderr);
    return 1;
  }
  const std::size_t samples = std::strtoul(words[2], nullptr, 10);
  const std::size_t distinct = count > 3 ? std::strtoul(words[3], nullptr, 10) : samples;
  profiler::Profile profile = profiler::test::compile_profile(distinct);
  profile.samples.reserve(samples);
  const std::uint64_t span_ns = profile.samples.back().time_ns;
  while (profile.samples.size() < samples) {
    profiler::Sample again = profile.samples[profile.samples.size() - distinct];
    again.time_ns += span_ns;
    profile.samples.push_back(again);
  }
  auto writer = profiler::profile::ProfileWriter::create(words[1]);
  if (!writer || !writer->finish(std::move(profile))) {
    std::fprintf(stderr, "made_compile: cannot write %s\n", words[1]);
    return 1;
  }
  return 0;
}
