// Known numbers of some eighty system calls, and of their errors.
//
//   many_calls [ROUNDS=3]
//
// Known beforehand: the same calls each time, whose numbers and errors are printed by name; what
// the loader and the C library do at the start and at the end comes on top. A child that exits, one
// made by vfork, and one that runs this program again (with 0 rounds) are waited for. Needs no
// privileges and leaves nothing behind. Every call is made by its number, so that no C library
// chooses another one.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

enum { kNumbers = 1000, kNoNumber = 999 };
static struct {
  const char* name;
  long calls;
  long errors;
} made[kNumbers];

static long count(long number, const char* name, long result) {
  made[number].name = name;
  ++made[number].calls;
  if (result == -1) ++made[number].errors;
  return result;
}
#define CALL(name, ...) count(SYS_##name, #name, syscall(SYS_##name, ##__VA_ARGS__))

static void must(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static char buffer[8192];

static void files(void) {
  const int fd = (int)CALL(memfd_create, "many_calls", 0);
  must(fd >= 0, "memfd_create");
  CALL(ftruncate, fd, 4096);
  CALL(fallocate, fd, 0, 0, 8192);
  CALL(write, fd, buffer, 100);
  CALL(pwrite64, fd, buffer, 4000, 50);
  CALL(lseek, fd, 0, SEEK_SET);
  CALL(lseek, fd, 0, 77);  // EINVAL
  struct iovec parts[2] = {{buffer, 10}, {buffer + 10, 30}};
  CALL(writev, fd, parts, 2);
  CALL(readv, fd, parts, 2);
  CALL(pread64, fd, buffer, 1000, 0);
  CALL(read, fd, buffer, 512);
  CALL(read, -1, buffer, 512);  // EBADF
  CALL(fsync, fd);
  CALL(fchmod, fd, 0600);
  CALL(fstat, fd, buffer);
  CALL(fcntl, fd, F_GETFL);
  CALL(fcntl, fd, 9999);            // EINVAL
  CALL(ioctl, fd, 0x5401, buffer);  // ENOTTY
  CALL(flock, fd, 8);               // LOCK_UN
  CALL(fadvise64, fd, 0, 0, 0);
  const int copy = (int)CALL(dup, fd);
  CALL(dup3, fd, copy, O_CLOEXEC);
  CALL(dup3, fd, fd, 0);  // EINVAL
  CALL(close, copy);
  CALL(close, copy);  // EBADF
  CALL(fstatfs, fd, buffer);
  CALL(close, fd);
  CALL(openat, AT_FDCWD, "/nowhere/at/all", O_RDONLY);  // ENOENT
  const int root = (int)CALL(openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
  CALL(write, root, buffer, 1);  // EBADF: not open for writing
  CALL(close, root);
  CALL(statfs, "/", buffer);
  CALL(newfstatat, AT_FDCWD, "/", buffer, 0);
  CALL(newfstatat, AT_FDCWD, "/nowhere", buffer, 0);  // ENOENT
  CALL(statx, AT_FDCWD, "/", 0, 0x7ff, buffer);
  CALL(faccessat, AT_FDCWD, "/nowhere", R_OK);                         // ENOENT
  CALL(readlinkat, AT_FDCWD, "/", buffer, 100);                        // EINVAL
  CALL(unlinkat, AT_FDCWD, "/nowhere/at/all", 0);                      // ENOENT
  CALL(mkdirat, AT_FDCWD, "/nowhere/at/all", 0700);                    // ENOENT
  CALL(renameat2, AT_FDCWD, "/nowhere/a", AT_FDCWD, "/nowhere/b", 0);  // ENOENT
  CALL(symlinkat, "x", AT_FDCWD, "/nowhere/at/all");                   // ENOENT
  CALL(fchmodat, AT_FDCWD, "/nowhere", 0600);                          // ENOENT
  CALL(utimensat, AT_FDCWD, "/nowhere", NULL, 0);                      // ENOENT
  CALL(getcwd, buffer, sizeof buffer);
  CALL(getcwd, buffer, 0);  // ERANGE
  CALL(chdir, "/nowhere");  // ENOENT
  const long mask = CALL(umask, 022);
  CALL(umask, mask);
}

static void pipes(void) {
  int ends[2];
  must(CALL(pipe2, ends, O_NONBLOCK) == 0, "pipe2");
  CALL(read, ends[0], buffer, 10);  // EAGAIN
  CALL(write, ends[1], buffer, 10);
  struct pollfd polled = {.fd = ends[0], .events = POLLIN};
  struct timespec zero = {0, 0};
  CALL(ppoll, &polled, 1, &zero, NULL, 8);
  CALL(pselect6, 0, NULL, NULL, NULL, &zero, NULL);
  CALL(read, ends[0], buffer, 10);
  const int set = (int)CALL(epoll_create1, 0);
  struct epoll_event event = {.events = EPOLLIN};
  CALL(epoll_ctl, set, EPOLL_CTL_ADD, ends[0], &event);
  CALL(epoll_ctl, set, EPOLL_CTL_ADD, ends[0], &event);  // EEXIST
  CALL(epoll_pwait, set, &event, 1, 0, NULL, 8);
  CALL(close, set);
  CALL(close, ends[0]);
  CALL(close, ends[1]);
  int pair[2];
  must(CALL(socketpair, AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "socketpair");
  CALL(sendto, pair[0], buffer, 20, 0, NULL, 0);
  CALL(recvfrom, pair[1], buffer, 100, 0, NULL, NULL);
  CALL(recvfrom, pair[1], buffer, 100, MSG_DONTWAIT, NULL, NULL);  // EAGAIN
  CALL(shutdown, pair[0], SHUT_RDWR);
  CALL(getsockname, -1, buffer, buffer);  // EBADF
  CALL(close, pair[0]);
  CALL(close, pair[1]);
  const int counter = (int)CALL(eventfd2, 3, O_NONBLOCK);
  CALL(read, counter, buffer, 8);
  CALL(read, counter, buffer, 8);  // EAGAIN
  CALL(close, counter);
  const int timer = (int)CALL(timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK);
  CALL(timerfd_gettime, timer, buffer);
  CALL(close, timer);
}

static void memory(void) {
  char* pages =
      (char*)CALL(mmap, NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(pages != MAP_FAILED, "mmap");
  pages[0] = 1;
  CALL(madvise, pages, 4096, MADV_DONTNEED);
  CALL(madvise, pages, 4096, 9999);  // EINVAL
  CALL(mprotect, pages, 4096, PROT_READ);
  CALL(mincore, pages, 4096, buffer);
  CALL(msync, pages, 4096, MS_ASYNC);
  CALL(mremap, pages, 16384, 8192, 0);
  CALL(munmap, pages, 8192);
  CALL(munmap, pages + 1, 8192);                                       // EINVAL
  CALL(mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);  // EINVAL
  CALL(brk, 0);
}

static void itself(void) {
  int word = 1;
  CALL(getpid);
  CALL(getppid);
  CALL(gettid);
  CALL(getuid);
  CALL(getgid);
  CALL(geteuid);
  CALL(getegid);
  CALL(getsid, 0);
  CALL(getpgid, 0);
  CALL(getpriority, 0, 0);
  CALL(uname, buffer);
  CALL(sysinfo, buffer);
  CALL(times, buffer);
  CALL(getrusage, RUSAGE_SELF, buffer);
  CALL(getrusage, 77, buffer);  // EINVAL
  CALL(prlimit64, 0, RLIMIT_NOFILE, NULL, buffer);
  CALL(clock_gettime, CLOCK_REALTIME, buffer);
  CALL(clock_gettime, 12345, buffer);  // EINVAL
  CALL(clock_getres, CLOCK_REALTIME, buffer);
  struct timespec brief = {0, 1};
  CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &brief, NULL);
  CALL(nanosleep, &brief, NULL);
  CALL(sched_yield);
  CALL(sched_getaffinity, 0, sizeof buffer, buffer);
  CALL(sched_getscheduler, 0);
  CALL(rt_sigaction, SIGUSR1, NULL, buffer, 8);
  CALL(rt_sigaction, 999, NULL, buffer, 8);  // EINVAL
  CALL(rt_sigprocmask, SIG_BLOCK, NULL, buffer, 8);
  CALL(rt_sigpending, buffer, 8);
  CALL(sigaltstack, NULL, buffer);
  CALL(kill, getpid(), 0);
  made[SYS_getpid].calls++;        // The C library asks the kernel.
  CALL(futex, &word, 1, 1);        // FUTEX_WAKE: nobody waits.
  CALL(futex, &word, 0, 2, NULL);  // FUTEX_WAIT: EAGAIN, for it is 1.
  CALL(prctl, 9999, 0, 0, 0, 0);   // EINVAL
  CALL(getrandom, buffer, 16, 0);
  CALL(capget, NULL, NULL);  // EFAULT
  made[kNoNumber].name = "syscall_999";
  count(kNoNumber, "syscall_999", syscall(kNoNumber));  // ENOSYS
}

// Of each child: `clone` or `vfork` and its wait4; what it does itself is counted too.
static void children(char** argv) {
  const long forked = CALL(clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (forked == 0) syscall(SYS_exit_group, 3);
  must(forked > 0 && CALL(wait4, forked, buffer, 0, NULL) == forked, "wait4");
  const pid_t borrowed = vfork();
  if (borrowed == 0) _exit(4);
  made[SYS_exit_group].name = "exit_group";
  made[SYS_exit_group].calls += 2;
#ifdef SYS_vfork
  made[SYS_vfork].name = "vfork";
  ++made[SYS_vfork].calls;
#endif
  must(borrowed > 0 && CALL(wait4, borrowed, buffer, 0, NULL) == borrowed, "wait4");
  CALL(wait4, -1, buffer, 0, NULL);  // ECHILD
  char* const again[] = {argv[0], "0", NULL};
  char* const nothing[] = {NULL};
  fflush(stdout);
  const pid_t other = vfork();
  if (other == 0) {
    syscall(SYS_execve, "/nowhere/at/all", again, nothing);  // ENOENT
    syscall(SYS_execve, "/proc/self/exe", again, nothing);
    _exit(127);
  }
  made[SYS_execve].name = "execve";
  made[SYS_execve].calls += 2;
  ++made[SYS_execve].errors;
#ifdef SYS_vfork
  ++made[SYS_vfork].calls;
#endif
  ++made[SYS_exit_group].calls;
  must(other > 0 && CALL(wait4, other, buffer, 0, NULL) == other, "wait4");
}

int main(int argc, char** argv) {
  const int rounds = (int)argument(argc, argv, 1, 3);
  if (rounds == 0) return 0;
  for (int round = 0; round < rounds; ++round) {
    files();
    pipes();
    memory();
    itself();
    children(argv);
  }
  const char* separator = "";
  printf("{\"workload\":\"many_calls\",\"calls\":{");
  for (int i = 0; i < kNumbers; ++i) {
    if (made[i].calls == 0) continue;
    printf("%s\"%s\":%ld", separator, made[i].name, made[i].calls);
    separator = ",";
  }
  separator = "";
  printf("},\"errors\":{");
  for (int i = 0; i < kNumbers; ++i) {
    if (made[i].errors == 0) continue;
    printf("%s\"%s\":%ld", separator, made[i].name, made[i].errors);
    separator = ",";
  }
  puts("}}");
  return 0;
}
