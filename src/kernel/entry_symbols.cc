// Long because it is a table: one row for each entry symbol of two architectures and many kernels.
#include "kernel/entry_symbols.h"

#include <algorithm>
#include <unordered_map>

#include "kernel/syscall_table.h"

namespace profiler::kernel {
namespace {

using enum EntryRole;

using enum EntryPlace;

struct Row {
  std::string_view function;
  EntrySymbol symbol;
};

constexpr Row kEntries[] = {
    // --- x86-64: system calls. Names changed with 4.15 (page-table isolation), 5.8 (C entry code)
    // and 6.8 (x64_sys_call).
    {"entry_SYSCALL_64", {kSyscall, kStub}},
    {"entry_SYSCALL_64_after_hwframe", {kSyscall, kHandler}},
    {"entry_SYSCALL_64_after_swapgs", {kSyscall, kHandler}},
    {"entry_SYSCALL_64_fastpath", {kSyscall, kHandler}},
    {"entry_SYSCALL_64_safe_stack", {kSyscall, kHandler}},
    {"entry_SYSCALL_64_stage2", {kSyscall, kHandler}},
    {"entry_SYSCALL_64_trampoline", {kSyscall, kHandler}},
    {"entry_SYSRETQ_end", {kSyscall, kHandler}},
    {"entry_SYSRETQ_unsafe_stack", {kSyscall, kHandler}},
    {"syscall_return_via_sysret", {kSyscall, kHandler}},
    {"syscall_return_slowpath", {kSyscall, kHandler}},
    {"return_from_SYSCALL_64", {kSyscall, kHandler}},
    {"int_ret_from_sys_call", {kSyscall, kHandler}},
    {"system_call_fastpath", {kSyscall, kHandler}},
    {"system_call_after_swapgs", {kSyscall, kHandler}},
    {"system_call", {kSyscall, kHandler}},
    {"tracesys", {kSyscall, kHandler}},
    {"do_syscall_64", {kSyscall, kHandler}},
    {"do_syscall_x64", {kSyscall, kHandler}},
    {"do_syscall_x32", {kSyscall, kHandler}},
    {"x64_sys_call", {kSyscall, kHandler}},
    {"x32_sys_call", {kSyscall, kHandler}},
    {"ia32_sys_call", {kSyscall, kHandler}},
    {"stub_clone", {kSyscall, kHandler}},
    {"stub_execve", {kSyscall, kHandler}},
    {"stub_rt_sigreturn", {kSyscall, kHandler}},
    {"ptregs_clone", {kSyscall, kHandler}},
    // 32-bit programs: int $0x80, SYSENTER, SYSCALL.
    {"entry_INT80_compat", {kSyscall, kStub}},
    {"entry_INT80_32", {kSyscall, kStub}},
    {"asm_int80_emulation", {kSyscall, kStub}},
    {"int80_emulation", {kSyscall, kHandler}},
    {"do_int80_emulation", {kSyscall, kHandler}},
    {"do_int80_syscall_32", {kSyscall, kHandler}},
    {"do_syscall_32_irqs_on", {kSyscall, kHandler}},
    {"entry_SYSENTER_compat", {kSyscall, kStub}},
    {"entry_SYSENTER_compat_after_hwframe", {kSyscall, kHandler}},
    {"entry_SYSENTER_32", {kSyscall, kStub}},
    {"do_SYSENTER_32", {kSyscall, kHandler}},
    {"do_fast_syscall_32", {kSyscall, kHandler}},
    {"__do_fast_syscall_32", {kSyscall, kHandler}},
    {"entry_SYSCALL_compat", {kSyscall, kStub}},
    {"entry_SYSCALL_compat_after_hwframe", {kSyscall, kHandler}},
    {"entry_SYSCALL_compat_safe_stack", {kSyscall, kHandler}},
    {"entry_SYSRETL_compat_end", {kSyscall, kHandler}},
    {"entry_SYSRETL_compat_unsafe_stack", {kSyscall, kHandler}},
    {"ia32_sysenter_target", {kSyscall, kStub}},
    {"ia32_cstar_target", {kSyscall, kStub}},
    {"ia32_syscall", {kSyscall, kStub}},
    {"sysenter_dispatch", {kSyscall, kHandler}},
    // FRED (6.9): one entry for everything.
    {"asm_fred_entrypoint_user", {kSync, kStub}},
    {"asm_fred_entrypoint_kernel", {kSync, kStub}},
    {"fred_entry_from_user", {kSync, kHandler}},
    {"fred_entry_from_kernel", {kSync, kHandler}},
    {"fred_other", {kSyscall, kHandler}},
    {"fred_intx", {kSyscall, kHandler}},
    {"fred_extint", {kIrq, kHandler, "interrupt"}},
    {"fred_hwexc", {kSync, kHandler}},

    // --- x86-64: page faults. asm_exc_* and exc_* are known by their prefix.
    {"page_fault", {kFault, kStub}},
    {"async_page_fault", {kFault, kStub}},
    {"trace_page_fault", {kFault, kStub}},
    {"xen_page_fault", {kFault, kStub}},
    {"do_page_fault", {kFault, kHandler}},
    {"do_async_page_fault", {kFault, kHandler}},
    {"trace_do_page_fault", {kFault, kHandler}},
    {"__do_page_fault", {kFault, kHandler}},
    {"do_user_addr_fault", {kFault, kHandler}},
    {"do_kern_addr_fault", {kFault, kHandler}},
    {"handle_page_fault", {kFault, kHandler}},
    {"emulate_vsyscall", {kVsyscall, kHandler}},

    // --- x86-64: exceptions of kernels before 5.8.
    {"divide_error", {kException, kStub, "divide_error"}},
    {"do_divide_error", {kException, kHandler, "divide_error"}},
    {"overflow", {kException, kStub, "overflow"}},
    {"bounds", {kException, kStub, "bounds"}},
    {"debug", {kException, kStub, "debug"}},
    {"do_debug", {kException, kHandler, "debug"}},
    {"int3", {kException, kStub, "int3"}},
    {"do_int3", {kException, kHandler, "int3"}},
    {"invalid_op", {kException, kStub, "invalid_op"}},
    {"do_invalid_op", {kException, kHandler, "invalid_op"}},
    {"device_not_available", {kException, kStub, "device_not_available"}},
    {"do_device_not_available", {kException, kHandler, "device_not_available"}},
    {"double_fault", {kException, kStub, "double_fault"}},
    {"general_protection", {kException, kStub, "general_protection"}},
    {"do_general_protection", {kException, kHandler, "general_protection"}},
    {"stack_segment", {kException, kStub, "stack_segment"}},
    {"segment_not_present", {kException, kStub, "segment_not_present"}},
    {"invalid_TSS", {kException, kStub, "invalid_tss"}},
    {"alignment_check", {kException, kStub, "alignment_check"}},
    {"do_alignment_check", {kException, kHandler, "alignment_check"}},
    {"coprocessor_error", {kException, kStub, "coprocessor_error"}},
    {"simd_coprocessor_error", {kException, kStub, "simd_coprocessor_error"}},
    {"do_simd_coprocessor_error", {kException, kHandler, "simd_coprocessor_error"}},
    {"machine_check", {kException, kStub, "machine_check"}},
    {"do_machine_check", {kException, kHandler, "machine_check"}},
    {"nmi", {kException, kStub, "nmi"}},
    {"do_nmi", {kException, kHandler, "nmi"}},
    {"default_do_nmi", {kException, kHandler, "nmi"}},
    {"end_repeat_nmi", {kException, kStub, "nmi"}},
    {"repeat_nmi", {kException, kStub, "nmi"}},
    {"first_nmi", {kException, kStub, "nmi"}},
    {"nmi_restore", {kException, kStub, "nmi"}},

    // --- x86-64: interrupts. asm_sysvec_* and sysvec_* are known by their prefix.
    {"asm_common_interrupt", {kIrq, kStub, "common_interrupt"}},
    {"common_interrupt", {kIrq, kHandler, "common_interrupt"}},
    {"__common_interrupt", {kIrq, kHandler, "common_interrupt"}},
    {"do_IRQ", {kIrq, kHandler, "common_interrupt"}},
    {"ret_from_intr", {kIrq, kHandler, "common_interrupt"}},
    {"asm_spurious_interrupt", {kIrq, kStub, "spurious_interrupt"}},
    {"spurious_interrupt", {kIrq, kHandler, "spurious_interrupt"}},
    {"apic_timer_interrupt", {kIrq, kStub, "apic_timer_interrupt"}},
    {"smp_apic_timer_interrupt", {kIrq, kHandler, "apic_timer_interrupt"}},
    {"reschedule_interrupt", {kIrq, kStub, "reschedule_ipi"}},
    {"smp_reschedule_interrupt", {kIrq, kHandler, "reschedule_ipi"}},
    {"call_function_interrupt", {kIrq, kStub, "call_function"}},
    {"smp_call_function_interrupt", {kIrq, kHandler, "call_function"}},
    {"call_function_single_interrupt", {kIrq, kStub, "call_function_single"}},
    {"smp_call_function_single_interrupt", {kIrq, kHandler, "call_function_single"}},
    {"irq_work_interrupt", {kIrq, kStub, "irq_work"}},
    {"smp_irq_work_interrupt", {kIrq, kHandler, "irq_work"}},
    {"thermal_interrupt", {kIrq, kStub, "thermal"}},
    {"threshold_interrupt", {kIrq, kStub, "threshold"}},
    {"error_interrupt", {kIrq, kStub, "error_interrupt"}},
    {"hyperv_callback_vector", {kIrq, kStub, "hyperv_callback"}},
    {"hyperv_stimer0_callback_vector", {kIrq, kStub, "hyperv_stimer0"}},
    {"hyperv_vector_handler", {kIrq, kHandler, "hyperv_callback"}},
    {"xen_hvm_callback_vector", {kIrq, kStub, "xen_hvm_callback"}},
    {"xen_do_hypervisor_callback", {kIrq, kStub, "xen_hvm_callback"}},
    {"xen_hypervisor_callback", {kIrq, kStub, "xen_hvm_callback"}},
    {"xen_evtchn_do_upcall", {kIrq, kHandler, "xen_hvm_callback"}},
    {"xen_pv_evtchn_do_upcall", {kIrq, kHandler, "xen_hvm_callback"}},

    // --- x86-64: code shared by several kinds of entry.
    {"error_entry", {kEntryCode}},
    {"error_return", {kEntryCode}},
    {"error_exit", {kEntryCode}},
    {"xen_error_entry", {kEntryCode}},
    {"paranoid_entry", {kEntryCode}},
    {"paranoid_exit", {kEntryCode}},
    {"interrupt_entry", {kEntryCode}},
    {"irq_entries_start", {kEntryCode}},
    {"spurious_entries_start", {kEntryCode}},
    {"retint_user", {kEntryCode}},
    {"retint_kernel", {kEntryCode}},
    {"retint_swapgs", {kEntryCode}},
    {"restore_regs_and_iret", {kEntryCode}},
    {"restore_regs_and_return_to_kernel", {kEntryCode}},
    {"swapgs_restore_regs_and_return_to_usermode", {kEntryCode}},
    {"common_interrupt_return", {kEntryCode}},
    {"native_iret", {kEntryCode}},
    {"native_irq_return_iret", {kEntryCode}},
    {"native_irq_return_ldt", {kEntryCode}},
    {"prepare_exit_to_usermode", {kEntryCode}},
    {"exit_to_usermode_loop", {kEntryCode}},
    {"exit_to_user_mode_loop", {kEntryCode}},
    {"exit_to_user_mode_prepare", {kEntryCode}},
    {"irqentry_enter", {kEntryCode}},
    {"irqentry_enter_from_user_mode", {kEntryCode}},
    {"irqentry_exit", {kEntryCode}},
    {"irqentry_exit_to_user_mode", {kEntryCode}},
    // (The way out of a call is also a new thread's way to user mode, inside ret_from_fork.)
    {"syscall_enter_from_user_mode", {kSyscall, kHandler}},
    {"syscall_exit_to_user_mode", {kSyscall, kHandler}},
    {"syscall_exit_to_user_mode_prepare", {kSyscall, kHandler}},
    {"syscall_exit_work", {kSyscall, kHandler}},
    {"syscall_trace_enter", {kSyscall, kHandler}},
    {"sync_regs", {kEntryCode}},
    {"fixup_bad_iret", {kEntryCode}},
    {"__irqentry_text_start", {kEntryCode}},
    {"__irqentry_text_end", {kEntryCode}},
    {"__entry_text_start", {kEntryCode}},
    {"__entry_text_end", {kEntryCode}},
    {"entry_untrain_ret", {kEntryCode}},

    // --- aarch64: system calls.
    {"el0_svc", {kSyscall, kHandler}},
    {"el0_svc_compat", {kSyscall, kHandler}},
    {"el0_svc_common", {kSyscall, kHandler}},
    {"el0_svc_handler", {kSyscall, kHandler}},
    {"el0_svc_compat_handler", {kSyscall, kHandler}},
    {"el0_svc_naked", {kSyscall, kHandler}},
    {"do_el0_svc", {kSyscall, kHandler}},
    {"do_el0_svc_compat", {kSyscall, kHandler}},
    {"invoke_syscall", {kSyscall, kHandler}},
    {"__invoke_syscall", {kSyscall, kHandler}},
    {"__sys_trace", {kSyscall, kHandler}},
    {"ret_fast_syscall", {kSyscall, kHandler}},
    // aarch64: synchronous entries, from user mode (el0) and from the kernel (el1).
    {"el0t_64_sync", {kSync, kStub}},
    {"el0t_64_sync_handler", {kSync, kHandler}},
    {"el0t_32_sync", {kSync, kStub}},
    {"el0t_32_sync_handler", {kSync, kHandler}},
    {"el1h_64_sync", {kSync, kStub}},
    {"el1h_64_sync_handler", {kSync, kHandler}},
    {"el1t_64_sync", {kSync, kStub}},
    {"el1t_64_sync_handler", {kSync, kHandler}},
    {"el0_sync", {kSync, kStub}},
    {"el0_sync_handler", {kSync, kHandler}},
    {"el0_sync_compat", {kSync, kStub}},
    {"el0_sync_compat_handler", {kSync, kHandler}},
    {"el1_sync", {kSync, kStub}},
    {"el1_sync_handler", {kSync, kHandler}},
    // aarch64: faults.
    {"el0_da", {kFault, kHandler}},
    {"el0_ia", {kFault, kHandler}},
    {"el1_da", {kFault, kKernelHandler}},
    {"el1_ia", {kFault, kKernelHandler}},
    {"el1_abort", {kFault, kKernelHandler}},
    {"do_mem_abort", {kFault, kHandler}},
    {"do_el0_ia_bp_hardening", {kFault, kHandler}},
    {"do_translation_fault", {kFault, kHandler}},
    // aarch64: exceptions.
    {"el0_undef", {kException, kHandler, "undefined_instruction"}},
    {"el1_undef", {kException, kKernelHandler, "undefined_instruction"}},
    {"el0_fpsimd_acc", {kException, kHandler, "fpsimd_access"}},
    {"el0_fpsimd_exc", {kException, kHandler, "fpsimd_exception"}},
    {"el0_sve_acc", {kException, kHandler, "sve_access"}},
    {"el0_sme_acc", {kException, kHandler, "sme_access"}},
    {"el0_sys", {kException, kHandler, "system_instruction"}},
    {"el0_pc", {kException, kHandler, "pc_alignment"}},
    {"el0_sp", {kException, kHandler, "sp_alignment"}},
    {"el0_sp_pc", {kException, kHandler, "pc_alignment"}},
    {"el1_pc", {kException, kKernelHandler, "pc_alignment"}},
    {"el0_bti", {kException, kHandler, "bti"}},
    {"el0_fpac", {kException, kHandler, "fpac"}},
    {"el0_mops", {kException, kHandler, "mops"}},
    {"el0_gcs", {kException, kHandler, "gcs"}},
    {"el0_cp15", {kException, kHandler, "cp15"}},
    {"el0_inv", {kException, kHandler, "invalid"}},
    {"el0_dbg", {kException, kHandler, "debug"}},
    {"el1_dbg", {kException, kKernelHandler, "debug"}},
    {"el0_brk64", {kException, kHandler, "debug"}},
    {"el1_brk64", {kException, kKernelHandler, "debug"}},
    {"el0_softstp", {kException, kHandler, "debug"}},
    {"el0_watchpt", {kException, kHandler, "debug"}},
    {"el0_breakpt", {kException, kHandler, "debug"}},
    {"el0t_64_error", {kException, kStub, "serror"}},
    {"el0t_32_error", {kException, kStub, "serror"}},
    {"el1h_64_error", {kException, kStub, "serror"}},
    {"el0_error", {kException, kStub, "serror"}},
    {"el1_error", {kException, kStub, "serror"}},
    // aarch64: interrupts.
    {"el0t_64_irq", {kIrq, kStub, "irq"}},
    {"el0t_32_irq", {kIrq, kStub, "irq"}},
    {"el1h_64_irq", {kIrq, kStub, "irq"}},
    {"el1t_64_irq", {kIrq, kStub, "irq"}},
    {"el0_irq", {kIrq, kStub, "irq"}},
    {"el1_irq", {kIrq, kStub, "irq"}},
    {"el0_irq_compat", {kIrq, kStub, "irq"}},
    {"el0_irq_naked", {kIrq, kHandler, "irq"}},
    {"el0t_64_irq_handler", {kIrq, kHandler, "irq"}},
    {"el0t_32_irq_handler", {kIrq, kHandler, "irq"}},
    {"el1h_64_irq_handler", {kIrq, kHandler, "irq"}},
    {"__el0_irq_handler_common", {kIrq, kHandler, "irq"}},
    {"el0_interrupt", {kIrq, kHandler, "irq"}},
    {"el1_interrupt", {kIrq, kHandler, "irq"}},
    {"do_interrupt_handler", {kIrq, kHandler, "irq"}},
    {"gic_handle_irq", {kIrq, kHandler, "irq"}},
    {"el0t_64_fiq", {kIrq, kStub, "fiq"}},
    {"el1h_64_fiq", {kIrq, kStub, "fiq"}},
    {"el0t_64_fiq_handler", {kIrq, kHandler, "fiq"}},
    {"el1h_64_fiq_handler", {kIrq, kHandler, "fiq"}},
    // aarch64: code shared by several kinds of entry.
    {"ret_to_user", {kEntryCode}},
    {"ret_to_kernel", {kEntryCode}},
    {"finish_ret_to_user", {kEntryCode}},
    {"work_pending", {kEntryCode}},
    {"do_notify_resume", {kEntryCode}},
    {"enter_from_user_mode", {kEntryCode}},
    {"exit_to_user_mode", {kEntryCode}},
    {"asm_exit_to_user_mode", {kEntryCode}},
    {"vectors", {kEntryCode}},
    {"tramp_vectors", {kEntryCode}},
    {"tramp_exit_native", {kEntryCode}},

    // --- Softirqs.
    {"handle_softirqs", {kSoftirq, kHandler}},
    {"__do_softirq", {kSoftirq, kHandler}},
    {"do_softirq", {kSoftirq, kHandler}},
    {"do_softirq_own_stack", {kSoftirq, kHandler}},
    {"____do_softirq", {kSoftirq, kHandler}},
    {"call_softirq", {kSoftirq, kHandler}},
    {"__softirqentry_text_start", {kSoftirq, kHandler}},

    // --- Threads.
    {"ret_from_fork", {kThreadStart}},
    {"ret_from_fork_asm", {kThreadStart}},
    {"kernel_thread_helper", {kThreadStart}},
    {"ret_from_kernel_thread", {kThreadStart}},
    {"kthread", {kWorker}},
    {"kernel_init", {kWorker}},
    {"io_wq_worker", {kWorker}},
    {"io_wqe_worker", {kWorker}},
    {"io_sq_thread", {kWorker}},
    {"vhost_task_fn", {kWorker}},
    {"vhost_worker", {kWorker}},
    {"call_usermodehelper_exec_async", {kWorker}},
    {"common_startup_64", {kIdle}},
    {"secondary_startup_64", {kIdle}},
    {"secondary_startup_64_no_verify", {kIdle}},
    {"x86_64_start_kernel", {kIdle}},
    {"x86_64_start_reservations", {kIdle}},
    {"start_kernel", {kIdle}},
    {"start_secondary", {kIdle}},
    {"rest_init", {kIdle}},
    {"__secondary_switched", {kIdle}},
    {"secondary_start_kernel", {kIdle}},
    {"__primary_switched", {kIdle}},
    {"cpu_bringup_and_idle", {kIdle}},
    {"cpu_startup_entry", {kIdle}},
    {"do_idle", {kIdle}},

    // --- Work that explains a chain whose entry cannot be seen.
    {"do_exit", {kExit}},
    {"do_group_exit", {kExit}},
    {"make_task_dead", {kExit}},
    {"begin_new_exec", {kExec}},
    {"bprm_execve", {kExec}},
    {"do_execveat_common", {kExec}},
    {"load_elf_binary", {kExec}},
    {"schedule", {kSwitch}},
    {"__schedule", {kSwitch}},
    {"schedule_tail", {kSwitch}},
    {"finish_task_switch", {kSwitch}},
    {"__switch_to", {kSwitch}},
    {"__switch_to_asm", {kSwitch}},
    {"cpu_switch_to", {kSwitch}},

    // --- What may stand between any two frames.
    {"its_return_thunk", {kSkip}},
    {"srso_return_thunk", {kSkip}},
    {"srso_alias_return_thunk", {kSkip}},
    {"retbleed_return_thunk", {kSkip}},
    {"call_depth_return_thunk", {kSkip}},
    {"ftrace_trampoline", {kSkip}},
    {"ftrace_call", {kSkip}},
    {"ftrace_regs_call", {kSkip}},
    {"ftrace_graph_call", {kSkip}},
    {"return_to_handler", {kSkip}},
    {"__fentry__", {kSkip}},
    {"call_on_irq_stack", {kSkip}},
    {"call_on_stack", {kSkip}},
    {"asm_call_irq_on_stack", {kSkip}},
    {"asm_call_on_stack", {kSkip}},
    {"asm_call_sysvec_on_stack", {kSkip}},
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

EntrySymbol exception_or_fault(std::string_view name, EntryPlace place) {
  if (name == "page_fault") return {.role = kFault, .place = place};
  return {.role = kException, .place = place, .name = name};
}

/// Entries whose names follow a pattern (5.8 and later).
EntrySymbol by_prefix(std::string_view function) {
  std::string_view rest = function;
  take_prefix(rest, "xen_");
  if (take_prefix(rest, "asm_exc_")) return exception_or_fault(rest, kStub);
  if (take_prefix(rest, "asm_xenpv_exc_")) return exception_or_fault(rest, kStub);
  if (take_prefix(rest, "asm_sysvec_")) return {.role = kIrq, .place = kStub, .name = rest};
  rest = function;
  if (take_prefix(rest, "fred_")) take_prefix(rest, "instr_");
  if (take_prefix(rest, "exc_")) return exception_or_fault(rest, kHandler);
  if (take_prefix(rest, "sysvec_") || take_prefix(rest, "__sysvec_") ||
      take_prefix(rest, "instr_sysvec_")) {
    return {.role = kIrq, .place = kHandler, .name = rest};
  }
  if (function.starts_with("__x86_indirect_") || function.starts_with("__x86_return_") ||
      function.starts_with("bpf_trampoline_") || function.starts_with("arch_ftrace_")) {
    return {.role = kSkip};
  }
  return {};
}

struct Alias {
  std::string_view from;
  std::string_view to;
};

/// Calls whose function in the kernel is not called as they are.
constexpr Alias kSyscallAliases[] = {
    {"newstat", "stat"},
    {"newlstat", "lstat"},
    {"newfstat", "fstat"},
    {"newuname", "uname"},
    {"umount", "umount2"},
    {"sendfile64", "sendfile"},
    {"mmap_pgoff", "mmap"},
    {"fadvise64_64", "fadvise64"},
    {"arm64_personality", "personality"},
    {"x32_rt_sigreturn", "rt_sigreturn"},
};

constexpr Alias kTailCalls[] = {
    {"kernel_wait4", "wait4"},       {"vm_mmap_pgoff", "mmap"}, {"__vm_munmap", "munmap"},
    {"do_futex", "futex"},           {"do_fcntl", "fcntl"},     {"do_sendfile", "sendfile"},
    {"do_group_exit", "exit_group"}, {"do_exit", "exit"},
};

}  // namespace

std::string_view strip_suffixes(std::string_view function) {
  // No C identifier holds a dot: whatever follows one was appended by the compiler.
  const std::size_t dot = function.find('.', 1);
  return dot == std::string_view::npos ? function : function.substr(0, dot);
}

EntrySymbol entry_symbol(std::string_view function) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, EntrySymbol> symbols;
    for (const Row& row : kEntries) symbols.emplace(row.function, row.symbol);
    return symbols;
  }();
  const auto found = kByName.find(function);
  return found != kByName.end() ? found->second : by_prefix(function);
}

