#include "sched/wait_class.h"

#include <algorithm>
#include <array>
#include <optional>

namespace profiler::sched {
namespace {

/// What a thread waits for in functions whose names begin so (`whole`: are so).
struct Place {
  std::string_view name;
  WaitClass wait;
  bool whole = false;
};

// Of Linux 4.19 to 6.18. A chain is looked through from its innermost function on, so that what is
// waited for under a call counts, not the call: a lock taken inside read() is a lock.
constexpr std::array kPlaces = {
    Place{"futex_", WaitClass::kLock},
    Place{"__futex_", WaitClass::kLock},
    Place{"do_futex", WaitClass::kLock},
    Place{"__mutex_lock", WaitClass::kLock},
    Place{"mutex_lock", WaitClass::kLock},
    Place{"__ww_mutex_lock", WaitClass::kLock},
    Place{"rwsem_down_", WaitClass::kLock},
    Place{"down_read", WaitClass::kLock},
    Place{"down_write", WaitClass::kLock},
    Place{"__down", WaitClass::kLock},
    Place{"percpu_rwsem_wait", WaitClass::kLock},
    Place{"__percpu_down_read", WaitClass::kLock},
    Place{"rt_mutex_slowlock", WaitClass::kLock},
    Place{"__rt_mutex_slowlock", WaitClass::kLock},
    Place{"posix_lock_inode_wait", WaitClass::kLock},
    Place{"flock_lock_inode_wait", WaitClass::kLock},
    Place{"locks_lock_inode_wait", WaitClass::kLock},
    Place{"do_lock_file_wait", WaitClass::kLock},
    Place{"do_semtimedop", WaitClass::kLock},
    Place{"__do_semtimedop", WaitClass::kLock},

    Place{"do_nanosleep", WaitClass::kSleep},
    Place{"hrtimer_nanosleep", WaitClass::kSleep},
    Place{"common_nsleep", WaitClass::kSleep},
    Place{"__do_sys_pause", WaitClass::kSleep},
    Place{"__x64_sys_pause", WaitClass::kSleep},
    Place{"sigsuspend", WaitClass::kSleep},
    Place{"do_sigtimedwait", WaitClass::kSleep},
    Place{"msleep", WaitClass::kSleep},

    Place{"poll_schedule_timeout", WaitClass::kPoll},
    Place{"do_sys_poll", WaitClass::kPoll},
    Place{"do_poll", WaitClass::kPoll},
    Place{"do_select", WaitClass::kPoll},
    Place{"core_sys_select", WaitClass::kPoll},
    Place{"ep_poll", WaitClass::kPoll},
    Place{"do_epoll_", WaitClass::kPoll},
    Place{"io_cqring_wait", WaitClass::kPoll},
    Place{"read_events", WaitClass::kPoll},  // io_getevents
    Place{"eventfd_read", WaitClass::kPoll},
    Place{"signalfd_", WaitClass::kPoll},
    Place{"timerfd_read", WaitClass::kSleep},
    Place{"inotify_read", WaitClass::kPoll},

    Place{"pipe_", WaitClass::kPipe},
    Place{"anon_pipe_", WaitClass::kPipe},
    Place{"fifo_open", WaitClass::kPipe},
    Place{"wait_for_partner", WaitClass::kPipe},
    Place{"splice_to_pipe", WaitClass::kPipe},
    Place{"ipipe_prep", WaitClass::kPipe},
    Place{"opipe_prep", WaitClass::kPipe},

    Place{"sk_wait_", WaitClass::kSocket},
    Place{"sk_stream_wait_", WaitClass::kSocket},
    Place{"__skb_wait_", WaitClass::kSocket},
    Place{"skb_wait_", WaitClass::kSocket},
    Place{"__skb_recv_", WaitClass::kSocket},
    Place{"sock_", WaitClass::kSocket},
    Place{"__sock_", WaitClass::kSocket},
    Place{"unix_", WaitClass::kSocket},
    Place{"__unix_", WaitClass::kSocket},
    Place{"tcp_", WaitClass::kSocket},
    Place{"udp_", WaitClass::kSocket},
    Place{"inet_", WaitClass::kSocket},
    Place{"netlink_", WaitClass::kSocket},
    Place{"packet_", WaitClass::kSocket},
    Place{"vsock_", WaitClass::kSocket},
    Place{"__sys_accept", WaitClass::kSocket},
    Place{"__sys_connect", WaitClass::kSocket},

    Place{"n_tty_", WaitClass::kTerminal},
    Place{"tty_", WaitClass::kTerminal},
    Place{"pty_", WaitClass::kTerminal},

    Place{"io_schedule", WaitClass::kDisk},
    Place{"folio_wait_", WaitClass::kDisk},
    Place{"__folio_lock", WaitClass::kDisk},
    Place{"wait_on_page_", WaitClass::kDisk},
    Place{"__lock_page", WaitClass::kDisk},
    Place{"__wait_on_buffer", WaitClass::kDisk},
    Place{"filemap_", WaitClass::kDisk},
    Place{"blk_", WaitClass::kDisk},
    Place{"submit_bio_wait", WaitClass::kDisk},
    Place{"blkdev_", WaitClass::kDisk},
    Place{"__blkdev_", WaitClass::kDisk},
    Place{"jbd2_", WaitClass::kDisk},
    Place{"ext4_", WaitClass::kDisk},
    Place{"xfs_", WaitClass::kDisk},
    Place{"xlog_", WaitClass::kDisk},
    Place{"btrfs_", WaitClass::kDisk},
    Place{"nfs_", WaitClass::kDisk},
    Place{"rpc_wait_", WaitClass::kDisk},
    Place{"balance_dirty_pages", WaitClass::kDisk},
    Place{"wb_wait_for_completion", WaitClass::kDisk},
    Place{"writeback_", WaitClass::kDisk},
    Place{"iomap_", WaitClass::kDisk},
    Place{"fuse_", WaitClass::kDisk},
    Place{"request_wait_answer", WaitClass::kDisk},
    Place{"p9_client_rpc", WaitClass::kDisk},
    Place{"swap_", WaitClass::kDisk},

    Place{"do_wait", WaitClass::kChild, true},
    Place{"__do_wait", WaitClass::kChild, true},
    Place{"kernel_wait", WaitClass::kChild},
    Place{"kernel_wait4", WaitClass::kChild},
    Place{"wait_for_vfork_done", WaitClass::kChild},
    Place{"kernel_clone", WaitClass::kChild, true},
    Place{"_do_fork", WaitClass::kChild, true},

    Place{"do_signal_stop", WaitClass::kStopped},
    Place{"ptrace_", WaitClass::kStopped},
    Place{"do_jobctl_trap", WaitClass::kStopped},
    Place{"do_freezer_trap", WaitClass::kStopped},
    Place{"__refrigerator", WaitClass::kStopped},
    Place{"get_signal", WaitClass::kStopped, true},
};

// Ways into the scheduler, and how they wait: they tell nothing of what for.
constexpr std::array<std::string_view, 4> kScheduling = {"__schedule", "schedule", "io_schedule",
                                                         "preempt_schedule"};

/// Without what compilers append to clones: ".constprop.0", ".isra.0", ".cold".
std::string_view plain(std::string_view name) { return name.substr(0, name.find('.')); }

std::optional<WaitClass> class_of(std::string_view name) {
  const auto found = std::ranges::find_if(kPlaces, [&](const Place& place) {
    return place.whole ? name == place.name : name.starts_with(place.name);
  });
  if (found == kPlaces.end()) return std::nullopt;
  return found->wait;
}

}  // namespace

WaitClass wait_class(std::span<const std::string_view> names) {
  const bool schedules = std::ranges::any_of(names, [](std::string_view name) {
    return std::ranges::find(kScheduling, plain(name)) != kScheduling.end() ||
           name.starts_with("schedule_");
  });
  if (!schedules) return WaitClass::kNone;
  for (const std::string_view name : names) {
    if (const auto wait = class_of(plain(name))) return *wait;
  }
  return WaitClass::kOther;
}

}  // namespace profiler::sched
