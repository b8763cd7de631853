#include "view/advice.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <map>
#include <span>
#include <utility>

#include "view/cause_ledger.h"
#include "view/overview.h"

namespace profiler::view {
namespace {

using Names = std::span<const std::string_view>;
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

constexpr auto kHeapEnd = std::to_array<std::string_view>({"brk"});
constexpr auto kMappings = std::to_array<std::string_view>({"munmap", "mmap", "mremap", "madvise"});
constexpr auto kTransfers = std::to_array<std::string_view>(
    {"read", "write", "pread64", "pwrite64", "readv", "writev", "preadv", "pwritev", "recvfrom",
     "sendto", "recvmsg", "sendmsg", "recv", "send"});
constexpr auto kFlushes = std::to_array<std::string_view>(
    {"fsync", "fdatasync", "msync", "sync_file_range", "sync", "syncfs"});
constexpr auto kPolls = std::to_array<std::string_view>(
    {"poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2"});
constexpr auto kFutexes = std::to_array<std::string_view>(
    {"futex", "futex_wait", "futex_wake", "futex_waitv", "futex_requeue"});
constexpr auto kLookups = std::to_array<std::string_view>(
    {"open", "openat", "openat2", "stat", "lstat", "newfstatat", "statx", "access", "faccessat",
     "faccessat2", "readlink", "readlinkat"});
constexpr auto kStarts = std::to_array<std::string_view>({"clone", "clone3", "fork", "vfork"});
constexpr auto kStartsAndEnds = std::to_array<std::string_view>(
    {"execve", "execveat", "exit", "exit_group", "wait4", "waitid"});

/// All conditions must hold. Those that are not at their defaults below `also_faults` need counted
/// calls.
struct Rule {
  std::string_view name;
  std::string_view subject;
  Names calls;               ///< The time in them, with all that happened inside.
  double min_share = 0.2;    ///< Of CPU time, of the calls and what is added to them below.
  double min_own_share = 0;  ///< Of the calls alone.
  Names also = {};           ///< Calls that are part of the trouble, but no sign of it.
  bool also_faults = false;  ///< Page faults on memory that is new, likewise.
  std::uint64_t min_calls = 0;
  double max_returned = kNoLimit;  ///< On average.
  double max_wall_ns = kNoLimit;   ///< On average.
  double min_not_found = 0;        ///< Part of the calls that failed with ENOENT.
  bool or_waiting = false;         ///< The share may as well be of real time, in which it waits.
  std::string_view per_call = {};  ///< What is returned, for the evidence.
  std::string_view remedy;
};

/// In this order faults are given to the first that explains them.
constexpr std::array kRules = {
    Rule{.name = "heap-trim",
         .subject = "page faults and brk",
         .calls = kHeapEnd,
         .min_own_share = 0.01,
         .also_faults = true,
         .remedy = "the heap is given back and taken again; MALLOC_TRIM_THRESHOLD_=268435456 or "
                   "another allocator usually helps"},
    Rule{.name = "heap-map",
         .subject = "page faults, mmap and munmap",
         .calls = kMappings,
         .min_own_share = 0.02,
         .also_faults = true,
         .remedy = "memory is mapped and unmapped again and again; to keep it, or "
                   "MALLOC_MMAP_MAX_=0 with MALLOC_TRIM_THRESHOLD_=4294967296, usually helps"},
    Rule{.name = "new-memory",
         .subject = "page faults",
         .calls = {},
         .also_faults = true,
         .remedy = "memory is touched for the first time; to use it again, or huge pages "
                   "(GLIBC_TUNABLES=glibc.malloc.hugetlb=1), usually helps"},
    Rule{.name = "small-transfers",
         .subject = "reads and writes",
         .calls = kTransfers,
         .min_calls = 1000,
         .max_returned = 512,
         .per_call = "bytes a call",
         .remedy = "a buffer of 64 KiB around them usually helps"},
    Rule{.name = "flushing",
         .subject = "file flushes",
         .calls = kFlushes,
         .min_calls = 20,
         .or_waiting = true,
         .remedy = "one flush for many writes, or fdatasync for fsync, usually helps"},
    Rule{.name = "polling",
         .subject = "polls",
         .calls = kPolls,
         .min_calls = 1000,
         .max_returned = 0.5,
         .max_wall_ns = 50'000,
         .per_call = "descriptors ready a call",
         .remedy = "it asks without waiting; a timeout above zero usually helps"},
    Rule{.name = "lock-contention",
         .subject = "futex calls",
         .calls = kFutexes,
         .remedy = "threads wait for and wake each other; less work under locks, more locks, or "
                   "larger pieces of work usually help"},
    Rule{.name = "failing-lookups",
         .subject = "file lookups",
         .calls = kLookups,
         .min_calls = 1000,
         .min_not_found = 0.5,
         .remedy = "a search path is tried name by name; fewer folders in it, or to remember what "
                   "is not there, usually helps"},
    Rule{.name = "process-storm",
         .subject = "starts and ends of processes and threads",
         .calls = kStarts,
         .min_own_share = 0.05,
         .also = kStartsAndEnds,
         .remedy = "to keep them for the next piece of work, or posix_spawn for fork, usually "
                   "helps"},
};

/// Below that many samples a share would pretend a precision that is not there.
constexpr std::uint64_t kFewSamples = 30;
/// Less than that is not worth anybody's work, whatever its share.
constexpr std::uint64_t kLeastCpuNs = 20'000'000;
constexpr std::uint64_t kLeastWaitingNs = 100'000'000;

/// What is known of some calls, or of faults.
struct Evidence {
  std::uint64_t cpu_ns = 0;
  std::uint64_t samples = 0;  ///< 0 where cpu_ns was counted.
  std::map<CallSite, std::uint64_t> callers;
  // Counted:
  std::uint64_t calls = 0;
  std::uint64_t answered = 0;  ///< Without errors and restarts.
  std::uint64_t returned = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t not_found = 0;

