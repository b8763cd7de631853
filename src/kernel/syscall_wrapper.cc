#include <algorithm>
#include <string_view>

#include "kernel/entry_symbols.h"
#include "kernel/syscall_site.h"
#include "kernel/syscall_table.h"

namespace profiler::kernel {
namespace {

struct Wrapper {
  std::string_view function;
  std::string_view call;  ///< "": not a wrapper of one call, though named like one.
};

/// Functions of glibc whose system call is not called as they are, or that is not certain.
constexpr Wrapper kWrappers[] = {
    // One call under another name.
    {"_exit", "exit_group"},
    {"_Exit", "exit_group"},
    {"sbrk", "brk"},
    {"pread", "pread64"},
    {"pwrite", "pwrite64"},
    {"mmap64", "mmap"},
    {"lseek64", "lseek"},
    {"llseek", "lseek"},
    {"fcntl64", "fcntl"},
    {"ftruncate64", "ftruncate"},
    {"truncate64", "truncate"},
    {"sendfile64", "sendfile"},
    {"fallocate64", "fallocate"},
    {"posix_fallocate", "fallocate"},
    {"posix_fallocate64", "fallocate"},
    {"posix_fadvise", "fadvise64"},
    {"posix_fadvise64", "fadvise64"},
    {"posix_madvise", "madvise"},
    {"openat64", "openat"},
    {"statfs64", "statfs"},
    {"fstatfs64", "fstatfs"},
    {"preadv64", "preadv"},
    {"pwritev64", "pwritev"},
    {"preadv64v2", "preadv2"},
    {"pwritev64v2", "pwritev2"},
    {"getrlimit", "prlimit64"},
    {"getrlimit64", "prlimit64"},
    {"setrlimit", "prlimit64"},
    {"setrlimit64", "prlimit64"},
    {"prlimit", "prlimit64"},
    {"umount", "umount2"},
    {"eventfd", "eventfd2"},
    {"signalfd", "signalfd4"},
    {"recv", "recvfrom"},
    {"send", "sendto"},
    {"wait", "wait4"},
    {"wait3", "wait4"},
    {"waitpid", "wait4"},
    {"usleep", "clock_nanosleep"},
    {"nanosleep", "clock_nanosleep"},
    {"sigaction", "rt_sigaction"},
    {"sigprocmask", "rt_sigprocmask"},
    {"pthread_sigmask", "rt_sigprocmask"},
    {"sigsuspend", "rt_sigsuspend"},
    {"sigpending", "rt_sigpending"},
    {"sigtimedwait", "rt_sigtimedwait"},
    {"sigwaitinfo", "rt_sigtimedwait"},
    {"sigqueue", "rt_sigqueueinfo"},
    {"restore_rt", "rt_sigreturn"},
    {"isatty", "ioctl"},
    {"tcgetattr", "ioctl"},
    {"tcsetattr", "ioctl"},
    {"getentropy", "getrandom"},
    // Locks and threads: whatever they call, it is futex.
    {"lll_lock_wait", "futex"},
    {"lll_lock_wait_private", "futex"},
    {"lll_lock_wake", "futex"},
    {"lll_lock_wake_private", "futex"},
    {"futex_wait", "futex"},
    {"futex_wake", "futex"},
    {"futex_abstimed_wait64", "futex"},
    {"futex_abstimed_wait_common", "futex"},
    {"futex_abstimed_wait_cancelable64", "futex"},
    {"futex_lock_pi64", "futex"},
    {"condvar_cancel_waiting", "futex"},
    {"pthread_mutex_lock", "futex"},
    {"pthread_mutex_lock_full", "futex"},
    {"pthread_mutex_cond_lock", "futex"},
    {"pthread_mutex_cond_lock_full", "futex"},
    {"pthread_mutex_unlock", "futex"},
    {"pthread_mutex_unlock_usercnt", "futex"},
    {"pthread_mutex_timedlock", "futex"},
    {"pthread_cond_wait", "futex"},
    {"pthread_cond_timedwait", "futex"},
    {"pthread_cond_signal", "futex"},
    {"pthread_cond_broadcast", "futex"},
    {"pthread_cond_destroy", "futex"},
    {"pthread_barrier_wait", "futex"},
    {"pthread_barrier_destroy", "futex"},
    {"pthread_rwlock_rdlock", "futex"},
    {"pthread_rwlock_wrlock", "futex"},
    {"pthread_rwlock_unlock", "futex"},
    {"sem_wait", "futex"},
    {"sem_post", "futex"},
    {"sem_wait_slow64", "futex"},
    // One of several calls, depending on the C library, its version or the architecture.
    {"open", ""},
    {"open64", ""},
    {"creat", ""},
    {"stat", ""},
    {"lstat", ""},
    {"fstat", ""},
    {"access", ""},
    {"pipe", ""},
    {"poll", ""},
    {"select", ""},
    {"pause", ""},
    {"alarm", ""},
    {"fork", ""},
    {"vfork", ""},
    {"clone", ""},
    {"chmod", ""},
    {"chown", ""},
    {"lchown", ""},
    {"link", ""},
    {"unlink", ""},
    {"rename", ""},
    {"mkdir", ""},
    {"mknod", ""},
    {"rmdir", ""},
    {"symlink", ""},
    {"readlink", ""},
    {"utime", ""},
    {"utimes", ""},
    {"getdents", ""},
    {"getpgrp", ""},
    {"inotify_init", ""},
    {"epoll_create", ""},
    {"dup2", ""},
    {"time", ""},
    {"gettimeofday", ""},
    {"adjtimex", ""},
    {"setuid", ""},  // All threads are made to do it too: by a signal.
    {"setgid", ""},
    {"setreuid", ""},
    {"setregid", ""},
    {"setresuid", ""},
    {"setresgid", ""},
    {"setgroups", ""},
};

/// "__GI___libc_read@@GLIBC_2.2.5" → "read".
std::string_view plain_name(std::string_view function) {
  function = function.substr(0, function.find('@'));
  function = strip_suffixes(function);
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view prefix : {"__GI_", "__libc_", "__new_", "__"}) {
      if (!function.starts_with(prefix)) continue;
      function.remove_prefix(prefix.size());
      again = true;
      break;
    }
  }
  for (const std::string_view suffix : {"_nocancel_nostatus", "_nocancel"}) {
    if (function.ends_with(suffix)) {
      function.remove_suffix(suffix.size());
      break;
    }
  }
  return function;
}

}  // namespace

std::string_view syscall_of_wrapper(std::string_view function) {
  const std::string_view name = plain_name(function);
  const auto* wrapper = std::ranges::find(kWrappers, name, &Wrapper::function);
  if (wrapper != std::end(kWrappers)) return wrapper->call;
  return is_syscall(name) ? name : std::string_view();
}

}  // namespace profiler::kernel
