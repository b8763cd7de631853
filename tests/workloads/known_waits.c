// Waits of one class, measured by those who wait.
//
//   known_waits sleep|poll|pipe|socket|terminal|child|stopped|traced [ROUNDS]
//   known_waits disk DIRECTORY [BLOCKS]
//
// One thread a process. Where somebody else must end the wait, that is a child, which sleeps; its
// waits are in the sums too. Prints a line of JSON: seconds and number of waits by class, and of
// the process itself real_s and cpu_s, as far as it could measure them. `disk` reads a file past
// the page cache, through it, and by faults; a file system that knows no O_DIRECT is said
// ("direct":0).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "waits.h"

static int rounds;
static int direct = 1;

static void check(int good, const char* what) {
  if (good) return;
  perror(what);
  exit(3);
}

static void wait_for(pid_t child) {
  WAIT(kChild, check(waitpid(child, NULL, 0) == child, "waitpid"));
}

static void sleeps(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int i = 0; i < rounds; ++i) {
    nap(varied(0.02));
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 10 * 1000 * 1000;
    if (until.tv_nsec >= 1000000000) {
      until.tv_nsec -= 1000000000;
      until.tv_sec += 1;
    }
    WAIT(kSleep, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
    const struct timespec some = {.tv_sec = 0, .tv_nsec = 5 * 1000 * 1000};
    WAIT(kSleep, sigtimedwait(&none, NULL, &some));
  }
}

static void polls(void) {
  const int epoll = epoll_create1(0);
  int ends[2];
  check(epoll >= 0 && pipe(ends) == 0, "epoll_create1");
  struct epoll_event event = {.events = EPOLLIN, .data = {.fd = ends[0]}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0, "epoll_ctl");
  for (int i = 0; i < rounds; ++i) {
    struct pollfd one = {.fd = ends[0], .events = POLLIN, .revents = 0};
    WAIT(kPoll, poll(&one, 1, (int)(varied(0.02) * 1000)));
    WAIT(kPoll, epoll_wait(epoll, &event, 1, (int)(varied(0.02) * 1000)));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    struct timeval time = {.tv_sec = 0, .tv_usec = (int)(varied(0.02) * 1e6)};
    WAIT(kPoll, select(ends[0] + 1, &set, NULL, NULL, &time));
  }
}

// Reads what a child writes after each of its sleeps.
static void reads(enum wait_class class, int from, int to) {
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < rounds; ++i) {
      nap(varied(0.02));
      check(write(to, "\n", 1) == 1, "write");
    }
    _exit(0);
  }
  for (int i = 0; i < rounds; ++i) {
    char byte;
    WAIT(class, check(read(from, &byte, 1) == 1, "read"));
  }
  wait_for(child);
}

static void pipes(void) {
  int ends[2];
  check(pipe(ends) == 0, "pipe");
  reads(kPipe, ends[0], ends[1]);
}

static void sockets(void) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
  reads(kSocket, ends[0], ends[1]);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  check(bind(server, (struct sockaddr*)&address, length) == 0 && listen(server, 1) == 0 &&
            getsockname(server, (struct sockaddr*)&address, &length) == 0,
        "listen");
  check(connect(client, (struct sockaddr*)&address, length) == 0, "connect");
  reads(kSocket, accept(server, NULL, NULL), client);
}

static void terminals(void) {
  int master;
  int slave;
  check(openpty(&master, &slave, NULL, NULL, NULL) == 0, "openpty");
  reads(kTerminal, slave, master);
}

// The child of vfork has the parent's memory, so what the parent needs is static.
NOINLINE static void wait_for_vfork(void) {
  static double before;
  static double length;
  static pid_t child;
  length = varied(0.02);
  before = off_cpu_s();
  child = vfork();
  if (child == 0) {
    nap(length);
    _exit(0);
  }
  add_wait(kChild, off_cpu_s() - before);
  wait_for(child);
}

