#include "workshop.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace symbolizer::test {

Workshop::Workshop() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "symbolizer_test.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  folder_ = pattern;
}

Workshop::~Workshop() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Workshop::write(std::string_view name, std::string_view contents) const {
  std::ofstream(path(name), std::ios::binary) << contents;
}

void Workshop::write(std::string_view name, const std::vector<std::byte>& contents) const {
  write(name, std::string_view(reinterpret_cast<const char*>(contents.data()), contents.size()));
}

std::vector<std::byte> Workshop::read(std::string_view name) const { return read_file(path(name)); }

bool Workshop::run(const std::string& command) {
  const std::string whole = "cd '" + folder_ + "' && ( " + command + " ) >log.txt 2>&1";
  const int status = std::system(whole.c_str());  // NOLINT(cert-env33-c): that is its purpose
  const auto said = read("log.txt");
  log_ = command + ": " + std::string(reinterpret_cast<const char*>(said.data()), said.size());
  return status == 0;
}

std::string Workshop::output(const std::string& command) {
  if (!run("( " + command + " ) >output.txt")) return {};
  const auto said = read("output.txt");
  return {reinterpret_cast<const char*>(said.data()), said.size()};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::vector<std::byte> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto* start = reinterpret_cast<const std::byte*>(text.data());
  return {start, start + text.size()};
}

}  // namespace symbolizer::test