  Evidence& operator+=(const Evidence& other) {
    cpu_ns += other.cpu_ns;
    samples += other.samples;
    for (const auto& [site, ns] : other.callers) callers[site] += ns;
    calls += other.calls;
    answered += other.answered;
    returned += other.returned;
    wall_ns += other.wall_ns;
    not_found += other.not_found;
    return *this;
  }
};

double mean(std::uint64_t sum, std::uint64_t count) {
  return count == 0 ? kNoLimit : static_cast<double>(sum) / static_cast<double>(count);
}

std::string with_two_digits(double value, std::string_view what) {
  char text[80];
  std::snprintf(text, sizeof text, value < 10 ? "%.2g %.*s" : "%.0f %.*s", value,
                static_cast<int>(what.size()), what.data());
  return text;
}

class Adviser {
 public:
  Adviser(const Profile& profile, const std::vector<const Sample*>& samples)
      : counted_(profile.syscalls.counted()) {
    const TimeCharged& charged = profile.run.charged;
    real_ns_ = charged.real_ns.value_or(profile.run.duration_ns);
    const std::uint8_t event = samples.empty() ? std::uint8_t{0} : samples.front()->event;
    const bool is_time = event < profile.run.events.size() && profile.run.events[event].is_time();
    if (charged.user_ns && charged.sys_ns) {
      cpu_ns_ = *charged.user_ns + *charged.sys_ns;
    } else if (is_time) {
      cpu_ns_ = sum(samples).all();
    }
    if (is_time) add_samples(cause_ledger(profile, samples));
    if (counted_) add_counts(profile);
  }

  std::vector<Advice> all() {
    std::vector<Advice> found;
    if (cpu_ns_ == 0) return found;
    for (const Rule& rule : kRules) apply(rule, found);
    std::ranges::stable_sort(found, std::greater{}, &Advice::share);
    return found;
  }

 private:
  void add_samples(const std::vector<CauseRow>& causes) {
    for (const CauseRow& cause : causes) {
      const bool in_call = cause.entry_kind == KernelEntryKind::kSyscall;
      // A fault may be sampled before the kernel has found out its kind.
      const bool is_fault = cause.entry_kind == KernelEntryKind::kFault &&
                            (cause.entry_name == "anonymous" || cause.entry_name == "other" ||
                             cause.entry_name.empty());
      if (!in_call && !is_fault) continue;
      Evidence& evidence = in_call ? by_call_[cause.entry_name] : faults_;
      for (const CauseCaller& caller : cause.callers) evidence.callers[caller] += caller.sys;
      evidence.cpu_ns += cause.weight.sys;
      evidence.samples += cause.weight.samples;
    }
  }

