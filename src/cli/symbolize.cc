// `profiler symbolize`: names for addresses of one object file.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/symbol_options.h"
#include "render/symbolized.h"
#include "symbolizer/module_symbolizer.h"

namespace profiler::cli {
namespace {

constexpr std::size_t kInputPiece = std::size_t{64} << 10;
constexpr std::size_t kOutputPiece = std::size_t{64} << 10;
constexpr std::size_t kMaxBatch = std::size_t{1} << 17;
/// No address is longer; what is has no line ends and is not for us.
constexpr std::size_t kLongestLine = 4096;

CommandLine command_line() {
  CommandLine line(
      {.name = "symbolize",
       .usage = "[OPTIONS] --module FILE [ADDRESS…]",
       .summary = "Names addresses of an object file: functions, inlined ones too, and lines",
       .examples = {{"profiler symbolize --module prog 0x1139", "one address"},
                    {"profiler symbolize --module libc.so.6 < addresses", "one a line"}},
       .operands = Operands::kFiles});
  line.basic().add_options()  //
      ("module,e", po::value<std::string>()->value_name("FILE"),
       "program, library, vmlinux or debug file")("format",
                                                  po::value<std::string>()->value_name("FORMAT"),
                                                  "text, or json: an object a line");
  add_debug_directory_option(line.basic());
  return line;
}

/// As nm and addr2line write them: hexadecimal, "0x" or not.
std::optional<ModuleAddress> parse_address(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, 16);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return ModuleAddress(value);
}

/// Whether a read of standard input would return at once.
bool more_is_ready() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 0) == 1;
}

/// Calls `use` with each line of standard input, and `pause` at its end, and whenever nothing more
/// can be read at once: somebody may wait for the answers.
Result<void> for_each_line(const std::function<void(std::string_view)>& use,
                           const std::function<Result<void>()>& pause) {
  std::string pending;
  std::vector<char> piece(kInputPiece);
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return std::unexpected(
          Error{.what = "cannot be read", .path = "standard input", .system_error = errno});
    }
    pending.append(piece.data(), static_cast<std::size_t>(got));
    std::string_view rest = pending;
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
      if (end > 0) use(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    if (got == 0 && !rest.empty()) use(rest);
    if (got == 0) return pause();
    pending.erase(0, pending.size() - rest.size());
    if (pending.size() > kLongestLine) {
      return std::unexpected(Error{.what = "not a list of addresses",
                                   .path = "standard input",
                                   .advice = "give one address a line, in hexadecimal"});
    }
    if (more_is_ready()) continue;
    if (auto written = pause(); !written) return written;
  }
}

/// How answers are written.
struct Format {
  std::string (*frame)(const SourceFrame& frame, bool inlined);
  void (*append)(std::string& text, ModuleAddress address, Naming naming,
                 std::span<const std::string_view> frames);
};

/// Addresses that are answered together, which costs less than one by one, and printed in the order
/// in which they came. A frame that many answers share is kept once.
class Batch {
 public:
  Batch(const symbolizer::ModuleSymbolizer& names, const Format& format)
      : names_(names), format_(format) {}

  void add(ModuleAddress address) { addresses_.push_back(address); }
  [[nodiscard]] bool is_full() const { return addresses_.size() >= kMaxBatch; }

  /// Writes the answers and forgets the questions.
  Result<void> print() {
    struct Answer {
      std::uint32_t first = 0;  ///< In `frames`.
      std::uint16_t count = 0;
      Naming naming = Naming::kNone;
    };
    std::unordered_set<std::string> texts;
    std::vector<const std::string*> frames;
    std::vector<Answer> answers(addresses_.size());
    names_.symbolize_all(addresses_, [&](std::size_t i, const Symbolized& at) {
      answers[i] = {.first = static_cast<std::uint32_t>(frames.size()),
                    .count = static_cast<std::uint16_t>(at.frames.size()),
                    .naming = at.naming};
      for (std::size_t depth = 0; depth < at.frames.size(); ++depth) {
        const bool inlined = depth + 1 < at.frames.size();
        frames.push_back(&*texts.insert(format_.frame(at.frames[depth], inlined)).first);
      }
    });
    std::string output;
    std::vector<std::string_view> chain;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      chain.clear();
      for (std::size_t depth = 0; depth < answers[i].count; ++depth) {
        chain.emplace_back(*frames[answers[i].first + depth]);
      }
      format_.append(output, addresses_[i], answers[i].naming, chain);
      if (output.size() < kOutputPiece) continue;
      if (auto written = write_piece(output); !written) return written;
    }
    addresses_.clear();
    return write_piece(output);
  }

 private:
  static Result<void> write_piece(std::string& output) {
    auto written = write_all(STDOUT_FILENO, output, "standard output");
    output.clear();
    return written;
  }

  const symbolizer::ModuleSymbolizer& names_;
  Format format_;
  std::vector<ModuleAddress> addresses_;
};

}  // namespace

int symbolize_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto options = line.parse(args);
  if (!options) return options.error();
  const auto path = options->get<std::string>("module");
  if (path.empty()) return line.fail({.what = "which file?", .advice = "give --module FILE"});
  const auto format = options->get<std::string>("format", "text");
  if (format != "text" && format != "json") {
    return line.fail({.what = "no format '" + format + "'", .advice = "use text or json"});
  }
  const Format writer = format == "json" ? Format{.frame = render::symbolized_frame_json,
                                                  .append = render::append_symbolized_json}
                                         : Format{.frame = render::symbolized_frame_text,
                                                  .append = render::append_symbolized_text};
  auto file = symbolizer::ElfFile::open(path);
  if (!file) return line.fail(file.error());
  const symbolizer::ModuleSymbolizer names(*std::move(file),
                                           debug_file_search(symbol_sources(*options)));

  Batch batch(names, writer);
  int status = 0;
  Result<void> done;
  const auto ask = [&](std::string_view word) {
    if (const auto address = parse_address(word)) {
      batch.add(*address);
      if (batch.is_full() && done) done = batch.print();
    } else {
      status = line.fail(
          {.what = "no address: '" + std::string(word) + "'", .advice = "give it in hexadecimal"});
    }
  };
  const auto print = [&] { return done ? batch.print() : done; };
  for (const std::string& word : options->operands()) ask(word);
  done = options->operands().empty() ? for_each_line(ask, print) : print();
  return done ? status : line.fail(done.error());
}

}  // namespace profiler::cli
