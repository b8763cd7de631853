// What naming costs: opening a module cold, a batch of addresses, kernel symbols.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/kernel/read_kallsyms.h"
#include "symbolizer/module_symbolizer.h"

namespace {

using symbolizer::CodeRegion;
using symbolizer::DebugFileSearch;
using symbolizer::ElfFile;
using symbolizer::ModuleAddress;
using symbolizer::ModuleSymbolizer;

const char* const kLibc = "/usr/lib/x86_64-linux-gnu/libc.so.6";
const char* const kLargeLibrary = "/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1";

/// Uniform over the module's largest region of code.
std::vector<ModuleAddress> random_addresses(const ElfFile& file, std::size_t count) {
  const auto regions = symbolizer::code_regions(file);
  const auto text = std::ranges::max_element(
      regions, {}, [](const CodeRegion& region) { return region.end - region.start; });
  std::mt19937_64 random(5);
  std::vector<ModuleAddress> addresses;
  for (std::size_t i = 0; i < count; ++i) {
    addresses.push_back(text->start + random() % (text->end - text->start));
  }
  return addresses;
}

/// Opens `path` and names `count` addresses of it, everything cold but the page cache.
void name_batch(benchmark::State& state, const char* path, std::size_t count,
                const DebugFileSearch& search) {
  {
    const auto file = ElfFile::open(path);
    if (!file) {
      state.SkipWithError(file.error().message().c_str());
      return;
    }
  }
  const auto addresses = random_addresses(**ElfFile::open(path), count);
  for (auto _ : state) {
    const auto file = ElfFile::open(path);
    const ModuleSymbolizer names(*file, search);
    for (const ModuleAddress address : addresses) {
      benchmark::DoNotOptimize(names.symbolize(address));
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count));
}

const DebugFileSearch kNowhere{.directories = {}};

void BM_LibcBatchOf20000(benchmark::State& state) { name_batch(state, kLibc, 20'000, kNowhere); }
void BM_LibcBatchOf20000WithDebugFile(benchmark::State& state) {
  name_batch(state, kLibc, 20'000, {});
}
void BM_LargeStrippedModuleFirstAddress(benchmark::State& state) {
  name_batch(state, kLargeLibrary, 1, kNowhere);
}
void BM_LargeStrippedModuleBatchOf20000(benchmark::State& state) {
  name_batch(state, kLargeLibrary, 20'000, kNowhere);
}
/// This program: C++ with debug information in the file.
void BM_OwnProgramBatchOf5000(benchmark::State& state) {
  name_batch(state, "/proc/self/exe", 5'000, kNowhere);
}

/// As many lines of /proc/kallsyms: the running kernel's, then the same again at higher addresses.
std::string kallsyms_of(std::size_t lines) {
  std::ifstream file("/proc/kallsyms");
  const std::string once{std::istreambuf_iterator<char>(file), {}};
  std::string text;
  for (std::size_t round = 0; lines > 0 && !once.empty(); ++round) {
    std::istringstream source(once);
    for (std::string line; lines > 0 && std::getline(source, line); --lines) {
      if (round % 2 == 1 && line.starts_with("ffffffff8")) line[8] = '9';
      text += line + '\n';
    }
  }
  return text;
}

void BM_ParseKallsymsOf250000(benchmark::State& state) {
  const std::string text = kallsyms_of(250'000);
  std::size_t held = 0;
  std::size_t functions = 0;
  for (auto _ : state) {
    const auto symbols = symbolizer::KernelSymbols::parse(text);
    if (!symbols) {
      state.SkipWithError(symbols.error().message().c_str());
      break;
    }
    held = symbols->memory();
    functions = symbols->size();
  }
  state.counters["bytes"] = static_cast<double>(held);
  state.counters["functions"] = static_cast<double>(functions);
}

void BM_ReadKallsyms(benchmark::State& state) {
  for (auto _ : state) {
    const auto symbols = symbolizer::read_kallsyms();
    if (!symbols) {
      state.SkipWithError(symbols.error().message().c_str());
      break;
    }
    benchmark::DoNotOptimize(symbols->size());
  }
}

/// What the kernel takes to write it: as cat(1) does it, without starting it.
void BM_CatKallsyms(benchmark::State& state) {
  std::vector<char> buffer(std::size_t{128} << 10);
  for (auto _ : state) {
    std::FILE* file = std::fopen("/proc/kallsyms", "r");
    if (file == nullptr) {
      state.SkipWithError("no /proc/kallsyms");
      break;
    }
    std::setvbuf(file, nullptr, _IONBF, 0);
    while (std::fread(buffer.data(), 1, buffer.size(), file) == buffer.size()) {
    }
    std::fclose(file);
  }
}

double smallest(const std::vector<double>& values) { return *std::ranges::min_element(values); }

BENCHMARK(BM_LibcBatchOf20000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LibcBatchOf20000WithDebugFile)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LargeStrippedModuleFirstAddress)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LargeStrippedModuleBatchOf20000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_OwnProgramBatchOf5000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ParseKallsymsOf250000)
    ->Unit(benchmark::kMillisecond)
    ->ComputeStatistics("min", smallest);
BENCHMARK(BM_ReadKallsyms)->Unit(benchmark::kMillisecond)->ComputeStatistics("min", smallest);
BENCHMARK(BM_CatKallsyms)->Unit(benchmark::kMillisecond)->ComputeStatistics("min", smallest);

}  // namespace