std::string_view syscall_of_function(std::string_view function) {
  // The first group is used for nothing else; the second needs a look into the table of calls.
  static constexpr std::string_view kPrefixes[] = {
      "__x64_sys_",
      "__ia32_sys_",
      "__x32_sys_",
      "__arm64_sys_",
      "__se_sys_",
      "__do_sys_",
      "__ia32_compat_sys_",
      "__x64_compat_sys_",
      "__x32_compat_sys_",
      "__x64_x32_compat_sys_",
      "__arm64_compat_sys_",
      "__se_compat_sys_",
      "__do_compat_sys_",
      "SyS_",
      "SYSC_",
      "compat_SyS_",
      "C_SYSC_",
  };
  static constexpr std::string_view kCheckedPrefixes[] = {"ksys_", "sys_", "compat_sys_", "__sys_"};

  std::string_view name = function;
  const auto take = [&name](std::string_view prefix) { return take_prefix(name, prefix); };
  const bool certain = std::ranges::any_of(kPrefixes, take);
  if (!certain && std::ranges::none_of(kCheckedPrefixes, take)) return {};
  constexpr std::string_view kTime32 = "_time32";
  if (name.ends_with(kTime32)) name.remove_suffix(kTime32.size());
  for (const Alias& alias : kSyscallAliases) {
    if (name == alias.from) return alias.to;
  }
  // accept() runs the function of accept4(), so that one's does not tell which was called.
  if (function == "__sys_accept4") return {};
  return certain || is_syscall(name) ? name : std::string_view();
}

std::string_view syscall_of_tail_call(std::string_view function) {
  for (const Alias& tail : kTailCalls) {
    if (function == tail.from) return tail.to;
  }
  return {};
}

}  // namespace profiler::kernel
