// Processes that make processes.
//
//   fork_exec children [SECONDS=1]   three children, one after the other, with 1/6, 2/6 and 3/6 of
//                                    the CPU time, in child_one, child_two and child_three
//   fork_exec burst [PROCESSES=400]  that many children of about 1 ms of CPU time each, in brief
//   fork_exec shell [SECONDS=1]      sh -c 'exec …/call_chain SECONDS': the process keeps its id,
//                                    and all of its address space changes
//
// Known beforehand: the shares above; with `burst`, most processes are shorter than the period of
// a 999 Hz event. Prints the CPU time of each child (of all, for `burst`) as wait4 has it.
#define _GNU_SOURCE
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

#define CHILD(name)                     \
  NOINLINE static void name(double s) { \
    spin_until(thread_cpu_s() + s);     \
    NO_TAIL_CALL();                     \
  }
CHILD(child_one)
CHILD(child_two)
CHILD(child_three)
CHILD(brief)

// CPU time of a child that has run body(cpu_s), or, without a body, the shell's command.
static double child(void (*body)(double), double cpu_s, const char* command) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (body == NULL) {
      execl("/bin/sh", "sh", "-c", command, (char*)NULL);
      _exit(127);
    }
    body(cpu_s);
    _exit(0);
  }
  struct rusage usage;
  int status = 0;
  if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) exit(1);
  return timeval_s(usage.ru_utime) + timeval_s(usage.ru_stime);
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "children";
  printf("{\"workload\":\"fork_exec\",\"mode\":\"%s\"", mode);
  fflush(stdout);
  if (strcmp(mode, "children") == 0) {
    const double total = argument(argc, argv, 2, 1);
    const double one = child(child_one, total / 6, NULL);
    const double two = child(child_two, total / 3, NULL);
    const double three = child(child_three, total / 2, NULL);
    printf(",\"children_cpu_s\":[%.6f,%.6f,%.6f]", one, two, three);
  } else if (strcmp(mode, "burst") == 0) {
    const int processes = (int)argument(argc, argv, 2, 400);
    double sum = 0;
    for (int i = 0; i < processes; ++i) sum += child(brief, 0.001, NULL);
    printf(",\"processes\":%d,\"children_cpu_s\":%.6f", processes, sum);
  } else if (strcmp(mode, "shell") == 0) {
    char self[PATH_MAX] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return 1;
    char command[PATH_MAX + 64];
    snprintf(command, sizeof command, "exec '%s/call_chain' %f >/dev/null", dirname(self),
             argument(argc, argv, 2, 1));
    printf(",\"children_cpu_s\":%.6f", child(NULL, 0, command));
  } else {
    return 2;
  }
  print_rusage();
  puts("}");
  return 0;
}
