#include "syscalls/bpf_counter.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <tuple>
#include <utility>

#ifdef PROFILER_BPF
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <syscall_counter.skel.h>
#include <unistd.h>

#include "record/clock.h"
#include "record/file_descriptor.h"
#include "record/pid_namespace.h"
#endif

namespace profiler::syscalls {

bool never_returns(std::uint32_t call) {
  constexpr std::uint32_t kCompat = SYSCALL_ABI_COMPAT32 << SYSCALL_ABI_SHIFT;
#if defined(__aarch64__)
  return call == 93 || call == 94 || call == (kCompat | 1) || call == (kCompat | 248);
#else
  constexpr std::uint32_t kX32 = SYSCALL_ABI_X32 << SYSCALL_ABI_SHIFT;
  return call == 60 || call == 231 || call == (kCompat | 1) || call == (kCompat | 252) ||
         call == (kX32 | 60) || call == (kX32 | 231);
#endif
}

#ifdef PROFILER_BPF
namespace {

static_assert(SYSCALL_BUCKETS == DurationHistogram::kBuckets);
static_assert(SYSCALL_SHORTEST_LOG2 == DurationHistogram::kShortestLog2);
static_assert(SYSCALL_LONGEST_LOG2 == DurationHistogram::kLongestLog2);

Error failure(const char* what, int system_error) {
  return {.what = what, .system_error = system_error};
}

/// Memory of a map that the kernel shares with us.
class MappedTable {
 public:
  MappedTable() = default;
  MappedTable(int fd, std::size_t bytes) : bytes_(bytes) {
    void* base = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (base != MAP_FAILED) base_ = base;
  }
  ~MappedTable() {
    if (base_ != nullptr) ::munmap(base_, bytes_);
  }
  MappedTable(MappedTable&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), bytes_(other.bytes_) {}
  MappedTable& operator=(MappedTable&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  [[nodiscard]] bool valid() const { return base_ != nullptr; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  template <class Row>
  [[nodiscard]] const Row& row(std::size_t index) const {
    return static_cast<const Row*>(base_)[index];
  }

 private:
  void* base_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Room for all threads of the machine, and many more.
std::uint32_t room_for_threads() {
  constexpr std::uint32_t kLeast = 32768;
  constexpr std::uint32_t kMost = 1U << 20;
  // "0.20 0.18 0.12 1/80 11206": of the scheduler's entities, running and in all.
  std::ifstream file("/proc/loadavg");
  double load = 0;
  std::uint32_t running = 0;
  std::uint32_t all = 0;
  char slash = 0;
  if (!(file >> load >> load >> load >> running >> slash >> all)) return kLeast;
  return std::clamp(std::min(all, kMost) * 4, kLeast, kMost);
}

syscall_grouping grouping_of(SyscallGrouping grouping) {
  switch (grouping) {
    case SyscallGrouping::kNone:
      return SYSCALL_GROUP_NONE;
    case SyscallGrouping::kThread:
      return SYSCALL_GROUP_THREAD;
    case SyscallGrouping::kProcess:
      return SYSCALL_GROUP_PROCESS;
    case SyscallGrouping::kCgroup:
      return SYSCALL_GROUP_CGROUP;
  }
  return SYSCALL_GROUP_NONE;
}

void add(syscall_row& to, const syscall_row& from) {
  if (from.calls == 0) return;
  to.min_ns = to.calls == 0 ? from.min_ns : std::min(to.min_ns, from.min_ns);
  to.max_ns = std::max(to.max_ns, from.max_ns);
  to.calls += from.calls;
  to.errors += from.errors;
  to.restarts += from.restarts;
  to.begun_before += from.begun_before;
  to.wall_ns += from.wall_ns;
  to.cpu_ns += from.cpu_ns;
  to.squares_low += from.squares_low;
  to.squares_high += from.squares_high + (to.squares_low < from.squares_low ? 1 : 0);
  to.returned += from.returned;
  for (std::size_t i = 0; i < SYSCALL_BUCKETS; ++i) to.buckets[i] += from.buckets[i];
}

/// Each key of a map, in whatever order; those that come or go meanwhile may be missed.
template <class Key, class Visit>
void for_each_key(const bpf_map* map, Visit&& visit) {
  const int fd = bpf_map__fd(map);
  Key key{};
  Key next{};
  int error = bpf_map_get_next_key(fd, nullptr, &next);
  while (error == 0) {
    key = next;
    visit(fd, key);
    error = bpf_map_get_next_key(fd, &key, &next);
  }
}

using RowKey = std::tuple<std::uint64_t, std::uint32_t>;  // Group, call.

/// Rows by key while they are added up.
class RowSums {
 public:
  BpfRow& row(std::uint64_t group, std::uint32_t call) {
    BpfRow& row = rows_[{group, call}];
    row.key = {.group = group, .call = call, .zero = 0};
    return row;
  }
  std::vector<BpfRow> take() {
    std::vector<BpfRow> rows;
    rows.reserve(rows_.size());
    for (auto& [key, row] : rows_) rows.push_back(row);
    return rows;
  }

 private:
  std::map<RowKey, BpfRow> rows_;
};

/// A call under way, or a thread that is ending.
void add_under_way(const syscall_thread& thread, std::uint64_t wall, std::uint64_t cpu,
                   RowSums& sums, BpfReading& reading) {
  if (thread.held != 0) return;
  if (thread.state == SYSCALL_STATE_DYING) reading.killed_ns += cpu;
  if (thread.state != SYSCALL_STATE_CALL) return;
  BpfRow& row = sums.row(thread.group, thread.call);
  syscall_row one{};
  one.calls = 1;
  one.wall_ns = wall;
  one.cpu_ns = cpu;
  one.min_ns = one.max_ns = wall;
  one.buckets[DurationHistogram::bucket(wall)] = 1;
  add(row.sums, one);
  row.under_way_squares += static_cast<double>(wall) * static_cast<double>(wall);
  if (!never_returns(thread.call)) ++row.unfinished;
}

}  // namespace

struct BpfCounter::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { syscall_counter__destroy(skeleton); }

  syscall_counter* skeleton = nullptr;
  std::uint32_t cpus = 0;
  bool by_group = false;
  MappedTable slots;
  MappedTable rows;
};

Result<BpfCounter> BpfCounter::load(const BpfSettings& settings) {
  const bool by_id =
      settings.scope == SYSCALL_SCOPE_PROCESSES || settings.scope == SYSCALL_SCOPE_THREADS;
  if (by_id && !record::in_initial_pid_namespace()) {
    return std::unexpected(failure("process ids here are not the kernel's own", 0));
  }
  libbpf_set_print(nullptr);
  auto state = std::make_unique<State>();
  state->skeleton = syscall_counter__open();
  if (state->skeleton == nullptr) return std::unexpected(failure("BPF program is damaged", errno));
  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) return std::unexpected(failure("cannot count the CPUs", -cpus));
  state->cpus = static_cast<std::uint32_t>(cpus);
  state->by_group = settings.grouping != SyscallGrouping::kNone;

