// A folder of its own for a test that makes object files with the system's tools.
//
//   Workshop shop;
//   shop.write("a.cc", "int main() {}");
//   if (!shop.run("g++ -g a.cc -o a")) GTEST_SKIP() << shop.log();
//   shop.output("nm a");                    // standard output
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace symbolizer::test {

class Workshop {
 public:
  Workshop();
  ~Workshop();
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  [[nodiscard]] std::string path(std::string_view name) const {
    return folder_ + "/" + std::string(name);
  }
  void write(std::string_view name, std::string_view contents) const;
  void write(std::string_view name, const std::vector<std::byte>& contents) const;
  [[nodiscard]] std::vector<std::byte> read(std::string_view name) const;
  /// Runs a shell command in the folder. False: it failed, and log() has what it said.
  bool run(const std::string& command);
  /// Its standard output; empty if it failed.
  [[nodiscard]] std::string output(const std::string& command);
  [[nodiscard]] const std::string& log() const { return log_; }

 private:
  std::string folder_;
  std::string log_;
};

[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);
[[nodiscard]] std::vector<std::string> words_of(const std::string& line);
[[nodiscard]] std::vector<std::byte> read_file(const std::string& path);

}  // namespace symbolizer::test
