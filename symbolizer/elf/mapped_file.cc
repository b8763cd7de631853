#include "symbolizer/elf/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <utility>

namespace symbolizer {
namespace {

using profiler::Error;
using profiler::Result;

// The mappings as the signal handler sees them: an append-only list of blocks, read without locks.
// A slot is free while its end is 0; `start` is written before `end` and read after it.
struct Slot {
  std::atomic<std::uintptr_t> start = 0;
  std::atomic<std::uintptr_t> end = 0;
};
struct Block {
  std::array<Slot, 256> slots;
  std::atomic<Block*> next = nullptr;
};

constinit Block first_block;
constinit std::mutex registration;
struct sigaction previous_action;
std::uintptr_t page_size = 4096;

void add_mapping(std::uintptr_t start, std::uintptr_t end) {
  const std::scoped_lock lock(registration);
  for (Block* block = &first_block;;) {
    for (Slot& slot : block->slots) {
      if (slot.end.load(std::memory_order_relaxed) != 0) continue;
      slot.start.store(start, std::memory_order_relaxed);
      slot.end.store(end, std::memory_order_release);
      return;
    }
    if (block->next.load(std::memory_order_relaxed) == nullptr) {
      // Never freed: a handler may be reading it.
      block->next.store(new Block, std::memory_order_release);
    }
    block = block->next.load(std::memory_order_relaxed);
  }
}

void remove_mapping(std::uintptr_t start) {
  const std::scoped_lock lock(registration);
  for (Block* block = &first_block; block != nullptr;
       block = block->next.load(std::memory_order_relaxed)) {
    for (Slot& slot : block->slots) {
      if (slot.end.load(std::memory_order_relaxed) != 0 &&
          slot.start.load(std::memory_order_relaxed) == start) {
        slot.end.store(0, std::memory_order_release);
        return;
      }
    }
  }
}

bool is_mapped_file(std::uintptr_t address) {
  for (const Block* block = &first_block; block != nullptr;
       block = block->next.load(std::memory_order_acquire)) {
    for (const Slot& slot : block->slots) {
      const std::uintptr_t end = slot.end.load(std::memory_order_acquire);
      if (address < end && address >= slot.start.load(std::memory_order_relaxed)) return true;
    }
  }
  return false;
}

// Runs in the thread that faulted. mmap is a plain system call here, hence async-signal-safe.
void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (info->si_code == BUS_ADRERR && is_mapped_file(address)) {
    void* page = reinterpret_cast<void*>(address & ~(page_size - 1));  // NOLINT(*-int-to-ptr)
    if (mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
        MAP_FAILED) {
      errno = saved_errno;
      return;
    }
  }
  errno = saved_errno;
  if (previous_action.sa_handler == SIG_DFL || previous_action.sa_handler == SIG_IGN) {
    // The instruction faults again when we return, and then the default action is taken; a signal
    // that was sent is sent again.
    struct sigaction fall_back = {};
    fall_back.sa_handler = SIG_DFL;
    sigaction(signal, &fall_back, nullptr);
    if (info->si_code <= 0) raise(signal);
  } else if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
  } else {
    previous_action.sa_handler(signal);
  }
}

void install_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    struct sigaction action = {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, nullptr, &previous_action);
    sigaction(SIGBUS, &action, nullptr);
  });
}

Error failure(std::string what, const std::string& path, int system_error) {
  return Error{.what = std::move(what), .path = path, .system_error = system_error};
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: a FIFO must not hold us; it is refused below.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return std::unexpected(failure("cannot open", path, errno));
  auto file = of_descriptor(descriptor, path);
  close(descriptor);
  return file;
}

Result<std::shared_ptr<const MappedFile>> MappedFile::of_descriptor(int descriptor,
                                                                    const std::string& name) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) {
    return std::unexpected(failure("cannot read its size", name, errno));
  }
  if (!S_ISREG(status.st_mode)) return std::unexpected(failure("not a regular file", name, 0));
  std::shared_ptr<MappedFile> file(new MappedFile);
  if (status.st_size == 0) return file;
  install_handler();
  const auto size = static_cast<std::size_t>(status.st_size);
  void* start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (start == MAP_FAILED) return std::unexpected(failure("cannot map", name, errno));
  file->start_ = static_cast<std::byte*>(start);
  file->size_ = size;
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  add_mapping(address, address + ((size + page_size - 1) & ~(page_size - 1)));
  return file;
}

void MappedFile::release(std::span<const std::byte> part) const {
  const auto start = reinterpret_cast<std::uintptr_t>(part.data());
  const std::uintptr_t first = (start + page_size - 1) & ~(page_size - 1);
  const std::uintptr_t end = (start + part.size()) & ~(page_size - 1);
  const bool is_ours = part.data() >= start_ && part.data() + part.size() <= start_ + size_;
  if (!is_ours || first >= end) return;
  madvise(start_ + (first - reinterpret_cast<std::uintptr_t>(start_)), end - first, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (start_ == nullptr) return;
  remove_mapping(reinterpret_cast<std::uintptr_t>(start_));
  munmap(start_, size_);
}

}  // namespace symbolizer
