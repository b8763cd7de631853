#include "record/process_filter.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#ifdef PROFILER_BPF_OBJECT
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

// The compiled program, by name: nothing to be found or installed at run time.
asm(".pushsection .rodata\n"
    ".balign 8\n"
    ".globl profiler_process_tree_begin\n"
    "profiler_process_tree_begin:\n"
    ".incbin \"" PROFILER_BPF_OBJECT
    "\"\n"
    ".globl profiler_process_tree_end\n"
    "profiler_process_tree_end:\n"
    ".popsection\n");
extern "C" const std::byte profiler_process_tree_begin[];
extern "C" const std::byte profiler_process_tree_end[];
#endif

namespace profiler::record {

#ifdef PROFILER_BPF_OBJECT

struct ProcessFilter::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    for (bpf_link* link : links) bpf_link__destroy(link);
    bpf_object__close(object);
  }

  bpf_object* object = nullptr;
  std::array<bpf_link*, 2> links{};
  int targets_fd = -1;
  int program_fd = -1;
};

namespace {

/// Inode of the initial pid namespace (PROC_PID_INIT_INO in linux/proc_ns.h).
constexpr std::string_view kInitialPidNamespace = "pid:[4026531836]";

bool in_initial_pid_namespace() {
  std::array<char, 64> name{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", name.data(), name.size());
  return size > 0 &&
         std::string_view(name.data(), static_cast<std::size_t>(size)) == kInitialPidNamespace;
}

Error failure(const char* what, int system_error) {
  return {.what = what, .system_error = system_error};
}

}  // namespace

Result<ProcessFilter> ProcessFilter::load() {
  if (!in_initial_pid_namespace()) {
    return std::unexpected(failure("process ids here are not the kernel's own", 0));
  }
  libbpf_set_print(nullptr);
  auto state = std::make_unique<State>();
  const auto size =
      static_cast<std::size_t>(profiler_process_tree_end - profiler_process_tree_begin);
  state->object = bpf_object__open_mem(profiler_process_tree_begin, size, nullptr);
  if (state->object == nullptr) return std::unexpected(failure("BPF program is damaged", errno));
  if (const int error = bpf_object__load(state->object); error != 0) {
    return std::unexpected(failure("the kernel does not take the BPF program", -error));
  }
  std::size_t count = 0;
  for (const char* name : {"on_fork", "on_free"}) {
    bpf_program* program = bpf_object__find_program_by_name(state->object, name);
    bpf_link* link = program != nullptr ? bpf_program__attach(program) : nullptr;
    if (link == nullptr) return std::unexpected(failure("cannot follow forks by BPF", errno));
    state->links[count++] = link;
  }
  state->targets_fd = bpf_object__find_map_fd_by_name(state->object, "targets");
  const bpf_program* keep = bpf_object__find_program_by_name(state->object, "keep_target");
  state->program_fd = keep != nullptr ? bpf_program__fd(keep) : -1;
  if (state->targets_fd < 0 || state->program_fd < 0) {
    return std::unexpected(failure("BPF program is damaged", 0));
  }
  return ProcessFilter(std::move(state));
}

bool ProcessFilter::contains(Pid pid) const {
  const auto key = static_cast<std::uint32_t>(pid);
  std::uint8_t value = 0;
  return bpf_map_lookup_elem(state_->targets_fd, &key, &value) == 0;
}

bool ProcessFilter::add(Pid pid) {
  const auto key = static_cast<std::uint32_t>(pid);
  const std::uint8_t value = 1;
  return bpf_map_update_elem(state_->targets_fd, &key, &value, BPF_ANY) == 0;
}

Result<void> ProcessFilter::attach(const PerfEvent& event) const {
  if (::ioctl(event.fd(), PERF_EVENT_IOC_SET_BPF, state_->program_fd) == 0) return {};
  return std::unexpected(failure("cannot filter the event by BPF", errno));
}

#else

struct ProcessFilter::State {};

Result<ProcessFilter> ProcessFilter::load() {
  return std::unexpected(Error{.what = "this profiler was built without BPF"});
}
bool ProcessFilter::contains(Pid) const { return false; }
bool ProcessFilter::add(Pid) { return false; }
Result<void> ProcessFilter::attach(const PerfEvent&) const { return {}; }

#endif

ProcessFilter::ProcessFilter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProcessFilter::~ProcessFilter() = default;
ProcessFilter::ProcessFilter(ProcessFilter&&) noexcept = default;
ProcessFilter& ProcessFilter::operator=(ProcessFilter&&) noexcept = default;

}  // namespace profiler::record
