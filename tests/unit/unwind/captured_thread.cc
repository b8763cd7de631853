#include "captured_thread.h"

#include <execinfo.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

namespace profiler::unwind::test {

namespace {

constexpr std::size_t kMaxBacktrace = 8192;
constexpr std::size_t kMaxDump = 8U << 20U;
std::size_t dump_limit = 0;
CapturedThread captured;

// PERF_REG_X86_*: AX BX CX DX SI DI BP SP IP FLAGS CS SS R8 to R15.
constexpr int kGreg[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI,    REG_RDI,
                         REG_RBP, REG_RSP, REG_RIP, REG_EFL, REG_CSGSFS, REG_CSGSFS};
constexpr int kHighGreg[] = {REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

}  // namespace

OwnMaps OwnMaps::read() {
  OwnMaps maps;
  std::map<std::string, std::size_t> rows;
  std::ifstream lines("/proc/self/maps");
  std::string line;
  while (std::getline(lines, line)) {
    unsigned long long start = 0;
    unsigned long long end = 0;
    unsigned long long offset = 0;
    char permissions[5] = {};
    int path_at = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx %4s %llx %*s %*s %n", &start, &end, permissions,
                    &offset, &path_at) < 4 ||
        permissions[2] != 'x') {
      continue;
    }
    const std::string path = line.substr(static_cast<std::size_t>(path_at));
    const auto [row, added] = rows.try_emplace(path, maps.files.size());
    if (added) {
      maps.paths.push_back(path);
      std::shared_ptr<const symbolizer::ElfFile> opened;
      if (path == "[vdso]") {
        const auto* bytes = reinterpret_cast<const std::byte*>(start);
        auto file = symbolizer::ElfFile::from_memory({bytes, bytes + (end - start)}, path);
        if (file) opened = *file;
      } else if (auto file = symbolizer::ElfFile::open(path)) {
        opened = *file;
      }
      maps.files.push_back(opened);
    }
    std::uint64_t bias = 0;
    if (const auto& file = maps.files[row->second]) {
      if (const auto linked = file->address_of(FileOffset(offset))) bias = start - linked->value();
    }
    maps.space.map({.start = RuntimeAddress(start),
                    .end = RuntimeAddress(end),
                    .module = ModuleIndex(row->second),
                    .bias = bias});
  }
  return maps;
}

void OwnMaps::add_modules(Unwinder& unwinder) const {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i]) unwinder.add_module(ModuleIndex(i), files[i]);
  }
}

void CapturedThread::arm(int signal, int flags, std::size_t dump_bytes) {
  dump_limit = std::min(dump_bytes, kMaxDump);
  captured = {};
  // Nothing is allocated in the handler.
  captured.stack.resize(dump_limit);
  captured.registers.reserve(20);
  captured.return_addresses_.resize(kMaxBacktrace);
  void* warm[2];
  ::backtrace(warm, 2);  // loads libgcc_s the first time
  struct sigaction action{};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | flags;
  sigaction(signal, &action, nullptr);
}

CapturedThread& CapturedThread::last() { return captured; }

void CapturedThread::handle(int, siginfo_t*, void* context) {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  captured.registers.clear();
  for (const int reg : kGreg)
    captured.registers.push_back(static_cast<std::uint64_t>(registers[reg]));
  for (const int reg : kHighGreg)
    captured.registers.push_back(static_cast<std::uint64_t>(registers[reg]));
  // Through the kernel, as a sample's is: it stops at what is not mapped.
  std::size_t copied = 0;
  const std::uint64_t base = captured.sp();
  while (copied < captured.stack.size()) {
    const std::size_t page = 4096 - (base + copied) % 4096;
    const std::size_t size = std::min(page, captured.stack.size() - copied);
    const iovec to{.iov_base = captured.stack.data() + copied, .iov_len = size};
    const iovec from{.iov_base = reinterpret_cast<void*>(base + copied), .iov_len = size};
    if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != static_cast<ssize_t>(size)) break;
    copied += size;
  }
  captured.requested = captured.stack.size();
  captured.stack.resize(copied);
  const int count = ::backtrace(captured.return_addresses_.data(), kMaxBacktrace);
  captured.return_addresses_.resize(static_cast<std::size_t>(count));
  captured.taken = true;
}

StackSnapshot CapturedThread::snapshot() const {
  return {.registers = {.abi = 2, .mask = kMask, .values = registers},
          .bytes = stack,
          .requested_bytes = requested};
}

const OwnMaps& CapturedThread::maps() {
  if (maps_.files.empty()) maps_ = OwnMaps::read();
  return maps_;
}

std::uint64_t CapturedThread::pc() const { return registers[8]; }
std::uint64_t CapturedThread::sp() const { return registers[7]; }

std::vector<std::uint64_t> CapturedThread::backtrace() const {
  std::vector<std::uint64_t> addresses;
  for (void* address : return_addresses_) {
    const auto value = reinterpret_cast<std::uint64_t>(address);
    if (addresses.empty() && value != pc()) continue;  // the handler's own frames
    addresses.push_back(value);
  }
  return addresses;
}

}  // namespace profiler::unwind::test
