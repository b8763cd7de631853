#include "tests/support/command.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <utility>

namespace profiler::test {

namespace {

/// Output goes to memory files: nobody has to read a pipe while the program runs.
int memory_file(const char* name) {
  const int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
  return fd;
}

std::string contents(int fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  off_t at = 0;
  for (ssize_t got = 0; (got = pread(fd, buffer.data(), buffer.size(), at)) > 0; at += got)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  return text;
}

[[noreturn]] void become(std::vector<std::string>& words, const CommandOptions& options, int out,
                         int err) {
  const int in = open("/dev/null", O_RDONLY);
  if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(124);
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(124);
  if (options.prepare && !options.prepare()) _exit(124);
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  if (options.user &&
      (setgroups(0, nullptr) != 0 || setgid(*options.user) != 0 || setuid(*options.user) != 0))
    _exit(124);
  const rlimit no_core_files{};
  setrlimit(RLIMIT_CORE, &no_core_files);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

Command::Command(std::vector<std::string> words, const CommandOptions& options)
    : out_(memory_file("stdout")),
      err_(memory_file("stderr")),
      deadline_(std::chrono::steady_clock::now() + options.timeout) {
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) become(words, options, out_, err_);
}

Command::~Command() {
  if (!result_) {
    kill(pid_, SIGKILL);
    wait();
  }
  close(out_);
  close(err_);
}

void Command::signal(int number) const {
  if (!result_) kill(pid_, number);
}

CommandResult Command::wait() {
  if (result_) return *result_;
  CommandResult result;
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (!result.timed_out && std::chrono::steady_clock::now() > deadline_) {
      result.timed_out = true;
      kill(pid_, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  result.out = contents(out_);
  result.err = contents(err_);
  result_ = result;
  return result;
}

std::vector<std::string> lines_with(const std::string& text, const std::string& word) {
  std::vector<std::string> found;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (line.find(word) != std::string::npos) found.push_back(std::move(line));
    begin = end + 1;
  }
  return found;
}

}  // namespace profiler::test
