#include "tests/support/compile_profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace profiler::test {

namespace {

class CompileProfile {
 public:
  Profile make(std::size_t samples) {
    begin();
    std::vector<FrameIndex> user;
    std::uint64_t time_ns = 3'000'000;
    StackIndex stack;
    for (std::size_t i = 0; i < samples; ++i) {
      // Returns from some calls, makes others: what a thousandth of a second does to a stack.
      if (i % 8 != 7 || !stack) {
        user.resize(user.size() - std::min(user.size(), 1 + below(26)));
        const std::size_t depth = std::clamp<std::size_t>(user.size() + 1 + below(26), 30, 60);
        while (user.size() < depth) user.push_back(call());
        stack = stack_of(user, i);
      }
      time_ns += 1'001'001 + below(40'000);
      p_.samples.push_back({.time_ns = time_ns,
                            .weight = 1'001'001,
                            .thread = ThreadIndex(below(50) == 0 ? 1 : 0),
                            .stack = stack,
                            .cpu = static_cast<std::uint16_t>(i / 300 % 2),
                            .mode = p_.stacks[stack].kernel ? Mode::kSys : Mode::kUser,
                            .event = 0});
    }
    return std::move(p_);
  }

 private:
  // std::uniform_int_distribution differs between libraries; this does not.
  std::size_t below(std::size_t limit) { return random_() % limit; }
  /// Few are frequent, most are rare.
  std::size_t often_small(std::size_t limit) {
    const double x = static_cast<double>(random_() >> 11) * 0x1p-53;
    return static_cast<std::size_t>(std::pow(x, 3) * static_cast<double>(limit));
  }

  StringIndex text(std::string s) { return p_.strings.push_back(std::move(s)); }

  void begin() {
    p_.run.command = {"g++", "-O2", "-g", "-c", "some.cpp"};
    p_.run.events = {{.name = "cpu-clock", .frequency_hz = 999, .unit = "ns"}};
    p_.run.exit_status = 0;
    compiler_ = module("/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", ModuleKind::kFile);
    library_ = module("/usr/lib/x86_64-linux-gnu/libisl.so.23.2.0", ModuleKind::kFile);
    kernel_ = module("[kernel]", ModuleKind::kKernel);
    for (const char* name : {"cc1plus", "as"}) {
      const StringIndex comm = text(name);
      p_.processes.push_back({.pid = 1234, .parent_pid = 1, .name = comm});
      p_.threads.push_back(
          {.process = ProcessIndex(p_.processes.size() - 1), .tid = 1234, .name = comm});
    }
    p_.causes.push_back({.cause = {KernelEntryKind::kFault, text("anonymous")}, .entry = {}});
    for (int i = 0; i < 300; ++i)
      files_.push_back(text("../../src/gcc/cp/part-" + std::to_string(i) + ".cc"));
    for (int i = 0; i < 400; ++i) kernel_frames_.push_back(frame(function(kernel_)));
  }

  ModuleIndex module(const char* path, ModuleKind kind) {
    std::array<std::byte, 20> id{};
    for (std::byte& b : id) b = static_cast<std::byte>(random_());
    Module row;
    row.path = text(path);
    row.build_id = BuildId(id);
    row.kind = kind;
    row.names = NameSource::kSymtab;
    return p_.modules.push_back(row);
  }

  std::string template_name() {
    static constexpr std::array kNames = {"vec",      "hash_map",     "gimple_stmt_iterator",
                                          "tree",     "basic_block",  "std::__cxx11::basic_string",
                                          "rtx_insn", "pointer_hash", "vl_embed",
                                          "va_heap",  "function_ref", "default_hash_traits"};
    std::string name = kNames[below(kNames.size())];
    name += '<';
    for (std::size_t i = 1 + below(4); i != 0; --i)
      name += std::string(kNames[below(kNames.size())]) + (i > 1 ? ", " : ">::");
    name += "do_" + std::to_string(below(100'000)) + '(';
    name += std::string(kNames[below(kNames.size())]) + " const&, unsigned int)";
    return name;
  }

  FunctionIndex function(ModuleIndex module) {
    Function row;
    row.module = module;
    row.kernel = module == kernel_;
    const std::uint64_t start = (row.kernel ? 0xffffffff81000000 : 0x40000) + below(0x1a00000) * 16;
    const bool named = row.kernel || below(2) == 0;
    if (named) {
      std::string name = row.kernel ? "mm_do_work_" + std::to_string(start % 99991)  //
                                    : template_name();
      row.system_name = text("_ZN" + std::to_string(name.size()) + name.substr(0, 40) + "E");
      row.name = text(std::move(name));
      if (!row.kernel) {
        row.file = files_[below(files_.size())];
        row.line = static_cast<std::uint32_t>(1 + below(9000));
      }
    } else {
      std::string name = module == compiler_ ? "cc1plus+0x" : "libisl.so.23.2.0+0x";
      constexpr const char* kDigits = "0123456789abcdef";
      for (int shift = 24; shift >= 0; shift -= 4) name += kDigits[start >> shift & 15];
      row.name = text(std::move(name));
      row.system_name = row.name;
    }
    starts_.push_back(start);
    return p_.functions.push_back(row);
  }

  FrameIndex frame(FunctionIndex function) {
    const Function& f = p_.functions[function];
    Frame row{.module = f.module, .address = starts_[function.row()] + below(600), .name = {}};
    row.name = {.first = LocationIndex(p_.locations.size()),
                .count = 1,
                .naming = f.name == f.system_name ? Naming::kRange : Naming::kSymbol};
    p_.locations.push_back({.function = function,
                            .file = f.file,
                            .line = f.file ? f.line + static_cast<std::uint32_t>(below(80)) : 0});
    return p_.frames.push_back(row);
  }

  /// A call site: one in three is new.
  FrameIndex call() {
    if (sites_.empty() || below(3) == 0) {
      const bool new_function = functions_.empty() || below(5) < 2;
      const FunctionIndex callee = new_function ? function(below(12) == 0 ? library_ : compiler_)
                                                : functions_[often_small(functions_.size())];
      if (new_function) functions_.push_back(callee);
      sites_.push_back(frame(callee));
      return sites_.back();
    }
    return sites_[often_small(sites_.size())];
  }

  NodeIndex chain(const std::vector<FrameIndex>& frames) {
    NodeIndex leaf;
    for (const FrameIndex f : frames) {
      const auto [found, is_new] = nodes_.try_emplace({leaf, f});
      if (is_new) found->second = p_.nodes.push_back({.parent = leaf, .frame = f});
      leaf = found->second;
    }
    return leaf;
  }

  StackIndex stack_of(const std::vector<FrameIndex>& user, std::size_t i) {
    Stack row;
    row.user = chain(user);
    row.end = StackEnd::kUndefinedReturnAddress;
    if (i % 5 == 0) {
      std::vector<FrameIndex> kernel;
      for (std::size_t depth = 4 + below(10); depth != 0; --depth)
        kernel.push_back(kernel_frames_[often_small(depth * 30)]);
      row.kernel = chain(kernel);
      row.cause = CauseIndex(0);
    }
    return p_.stacks.push_back(row);
  }

  Profile p_;
  std::mt19937_64 random_{1};
  ModuleIndex compiler_;
  ModuleIndex library_;
  ModuleIndex kernel_;
  std::vector<StringIndex> files_;
  std::vector<std::uint64_t> starts_;  // Of each function.
  std::vector<FunctionIndex> functions_;
  std::vector<FrameIndex> sites_;
  std::vector<FrameIndex> kernel_frames_;
  std::map<std::pair<NodeIndex, FrameIndex>, NodeIndex> nodes_;
};

}  // namespace

Profile compile_profile(std::size_t samples) { return CompileProfile().make(samples); }

}  // namespace profiler::test
