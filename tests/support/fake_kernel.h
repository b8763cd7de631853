// A kernel that never ran: a vmlinux with debug information, and inlined calls in it, linked to
// where kernels are, and the table of symbols that it would show.
//
//   FakeKernel kernel(directory);
//   if (!kernel.built()) GTEST_SKIP() << kernel.log();
//   kernel.address_of("vfs_read");                    // as linked
//   kernel.kallsyms(0x10000000);                      // moved so far up
//   kernel.write_recording("perf.data", 0x10000000);  // is in perf_data/perf_recording.h
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "profiler/build_id.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::test {

class FakeKernel {
 public:
  static constexpr std::uint64_t kText = 0xffffffff81000000;

  explicit FakeKernel(const TemporaryDirectory& directory) : directory_(directory.path()) {
    write_bytes(directory.file("kernel.c"), kSource);
    write_bytes(directory.file("kernel.lds"), kScript);
    const CommandResult made =
        run({"sh", "-c",
             "gcc -g -O2 -mcmodel=kernel -mno-red-zone -fno-pic -no-pie -ffreestanding -nostdlib "
             "-static -fno-reorder-functions -Wl,--build-id=sha1 -Wl,-T,kernel.lds kernel.c "
             "-o vmlinux && objcopy --strip-debug vmlinux vmlinux.plain && nm -n vmlinux"},
            {.directory = directory_});
    log_ = "needs gcc and binutils for x86-64: " + made.err;
    const auto file = symbolizer::ElfFile::open(vmlinux());
    if (made.exit_status != 0 || !file) return;
    build_id_ = (*file)->build_id();
    std::istringstream lines(made.out);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string address;
      Symbol symbol;
      words >> address >> symbol.type >> symbol.name;
      symbol.address = std::stoull(address, nullptr, 16);
      symbols_.push_back(symbol);
    }
  }

  [[nodiscard]] bool built() const { return !symbols_.empty(); }
  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] const BuildId& build_id() const { return build_id_; }
  [[nodiscard]] std::string vmlinux() const { return directory_ + "/vmlinux"; }
  /// Without debug information.
  [[nodiscard]] std::string plain_vmlinux() const { return directory_ + "/vmlinux.plain"; }

  [[nodiscard]] std::uint64_t address_of(const std::string& name) const {
    for (const Symbol& symbol : symbols_)
      if (symbol.name == name) return symbol.address;
    return 0;
  }
  /// Where the next symbol begins.
  [[nodiscard]] std::uint64_t end_of(const std::string& name) const {
    const std::uint64_t start = address_of(name);
    for (const Symbol& symbol : symbols_)
      if (symbol.address > start) return symbol.address;
    return start;
  }
  /// As System.map has them; with a module, as /proc/kallsyms may.
  [[nodiscard]] std::string kallsyms(std::uint64_t distance, bool with_module = false) const {
    std::string text;
    const auto add = [&](std::uint64_t address, char type, const std::string& rest) {
      char start[32];
      std::snprintf(start, sizeof start, "%016llx %c ", static_cast<unsigned long long>(address),
                    type);
      text += start + rest + "\n";
    };
    for (const Symbol& symbol : symbols_) add(symbol.address + distance, symbol.type, symbol.name);
    if (with_module) add(kModule, 't', "nft_do_chain\t[nf_tables]");
    return text;
  }
  static constexpr std::uint64_t kModule = 0xffffffffc0000000;

 private:
  struct Symbol {
    std::uint64_t address = 0;
    char type = 0;
    std::string name;
  };
  static constexpr const char* kSource = R"(static volatile int sink;
static inline __attribute__((always_inline)) void spin(int n) {
  for (int i = 0; i < n; i++) sink += i;
}
static inline __attribute__((always_inline)) void read_pages(int n) {
  spin(n);
  sink++;
}
__attribute__((noipa)) void vfs_read(int n) {
  read_pages(n);
  sink += 2;
}
__attribute__((noipa)) void __x64_sys_read(int n) {
  vfs_read(n + 1);
  sink++;
}
__attribute__((noipa)) void do_syscall_64(int n) {
  __x64_sys_read(n);
  sink++;
}
__attribute__((noipa)) void entry_SYSCALL_64(void) {
  do_syscall_64(1);
  sink++;
}
)";
  static constexpr const char* kScript = R"(ENTRY(_text)
SECTIONS {
  . = 0xffffffff81000000;
  .text : { _text = .; _stext = .; QUAD(0x9090909090909090) QUAD(0x9090909090909090) *(.text*) _etext = .; }
  . = ALIGN(4096);
  .notes : { *(.note.gnu.build-id) }
  .rodata : { *(.rodata*) }
  .data : { *(.data*) }
  .bss : { *(.bss*) }
  /DISCARD/ : { *(.note.GNU-stack) *(.note.gnu.property) *(.comment) *(.eh_frame*) }
}
)";

  std::string directory_;
  std::string log_;
  BuildId build_id_;
  std::vector<Symbol> symbols_;
};

}  // namespace profiler::test
