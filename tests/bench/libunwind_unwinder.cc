#if PROFILER_BENCH_LIBUNWIND

#include "tests/bench/libunwind_unwinder.h"

#include <libunwind-x86_64.h>

#include <array>
#include <cstring>

extern "C" int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t*,
                                                  unw_proc_info_t*, int, void*);

namespace profiler::bench {

struct LibunwindUnwinder::State {
  const Capture* capture = nullptr;
  const CapturedSample* sample = nullptr;
  unw_addr_space_t space = nullptr;
  std::vector<std::uint64_t> pcs;

  static int find_procedure(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info,
                            int need_unwind_info, void* self) {
    const Capture& capture = *static_cast<State*>(self)->capture;
    const process::Mapping* mapping = capture.space.find(RuntimeAddress(ip));
    if (mapping == nullptr || !capture.files[mapping->module.row()]) return -UNW_ENOINFO;
    const auto hdr = capture.files[mapping->module.row()]->unwind_sections().eh_frame_hdr;
    // Version, encodings (udata4 count, datarel sdata4 table: what linkers write), pointer, count.
    constexpr std::size_t kTableAt = 12;
    if (hdr.bytes.size() < kTableAt) return -UNW_ENOINFO;
    std::uint32_t count = 0;
    std::memcpy(&count, hdr.bytes.data() + 8, sizeof count);
    unw_dyn_info_t table{};
    table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    table.start_ip = mapping->start.value();
    table.end_ip = mapping->end.value();
    table.u.rti.segbase = hdr.address.value() + mapping->bias;
    table.u.rti.table_data = table.u.rti.segbase + kTableAt;
    table.u.rti.table_len = count;  // Words of eight bytes: an entry each.
    return UNW_OBJ(dwarf_search_unwind_table)(space, ip, &table, info, need_unwind_info, self);
  }
  static void put_unwind_info(unw_addr_space_t, unw_proc_info_t*, void*) {}
  static int no_list(unw_addr_space_t, unw_word_t*, void*) { return -UNW_ENOINFO; }
  static int access_memory(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write,
                           void* self) {
    if (write != 0) return -UNW_EINVAL;
    const State& state = *static_cast<State*>(self);
    const std::uint64_t offset = address - state.sample->registers[7];
    if (offset < state.sample->stack.size() &&
        state.sample->stack.size() - offset >= sizeof *value) {
      std::memcpy(value, state.sample->stack.data() + offset, sizeof *value);
      return 0;
    }
    // Unwind sections need not be mapped executable: any mapping of the module tells its bias.
    for (const process::Mapping& mapping : state.capture->space.mappings()) {
      const auto& file = state.capture->files[mapping.module.row()];
      if (!file || address < mapping.bias) continue;
      const auto bytes = file->bytes_at(ModuleAddress(address - mapping.bias), sizeof *value);
      if (bytes.empty()) continue;
      *value = 0;
      std::memcpy(value, bytes.data(), bytes.size());
      return 0;
    }
    return -UNW_EINVAL;
  }
  static int access_register(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write,
                             void* self) {
    // perf's index by DWARF number: AX DX CX BX SI DI BP SP R8-R15 IP.
    constexpr std::array<std::uint8_t, 17> kFromDwarf = {0,  3,  2,  1,  4,  5,  6,  7, 12,
                                                         13, 14, 15, 16, 17, 18, 19, 8};
    if (write != 0 || number < 0 || static_cast<std::size_t>(number) >= kFromDwarf.size())
      return -UNW_EBADREG;
    *value =
        static_cast<State*>(self)->sample->registers[kFromDwarf[static_cast<std::size_t>(number)]];
    return 0;
  }
  static int no_float(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
    return -UNW_EINVAL;
  }
  static int no_resume(unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; }
  static int no_name(unw_addr_space_t, unw_word_t, char*, std::size_t, unw_word_t*, void*) {
    return -UNW_EINVAL;
  }
};

LibunwindUnwinder::LibunwindUnwinder(const Capture& capture) : state_(std::make_unique<State>()) {
  static unw_accessors_t accessors = {.find_proc_info = State::find_procedure,
                                      .put_unwind_info = State::put_unwind_info,
                                      .get_dyn_info_list_addr = State::no_list,
                                      .access_mem = State::access_memory,
                                      .access_reg = State::access_register,
                                      .access_fpreg = State::no_float,
                                      .resume = State::no_resume,
                                      .get_proc_name = State::no_name};
  state_->capture = &capture;
  state_->space = unw_create_addr_space(&accessors, 0);
  if (state_->space != nullptr) unw_set_caching_policy(state_->space, UNW_CACHE_GLOBAL);
}

LibunwindUnwinder::~LibunwindUnwinder() {
  if (state_->space != nullptr) unw_destroy_addr_space(state_->space);
}

bool LibunwindUnwinder::attached() const { return state_->space != nullptr; }

const std::vector<std::uint64_t>& LibunwindUnwinder::unwind(const CapturedSample& sample) {
  state_->sample = &sample;
  state_->pcs.clear();
  unw_cursor_t cursor;
  if (unw_init_remote(&cursor, state_->space, state_.get()) != 0) return state_->pcs;
  do {
    unw_word_t ip = 0;
    if (unw_get_reg(&cursor, UNW_REG_IP, &ip) != 0 || ip == 0) break;
    state_->pcs.push_back(ip);
  } while (state_->pcs.size() < unwind::Unwinder::kMaxFrames && unw_step(&cursor) > 0);
  return state_->pcs;
}

}  // namespace profiler::bench

#endif
