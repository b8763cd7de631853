#include "tests/support/confinement.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

#include "tests/support/command.h"

namespace profiler::test {

bool refuse_calls(const std::vector<long>& calls, int error) {
  // BPF_STMT and BPF_JUMP are the kernel's macros for this.
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const long call : calls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    filter.push_back(
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool drop_capability(int capability) { return prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; }

bool own_mounts() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool mount_over(const std::string& what, const std::string& place) {
  return mount(what.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

bool mount_memory(const std::string& place, std::uint64_t bytes) {
  const std::string options = "mode=0777,size=" + std::to_string(bytes);
  return mount("tmpfs", place.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

bool mounting_refused() {
  return run({"true"}, {.prepare = [] { return own_mounts() && mount_memory("/tmp", 4096); }})
             .exit_status != 0;
}

bool reading_memory_refused() {
  static int word = 1;
  const pid_t child = fork();
  if (child < 0) return true;
  if (child == 0) {
    pause();
    _exit(0);
  }
  int copy = 0;
  const iovec here = {.iov_base = &copy, .iov_len = sizeof copy};
  const iovec there = {.iov_base = &word, .iov_len = sizeof word};
  const bool refused = process_vm_readv(child, &here, 1, &there, 1, 0) != sizeof copy;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return refused;
}

}  // namespace profiler::test
