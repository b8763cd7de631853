// A program that maps files as code which are none.
//
//   maps_files SECONDS FILE...
//
// Known beforehand: practically all its CPU time is in spin. Each FILE is mapped executable, as the
// loader does with a shared object, and then cut to half its length.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "truth.h"

NOINLINE static void spin(double cpu_s) {
  spin_until(thread_cpu_s() + cpu_s);
  NO_TAIL_CALL();
}

int main(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    struct stat status;
    const int fd = open(argv[i], O_RDWR);
    if (fd < 0 || fstat(fd, &status) != 0) return 1;
    if (mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
      return 2;
    if (ftruncate(fd, status.st_size / 2) != 0) return 3;
    close(fd);
  }
  spin(argument(argc, argv, 1, 1));
  printf("{\"workload\":\"maps_files\",\"cpu_s\":%.6f}\n", process_cpu_s());
  return 0;
}
