#include "kernel/classify.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "kernel/entry_symbols.h"

namespace profiler::kernel {
namespace {

std::string shown(const Boundary& boundary) {
  const std::string kind(name(boundary.kind));
  return boundary.name.empty() ? kind : kind + " " + boundary.name;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// `chain`: functions separated by ';', innermost first.
Classification classified(const std::string& chain, bool user_thread = true) {
  const auto names = split(chain, ';');
  const std::vector<std::string_view> views(names.begin(), names.end());
  return classify(views, user_thread);
}

/// "entry / cause", or only one where they are the same.
std::string why(const std::string& chain, bool user_thread = true) {
  const Classification c = classified(chain, user_thread);
  return c.entry == c.cause ? shown(c.entry) : shown(c.entry) + " / " + shown(c.cause);
}

class RecordedChains : public testing::TestWithParam<const char*> {};

TEST_P(RecordedChains, HaveTheirEntryAndCause) {
  std::ifstream file(std::string(PROFILER_SOURCE_DIR "/tests/unit/kernel/") + GetParam());
  ASSERT_TRUE(file);
  int chains = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#") || line.empty()) continue;
    const auto fields = split(line, '\t');
    ASSERT_EQ(fields.size(), 5U) << line;
    const Classification c = classified(fields[4], fields[1] == "user");
    EXPECT_EQ(shown(c.entry), fields[2]) << fields[4];
    EXPECT_EQ(shown(c.cause), fields[3]) << fields[4];
    ++chains;
  }
  EXPECT_GE(chains, 10);
}

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedChains,
                         testing::Values("chains_x86_64_6.18.txt", "chains_x86_64_old.txt",
                                         "chains_aarch64.txt"),
                         [](const auto& kernel) { return "Set" + std::to_string(kernel.index); });

TEST(Classify, NamesACallBelowItsDispatcher) {
  EXPECT_EQ(why("vfs_read;ksys_read;__x64_sys_read;x64_sys_call;do_syscall_64;"
                "entry_SYSCALL_64_after_hwframe"),
            "syscall read");
  EXPECT_EQ(why("__do_sys_newuname;do_syscall_64;entry_SYSCALL_64_after_hwframe"), "syscall uname");
  EXPECT_EQ(why("do_wait;kernel_wait4;do_syscall_64;entry_SYSCALL_64"), "syscall wait4");
  EXPECT_EQ(why("__se_sys_futex.isra.0;do_syscall_64;entry_SYSCALL_64"), "syscall futex");
  EXPECT_EQ(why("__x64_sys_umount;do_syscall_64;entry_SYSCALL_64"), "syscall umount2");
  EXPECT_EQ(why("unix_stream_recvmsg;sock_recvmsg;__sys_recvfrom;do_syscall_64;entry_SYSCALL_64"),
            "syscall recvfrom");
  EXPECT_EQ(why("do_exit;do_group_exit;do_syscall_64;entry_SYSCALL_64"), "syscall exit_group");
}

TEST(Classify, LooksThroughTrampolines) {
  EXPECT_EQ(why("vfs_read;__x64_sys_read;bpf_trampoline_6442536467;do_syscall_64;entry_SYSCALL_64"),
            "syscall read");
  EXPECT_EQ(why("its_return_thunk;ksys_read;do_syscall_64;entry_SYSCALL_64"), "syscall read");
  EXPECT_EQ(why("bpf_prog_6deef7357e7b4530_f;__x64_sys_write;;do_syscall_64;entry_SYSCALL_64"),
            "syscall write");
}

TEST(Classify, Knows32BitCalls) {
  EXPECT_EQ(why("vfs_read;__ia32_sys_read;ia32_sys_call;do_int80_emulation;asm_int80_emulation"),
            "syscall read");
  EXPECT_EQ(why("__ia32_compat_sys_ioctl;__do_fast_syscall_32;do_fast_syscall_32;"
                "entry_SYSENTER_compat_after_hwframe"),
            "syscall ioctl");
  EXPECT_EQ(why("__ia32_sys_futex_time32;do_syscall_32_irqs_on;do_int80_syscall_32;"
                "entry_INT80_compat"),
            "syscall futex");
}

TEST(Classify, SaysWhenACallHasNoName) {
  for (const char* chain :
       {"do_syscall_64;entry_SYSCALL_64_after_hwframe", "entry_SYSCALL_64",
        "syscall_exit_to_user_mode;do_syscall_64;entry_SYSCALL_64",
        "__schedule;schedule;exit_to_user_mode_loop;do_syscall_64;entry_SYSCALL_64",
        "x64_sys_call;do_syscall_64;entry_SYSCALL_64", "entry_SYSRETQ_unsafe_stack",
        "do_sys_openat2;do_syscall_64;entry_SYSCALL_64"}) {
    Classification c = classified(chain);
    EXPECT_EQ(shown(c.entry), "syscall") << chain;
    EXPECT_TRUE(c.needs_syscall_name()) << chain;
    c.set_syscall_name("read");
    EXPECT_EQ(shown(c.entry), "syscall read");
    EXPECT_EQ(c.entry, c.cause);
    EXPECT_FALSE(c.needs_syscall_name());
  }
}

TEST(Classify, NamesOnlyTheCallWhenAFaultLiesInside) {
  Classification c = classified(
      "do_anonymous_page;handle_mm_fault;exc_page_fault;asm_exc_page_fault;__put_user_8;"
      "exit_to_user_mode_loop;do_syscall_64;entry_SYSCALL_64");
  EXPECT_TRUE(c.needs_syscall_name());
  c.set_syscall_name("getpid");
  EXPECT_EQ(shown(c.entry), "syscall getpid");
  EXPECT_EQ(shown(c.cause), "fault anonymous");
}

TEST(Classify, LetsTheUsersCodeTellWhereNoEntryCanBeSeen) {
  Classification c = classified("__x86_indirect_thunk_rax");
  EXPECT_EQ(shown(c.entry), "other");
  EXPECT_TRUE(c.needs_syscall_name());
  c.set_syscall_name("");
  EXPECT_EQ(shown(c.entry), "other");
  c.set_syscall_name("read");
  EXPECT_EQ(shown(c.entry), "syscall read");
  EXPECT_EQ(c.entry, c.cause);
}

TEST(Classify, DoesNotNameWhatIsNoCall) {
  Classification c = classified("exc_page_fault;asm_exc_page_fault");
  EXPECT_FALSE(c.needs_syscall_name());
  c.set_syscall_name("read");
  EXPECT_EQ(shown(c.entry), "fault other");
}

TEST(Classify, KeepsTheOutermostAndTheInnermostOfMany) {
  EXPECT_EQ(why("net_rx_action;handle_softirqs;__irq_exit_rcu;common_interrupt;"
                "asm_common_interrupt;clear_page_erms;do_anonymous_page;handle_mm_fault;"
                "exc_page_fault;asm_exc_page_fault;_copy_to_iter;vfs_read;ksys_read;do_syscall_64;"
                "entry_SYSCALL_64_after_hwframe"),
            "syscall read / softirq net_rx");
  EXPECT_EQ(why("update_curr;sysvec_apic_timer_interrupt;asm_sysvec_apic_timer_interrupt;"
                "vfs_read;__x64_sys_read;do_syscall_64;entry_SYSCALL_64"),
            "syscall read / irq apic_timer_interrupt");
  EXPECT_EQ(why("tcp_v4_rcv;net_rx_action;__do_softirq;do_softirq.part.0;__local_bh_enable_ip;"
                "__x64_sys_sendto;do_syscall_64;entry_SYSCALL_64"),
            "syscall sendto / softirq net_rx");
}

TEST(Classify, BeginsANewBoundaryAtANestedStubOfTheSameKind) {
  EXPECT_EQ(why("do_wp_page;handle_mm_fault;exc_page_fault;asm_exc_page_fault;__put_user_8;"
                "irqentry_exit_to_user_mode;asm_exc_page_fault"),
            "fault other / fault copy-on-write");
}

TEST(Classify, NamesFaultsByWhatTheyDid) {
  const auto fault = [](const std::string& inside) {
    return why(inside + ";handle_mm_fault;do_user_addr_fault;exc_page_fault;asm_exc_page_fault");
  };
  EXPECT_EQ(fault("clear_page_erms;do_anonymous_page;__handle_mm_fault"), "fault anonymous");
  EXPECT_EQ(fault("do_huge_pmd_anonymous_page;__handle_mm_fault"), "fault anonymous");
  EXPECT_EQ(fault("wp_page_copy;do_wp_page;__handle_mm_fault"), "fault copy-on-write");
  EXPECT_EQ(fault("do_cow_fault;do_fault;__handle_mm_fault"), "fault copy-on-write");
  EXPECT_EQ(fault("fault_dirty_shared_page;do_wp_page;__handle_mm_fault"), "fault file");
  EXPECT_EQ(fault("filemap_map_pages;do_read_fault;do_fault;__handle_mm_fault"), "fault file");
  EXPECT_EQ(fault("shmem_fault;__do_fault;do_fault;__handle_mm_fault"), "fault file");
  EXPECT_EQ(fault("page_cache_ra_order;filemap_fault;__do_fault;do_fault"), "fault major");
  EXPECT_EQ(fault("page_cache_ra_order;page_cache_async_ra;filemap_fault;__do_fault;do_fault"),
            "fault file")
      << "reading ahead does not make it wait";
  EXPECT_EQ(fault("swapin_readahead;do_swap_page;__handle_mm_fault"), "fault major");
  EXPECT_EQ(fault("do_numa_page;__handle_mm_fault"), "fault other");
}

TEST(Classify, KnowsKernelThreads) {
  EXPECT_EQ(why("process_one_work;worker_thread;kthread;ret_from_fork;ret_from_fork_asm", false),
            "kthread worker_thread");
  EXPECT_EQ(why("handle_softirqs;run_ksoftirqd;smpboot_thread_fn;kthread;ret_from_fork", false),
            "kthread smpboot_thread_fn / softirq");
  EXPECT_EQ(why("io_write;io_wq_submit_work;io_wq_worker;ret_from_fork;ret_from_fork_asm", true),
            "kthread io_wq_worker")
      << "though its process has a user side";
  EXPECT_EQ(why("mwait_idle;do_idle;cpu_startup_entry;start_secondary", false), "kthread idle");
  EXPECT_EQ(why("some_function", false), "kthread");
}

TEST(Classify, KnowsTheFirstReturnFromFork) {
  EXPECT_EQ(why("schedule_tail;ret_from_fork;ret_from_fork_asm"), "scheduler return from fork");
  EXPECT_EQ(why("syscall_exit_to_user_mode;ret_from_fork;ret_from_fork_asm"),
            "scheduler return from fork");
  EXPECT_EQ(why("finish_task_switch.isra.0;__schedule"), "scheduler switch");
}

TEST(Classify, KnowsExitAndExecWithoutTheirCall) {
  EXPECT_EQ(why("exit_mmap;do_exit"), "exec/exit exit");
  EXPECT_EQ(why("exit_mmap;do_exit;do_group_exit;get_signal;arch_do_signal_or_restart;"
                "exit_to_user_mode_loop;__x64_sys_futex;do_syscall_64;entry_SYSCALL_64"),
            "syscall futex / exec/exit exit")
      << "killed while it waited";
  EXPECT_EQ(why("exit_mmap;do_exit;do_group_exit;get_signal;irqentry_exit_to_user_mode;"
                "asm_exc_page_fault"),
            "fault other / exec/exit exit");
  EXPECT_EQ(why("exit_mmap;do_exit.cold;__x64_sys_exit_group;do_syscall_64;entry_SYSCALL_64"),
            "syscall exit_group");
  EXPECT_EQ(why("elf_load;load_elf_binary;bprm_execve"), "exec/exit exec");
}

TEST(Classify, KnowsExceptions) {
  EXPECT_EQ(why("math_error;exc_divide_error;asm_exc_divide_error"), "exception divide_error");
  EXPECT_EQ(why("do_debug;debug"), "exception debug");
  EXPECT_EQ(why("xen_asm_exc_general_protection"), "exception general_protection");
  EXPECT_EQ(why("error_entry"), "exception entry code");
  EXPECT_EQ(why("error_entry;asm_exc_page_fault"), "fault other");
  EXPECT_EQ(why("do_anonymous_page;exc_page_fault;error_return"), "fault anonymous");
}

TEST(Classify, KnowsTheVsyscallPage) {
  EXPECT_EQ(why("__x64_sys_time;emulate_vsyscall;do_user_addr_fault;exc_page_fault;"
                "asm_exc_page_fault"),
            "syscall time");
  EXPECT_EQ(why("emulate_vsyscall;exc_page_fault;asm_exc_page_fault"), "syscall vsyscall");
}

TEST(Classify, KnowsOneEntryForEverything) {
  EXPECT_EQ(why("vfs_read;ksys_read;x64_sys_call;do_syscall_64;fred_other;fred_entry_from_user;"
                "asm_fred_entrypoint_user"),
            "syscall read");
  EXPECT_EQ(why("do_anonymous_page;exc_page_fault;fred_hwexc.constprop.0;fred_entry_from_user;"
                "asm_fred_entrypoint_user"),
            "fault anonymous");
  EXPECT_EQ(why("do_wp_page;exc_page_fault;fred_entry_from_kernel;asm_fred_entrypoint_kernel;"
                "_copy_to_user;ksys_read;do_syscall_64;fred_entry_from_user;"
                "asm_fred_entrypoint_user"),
            "syscall read / fault copy-on-write");
}

TEST(Classify, NamesACallWhoseEntryWasCutOff) {
  EXPECT_EQ(why("a;b;__x64_sys_sendmsg"), "syscall sendmsg");
}

TEST(Classify, TakesAnythingForAChain) {
  EXPECT_EQ(why(""), "other");
  EXPECT_EQ(shown(classify({}, true).cause), "other");
  EXPECT_EQ(shown(classify({}, false).cause), "kthread");
  const std::vector<std::string_view> unknown(200, "");
  EXPECT_EQ(shown(classify(unknown, true).cause), "other");
  EXPECT_EQ(why(".;..;.part.0"), "other");
}

TEST(EntrySymbols, AreLookedUpWithoutTheCompilersSuffixes) {
  EXPECT_EQ(strip_suffixes("do_exit.cold"), "do_exit");
  EXPECT_EQ(strip_suffixes("f.isra.0.constprop.1"), "f");
  EXPECT_EQ(strip_suffixes("f.llvm.1234"), "f");
  EXPECT_EQ(strip_suffixes("f"), "f");
  EXPECT_EQ(strip_suffixes(""), "");
}

TEST(EntrySymbols, TellCallsFromHelpersOfTheSameForm) {
  EXPECT_EQ(syscall_of_function("ksys_read"), "read");
  EXPECT_EQ(syscall_of_function("ksys_sync_helper"), "");
  EXPECT_EQ(syscall_of_function("__sys_accept4"), "") << "accept() comes here too";
  EXPECT_EQ(syscall_of_function("sys_imageblit"), "");
  EXPECT_EQ(syscall_of_function("vfs_read"), "");
}

}  // namespace
}  // namespace profiler::kernel