  /// What was counted takes the place of what was sampled.
  void add_counts(const Profile& profile) {
    const SyscallAccount& account = profile.syscalls;
    std::map<std::string, Evidence> counts;
    std::vector<Evidence*> of_row;
    for (const SyscallRow& row : account.rows) {
      Evidence& evidence = counts[profile.text(row.name)];
      of_row.push_back(&evidence);
      evidence.cpu_ns += row.cpu_ns;
      evidence.calls += row.calls;
      evidence.answered += row.calls - std::min(row.calls, row.errors + row.restarts);
      evidence.returned += row.returned;
      evidence.wall_ns += row.wall_ns;
    }
    for (const SyscallErrorRow& error : account.errors)
      if (error.error == ENOENT) of_row[error.row.row()]->not_found += error.count;
    std::map<NodeIndex, CallSite> sites;
    for (const SyscallCallerRow& caller : account.callers) {
      const NodeIndex leaf = profile.stacks[caller.stack].user;
      const auto [known, is_new] = sites.try_emplace(leaf);
      if (is_new) known->second = call_site(profile, leaf);
      of_row[caller.row.row()]->callers[known->second] += caller.cpu_ns;
    }
    for (auto& [name, evidence] : counts) {
      if (evidence.callers.empty()) evidence.callers = by_call_[name].callers;
      by_call_[name] = std::move(evidence);
    }
  }

  [[nodiscard]] Evidence of(Names names) const {
    Evidence all;
    for (const std::string_view name : names)
      if (const auto found = by_call_.find(name); found != by_call_.end()) all += found->second;
    return all;
  }

  [[nodiscard]] double share(std::uint64_t ns) const {
    return static_cast<double>(ns) / static_cast<double>(cpu_ns_);
  }

  /// Of real time; several threads may wait at once.
  [[nodiscard]] double waiting_share(const Evidence& own) const {
    return real_ns_ == 0 ? 0 : static_cast<double>(own.wall_ns) / static_cast<double>(real_ns_);
  }
  [[nodiscard]] bool is_waiting(const Evidence& own, double min_share) const {
    return own.wall_ns >= kLeastWaitingNs && waiting_share(own) >= min_share;
  }

  void apply(const Rule& rule, std::vector<Advice>& found) {
    const Evidence own = of(rule.calls);
    Evidence all = own;
    all += of(rule.also);
    if (rule.also_faults && !faults_explained_) all += faults_;
    if (rule.also_faults && faults_explained_) return;

    Advice advice{.rule = rule.name,
                  .subject = rule.subject,
                  .caller = {},
                  .evidence = {},
                  .remedy = rule.remedy};
    const bool needs_counts = rule.min_calls != 0;
    if (needs_counts && (!counted_ || own.calls < rule.min_calls)) return;
    if (rule.or_waiting && is_waiting(own, rule.min_share)) {
      advice.share = std::min(1.0, waiting_share(own));
      advice.of_real_time = true;
    } else {
      advice.share = share(all.cpu_ns);
      // Sampled evidence must be enough of it; counted calls speak for themselves.
      const bool is_enough =
          all.cpu_ns >= kLeastCpuNs && (all.samples == 0 || all.samples >= kFewSamples);
      if (advice.share < rule.min_share || !is_enough || share(own.cpu_ns) < rule.min_own_share)
        return;
    }
    if (own.calls != 0 || needs_counts) {
      if (rule.max_returned != kNoLimit && mean(own.returned, own.answered) > rule.max_returned)
        return;
      if (rule.max_wall_ns != kNoLimit && mean(own.wall_ns, own.calls) > rule.max_wall_ns) return;
      if (static_cast<double>(own.not_found) < rule.min_not_found * static_cast<double>(own.calls))
        return;
    }
    if (!rule.per_call.empty())
      advice.evidence = with_two_digits(mean(own.returned, own.answered), rule.per_call);
    if (rule.min_not_found > 0) {
      advice.evidence =
          with_two_digits(100 * static_cast<double>(own.not_found) / static_cast<double>(own.calls),
                          "% of them found nothing");
    }
    const auto heaviest =
        std::ranges::max_element(all.callers, {}, [](const auto& caller) { return caller.second; });
    if (heaviest != all.callers.end()) advice.caller = heaviest->first;
    faults_explained_ = faults_explained_ || rule.also_faults;
    found.push_back(std::move(advice));
  }

  bool counted_;
  std::uint64_t cpu_ns_ = 0;
  std::uint64_t real_ns_ = 0;
  std::map<std::string, Evidence, std::less<>> by_call_;
  Evidence faults_;
  bool faults_explained_ = false;
};

}  // namespace

std::vector<Advice> advice(const Profile& profile, const std::vector<const Sample*>& samples) {
  return Adviser(profile, samples).all();
}

}  // namespace profiler::view
