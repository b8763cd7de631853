// Cost of a user frame: hot (the rules are cached), cold (a new Unwinder), and libdw's on the same
// stacks. The stacks are sampled from real programs when the benchmark starts; where
// perf_event_open is refused, there are none and every benchmark says so.
//
//   unwind_bench --benchmark_filter=Hot
//
// Counters: ns_per_frame, frames_per_sample, complete_percent (of all stacks); all in CPU time.
// Libdw also says on how many stacks both agree, frame by frame, as far as both go.
#include <benchmark/benchmark.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "process/address_space.h"
#include "symbolizer/elf/elf_file.h"
#include "unwind/unwinder.h"

namespace {

using namespace profiler;
using symbolizer::ElfFile;

constexpr std::uint64_t kRegisterMask = 0xff0fff;
constexpr std::size_t kRegisterCount = 20;
constexpr std::uint32_t kDumpBytes = 32768;
constexpr std::size_t kRingPages = 1024;
constexpr std::size_t kMaxSamples = 400;

struct Sample {
  std::uint64_t abi = 0;
  std::vector<std::uint64_t> registers;
  std::vector<std::byte> stack;
  std::uint64_t requested = 0;

  [[nodiscard]] unwind::StackSnapshot snapshot() const {
    return {.registers = {.abi = abi, .mask = kRegisterMask, .values = registers},
            .bytes = stack,
            .requested_bytes = requested};
  }
};

struct MappedModule {
  std::string path;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;
};

/// One program's samples, and what it had mapped by the end of them.
struct Capture {
  std::string name;
  std::vector<Sample> samples;
  std::vector<MappedModule> mapped;
  std::vector<std::shared_ptr<const ElfFile>> files;  // by row of the module
  process::AddressSpace space;

  void add_modules(unwind::Unwinder& unwinder) const {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i]) unwinder.add_module(ModuleIndex(i), files[i]);
    }
  }
};

/// The perf ring of one thread: only what a start-up sample collection needs.
class Ring {
 public:
  explicit Ring(pid_t pid) {
    perf_event_attr attr{};
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = PERF_COUNT_SW_CPU_CLOCK;
    attr.freq = 1;
    attr.sample_freq = 997;
    attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
    attr.sample_regs_user = kRegisterMask;
    attr.sample_stack_user = kDumpBytes;
    attr.exclude_kernel = 1;
    attr.disabled = 1;
    attr.enable_on_exec = 1;
    attr.mmap = 1;
    attr.mmap2 = 1;
    descriptor_ = static_cast<int>(syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0));
    if (descriptor_ < 0) return;
    base_ =
        mmap(nullptr, (kRingPages + 1) * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
    if (base_ == MAP_FAILED) base_ = nullptr;
  }
  ~Ring() {
    if (base_ != nullptr) munmap(base_, (kRingPages + 1) * 4096);
    if (descriptor_ >= 0) close(descriptor_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] bool is_open() const { return base_ != nullptr; }

  template <class Visit>
  void drain(Visit visit) {
    auto* page = static_cast<perf_event_mmap_page*>(base_);
    const auto* data = static_cast<const std::byte*>(base_) + 4096;
    constexpr std::size_t kSize = kRingPages * 4096;
    const std::uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
    std::uint64_t tail = page->data_tail;
    const auto copy = [&](std::uint64_t from, void* to, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i)
        static_cast<std::byte*>(to)[i] = data[(from + i) % kSize];
    };
    while (tail < head) {
      perf_event_header header{};
      copy(tail, &header, sizeof header);
      std::vector<std::byte> record(header.size);
      copy(tail, record.data(), record.size());
      visit(header, record);
      tail += header.size;
    }
    __atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
  }

 private:
  int descriptor_ = -1;
  void* base_ = nullptr;
};

std::uint64_t word(const std::vector<std::byte>& record, std::size_t offset) {
  std::uint64_t value = 0;
  std::memcpy(&value, record.data() + offset, sizeof value);
  return value;
}

