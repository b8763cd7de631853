// Cuts one sample out of a perf.data, or one snapshot that tests/oracle/gdb_snapshot.py has taken,
// into a folder of tests/offline. See the README there.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "symbolizer/module_symbolizer.h"
#include "tests/offline/recorded_case.h"
#include "tests/offline/reduced_elf.h"
#include "tests/offline/stack_case.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace {

using namespace profiler;
using namespace profiler::test;

constexpr const char* kUsage =
    "usage: cut_case --list PERF.DATA             a line a sample: time, thread, frames, end, "
    "modules\n"
    "       cut_case PERF.DATA TIME/TID CASE      that sample, as --list names it\n"
    "       cut_case SNAPSHOT CASE                a folder of gdb_snapshot.py\n";

/// As --list and perf script print times.
std::string time_text(std::uint64_t ns) {
  char text[40];
  std::snprintf(text, sizeof text, "%llu.%09llu", static_cast<unsigned long long>(ns / 1000000000),
                static_cast<unsigned long long>(ns % 1000000000));
  return text;
}

std::string sample_name(const RecordedSample& sample) {
  return time_text(sample.time_ns) + "/" + std::to_string(sample.tid);
}

/// What another program says of the same stack, a line a frame: "place name".
struct Witness {
  std::string name;
  std::vector<std::string> places;
  std::vector<std::string> names;
};

/// Names of the frames, innermost first: what a reader wants to see beside the addresses.
std::vector<std::string> names_of(const Chain& chain, const CaseWalk& walk) {
  std::map<std::uint32_t, std::unique_ptr<symbolizer::ModuleSymbolizer>> modules;
  std::vector<std::string> names;
  for (const ChainFrame& frame : chain.frames) {
    names.emplace_back();
    const auto file = frame.module_index ? walk.file(frame.module_index) : nullptr;
    if (!file) continue;
    auto& symbolizer = modules[frame.module_index.row()];
    if (!symbolizer) {
      symbolizer =
          std::make_unique<symbolizer::ModuleSymbolizer>(file, symbolizer::DebugFileSearch{});
    }
    const auto found = symbolizer->symbolize(
        ModuleAddress(frame.address - (frame.kind == AddressKind::kReturn ? 1 : 0)));
    if (!found.frames.empty()) names.back() = found.frames.back().function;
  }
  return names;
}

/// `expected`: the chain, with a name behind each line.
std::string annotated(const Chain& chain, const std::vector<std::string>& names) {
  std::istringstream lines(text(chain));
  std::string result;
  std::size_t frame = 0;
  for (std::string line; std::getline(lines, line);) {
    result += line;
    if (frame < names.size() && !names[frame].empty()) result += "  # " + names[frame];
    result += '\n';
    const std::size_t times = line.rfind(" x");
    frame += times == std::string::npos ? 1 : std::stoul(line.substr(times + 2));
  }
  return result;
}

/// The smallest copy of the stack on which the chain is the same.
void shorten_stack(StackCase& stack_case, const pipeline::ModuleFiles::Opener& opener,
                   const std::string& expected) {
  for (const StackEnd end :
       {StackEnd::kDumpTooShort, StackEnd::kPageNotPresent, StackEnd::kMemoryOutsideStack}) {
    // How long the copy is decides how such a chain ends.
    if (expected.find(name(end)) != std::string::npos) return;
  }
  const std::vector<std::byte> whole = stack_case.stack;
  CaseWalk walk(stack_case, opener);  // Looks at the case's stack at each run.
  std::size_t too_short = 0;
  std::size_t enough = whole.size();
  while (enough - too_short > 1) {
    const std::size_t size = too_short + (enough - too_short) / 2;
    stack_case.stack.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    (text(walk.run()) == expected ? enough : too_short) = size;
  }
  constexpr std::size_t kMore = 64;
  const auto size = static_cast<std::ptrdiff_t>(std::min(whole.size(), (enough + kMore) & ~15UL));
  stack_case.stack.assign(whole.begin(), whole.begin() + size);
}

void write_modules(const Chain& chain, const CaseWalk& walk, const std::string& folder) {
  std::map<std::uint32_t, std::vector<ModuleAddress>> visited;
  for (const ChainFrame& frame : chain.frames) {
    if (frame.module_index && walk.file(frame.module_index)) {
      // Where a walk looks depends on what it takes an address for: both are kept.
      for (const std::uint64_t before : {0U, 1U})
        visited[frame.module_index.row()].emplace_back(frame.address - before);
    }
  }
  for (const auto& [row, addresses] : visited) {
    const ModuleIndex module(row);
    write_bytes(folder + "/" + sparse_name(walk.module_path(module)),
                reduced(*walk.file(module), addresses).text());
  }
}