  auto& constants = *state->skeleton->rodata;
  constants.scope = settings.scope;
  constants.grouping = grouping_of(settings.grouping);
  constants.own_process = static_cast<std::uint32_t>(::getpid());
  constants.held_until_exec = settings.held_until_exec;
  constants.sample_period_ns = settings.sample_period_ns;
  auto& maps = state->skeleton->maps;
  const std::uint32_t row_count = state->by_group ? 1 : state->cpus * SYSCALL_ROWS;
  const std::uint32_t threads =
      settings.max_threads != 0 ? settings.max_threads : room_for_threads();
  if (bpf_map__set_max_entries(maps.slots, state->cpus) != 0 ||
      bpf_map__set_max_entries(maps.threads, threads) != 0 ||
      bpf_map__set_max_entries(maps.rows, row_count) != 0 ||
      bpf_map__set_max_entries(maps.outputs, state->cpus) != 0) {
    return std::unexpected(failure("BPF program is damaged", 0));
  }
  if (const int error = syscall_counter__load(state->skeleton); error != 0) {
    return std::unexpected(failure("the kernel does not take the BPF program", -error));
  }
  state->slots = MappedTable(bpf_map__fd(maps.slots), state->cpus * sizeof(syscall_slot));
  state->rows = MappedTable(bpf_map__fd(maps.rows), row_count * sizeof(syscall_row));
  if (!state->slots.valid() || !state->rows.valid()) {
    return std::unexpected(failure("cannot map the tables of the BPF program", errno));
  }
  if (settings.scope == SYSCALL_SCOPE_CGROUP) {
    const std::uint32_t first = 0;
    const int fd = settings.cgroup_fd;
    if (bpf_map_update_elem(bpf_map__fd(maps.cgroups), &first, &fd, BPF_ANY) != 0) {
      return std::unexpected(failure("BPF knows cgroups of version 2 only", errno));
    }
  }
  BpfCounter counter(std::move(state));
  for (const std::int32_t id : settings.roots) {
    if (!counter.add_root(id)) {
      return std::unexpected(failure("too many processes for the BPF program", errno));
    }
  }
  return counter;
}

bool BpfCounter::add_root(std::int32_t id) {
  const auto key = static_cast<std::uint32_t>(id);
  const std::uint8_t value = 1;
  return bpf_map_update_elem(bpf_map__fd(state_->skeleton->maps.roots), &key, &value, BPF_ANY) == 0;
}

Result<void> BpfCounter::add_output(std::uint32_t cpu, const record::PerfEvent& event) {
  const int fd = event.fd();
  if (bpf_map_update_elem(bpf_map__fd(state_->skeleton->maps.outputs), &cpu, &fd, BPF_ANY) == 0) {
    return {};
  }
  return std::unexpected(failure("BPF cannot write to the event", errno));
}

Result<void> BpfCounter::start() {
  state_->skeleton->bss->begin_ns = record::monotonic_ns();
  if (const int error = syscall_counter__attach(state_->skeleton); error != 0) {
    return std::unexpected(failure("the kernel does not let BPF watch system calls", -error));
  }
  return {};
}

BpfReading BpfCounter::read() const {
  BpfReading reading;
  RowSums sums;
  const auto& maps = state_->skeleton->maps;
  const std::uint64_t now = record::monotonic_ns();
  if (!state_->by_group) {
    for (std::uint32_t call = 0; call < SYSCALL_ROWS; ++call) {
      for (std::uint32_t cpu = 0; cpu < state_->cpus; ++cpu) {
        const auto& row = state_->rows.row<syscall_row>(cpu * SYSCALL_ROWS + call);
        if (row.calls != 0) add(sums.row(0, call).sums, row);
      }
    }
  }
  std::vector<syscall_row> by_cpu(state_->cpus);
  for_each_key<syscall_key>(maps.other_rows, [&](int fd, const syscall_key& key) {
    if (bpf_map_lookup_elem(fd, &key, by_cpu.data()) != 0) return;
    for (const syscall_row& row : by_cpu) add(sums.row(key.group, key.call).sums, row);
  });
  for_each_key<syscall_error_key>(maps.error_counts, [&](int fd, const syscall_error_key& key) {
    std::uint64_t count = 0;
    if (bpf_map_lookup_elem(fd, &key, &count) == 0 && count != 0) {
      reading.errors.push_back({.key = key, .count = count});
    }
  });
  for_each_key<std::uint64_t>(maps.group_names, [&](int fd, std::uint64_t key) {
    char name[16] = {};
    if (bpf_map_lookup_elem(fd, &key, name) != 0) return;
    name[sizeof name - 1] = '\0';
    reading.group_names.push_back({.group = key, .name = name});
  });

  const auto& globals = *state_->skeleton->bss;
  reading.killed_ns = globals.killed_ns;
  // Those off the CPU, but for whom a slot holds what is newer.
  std::vector<std::uint64_t> running;
  for (std::uint32_t cpu = 0; cpu < state_->cpus; ++cpu) {
    const syscall_slot slot = state_->slots.row<syscall_slot>(cpu);
    if (slot.tracked == 0) continue;
    running.push_back(slot.task);
    const syscall_thread& thread = slot.thread;
    if (now < thread.enter_ns) continue;
    const std::uint64_t wall = now - thread.enter_ns;
    add_under_way(thread, wall, wall - std::min<std::uint64_t>(wall, thread.off_ns), sums, reading);
  }
  for_each_key<std::uint64_t>(maps.threads, [&](int fd, std::uint64_t key) {
    syscall_thread thread{};
    if (std::ranges::find(running, key) != running.end() ||
        bpf_map_lookup_elem(fd, &key, &thread) != 0)
      return;
    if (now < thread.off_since_ns || thread.off_since_ns < thread.enter_ns + thread.off_ns) return;
    add_under_way(thread, now - thread.enter_ns,
                  thread.off_since_ns - thread.enter_ns - thread.off_ns, sums, reading);
  });
  reading.rows = sums.take();
  std::erase_if(reading.rows, [](const BpfRow& row) { return row.sums.calls == 0; });

  reading.calls_lost = globals.calls_lost;
  reading.threads_lost = globals.threads_lost;
  reading.errors_lost = globals.errors_lost;
  reading.samples_lost = globals.samples_lost;
  for (const bpf_program* program :
       {state_->skeleton->progs.on_enter, state_->skeleton->progs.on_exit}) {
    bpf_prog_info info{};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0) continue;
    reading.calls_lost += info.recursion_misses;
  }
  return reading;
}

std::size_t BpfCounter::memory_bytes() const {
  // An element of `threads`: the hash's own part is about 48 bytes.
  constexpr std::size_t kThreadBytes = sizeof(std::uint64_t) + sizeof(syscall_thread) + 48;
  return state_->slots.bytes() + state_->rows.bytes() +
         bpf_map__max_entries(state_->skeleton->maps.threads) * kThreadBytes;
}

#else

struct BpfCounter::State {};

Result<BpfCounter> BpfCounter::load(const BpfSettings&) {
  return std::unexpected(Error{.what = "this profiler was built without BPF"});
}
Result<void> BpfCounter::add_output(std::uint32_t, const record::PerfEvent&) { return {}; }
Result<void> BpfCounter::start() { return {}; }
bool BpfCounter::add_root(std::int32_t) { return false; }
BpfReading BpfCounter::read() const { return {}; }
std::size_t BpfCounter::memory_bytes() const { return 0; }

#endif

BpfCounter::BpfCounter(std::unique_ptr<State> state) : state_(std::move(state)) {}
BpfCounter::~BpfCounter() = default;
BpfCounter::BpfCounter(BpfCounter&&) noexcept = default;
BpfCounter& BpfCounter::operator=(BpfCounter&&) noexcept = default;

}  // namespace profiler::syscalls