/// Fields in the order of the sample_type bits: header, pid and tid, registers, stack.
Sample parse_sample(const std::vector<std::byte>& record) {
  Sample sample;
  std::size_t at = sizeof(perf_event_header) + 8;
  sample.abi = word(record, at);
  at += 8;
  if (sample.abi == 0) return sample;
  for (std::size_t i = 0; i < kRegisterCount; ++i, at += 8)
    sample.registers.push_back(word(record, at));
  sample.requested = word(record, at);
  at += 8;
  if (sample.requested == 0) return sample;
  const std::uint64_t valid = word(record, at + sample.requested);
  sample.stack.assign(record.begin() + static_cast<std::ptrdiff_t>(at),
                      record.begin() + static_cast<std::ptrdiff_t>(at + valid));
  return sample;
}

void handle(Capture& capture, const perf_event_header& header,
            const std::vector<std::byte>& record) {
  if (header.type == PERF_RECORD_SAMPLE && capture.samples.size() < kMaxSamples) {
    Sample sample = parse_sample(record);
    if (sample.abi != 0 && !sample.stack.empty()) capture.samples.push_back(std::move(sample));
  } else if (header.type == PERF_RECORD_MMAP2) {
    // pid, tid, addr, len, pgoff, then 24 bytes of identity, prot and flags, and the path.
    capture.mapped.push_back({.path = reinterpret_cast<const char*>(record.data()) + 72,
                              .start = word(record, 16),
                              .end = word(record, 16) + word(record, 24),
                              .offset = word(record, 32)});
  }
}

void open_modules(Capture& capture) {
  std::map<std::string, std::size_t> rows;
  for (const MappedModule& mapped : capture.mapped) {
    const auto [row, added] = rows.try_emplace(mapped.path, capture.files.size());
    if (added) {
      auto file = ElfFile::open(mapped.path);
      capture.files.push_back(file ? *file : nullptr);
    }
    std::uint64_t bias = 0;
    if (const auto& file = capture.files[row->second]) {
      if (const auto linked = file->address_of(FileOffset(mapped.offset)))
        bias = mapped.start - linked->value();
    }
    capture.space.map({.start = RuntimeAddress(mapped.start),
                       .end = RuntimeAddress(mapped.end),
                       .module = ModuleIndex(row->second),
                       .bias = bias});
  }
}

Capture capture_program(const std::string& name, std::vector<std::string> command) {
  Capture capture;
  capture.name = name;
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) != 0) return capture;
  const pid_t child = fork();
  if (child == 0) {
    char go = 0;
    if (read(gate[0], &go, 1) != 1) _exit(125);
    const int null = open("/dev/null", O_RDWR);
    for (int stream = 0; stream < 3; ++stream) dup2(null, stream);
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(gate[0]);
  Ring ring(child);
  const bool running = ring.is_open() && write(gate[1], "g", 1) == 1;
  close(gate[1]);
  const auto collect = [&](const perf_event_header& header, const std::vector<std::byte>& record) {
    handle(capture, header, record);
  };
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (running) ring.drain(collect);
    if (capture.samples.size() >= kMaxSamples) kill(child, SIGKILL);
    usleep(2000);
  }
  if (running) ring.drain(collect);
  open_modules(capture);
  return capture;
}

