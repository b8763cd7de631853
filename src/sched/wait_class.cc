#include "sched/wait_class.h"

#include <algorithm>
#include <array>

namespace profiler::sched {
namespace {

using Patterns = std::span<const std::string_view>;

// Kernel functions in which a thread waits for something of one class; "futex_*": all whose names
// begin so. Of Linux 4.19 to 6.18. Names of static functions are only in chains of kernels whose
// compiler did not inline them, so their callers are listed too.

constexpr std::string_view kLocks[] = {
    "futex_*", "__futex_*", "do_futex",
    // The kernel's own.
    "mutex_lock*", "__mutex_lock*", "__ww_mutex_lock*", "rt_mutex_*", "__rt_mutex_*", "down_read*",
    "down_write*", "rwsem_down_*", "__down*", "percpu_rwsem_wait", "__percpu_down_read", "ldsem_*",
    "d_alloc_parallel",
    // Of files, and System V semaphores.
    "fcntl_setlk*", "posix_lock_inode_wait", "flock_lock_inode_wait", "locks_lock_inode_wait",
    "do_lock_file_wait", "do_semtimedop", "__do_semtimedop"};

constexpr std::string_view kSleeps[] = {
    "do_nanosleep",       "hrtimer_nanosleep",    "common_nsleep*", "do_cpu_nanosleep",
    "alarm_timer_nsleep", "alarmtimer_do_nsleep", "msleep*",        "usleep_range*",
    "timerfd_read*",      "do_sigtimedwait",      "sigsuspend",     "sys_rt_sigsuspend",
    "sys_pause"};

constexpr std::string_view kPolls[] = {
    "poll_schedule_timeout", "do_sys_poll", "do_poll", "do_select", "core_sys_select", "ep_poll*",
    "do_epoll_*",
    // Of anything: asynchronous I/O, and files that stand for events.
    "io_cqring_wait*", "read_events", "eventfd_read", "signalfd_*", "inotify_read"};

constexpr std::string_view kPipes[] = {"pipe_*",           "anon_pipe_*",    "fifo_open",
                                       "wait_for_partner", "splice_to_pipe", "ipipe_prep",
                                       "opipe_prep"};

constexpr std::string_view kSockets[] = {
    "sk_wait_*", "sk_stream_wait_*", "skb_wait_*", "__skb_wait_*",  "__skb_recv_*",
    "sock_*",    "__sock_*",         "unix_*",     "__unix_*",      "tcp_*",
    "mptcp_*",   "sctp_*",           "tls_*",      "udp_*",         "inet_*",
    "netlink_*", "packet_*",         "vsock_*",    "__sys_accept*", "__sys_connect*"};

constexpr std::string_view kTerminals[] = {"n_tty_*", "tty_*", "pty_*"};

constexpr std::string_view kDisks[] = {
    "io_schedule*", "wait_for_completion_io*", "bit_wait_io*",
    // Pages and buffers.
    "folio_wait_*", "__folio_lock*", "wait_on_page_*", "__lock_page*", "__wait_on_buffer",
    "filemap_*", "__filemap_*", "balance_dirty_pages*", "wb_wait_for_completion", "writeback_*",
    "__writeback_*", "inode_wait_for_writeback", "__inode_wait_for_writeback", "swap_*",
    // Devices.
    "blk_*", "blkdev_*", "__blkdev_*", "submit_bio_wait", "rq_qos_wait", "wbt_wait",
    // File systems.
    "iomap_*", "__iomap_*", "jbd2_*", "ext4_*", "__ext4_*", "xfs_*", "xlog_*", "btrfs_*", "f2fs_*",
    "nfs_*", "nfs3_*", "nfs4_*", "rpc_wait_*", "cifs_*", "ceph_*", "fuse_*", "__fuse_*",
    "request_wait_answer", "p9_client_rpc", "zio_wait"};

constexpr std::string_view kChildren[] = {"do_wait", "__do_wait", "kernel_wait", "kernel_wait4",
                                          "kernel_waitid", "wait_for_vfork_done",
                                          // vfork's, where that function is inlined.
                                          "kernel_clone", "_do_fork", "do_fork"};

constexpr std::string_view kStops[] = {"do_signal_stop", "ptrace_*", "do_jobctl_trap",
                                       "do_freezer_trap", "__refrigerator",
                                       // do_freezer_trap, where it is inlined.
                                       "get_signal"};

// For what they wait under these has nothing to do with the call that led there.
constexpr std::string_view kOthers[] = {
    "synchronize_rcu*", "synchronize_srcu*", "wait_rcu_gp*",
    "__wait_rcu_gp*",   "reclaim_throttle",  "copy_process",
    "do_exit",          "do_group_exit",     "throttle_direct_reclaim"};

struct Class {
  WaitClass wait;
  Patterns places;
};
constexpr std::array kClasses = {
    Class{WaitClass::kLock, kLocks},     Class{WaitClass::kSleep, kSleeps},
    Class{WaitClass::kPoll, kPolls},     Class{WaitClass::kPipe, kPipes},
    Class{WaitClass::kSocket, kSockets}, Class{WaitClass::kTerminal, kTerminals},
    Class{WaitClass::kDisk, kDisks},     Class{WaitClass::kChild, kChildren},
    Class{WaitClass::kStopped, kStops},  Class{WaitClass::kOther, kOthers}};

// The way into the scheduler of every wait; it tells nothing of what for. perf's chains begin with
// the caller of __schedule.
constexpr std::string_view kSchedule[] = {"__schedule", "schedule"};
// Where threads that wait for nothing come from to __schedule or schedule.
constexpr std::string_view kPreemptions[] = {"preempt_schedule*",         "_cond_resched",
                                             "__cond_resched*",           "exit_to_user_mode_loop",
                                             "exit_to_user_mode_prepare", "exit_to_usermode_loop",
                                             "prepare_exit_to_usermode",  "irqentry_exit*",
                                             "do_notify_resume",          "do_sched_yield",
                                             "sys_sched_yield",           "yield"};
// Ways to schedule that wait.
constexpr std::string_view kTimed[] = {"schedule_*", "io_schedule*"};

constexpr bool matches(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  pattern.remove_suffix(1);
  return name.starts_with(pattern);
}
constexpr bool matches(std::string_view name, Patterns patterns) {
  return std::ranges::any_of(patterns, [&](std::string_view one) { return matches(name, one); });
}

/// Whether some name matches both.
constexpr bool overlap(std::string_view one, std::string_view other) {
  // Nearly all differ here, and Clang gives up where a constant takes too many steps.
  if (one.front() != other.front()) return false;
  const auto beginning = [](std::string_view pattern) {
    return pattern.substr(0, pattern.find('*'));
  };
  return matches(beginning(one), other) || matches(beginning(other), one);
}
// So that the order of the classes does not matter.
constexpr bool disjoint() {
  for (auto one = kClasses.begin(); one != kClasses.end(); ++one) {
    for (auto other = kClasses.begin(); other != one; ++other) {
      for (const std::string_view place : one->places) {
        for (const std::string_view elsewhere : other->places)
          if (overlap(place, elsewhere)) return false;
      }
    }
  }
  return true;
}
static_assert(disjoint(), "a function is in two classes");

/// Without what compilers append to clones (".constprop.0", ".isra.0", ".cold"), and without what
/// tells the ways into a system call apart: "sys_pause" of "__x64_sys_pause".
std::string_view plain(std::string_view name) {
  name = name.substr(0, name.find('.'));
  for (const std::string_view way : {"__x64_", "__ia32_", "__arm64_", "__do_", "__se_"}) {
    if (name.starts_with(way) && name.substr(way.size()).starts_with("sys_"))
      return name.substr(way.size());
  }
  return name;
}

}  // namespace

WaitClass wait_class(std::span<const std::string_view> names) {
  const auto schedules = [](Patterns patterns) {
    return [=](std::string_view name) { return matches(plain(name), patterns); };
  };
  const auto caller = std::ranges::find_if_not(names, schedules(kSchedule));
  if (caller != names.end() && schedules(kPreemptions)(*caller)) return WaitClass::kRunnable;
  if (std::ranges::none_of(names, schedules(kSchedule)) &&
      std::ranges::none_of(names, schedules(kTimed)))
    return WaitClass::kNone;
  // The innermost counts: a lock that is taken inside read() is a lock.
  for (const std::string_view name : names) {
    for (const Class& one : kClasses)
      if (matches(plain(name), one.places)) return one.wait;
  }
  return WaitClass::kOther;
}

}  // namespace profiler::sched
