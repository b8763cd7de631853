// This thread, as a sample would hold it: registers in perf's order, a copy of the stack, what is
// mapped; taken inside a signal handler. With glibc's own backtrace() of the same moment.
//
//   CapturedThread::arm(SIGUSR1, 0, 32768);
//   raise(SIGUSR1);                                   // anywhere, any depth
//   CapturedThread& taken = CapturedThread::last();
//   StackEnd end = unwinder.unwind(taken.snapshot(), taken.maps().space, frames);
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "process/address_space.h"
#include "symbolizer/elf/elf_file.h"
#include "unwind/unwinder.h"

namespace profiler::unwind::test {

/// Executable mappings of this process, and their files.
struct OwnMaps {
  process::AddressSpace space;
  std::vector<std::string> paths;
  std::vector<std::shared_ptr<const symbolizer::ElfFile>> files;

  static OwnMaps read();
  void add_modules(Unwinder& unwinder) const;
};

class CapturedThread {
 public:
  static constexpr std::uint64_t kMask = 0xff0fff;

  /// Handles `signal` by capturing. The copy holds at most `dump_bytes`, and ends where the
  /// thread's stack ends.
  static void arm(int signal, int flags, std::size_t dump_bytes);
  static CapturedThread& last();

  [[nodiscard]] StackSnapshot snapshot() const;
  /// Call this outside the handler.
  [[nodiscard]] const OwnMaps& maps();
  /// What glibc says: the interrupted address first.
  [[nodiscard]] std::vector<std::uint64_t> backtrace() const;

  [[nodiscard]] std::uint64_t pc() const;
  [[nodiscard]] std::uint64_t sp() const;
  bool taken = false;
  std::vector<std::byte> stack;
  std::uint64_t requested = 0;
  std::vector<std::uint64_t> registers;

 private:
  static void handle(int signal, siginfo_t* info, void* context);
  std::vector<void*> return_addresses_;
  OwnMaps maps_;
};

}  // namespace profiler::unwind::test
