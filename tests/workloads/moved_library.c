// Code whose file is not where its path says, or never had a path.
//
//   moved_library SECONDS FILE memfd|memfd-closed|deleted|replaced [OTHER]
//   moved_library SECONDS FILE exec
//
// Known beforehand: practically all CPU time is in plugin_first of the library FILE, which is
// loaded from a memfd (and that closed), or removed once it is loaded, or has OTHER renamed over
// it. `exec`: the program FILE is run from a memfd, with SECONDS for its argument.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "truth.h"

extern char** environ;

static int in_memory(const char* path) {
  struct stat status;
  const int from = open(path, O_RDONLY | O_CLOEXEC);
  const int to = memfd_create("borrowed", MFD_CLOEXEC);
  if (from < 0 || to < 0 || fstat(from, &status) != 0) return -1;
  for (off_t done = 0; done < status.st_size;) {
    if (sendfile(to, from, &done, (size_t)(status.st_size - done)) <= 0) return -1;
  }
  close(from);
  return to;
}

int main(int argc, char** argv) {
  if (argc < 4) return 1;
  const char* how = argv[3];
  const char* path = argv[2];
  char link[64];
  int fd = -1;
  if (strncmp(how, "memfd", 5) == 0 || strcmp(how, "exec") == 0) {
    fd = in_memory(path);
    if (fd < 0) return 2;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    path = link;
  }
  if (strcmp(how, "exec") == 0) {
    char* words[] = {argv[2], argv[1], NULL};
    fexecve(fd, words, environ);
    return 3;
  }
  void* library = dlopen(path, RTLD_NOW);
  if (library == NULL) return 4;
  if (strcmp(how, "memfd-closed") == 0) close(fd);
  if (strcmp(how, "deleted") == 0 && unlink(path) != 0) return 5;
  if (strcmp(how, "replaced") == 0 && (argc < 5 || rename(argv[4], path) != 0)) return 6;
  void* symbol = dlsym(library, "plugin_first");
  if (symbol == NULL) return 7;
  void (*function)(double);
  memcpy(&function, &symbol, sizeof function);
  function(argument(argc, argv, 1, 1));
  printf("{\"workload\":\"moved_library\",\"cpu_s\":%.6f}\n", process_cpu_s());
  return 0;
}
