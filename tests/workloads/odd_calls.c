// System calls that are easily miscounted.
//
//   odd_calls
//   odd_calls threads N      N threads, each of which makes five getppid and ends
//
// 100 calls of a number that no kernel knows; 100 getpid by the 32-bit entry (x86-64 only); a
// vfork; a process that is killed while it waits; another that is killed while it works; a thread
// that ends its process while a second one waits and a third works; a read that a signal interrupts
// and the kernel makes again; ten threads that come and go. Ends by an exec of true(1) from a
// thread that is not the first. Prints a line of JSON with the counts before that.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

enum { kTimes = 100, kUnknownNumber = 999 };

static long compat_getpid(void) {
#if defined(__x86_64__)
  long result = 20;
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result;
#else
  return 0;
#endif
}

static void* wait_forever(void* argument) {
  pause();
  return argument;
}

static void* work_forever(void* argument) {
  for (;;) spin_until(thread_cpu_s() + 1);
  return argument;
}

static void* do_nothing(void* argument) {
  getppid();
  return argument;
}

static void end_child(int how) {
  const pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    switch (how) {
      case 0:
        wait_forever(NULL);
        break;
      case 1:
        work_forever(NULL);
        break;
      default:
        pthread_create(&thread, NULL, wait_forever, NULL);
        pthread_create(&thread, NULL, work_forever, NULL);
        usleep(50000);
        exit(0);
    }
  }
  if (how < 2) {
    usleep(50000);
    kill(child, SIGKILL);
  }
  waitpid(child, NULL, 0);
}

static void on_alarm(int signal) { (void)signal; }

static void restart_a_read(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, NULL);
  int ends[2];
  if (pipe(ends) != 0) exit(2);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    usleep(50000);
    kill(parent, SIGUSR1);
    usleep(50000);
    _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
  }
  char byte;
  if (read(ends[0], &byte, 1) != 1) exit(3);
  waitpid(child, NULL, 0);
}

static void* exec_true(void* argument) {
  usleep(20000);
  execl("/bin/true", "true", (char*)NULL);
  return argument;
}

static void* make_five(void* argument) {
  for (int i = 0; i < 3; ++i) syscall(SYS_getppid);
  usleep(200000);
  for (int i = 0; i < 2; ++i) syscall(SYS_getppid);
  return argument;
}

static int many_threads(int threads) {
  pthread_t* all = calloc((size_t)threads, sizeof *all);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 32768);
  int made = 0;
  while (made < threads && pthread_create(&all[made], &small, make_five, NULL) == 0) ++made;
  for (int i = 0; i < made; ++i) pthread_join(all[i], NULL);
  printf("{\"threads\":%d}\n", made);
  return 0;
}

static long unknown;
static long compat;

int main(int argc, char** argv) {
  if (argc > 2 && strcmp(argv[1], "threads") == 0) return many_threads(atoi(argv[2]));
  for (int i = 0; i < kTimes; ++i) {
    if (syscall(kUnknownNumber) == -1 && errno == ENOSYS) ++unknown;
    if (compat_getpid() == getpid()) ++compat;
  }
  const pid_t child = vfork();
  if (child == 0) {
    usleep(20000);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  for (int how = 0; how < 3; ++how) end_child(how);
  restart_a_read();
  pthread_t thread;
  for (int i = 0; i < 10; ++i) {
    pthread_create(&thread, NULL, do_nothing, NULL);
    pthread_join(thread, NULL);
  }
  printf("{\"unknown\":%ld,\"compat_getpid\":%ld}\n", unknown, compat);
  fflush(stdout);
  pthread_create(&thread, NULL, exec_true, NULL);
  pthread_join(thread, NULL);
  return 9;
}
