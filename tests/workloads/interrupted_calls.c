// System calls that are interrupted, refused, or left behind.
//
//   interrupted_calls
//
// Known beforehand: 20 signals, each handled by one rt_sigreturn, come while a readv waits; each
// that finds it waiting makes the kernel restart it, so that readv is made once more than it is
// restarted. Ten getpgid are refused by seccomp(2) with EPERM. A second thread execs this program
// again (2 execve in all, the first included), which leaves three threads in ppoll behind when it
// calls exit_group. Prints how many signals were handled.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "truth.h"

enum { kSignals = 20, kRefused = 10, kLeftBehind = 3 };
static volatile sig_atomic_t handled;
static int ends[2];

static void wait_for(struct timespec time) { syscall(SYS_clock_nanosleep, 1, 0, &time, NULL); }

static void handle(int signal) {
  (void)signal;
  ++handled;
}

static void* send_signals(void* reader) {
  for (int i = 0; i < kSignals; ++i) {
    wait_for((struct timespec){0, 5000000});
    pthread_kill(*(pthread_t*)reader, SIGUSR1);
    while (handled == i) wait_for((struct timespec){0, 100000});
  }
  if (write(ends[1], "x", 1) != 1) abort();
  return NULL;
}

static void be_restarted(void) {
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  pthread_t self = pthread_self();
  pthread_t sender;
  if (pipe(ends) != 0 || pthread_create(&sender, NULL, send_signals, &self) != 0) abort();
  char byte;
  const struct iovec part = {&byte, 1};
  if (readv(ends[0], &part, 1) != 1) abort();
  pthread_join(sender, NULL);
}

static void be_refused(void) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    return;
  for (int i = 0; i < kRefused; ++i)
    if (syscall(SYS_getpgid, 0) != -1) abort();
}

static void* wait_for_ever(void* argument) {
  if (write(*(int*)argument, "x", 1) != 1) abort();
  for (;;) syscall(SYS_ppoll, NULL, 0, NULL, NULL, 8);
}

static void leave_threads_behind(void) {
  char byte;
  pthread_t thread;
  if (pipe(ends) != 0) abort();
  for (int i = 0; i < kLeftBehind; ++i)
    if (pthread_create(&thread, NULL, wait_for_ever, &ends[1]) != 0 || read(ends[0], &byte, 1) != 1)
      abort();
  wait_for((struct timespec){0, 50000000});
}

static void* become_another(void* name) {
  char* const words[] = {name, "again", NULL};
  char* const nothing[] = {NULL};
  execve("/proc/self/exe", words, nothing);
  abort();
}

int main(int argc, char** argv) {
  if (argc > 1) {
    leave_threads_behind();
    return 0;
  }
  be_restarted();
  be_refused();
  printf("{\"workload\":\"interrupted_calls\",\"handled\":%d}\n", (int)handled);
  fflush(stdout);
  pthread_t thread;
  if (pthread_create(&thread, NULL, become_another, argv[0]) != 0) return 1;
  for (;;) syscall(SYS_ppoll, NULL, 0, NULL, NULL, 8);
}
