#include "sched/wait_class.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace profiler::sched {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// `chain`: functions separated by ';', innermost first.
WaitClass class_of(const std::string& chain) {
  const auto names = split(chain, ';');
  const std::vector<std::string_view> views(names.begin(), names.end());
  return wait_class(views);
}

class RecordedWaits : public testing::TestWithParam<const char*> {};

TEST_P(RecordedWaits, HaveTheirClass) {
  std::ifstream file(std::string(PROFILER_SOURCE_DIR "/tests/unit/sched/") + GetParam());
  ASSERT_TRUE(file);
  int chains = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#") || line.empty()) continue;
    const auto fields = split(line, '\t');
    ASSERT_EQ(fields.size(), 2U) << line;
    EXPECT_EQ(name(class_of(fields[1])), fields[0]) << fields[1];
    ++chains;
  }
  EXPECT_GE(chains, 50);
}

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedWaits,
                         testing::Values("chains_x86_64_6.18.txt", "chains_old.txt"),
                         [](const auto& kernel) { return "Set" + std::to_string(kernel.index); });

TEST(WaitClass, IsThatOfTheInnermostFunctionThatTells) {
  EXPECT_EQ(class_of("schedule;__mutex_lock.constprop.0;ext4_file_write_iter;vfs_write"),
            WaitClass::kLock);
  EXPECT_EQ(class_of("schedule;io_schedule;folio_wait_bit_common;filemap_fault;exc_page_fault;"
                     "asm_exc_page_fault;rep_movs_alternative;tcp_sendmsg_locked;tcp_sendmsg"),
            WaitClass::kDisk);
  EXPECT_EQ(class_of("schedule;do_wait_intr_irq;eventfd_read;vfs_read"), WaitClass::kPoll)
      << "do_wait waits for children, do_wait_intr_irq for anything";
}

TEST(WaitClass, OfWorkDoneOnTheWayOutIsNotThatOfTheWay) {
  EXPECT_EQ(class_of("schedule;schedule_timeout;wait_for_completion;__flush_work;inotify_release;"
                     "__fput;task_work_run;do_exit;do_group_exit;get_signal"),
            WaitClass::kOther);
  EXPECT_EQ(class_of("schedule;schedule_timeout;wait_for_completion;task_work_run;"
                     "exit_to_user_mode_loop;do_syscall_64"),
            WaitClass::kOther)
      << "it blocks, so it is not preempted";
  EXPECT_EQ(class_of("schedule;schedule_timeout;wait_for_completion;synchronize_rcu_normal;"
                     "packet_release;__sock_release"),
            WaitClass::kOther);
}

TEST(WaitClass, OfAPreemptedThreadIsRunnableWhateverItDid) {
  EXPECT_EQ(class_of("__cond_resched;generic_perform_write;ext4_buffered_write_iter"),
            WaitClass::kRunnable);
  EXPECT_EQ(class_of("__schedule;schedule;exit_to_user_mode_loop;do_syscall_64"),
            WaitClass::kRunnable);
}

TEST(WaitClass, OfAChainWithoutNamesIsOtherIfAnythingSchedules) {
  EXPECT_EQ(class_of("schedule"), WaitClass::kOther);
  EXPECT_EQ(class_of("schedule;;;do_syscall_64"), WaitClass::kOther);
  EXPECT_EQ(class_of(";;"), WaitClass::kNone);
  EXPECT_EQ(wait_class({}), WaitClass::kNone);
  EXPECT_EQ(class_of("do_task_dead;do_exit;__x64_sys_exit;do_syscall_64"), WaitClass::kNone)
      << "it never comes back";
}

}  // namespace
}  // namespace profiler::sched