/// The lines of a witness; says how far it agrees.
std::string witness_text(Witness& witness, const Chain& chain) {
  std::string lines = "# " + witness.name + "\n";
  std::size_t same = 0;
  for (std::size_t i = 0; i < witness.places.size();) {
    std::string& place = witness.places[i];
    if (i < chain.frames.size()) {
      // perf script shows the address to look up: within the call.
      ChainFrame before = chain.frames[i];
      --before.address;
      if (before.kind == AddressKind::kReturn && place == before.place())
        place = chain.frames[i].place();
      if (same == i && place == chain.frames[i].place()) ++same;
    }
    std::size_t count = 1;
    while (i + count < witness.places.size() && witness.places[i + count] == place) ++count;
    lines += place + (count > 1 ? " x" + std::to_string(count) : "");
    lines += "  # " + witness.names[i] + "\n";
    if (same == i + 1) same = std::min(same + count - 1, chain.frames.size());
    i += count;
  }
  std::printf("ours: %zu frames, %s: %zu, the same from the leaf: %zu; end: %s\n",
              chain.frames.size(), witness.name.c_str(), witness.places.size(), same,
              std::string(name(chain.end)).c_str());
  return lines;
}

/// Writes the folder, reads it again, and checks that it gives the same chain.
int cut(StackCase stack_case, const pipeline::ModuleFiles::Opener& opener,
        const std::function<Witness(const CaseWalk&)>& ask_witness, const std::string& folder) {
  std::string expected;
  {
    CaseWalk walk(stack_case, opener);
    expected = text(walk.run());
  }
  shorten_stack(stack_case, opener, expected);
  stack_case.write(folder);
  CaseWalk walk(stack_case, opener);
  const Chain chain = walk.run();
  write_modules(chain, walk, folder);
  write_bytes(folder + "/expected", annotated(chain, names_of(chain, walk)));
  Witness witness = ask_witness(walk);
  write_bytes(folder + "/witness", witness_text(witness, chain));
  if (!std::filesystem::exists(folder + "/origin"))
    write_bytes(folder + "/origin", "What was run, how it was stopped, what the stack shows.\n");

  const auto again = StackCase::read(folder);
  if (!again || text(CaseWalk(*again, sparse_modules(folder)).run()) != expected) {
    std::fprintf(stderr, "%s: the reduced case gives another chain\n", folder.c_str());
    return 1;
  }
  return 0;
}

/// perf script's view of the sample, user frames only.
Witness perf_script(const std::string& path, const std::string& sample, const CaseWalk& walk) {
  Witness witness{.name = "perf script", .places = {}, .names = {}};
  const std::string time = sample.substr(0, sample.find('/'));
  const auto script = run({"perf", "script", "-i", path, "--ns", "--no-inline", "--tid",
                           sample.substr(sample.find('/') + 1), "--time", time + "," + time, "-F",
                           "tid,time,ip,sym,dso"});
  static const std::regex kFrame(R"(^\s+([0-9a-f]+) (.*) \((.*)\)$)");
  std::istringstream lines(script.out);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, kFrame) || match[1].str().starts_with("ffff")) continue;
    const std::uint64_t offset = std::stoull(match[1], nullptr, 16);
    witness.places.push_back(walk.place_of(match[3].str(), FileOffset(offset)));
    witness.names.push_back(match[2]);
  }
  return witness;
}

/// "0x7f… NORMAL_FRAME name" lines behind a title.
Witness snapshot_witness(const std::string& folder, const CaseWalk& walk) {
  Witness witness;
  std::ifstream lines(folder + "/witness");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      if (witness.name.empty()) witness.name = line.substr(2);
      continue;
    }
    std::istringstream words(line);
    std::string address;
    std::string type;
    std::string function;
    words >> address >> type;
    std::getline(words >> std::ws, function);
    witness.places.push_back(walk.place_of(RuntimeAddress(std::stoull(address, nullptr, 0))));
    witness.names.push_back(function);
  }
  return witness;
}

int list(const std::string& path) {
  const auto problem = for_each_sample(path, [](const RecordedSample& sample) {
    const StackCase stack_case = sample.stack_case();
    const Chain chain = CaseWalk(stack_case, {}).run();
    std::cout << sample_name(sample) << "  " << chain.frames.size() << "  " << name(chain.end)
              << "  ";
    const std::string* last = nullptr;
    for (const ChainFrame& frame : chain.frames) {
      if (last == nullptr || *last != frame.module) std::cout << ' ' << frame.module;
      last = &frame.module;
    }
    std::cout << '\n';
    return true;
  });
  if (!problem) std::cerr << problem.error().message() << '\n';
  return problem ? 0 : 1;
}

int cut_sample(const std::string& path, const std::string& wanted, const std::string& folder) {
  int status = 2;
  const auto problem = for_each_sample(path, [&](const RecordedSample& sample) {
    if (sample_name(sample) != wanted) return true;
    status = cut(
        sample.stack_case(), {},
        [&](const CaseWalk& walk) { return perf_script(path, wanted, walk); }, folder);
    return false;
  });
  if (!problem) std::cerr << problem.error().message() << '\n';
  if (problem && status == 2) std::cerr << path << ": no sample " << wanted << '\n';
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "--list") return list(words[1]);
  if (words.size() == 3) return cut_sample(words[0], words[1], words[2]);
  if (words.size() == 2) {
    auto stack_case = StackCase::read(words[0]);
    if (!stack_case) {
      std::cerr << stack_case.error().message() << '\n';
      return 1;
    }
    return cut(
        *std::move(stack_case), {},
        [&](const CaseWalk& walk) { return snapshot_witness(words[0], walk); }, words[1]);
  }
  std::fputs(kUsage, stderr);
  return 2;
}
