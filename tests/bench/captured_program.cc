#include "tests/bench/captured_program.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <map>
#include <utility>

namespace profiler::bench {
namespace {

using symbolizer::ElfFile;

constexpr std::uint32_t kDumpBytes = 32768;
constexpr std::size_t kRingPages = 1024;
constexpr std::size_t kMaxSamples = 400;

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
CapturedSample parse_sample(const std::vector<std::byte>& record) {
  CapturedSample sample;
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
    CapturedSample sample = parse_sample(record);
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

}  // namespace

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

}  // namespace profiler::bench
