#include "record/process_filter.h"

#include <sys/ioctl.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#ifdef PROFILER_BPF
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <process_tree.skel.h>

#include "record/pid_namespace.h"
#endif

namespace profiler::record {

#ifdef PROFILER_BPF

struct ProcessFilter::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { process_tree__destroy(skeleton); }

  [[nodiscard]] int targets_fd() const { return bpf_map__fd(skeleton->maps.targets); }

  process_tree* skeleton = nullptr;
};

namespace {

Error failure(const char* what, int system_error) {
  return {.what = what, .system_error = system_error};
}

Result<void> put_event(const bpf_map* events, std::uint32_t cpu, const PerfEvent& event) {
  const int fd = event.fd();
  if (bpf_map_update_elem(bpf_map__fd(events), &cpu, &fd, BPF_ANY) == 0) return {};
  return std::unexpected(failure("cannot have switches recorded by BPF", errno));
}

}  // namespace

Result<ProcessFilter> ProcessFilter::load(Extra extra) {
  if (!in_initial_pid_namespace()) {
    return std::unexpected(failure("process ids here are not the kernel's own", 0));
  }
  libbpf_set_print(nullptr);
  auto state = std::make_unique<State>();
  state->skeleton = process_tree__open();
  if (state->skeleton == nullptr) return std::unexpected(failure("BPF program is damaged", errno));
  const bool wakers = extra == Extra::kSwitchesAndWakers;
  bpf_program__set_autoload(state->skeleton->progs.on_switch, extra != Extra::kNothing);
  bpf_program__set_autoload(state->skeleton->progs.on_waking, wakers);
  state->skeleton->rodata->wants_wakers = wakers ? 1 : 0;
  if (const int error = process_tree__load(state->skeleton); error != 0) {
    return std::unexpected(failure("the kernel does not take the BPF program", -error));
  }
  // keep_target is attached to each event, by attach().
  bpf_program__set_autoattach(state->skeleton->progs.keep_target, false);
  if (const int error = process_tree__attach(state->skeleton); error != 0) {
    return std::unexpected(failure("cannot follow forks by BPF", -error));
  }
  return ProcessFilter(std::move(state));
}

bool ProcessFilter::contains(Pid pid) const {
  const auto key = static_cast<std::uint32_t>(pid);
  std::uint8_t value = 0;
  return bpf_map_lookup_elem(state_->targets_fd(), &key, &value) == 0;
}

bool ProcessFilter::add(Pid pid) {
  const auto key = static_cast<std::uint32_t>(pid);
  const std::uint8_t value = 1;
  return bpf_map_update_elem(state_->targets_fd(), &key, &value, BPF_ANY) == 0;
}

void ProcessFilter::keep_everybody() { state_->skeleton->bss->keeps_everybody = 1; }

Result<void> ProcessFilter::attach(const PerfEvent& event) const {
  const int program = bpf_program__fd(state_->skeleton->progs.keep_target);
  if (::ioctl(event.fd(), PERF_EVENT_IOC_SET_BPF, program) == 0) return {};
  return std::unexpected(failure("cannot filter the event by BPF", errno));
}

Result<void> ProcessFilter::send_switches_to(const PerfEvent& event, std::uint32_t cpu) const {
  return put_event(state_->skeleton->maps.switch_events, cpu, event);
}

Result<void> ProcessFilter::send_wakers_to(const PerfEvent& event, std::uint32_t cpu) const {
  return put_event(state_->skeleton->maps.waker_events, cpu, event);
}

#else

struct ProcessFilter::State {};

Result<ProcessFilter> ProcessFilter::load(Extra) {
  return std::unexpected(Error{.what = "this profiler was built without BPF"});
}
bool ProcessFilter::contains(Pid) const { return false; }
bool ProcessFilter::add(Pid) { return false; }
void ProcessFilter::keep_everybody() {}
Result<void> ProcessFilter::attach(const PerfEvent&) const { return {}; }
Result<void> ProcessFilter::send_switches_to(const PerfEvent&, std::uint32_t) const { return {}; }
Result<void> ProcessFilter::send_wakers_to(const PerfEvent&, std::uint32_t) const { return {}; }

#endif

Result<void> ProcessFilter::attach(const EventSet& events) const {
  Result<void> result = std::unexpected(Error{.what = "there are no events"});
  bool attached = false;
  for (const auto of : {events.sample_events(), events.standby_events()}) {
    for (const PerfEvent& event : of) {
      result = attach(event);
      attached = attached || result;
    }
  }
  return attached ? Result<void>{} : result;
}

ProcessFilter::ProcessFilter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProcessFilter::~ProcessFilter() = default;
ProcessFilter::ProcessFilter(ProcessFilter&&) noexcept = default;
ProcessFilter& ProcessFilter::operator=(ProcessFilter&&) noexcept = default;

}  // namespace profiler::record
