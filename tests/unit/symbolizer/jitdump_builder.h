// The bytes of a jitdump, record by record.
//
//   JitDumpBuilder dump(1234);
//   dump.debug_info(0x7000, {{0x7000, 10, "a.js"}}).load(5, 0x7000, 64, "f");
//   shop.write("jit-1234.dump", dump.bytes());
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace symbolizer::test {

class JitDumpBuilder {
 public:
  explicit JitDumpBuilder(std::uint32_t pid, std::uint64_t flags = 0) {
    put<std::uint32_t>({0x4a695444, 1, 40, 62, 0, pid}).put<std::uint64_t>({0, flags});
  }

  JitDumpBuilder& load(std::uint64_t time, std::uint64_t address, std::uint64_t size,
                       const std::string& name) {
    head(0, 56 + name.size() + 1 + size, time).put<std::uint32_t>({1, 1});
    put<std::uint64_t>({address, address, size, 0}).text(name);
    bytes_.insert(bytes_.end(), size, std::byte{0x90});
    return *this;
  }
  JitDumpBuilder& move(std::uint64_t time, std::uint64_t from, std::uint64_t to,
                       std::uint64_t size) {
    head(1, 64, time).put<std::uint32_t>({1, 1});
    return put<std::uint64_t>({to, from, to, size, 0});
  }
  struct Entry {
    std::uint64_t address;
    std::uint32_t line;
    std::string file;
  };
  JitDumpBuilder& debug_info(std::uint64_t address, const std::vector<Entry>& entries) {
    std::size_t size = 32;
    for (const Entry& entry : entries) size += 16 + entry.file.size() + 1;
    head(2, size, 0).put<std::uint64_t>({address, entries.size()});
    for (const Entry& entry : entries)
      put<std::uint64_t>({entry.address}).put<std::uint32_t>({entry.line, 0}).text(entry.file);
    return *this;
  }
  JitDumpBuilder& close(std::uint64_t time) { return head(3, 16, time); }
  JitDumpBuilder& unknown(std::uint32_t id, std::uint32_t size) {
    head(id, size, 0);
    bytes_.insert(bytes_.end(), size - 16, std::byte{0xee});
    return *this;
  }
  /// The head of a record, whatever may follow.
  JitDumpBuilder& head(std::uint32_t id, std::size_t size, std::uint64_t time) {
    return put<std::uint32_t>({id, static_cast<std::uint32_t>(size)}).put<std::uint64_t>({time});
  }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  template <class Number>
  JitDumpBuilder& put(const std::vector<Number>& numbers) {
    for (const Number number : numbers) {
      const std::size_t at = bytes_.size();
      bytes_.resize(at + sizeof number);
      std::memcpy(bytes_.data() + at, &number, sizeof number);
    }
    return *this;
  }
  JitDumpBuilder& text(const std::string& text) {
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
    bytes_.push_back(std::byte{0});
    return *this;
  }

  std::vector<std::byte> bytes_;
};

}  // namespace symbolizer::test
