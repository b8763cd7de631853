#include "tests/oracle/perf/perf_script.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <span>
#include <tuple>

#include "perf_data/format.h"
#include "perf_data/record_kind.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::oracle {
namespace {

constexpr std::uint64_t kFirstKernelAddress = 0xffff'8000'0000'0000;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

template <class T>
bool take_number(std::string_view& text, T& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// "1348 (/usr/bin/prog)"
std::optional<ShownFrame> frame_of(std::string_view text) {
  text = trimmed(text);
  ShownFrame frame;
  if (!take_number(text, frame.address, 16)) return std::nullopt;
  frame.module = "[unknown]";
  if (take(text, " (") && text.ends_with(')')) frame.module = text.substr(0, text.size() - 1);
  frame.kernel = frame.address >= kFirstKernelAddress && frame.module != "[unknown]";
  return frame;
}

/// "call_chain 1234/1235 5678.123456789: cpu-clock:" and, without a chain, its only frame. The name
/// may hold anything.
std::optional<ShownSample> head_of(std::string_view line) {
  for (std::size_t slash = line.find('/'); slash != std::string_view::npos;
       slash = line.find('/', slash + 1)) {
    const std::size_t space = line.rfind(' ', slash);
    if (space == std::string_view::npos) continue;
    ShownSample sample;
    std::string_view rest = line.substr(space + 1);
    std::uint64_t seconds = 0;
    std::uint64_t nanoseconds = 0;
    if (!take_number(rest, sample.pid) || !take(rest, "/") || !take_number(rest, sample.tid))
      continue;
    rest = trimmed(rest);
    if (!take_number(rest, seconds) || !take(rest, ".") || !take_number(rest, nanoseconds) ||
        !take(rest, ":")) {
      continue;
    }
    sample.time = seconds * 1'000'000'000 + nanoseconds;
    sample.comm = trimmed(line.substr(0, space));
    // The event's name may hold colons; an address behind it may not.
    if (const std::size_t colon = rest.rfind(": "); colon != std::string_view::npos) {
      if (auto frame = frame_of(rest.substr(colon + 1))) sample.frames.push_back(*std::move(frame));
    }
    return sample;
  }
  return std::nullopt;
}

}  // namespace

std::vector<ShownSample> parse_perf_script(std::string_view text) {
  std::vector<ShownSample> samples;
  bool in_sample = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (trimmed(line).empty()) {
      in_sample = false;
    } else if (!in_sample || !line.starts_with('\t')) {
      auto sample = head_of(line);
      in_sample = sample.has_value();
      if (sample) samples.push_back(*std::move(sample));
    } else if (auto frame = frame_of(line)) {
      samples.back().frames.push_back(*std::move(frame));
    }
  }
  std::ranges::stable_sort(samples, {},
                           [](const ShownSample& s) { return std::tuple(s.time, s.tid); });
  return samples;
}

bool mend_build_ids(std::string& file) {
  perf_data::FileHeader header{};
  if (file.size() < sizeof header) return false;
  std::memcpy(&header, file.data(), sizeof header);
  if (header.size != sizeof header) return false;  // The pipe form.
  bool mended = false;
  std::uint64_t at = header.data.offset;
  perf_event_header record{};
  for (; at + sizeof record <= file.size() && at < header.data.offset + header.data.size;
       at += record.size) {
    std::memcpy(&record, file.data() + at, sizeof record);
    if (record.size < sizeof record || file.size() - at < record.size) break;
    if (!perf_data::claims_build_id(std::as_bytes(std::span(file)).subspan(at, record.size))) {
      continue;
    }
    record.misc &= static_cast<std::uint16_t>(~PERF_RECORD_MISC_MMAP_BUILD_ID);
    std::memcpy(file.data() + at, &record, sizeof record);
    mended = true;
  }
  return mended;
}

Result<std::vector<ShownSample>> run_perf_script(const std::string& recording) {
  std::string path = recording;
  const test::TemporaryDirectory directory;
  if (std::string file = test::read_bytes(path); mend_build_ids(file)) {
    path = directory.file("perf.data");
    test::write_bytes(path, file);
  }
  const auto script = test::run({"perf", "script", "-f", "-i", path, "--ns", "--no-inline",
                                 "--max-stack", "4096", "-F", "comm,pid,tid,time,event,ip,dso"},
                                {.timeout = std::chrono::minutes(10)});
  if (script.exit_status != 0) {
    return std::unexpected(Error{.what = "perf script fails: " + script.err, .path = path});
  }
  return parse_perf_script(script.out);
}

}  // namespace profiler::oracle
