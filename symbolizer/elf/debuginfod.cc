#include "symbolizer/elf/debuginfod.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace symbolizer {
namespace {

using Clock = std::chrono::steady_clock;

/// Its headers are of a package of their own; these have not changed since elfutils 0.180
/// (debuginfod_find_debuginfo(3)).
struct Client;
using ProgressFunction = int (*)(Client*, long, long);
struct Library {
  Client* (*begin)() = nullptr;
  void (*end)(Client*) = nullptr;
  int (*find)(Client*, const unsigned char* id, int id_size, char** path) = nullptr;
  void (*set_progress)(Client*, ProgressFunction) = nullptr;
};

/// What is less is the count of its rounds, which it reports until a server has answered.
constexpr long kFirstBytes = 100'000;
/// Of servers that cannot be reached, one after the other.
constexpr int kMaxFailures = 3;

template <class Function>
bool bind(void* library, const char* name, Function& function) {
  // NOLINTNEXTLINE(*-reinterpret-cast): POSIX wants it so.
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

struct Debuginfod::State {
  Options options;
  Library library;
  Client* client = nullptr;
  std::string trouble;
  Clock::duration spent{};
  int failures = 0;
  // Of the file that is being fetched:
  Progress progress;
  Clock::time_point began;

  bool open();
  [[nodiscard]] bool goes_on(long done, long size);
  static int on_progress(Client*, long done, long size);
  /// The one whose call on_progress() is within.
  static thread_local State* fetching;
};

thread_local Debuginfod::State* Debuginfod::State::fetching = nullptr;

bool Debuginfod::State::open() {
  if (client != nullptr) return true;
  // Never closed: what comes with it may have threads.
  void* handle = ::dlopen(options.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  const bool bound = handle != nullptr && bind(handle, "debuginfod_begin", library.begin) &&
                     bind(handle, "debuginfod_end", library.end) &&
                     bind(handle, "debuginfod_find_debuginfo", library.find) &&
                     bind(handle, "debuginfod_set_progressfn", library.set_progress);
  if (bound) client = library.begin();
  if (client == nullptr) {
    trouble =
        "DEBUGINFOD_URLS is set, but " + options.library + " cannot be used; install libdebuginfod";
    return false;
  }
  library.set_progress(client, &State::on_progress);
  return true;
}

/// Whether to wait longer. `done`: bytes, or rounds before there are any.
bool Debuginfod::State::goes_on(long done, long size) {
  const Clock::duration now = Clock::now() - began;
  const bool answered = size > 0 || done >= kFirstBytes;
  progress.got = answered ? static_cast<std::uint64_t>(done) : 0;
  progress.size = size > 0 ? static_cast<std::uint64_t>(size) : 0;
  if (!answered && now >= options.answer_within) {
    trouble = "no debug files from DEBUGINFOD_URLS: no answer";
  } else if (spent + now >= options.limit) {
    trouble = "no more debug files from DEBUGINFOD_URLS: they took too long";
  } else if (options.progress && !options.progress(progress)) {
    trouble = "no more debug files from DEBUGINFOD_URLS: interrupted";
  } else {
    return true;
  }
  return false;
}

int Debuginfod::State::on_progress(Client*, long done, long size) {
  return fetching->goes_on(done, size) ? 0 : 1;
}

bool Debuginfod::has_servers() {
  const char* urls = std::getenv("DEBUGINFOD_URLS");
  return urls != nullptr && urls[std::strspn(urls, " ")] != '\0';
}

Debuginfod::Debuginfod(Options options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}

Debuginfod::~Debuginfod() {
  if (state_->client != nullptr) state_->library.end(state_->client);
}

const std::string& Debuginfod::trouble() const { return state_->trouble; }

std::string Debuginfod::fetch(const profiler::BuildId& id) {
  State& state = *state_;
  if (!id || !has_servers() || !state.trouble.empty() || !state.open()) return {};
  const auto bytes = id.bytes();
  ++state.progress.file;
  state.began = Clock::now();
  char* path = nullptr;
  State::fetching = &state;
  const int descriptor =
      state.library.find(state.client, reinterpret_cast<const unsigned char*>(bytes.data()),
                         static_cast<int>(bytes.size()), &path);
  State::fetching = nullptr;
  state.spent += Clock::now() - state.began;
  const std::unique_ptr<char, decltype(&std::free)> owned(path, &std::free);
  if (descriptor >= 0) {
    ::close(descriptor);
    state.failures = 0;
    return path == nullptr ? std::string() : path;
  }
  // -ENOENT: no server has it.
  if (!state.trouble.empty() || descriptor == -ENOENT) return {};
  const bool no_answer = descriptor == -ETIME || descriptor == -ETIMEDOUT;
  if (no_answer || ++state.failures == kMaxFailures) {
    state.trouble =
        std::string("no debug files from DEBUGINFOD_URLS: ") + std::strerror(-descriptor);
  }
  return {};
}

}  // namespace symbolizer