const std::vector<Capture>& captures() {
  static const std::vector<Capture> all = [] {
    std::vector<Capture> taken;
    taken.push_back(capture_program(
        "sqlite3", {"sqlite3", ":memory:",
                    "with recursive n(i) as (select 1 union all select i+1 from n limit 900000) "
                    "select count(*), sum(x) from (select i % 997 as x, hex(i) as h from n "
                    "order by h) group by x;"}));
    taken.push_back(
        capture_program("python3", {"python3", "-c",
                                    "import json\n"
                                    "d={'k%d'%i:[i,str(i),{'a':i}] for i in range(2000)}\n"
                                    "for _ in range(60): json.loads(json.dumps(d, indent=1))"}));
    taken.push_back(capture_program(
        "xz", {"xz", "-6", "-c", "-k", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus"}));
    taken.push_back(capture_program(
        "cc1plus", {"/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", "-quiet", "-imultiarch",
                    "x86_64-linux-gnu", "-O2", "-std=c++20", "-o", "/dev/null", "-include", "regex",
                    "-include", "map", "-x", "c++", "/dev/null"}));
    std::erase_if(taken, [](const Capture& c) { return c.samples.size() < 20; });
    return taken;
  }();
  return all;
}

/// CPU time of this thread in seconds: other programs on the machine do not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void report(benchmark::State& state, std::uint64_t frames, std::uint64_t stacks,
            std::uint64_t complete, double seconds) {
  if (frames == 0 || stacks == 0) return;
  state.counters["ns_per_frame"] = seconds * 1e9 / static_cast<double>(frames);
  state.counters["frames_per_sample"] = static_cast<double>(frames) / static_cast<double>(stacks);
  state.counters["complete_percent"] =
      100.0 * static_cast<double>(complete) / static_cast<double>(stacks);
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
}

/// All samples of one program again and again, the caches warm from a first round.
void hot(benchmark::State& state, const Capture& capture) {
  unwind::Unwinder unwinder;
  capture.add_modules(unwinder);
  std::vector<unwind::UserFrame> frames;
  for (const Sample& sample : capture.samples)
    unwinder.unwind(sample.snapshot(), capture.space, frames);
  std::uint64_t frame_count = 0;
  std::uint64_t stacks = 0;
  std::uint64_t complete = 0;
  const double start = cpu_seconds();
  for (auto _ : state) {
    for (const Sample& sample : capture.samples) {
      const StackEnd end = unwinder.unwind(sample.snapshot(), capture.space, frames);
      complete += completeness(end) == Completeness::kComplete ? 1 : 0;
      frame_count += frames.size();
      ++stacks;
    }
  }
  report(state, frame_count, stacks, complete, cpu_seconds() - start);
}

/// The same samples once each, with an Unwinder that has seen nothing yet.
void cold(benchmark::State& state, const Capture& capture) {
  std::vector<unwind::UserFrame> frames;
  std::uint64_t frame_count = 0;
  std::uint64_t stacks = 0;
  std::uint64_t complete = 0;
  double seconds = 0;
  for (auto _ : state) {
    state.PauseTiming();
    unwind::Unwinder unwinder;
    capture.add_modules(unwinder);
    state.ResumeTiming();
    const double start = cpu_seconds();
    for (const Sample& sample : capture.samples) {
      const StackEnd end = unwinder.unwind(sample.snapshot(), capture.space, frames);
      complete += completeness(end) == Completeness::kComplete ? 1 : 0;
      frame_count += frames.size();
      ++stacks;
    }
    seconds += cpu_seconds() - start;
  }
  report(state, frame_count, stacks, complete, seconds);
}

/// libdw on the same snapshots: one Dwfl for all, as its fastest users keep it.
class DwflUnwinder {
 public:
  explicit DwflUnwinder(const Capture& capture) {
    static const Dwfl_Callbacks kCallbacks = {.find_elf = dwfl_build_id_find_elf,
                                              .find_debuginfo = no_debuginfo,
                                              .section_address = nullptr,
                                              .debuginfo_path = nullptr};
    dwfl_ = dwfl_begin(&kCallbacks);
    dwfl_report_begin(dwfl_);
    for (const process::Mapping& mapping : capture.space.mappings()) {
      const auto& file = capture.files[mapping.module.row()];
      if (file)
        dwfl_report_elf(dwfl_, file->path().c_str(), file->path().c_str(), -1, mapping.bias, false);
    }
    dwfl_report_end(dwfl_, nullptr, nullptr);
    attached_ = dwfl_attach_state(dwfl_, nullptr, 1, &kThread, this);
  }
  ~DwflUnwinder() { dwfl_end(dwfl_); }
  DwflUnwinder(const DwflUnwinder&) = delete;
  DwflUnwinder& operator=(const DwflUnwinder&) = delete;

  [[nodiscard]] bool attached() const { return attached_; }

  const std::vector<std::uint64_t>& unwind(const Sample& sample) {
    sample_ = &sample;
    pcs_.clear();
    dwfl_getthread_frames(dwfl_, 1, on_frame, this);
    return pcs_;
  }

 private:
  static int no_debuginfo(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                          GElf_Word, char**) {
    return -1;
  }
  static pid_t next_thread(Dwfl*, void* self, void** thread) {
    if (*thread != nullptr) return 0;
    *thread = self;
    return 1;
  }
  static bool get_thread(Dwfl*, pid_t, void* self, void** thread) {
    *thread = self;
    return true;
  }
  static bool read_memory(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* self) {
    const Sample& sample = *static_cast<DwflUnwinder*>(self)->sample_;
    const std::uint64_t offset = address - sample.registers[7];
    if (offset >= sample.stack.size() || sample.stack.size() - offset < 8) return false;
    std::memcpy(result, sample.stack.data() + offset, 8);
    return true;
  }
  static bool set_registers(Dwfl_Thread* thread, void* self) {
    const Sample& sample = *static_cast<DwflUnwinder*>(self)->sample_;
    // DWARF order of what perf gives as AX BX CX DX SI DI BP SP IP … R8-R15.
    constexpr int kFromPerf[] = {0, 3, 2, 1, 4, 5, 6, 7};
    Dwarf_Word values[17];
    for (int i = 0; i < 8; ++i) values[kFromPerf[i]] = sample.registers[static_cast<unsigned>(i)];
    for (unsigned i = 0; i < 8; ++i) values[8 + i] = sample.registers[12 + i];
    values[16] = sample.registers[8];
    return dwfl_thread_state_registers(thread, 0, 17, values);
  }
  static int on_frame(Dwfl_Frame* frame, void* self) {
    Dwarf_Addr pc = 0;
    bool activation = false;
    if (!dwfl_frame_pc(frame, &pc, &activation)) return DWARF_CB_ABORT;
    static_cast<DwflUnwinder*>(self)->pcs_.push_back(pc);
    return DWARF_CB_OK;
  }

  static constexpr Dwfl_Thread_Callbacks kThread = {.next_thread = next_thread,
                                                    .get_thread = get_thread,
                                                    .memory_read = read_memory,
                                                    .set_initial_registers = set_registers,
                                                    .detach = nullptr,
                                                    .thread_detach = nullptr};
  Dwfl* dwfl_ = nullptr;
  bool attached_ = false;
  const Sample* sample_ = nullptr;
  std::vector<std::uint64_t> pcs_;
};

void libdw(benchmark::State& state, const Capture& capture) {
  DwflUnwinder oracle(capture);
  if (!oracle.attached()) {
    state.SkipWithError(dwfl_errmsg(-1));
    return;
  }
  unwind::Unwinder unwinder;
  capture.add_modules(unwinder);
  std::vector<unwind::UserFrame> frames;
  // The first round warms libdw's own caches, and compares: where both went on, they must agree.
  std::uint64_t same = 0;
  for (const Sample& sample : capture.samples) {
    const auto& theirs = oracle.unwind(sample);
    unwinder.unwind(sample.snapshot(), capture.space, frames);
    const std::size_t common = std::min(theirs.size(), frames.size());
    bool equal = common != 0;
    for (std::size_t i = 0; i < common; ++i)
      equal = equal && frames[i].address.address.value() == theirs[i];
    same += equal ? 1 : 0;
  }
  std::uint64_t frame_count = 0;
  std::uint64_t stacks = 0;
  const double start = cpu_seconds();
  for (auto _ : state) {
    for (const Sample& sample : capture.samples) {
      frame_count += oracle.unwind(sample).size();
      ++stacks;
    }
  }
  report(state, frame_count, stacks, 0, cpu_seconds() - start);
  state.counters.erase("complete_percent");
  state.counters["agree_percent"] =
      100.0 * static_cast<double>(same) / static_cast<double>(capture.samples.size());
}

void nothing_captured(benchmark::State& state) {
  state.SkipWithError("perf_event_open is refused here: no stacks to unwind");
}

const bool kRegistered = [] {
  if (captures().empty()) benchmark::RegisterBenchmark("Hot", nothing_captured);
  for (const Capture& capture : captures()) {
    benchmark::RegisterBenchmark(("Hot/" + capture.name).c_str(), hot, std::cref(capture));
    benchmark::RegisterBenchmark(("Cold/" + capture.name).c_str(), cold, std::cref(capture));
    benchmark::RegisterBenchmark(("Libdw/" + capture.name).c_str(), libdw, std::cref(capture));
  }
  return true;
}();

}  // namespace
