// How long a profile takes to write and to read, and how many bytes a sample it has.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "profile/profile_reader.h"
#include "profile/profile_writer.h"
#include "tests/support/compile_profile.h"

namespace profiler::profile {
namespace {

std::string file_name() {
  return (std::filesystem::temp_directory_path() / ("bench-profile-" + std::to_string(getpid())))
      .string();
}

void write_compile(benchmark::State& state) {
  const Profile profile = test::compile_profile(static_cast<std::size_t>(state.range(0)));
  const std::string path = file_name();
  for (auto _ : state) {
    Result<ProfileWriter> writer = ProfileWriter::create(path);
    if (!writer || !writer->finish(profile)) state.SkipWithError("cannot write");
  }
  state.counters["bytes/sample"] = static_cast<double>(std::filesystem::file_size(path)) /
                                   static_cast<double>(profile.samples.size());
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".old");
}
BENCHMARK(write_compile)->Arg(5000)->Arg(50'000)->Unit(benchmark::kMillisecond);

/// What a recording pays for every 16,384 samples of stacks that it knows already.
void append_known_stacks(benchmark::State& state) {
  const Profile profile = test::compile_profile(16'384);
  const std::string path = file_name();
  Result<ProfileWriter> writer = ProfileWriter::create(path);
  if (!writer || !writer->append(profile)) state.SkipWithError("cannot write");
  for (auto _ : state)
    if (!writer->append(profile)) state.SkipWithError("cannot write");
  state.SetItemsProcessed(static_cast<std::int64_t>(profile.samples.size()) * state.iterations());
  std::filesystem::remove(path + ".part");
}
BENCHMARK(append_known_stacks)->Unit(benchmark::kMillisecond)->Iterations(100);

void read_compile(benchmark::State& state) {
  const Profile profile = test::compile_profile(static_cast<std::size_t>(state.range(0)));
  const std::string path = file_name();
  Result<ProfileWriter> writer = ProfileWriter::create(path);
  if (!writer || !writer->finish(profile)) state.SkipWithError("cannot write");
  for (auto _ : state) {
    Result<Profile> read = read_profile(path);
    benchmark::DoNotOptimize(read);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(std::filesystem::file_size(path)) *
                          state.iterations());
  std::filesystem::remove(path);
}
BENCHMARK(read_compile)->Arg(5000)->Arg(50'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace profiler::profile
