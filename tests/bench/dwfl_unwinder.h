// libdw's unwinder on the same snapshots: one Dwfl for all, as its fastest users keep it.
//
//   DwflUnwinder theirs(capture);
//   const std::vector<std::uint64_t>& pcs = theirs.unwind(capture.samples[0]);   // innermost first
#pragma once

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "tests/bench/captured_program.h"

namespace profiler::bench {

class DwflUnwinder {
 public:
  explicit DwflUnwinder(const Capture& capture) {
    static const Dwfl_Callbacks kCallbacks = {.find_elf = dwfl_build_id_find_elf,
                                              .find_debuginfo = no_debuginfo,
                                              .section_address = nullptr,
                                              .debuginfo_path = nullptr};
    dwfl_ = dwfl_begin(&kCallbacks);
    dwfl_report_begin(dwfl_);
    for (const process::Mapping& mapping : capture.space.mappings()) {
      const auto& file = capture.files[mapping.module.row()];
      if (file)
        dwfl_report_elf(dwfl_, file->path().c_str(), file->path().c_str(), -1, mapping.bias, false);
    }
    dwfl_report_end(dwfl_, nullptr, nullptr);
    attached_ = dwfl_attach_state(dwfl_, nullptr, 1, &kThread, this);
  }
  ~DwflUnwinder() { dwfl_end(dwfl_); }
  DwflUnwinder(const DwflUnwinder&) = delete;
  DwflUnwinder& operator=(const DwflUnwinder&) = delete;

  [[nodiscard]] bool attached() const { return attached_; }

  const std::vector<std::uint64_t>& unwind(const CapturedSample& sample) {
    sample_ = &sample;
    pcs_.clear();
    dwfl_getthread_frames(dwfl_, 1, on_frame, this);
    return pcs_;
  }

 private:
  static int no_debuginfo(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                          GElf_Word, char**) {
    return -1;
  }
  static pid_t next_thread(Dwfl*, void* self, void** thread) {
    if (*thread != nullptr) return 0;
    *thread = self;
    return 1;
  }
  static bool get_thread(Dwfl*, pid_t, void* self, void** thread) {
    *thread = self;
    return true;
  }
  static bool read_memory(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* self) {
    const CapturedSample& sample = *static_cast<DwflUnwinder*>(self)->sample_;
    const std::uint64_t offset = address - sample.registers[7];
    if (offset >= sample.stack.size() || sample.stack.size() - offset < 8) return false;
    std::memcpy(result, sample.stack.data() + offset, 8);
    return true;
  }
  static bool set_registers(Dwfl_Thread* thread, void* self) {
    const CapturedSample& sample = *static_cast<DwflUnwinder*>(self)->sample_;
    // DWARF order of what perf gives as AX BX CX DX SI DI BP SP IP … R8-R15.
    constexpr int kFromPerf[] = {0, 3, 2, 1, 4, 5, 6, 7};
    Dwarf_Word values[17];
    for (int i = 0; i < 8; ++i) values[kFromPerf[i]] = sample.registers[static_cast<unsigned>(i)];
    for (unsigned i = 0; i < 8; ++i) values[8 + i] = sample.registers[12 + i];
    values[16] = sample.registers[8];
    return dwfl_thread_state_registers(thread, 0, 17, values);
  }
  static int on_frame(Dwfl_Frame* frame, void* self) {
    Dwarf_Addr pc = 0;
    bool activation = false;
    if (!dwfl_frame_pc(frame, &pc, &activation)) return DWARF_CB_ABORT;
    static_cast<DwflUnwinder*>(self)->pcs_.push_back(pc);
    return DWARF_CB_OK;
  }

  static constexpr Dwfl_Thread_Callbacks kThread = {.next_thread = next_thread,
                                                    .get_thread = get_thread,
                                                    .memory_read = read_memory,
                                                    .set_initial_registers = set_registers,
                                                    .detach = nullptr,
                                                    .thread_detach = nullptr};
  Dwfl* dwfl_ = nullptr;
  bool attached_ = false;
  const CapturedSample* sample_ = nullptr;
  std::vector<std::uint64_t> pcs_;
};

}  // namespace profiler::bench
