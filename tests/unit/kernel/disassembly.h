// What objdump says about a file's code: the oracle for reading machine code.
//
//   const auto code = Disassembly::of("/lib/x86_64-linux-gnu/libc.so.6");
//   if (!code) GTEST_SKIP() << "objdump is missing";
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace profiler::kernel {

struct DisassembledInstruction {
  std::uint64_t address = 0;
  std::size_t length = 0;
  std::string text;  ///< "mov    $0x3c,%eax", without the comment.
};

struct Disassembly {
  std::vector<DisassembledInstruction> instructions;  ///< By address.
  std::unordered_map<std::uint64_t, std::size_t> by_address;

  /// The bytes of [end - size, end), as far as they are one piece of code.
  [[nodiscard]] std::vector<std::byte> bytes_before(std::uint64_t end, std::size_t size) const {
    std::vector<std::byte> bytes;
    for (std::uint64_t a = end - size; a < end; ++a) {
      const auto byte = memory.find(a);
      if (byte == memory.end()) {
        bytes.clear();
      } else {
        bytes.push_back(byte->second);
      }
    }
    return bytes;
  }
  std::unordered_map<std::uint64_t, std::byte> memory;

  static std::optional<Disassembly> of(const std::string& file) {
    const std::string command = "objdump -d -w -j .text " + file + " 2> /dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    if (!pipe) return std::nullopt;
    Disassembly code;
    char line[4096];
    while (std::fgets(line, sizeof line, pipe.get()) != nullptr) code.add(line);
    if (code.instructions.empty()) return std::nullopt;
    return code;
  }

 private:
  /// "   27274:\t0f 05                \tsyscall"
  void add(std::string_view line) {
    const std::size_t first = line.find(":\t");
    if (first == std::string_view::npos) return;
    const std::size_t second = line.find('\t', first + 2);
    if (second == std::string_view::npos) return;
    DisassembledInstruction in;
    in.address = std::strtoull(std::string(line.substr(0, first)).c_str(), nullptr, 16);
    const std::string hex(line.substr(first + 2, second - first - 2));
    for (const char* p = hex.c_str();;) {
      char* end = nullptr;
      const auto byte = std::strtoul(p, &end, 16);
      if (end == p) break;
      memory[in.address + in.length++] = static_cast<std::byte>(byte);
      p = end;
    }
    in.text = line.substr(second + 1);
    in.text.erase(std::min(in.text.find('#'), in.text.size()));
    in.text.erase(in.text.find_last_not_of(" \n") + 1);
    by_address[in.address] = instructions.size();
    instructions.push_back(std::move(in));
  }
};

}  // namespace profiler::kernel
