#include "tests/offline/sparse_file.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>

namespace profiler::test {
namespace {

constexpr std::size_t kBytesInLine = 32;
/// No module that anybody unwinds is larger.
constexpr std::uint64_t kMaxSize = std::uint64_t{4} << 30;
using Line = std::array<std::byte, kBytesInLine>;

std::optional<std::vector<std::byte>> from_hex(const std::string& digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    std::size_t used = 0;
    const unsigned long value = std::stoul(digits.substr(i, 2), &used, 16);
    if (used != 2) return std::nullopt;
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

}  // namespace

Result<SparseFile> SparseFile::read(const std::string& text) try {
  std::istringstream lines(text);
  std::string word;
  std::uint64_t size = 0;
  if (!(lines >> word >> size) || word != "size" || size > kMaxSize)
    return std::unexpected(Error{.what = "does not begin with a size"});
  SparseFile file(size);
  std::string digits;
  while (lines >> word >> digits) {
    const std::uint64_t offset = std::stoull(word, nullptr, 16);
    const auto bytes = from_hex(digits);
    if (!bytes || offset > size || bytes->size() > size - offset)
      return std::unexpected(Error{.what = "bad bytes at " + word});
    file.keep(offset, *bytes);
  }
  return file;
} catch (const std::exception&) {  // std::stoul
  return std::unexpected(Error{.what = "not a number"});
}

void SparseFile::keep(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (!bytes.empty())
    parts_.emplace_back(offset, std::vector<std::byte>(bytes.begin(), bytes.end()));
}

std::string SparseFile::text() const {
  std::map<std::uint64_t, Line> lines;
  for (const auto& [offset, bytes] : parts_) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const std::uint64_t at = offset + i;
      lines[at / kBytesInLine][at % kBytesInLine] = bytes[i];
    }
  }
  std::ostringstream text;
  text << "size " << size_ << '\n';
  for (const auto& [number, line] : lines) {
    std::size_t used = line.size();
    while (used > 0 && line[used - 1] == std::byte{0}) --used;
    if (used == 0) continue;
    text << "0x" << std::hex << number * kBytesInLine << ' ';
    for (const std::byte b : std::span(line).first(used)) {
      char digits[4];
      std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(b));
      text << digits;
    }
    text << std::dec << '\n';
  }
  return text.str();
}

Result<void> SparseFile::restore(const std::string& path) const {
  std::ofstream file(path, std::ios::binary);
  for (const auto& [offset, bytes] : parts_) {
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  file.close();
  std::error_code problem;
  if (file) std::filesystem::resize_file(path, size_, problem);
  if (!file || problem) return std::unexpected(Error{.what = "cannot be written", .path = path});
  return {};
}

}  // namespace profiler::test
