// Runs a command while one pair of probes of syscall_probes.bpf.c watches every system call of the
// machine:
//
//   syscall_probes empty|clock|hash COMMAND [ARG…]
#include <bpf/libbpf.h>
#include <sys/wait.h>
#include <syscall_probes.skel.h>
#include <unistd.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: syscall_probes empty|clock|hash COMMAND [ARG…]\n", stderr);
    return 2;
  }
  syscall_probes* probes = syscall_probes__open_and_load();
  if (probes == nullptr) {
    std::fputs("syscall_probes: the kernel does not take the BPF programs\n", stderr);
    return 77;
  }
  const std::string kind = argv[1];
  for (const char* end : {"_enter", "_exit"}) {
    bpf_program* program = bpf_object__find_program_by_name(probes->obj, (kind + end).c_str());
    if (program == nullptr || bpf_program__attach(program) == nullptr) {
      std::fprintf(stderr, "syscall_probes: cannot attach %s%s\n", kind.c_str(), end);
      return 77;
    }
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(argv[2], argv + 2);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
