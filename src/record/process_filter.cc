#include "record/process_filter.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#ifdef PROFILER_BPF
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <process_tree.skel.h>

#include "record/pid_namespace.h"
#include "record/switch_rings.h"
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
  std::size_t switch_ring_bytes = 0;
  std::optional<SwitchRings> switch_rings = {};
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

/// What is fixed once it is loaded.
void set_up(process_tree& skeleton, const FilterExtra& extra) {
  const bool switches = extra.switch_ring_bytes != 0;
  bpf_program__set_autoload(skeleton.progs.on_switch, switches);
  bpf_program__set_autoload(skeleton.progs.on_wakeup, switches);
  bpf_program__set_autoload(skeleton.progs.on_waking, switches && extra.wakers);
  bpf_map__set_autocreate(skeleton.maps.threads, switches);
  if (!switches) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  skeleton.rodata->wants_stacks = extra.wait_stacks ? 1 : 0;
  skeleton.rodata->ring_control_bytes = page;
  skeleton.rodata->ring_data_bytes = extra.switch_ring_bytes;
  bpf_map__set_value_size(skeleton.maps.switch_rings,
                          static_cast<std::uint32_t>(page + extra.switch_ring_bytes));
  bpf_map__set_max_entries(skeleton.maps.switch_rings,
                           static_cast<std::uint32_t>(libbpf_num_possible_cpus()));
}

}  // namespace

Result<ProcessFilter> ProcessFilter::load(const FilterExtra& extra) {
  if (!in_initial_pid_namespace()) {
    return std::unexpected(failure("process ids here are not the kernel's own", 0));
  }
  libbpf_set_print(nullptr);
  auto state = std::make_unique<State>();
  state->skeleton = process_tree__open();
  if (state->skeleton == nullptr) return std::unexpected(failure("BPF program is damaged", errno));
  state->switch_ring_bytes = extra.switch_ring_bytes;
  set_up(*state->skeleton, extra);
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

Result<std::span<EventRing>> ProcessFilter::map_switch_rings(std::span<const std::uint32_t> cpus) {
  auto rings = SwitchRings::map(bpf_map__fd(state_->skeleton->maps.switch_rings),
                                state_->switch_ring_bytes, cpus);
  if (!rings) return std::unexpected(rings.error());
  state_->switch_rings = *std::move(rings);
  const std::span<EventRing> all = state_->switch_rings->all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const PerfEvent& full = state_->switch_rings->full_events()[i];
    auto put = put_event(state_->skeleton->maps.full_events, all[i].cpu, full);
    if (!put) return std::unexpected(put.error());
  }
  return all;
}

void ProcessFilter::start_switches() { state_->skeleton->bss->writes_switches = 1; }
void ProcessFilter::stop_switches() { state_->skeleton->bss->writes_switches = 0; }

std::uint64_t ProcessFilter::switches_untold() const {
  return state_->switch_rings ? state_->switch_rings->untold() : 0;
}

Result<void> ProcessFilter::send_wait_stacks_to(const PerfEvent& event, std::uint32_t cpu) const {
  return put_event(state_->skeleton->maps.switch_events, cpu, event);
}

Result<void> ProcessFilter::send_wakers_to(const PerfEvent& event, std::uint32_t cpu) const {
  return put_event(state_->skeleton->maps.waker_events, cpu, event);
}

#else

struct ProcessFilter::State {};

Result<ProcessFilter> ProcessFilter::load(const FilterExtra&) {
  return std::unexpected(Error{.what = "this profiler was built without BPF"});
}
bool ProcessFilter::contains(Pid) const { return false; }
bool ProcessFilter::add(Pid) { return false; }
void ProcessFilter::keep_everybody() {}
Result<void> ProcessFilter::attach(const PerfEvent&) const { return {}; }
Result<std::span<EventRing>> ProcessFilter::map_switch_rings(std::span<const std::uint32_t>) {
  return std::span<EventRing>();
}
void ProcessFilter::start_switches() {}
void ProcessFilter::stop_switches() {}
std::uint64_t ProcessFilter::switches_untold() const { return 0; }
Result<void> ProcessFilter::send_wait_stacks_to(const PerfEvent&, std::uint32_t) const {
  return {};
}
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