static void children(void) {
  for (int i = 0; i < rounds; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      nap(varied(0.02));
      _exit(0);
    }
    wait_for(child);
    wait_for_vfork();
  }
}

// A child that stops itself and is let go on after a while.
static void stops(int traced) {
  const pid_t child = fork();
  if (child == 0) {
    if (traced) check(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0, "PTRACE_TRACEME");
    for (int i = 0; i < rounds; ++i) {
      WAIT(kStopped, raise(SIGSTOP));
      spin_until(thread_cpu_s() + 0.001);
    }
    _exit(0);
  }
  for (int i = 0; i < rounds; ++i) {
    int status;
    WAIT(kChild,
         check(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status), "waitpid"));
    nap(varied(0.02));
    if (traced) {
      check(ptrace(PTRACE_CONT, child, NULL, NULL) == 0, "PTRACE_CONT");
    } else {
      kill(child, SIGCONT);
    }
  }
  wait_for(child);
}

enum { kBlock = 256 << 10, kPage = 4096 };

static void forget(int file) {
  WAIT(kDisk, check(fdatasync(file) == 0, "fdatasync"));
  check(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0, "posix_fadvise");
}

static void disk(const char* directory) {
  char path[4096];
  snprintf(path, sizeof path, "%s/known_waits.XXXXXX", directory);
  const int file = mkstemp(path);
  check(file >= 0, path);
  char* block = aligned_alloc(kPage, kBlock);
  memset(block, 1, kBlock);
  for (int i = 0; i < rounds; ++i)
    WAIT(kDisk, check(write(file, block, kBlock) == kBlock, "write"));
  forget(file);

  int past = open(path, O_RDONLY | O_DIRECT);
  if (past < 0) direct = 0;
  for (int i = 0; past >= 0 && i < rounds; ++i) {
    ssize_t got;
    WAIT(kDisk, got = pread(past, block, kBlock, (off_t)i * kBlock));
    if (got < 0) {
      direct = 0;
      break;
    }
  }
  forget(file);
  posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
  for (int i = rounds - 1; i >= 0; --i)
    WAIT(kDisk, check(pread(file, block, kBlock, (off_t)i * kBlock) == kBlock, "pread"));

  forget(file);
  volatile char* pages = mmap(NULL, (size_t)rounds * kBlock, PROT_READ, MAP_SHARED, file, 0);
  check(pages != MAP_FAILED, "mmap");
  madvise((void*)pages, (size_t)rounds * kBlock, MADV_RANDOM);
  for (int i = 0; i < rounds; ++i) WAIT(kDisk, (void)pages[(size_t)i * kBlock]);
  munmap((void*)pages, (size_t)rounds * kBlock);
  unlink(path);
  if (past >= 0) close(past);
  WAIT(kDisk, close(file));
}

int main(int argc, char** argv) {
  const double began = now_s();
  const char* mode = argc > 1 ? argv[1] : "sleep";
  const int on_disk = strcmp(mode, "disk") == 0;
  rounds = (int)argument(argc, argv, on_disk ? 3 : 2, 25);
  waits_begin();
  if (strcmp(mode, "sleep") == 0) sleeps();
  if (strcmp(mode, "poll") == 0) polls();
  if (strcmp(mode, "pipe") == 0) pipes();
  if (strcmp(mode, "socket") == 0) sockets();
  if (strcmp(mode, "terminal") == 0) terminals();
  if (strcmp(mode, "child") == 0) children();
  if (strcmp(mode, "stopped") == 0) stops(0);
  if (strcmp(mode, "traced") == 0) stops(1);
  if (on_disk) disk(argc > 2 ? argv[2] : ".");
  printf("{");
  waits_print();
  printf(",\"direct\":%d,\"real_s\":%.6f,\"cpu_s\":%.6f}\n", direct, now_s() - began,
         thread_cpu_s());
  return 0;
}
