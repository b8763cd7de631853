#include "events/decoder.h"

#include <linux/perf_event.h>

#include <bit>
#include <string>

#include "events/byte_cursor.h"
#include "events/records.h"

namespace profiler::events {
namespace {

struct Record {
  perf_event_header header{};
  std::span<const std::byte> body;     ///< After the header, without the sample_id trailer.
  std::span<const std::byte> trailer;  ///< Empty for samples and without sample_id_all.
};

[[nodiscard]] bool has(const EventLayout& layout, std::uint64_t sample_type) {
  return (layout.sample_type & sample_type) != 0;
}

std::uint64_t words_of_mask(std::uint64_t mask) {
  return static_cast<std::uint64_t>(std::popcount(mask));
}

/// Size of what sample_id_all appends to every record but samples (struct sample_id).
std::size_t trailer_size(const EventLayout& layout) {
  constexpr std::uint64_t kFields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
                                    PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
                                    PERF_SAMPLE_IDENTIFIER;
  return layout.sample_id_all ? 8 * words_of_mask(layout.sample_type & kFields) : 0;
}

Error malformed(const char* what, std::uint32_t type) {
  return Error{.what =
                   std::string("malformed record of type ") + std::to_string(type) + ": " + what};
}

/// Splits a record into header, body and trailer; false if it cannot be one.
bool split(std::span<const std::byte> bytes, const EventLayout& layout, Record& record) {
  if (bytes.size() < sizeof(perf_event_header)) return false;
  std::memcpy(&record.header, bytes.data(), sizeof record.header);
  if (record.header.size != bytes.size()) return false;
  const auto rest = bytes.subspan(sizeof(perf_event_header));
  const bool kernel_record = record.header.type < kFirstUserRecordType;
  const std::size_t trailer =
      kernel_record && record.header.type != PERF_RECORD_SAMPLE ? trailer_size(layout) : 0;
  if (trailer > rest.size()) return false;
  record.body = rest.first(rest.size() - trailer);
  record.trailer = rest.last(trailer);
  return true;
}

/// The sample_id trailer: TID, TIME, ID, STREAM_ID, CPU, IDENTIFIER, each if asked for.
EventContext read_trailer(const Record& record, const EventLayout& layout) {
  EventContext context;
  if (record.trailer.empty()) return context;
  ByteCursor cursor(record.trailer);
  if (has(layout, PERF_SAMPLE_TID)) {
    const auto ids = cursor.number<ThreadIds>();
    context.pid = ids.pid;
    context.tid = ids.tid;
  }
  if (has(layout, PERF_SAMPLE_TIME)) context.time_ns = cursor.u64();
  if (has(layout, PERF_SAMPLE_ID)) context.id = cursor.u64();
  if (has(layout, PERF_SAMPLE_STREAM_ID)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_CPU)) context.cpu = cursor.number<CpuField>().cpu;
  if (has(layout, PERF_SAMPLE_IDENTIFIER)) context.id = cursor.u64();
  return context;
}

CpuMode cpu_mode(std::uint16_t misc) {
  switch (misc & PERF_RECORD_MISC_CPUMODE_MASK) {
    case PERF_RECORD_MISC_KERNEL:
      return CpuMode::kKernel;
    case PERF_RECORD_MISC_USER:
      return CpuMode::kUser;
    case PERF_RECORD_MISC_HYPERVISOR:
      return CpuMode::kHypervisor;
    case PERF_RECORD_MISC_GUEST_KERNEL:
      return CpuMode::kGuestKernel;
    case PERF_RECORD_MISC_GUEST_USER:
      return CpuMode::kGuestUser;
    default:
      return CpuMode::kUnknown;
  }
}

/// PERF_SAMPLE_READ: struct read_format.
void skip_read_values(ByteCursor& cursor, std::uint64_t read_format) {
  constexpr std::uint64_t kTimes = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  constexpr std::uint64_t kPerCounter = PERF_FORMAT_ID | std::uint64_t{1} << 4;  // PERF_FORMAT_LOST
  const std::uint64_t times = words_of_mask(read_format & kTimes);
  const std::uint64_t words_per_counter = 1 + words_of_mask(read_format & kPerCounter);
  if ((read_format & PERF_FORMAT_GROUP) == 0) {
    cursor.skip_words(times + words_per_counter);
    return;
  }
  const std::uint64_t counters = cursor.u64();
  cursor.skip_words(times);
  if (counters > cursor.remaining() / (8 * words_per_counter)) return cursor.fail();
  cursor.skip_words(counters * words_per_counter);
}

/// PERF_SAMPLE_RAW: a 32-bit size, and data padded so that both together are whole words.
std::span<const std::byte> read_raw(ByteCursor& cursor) {
  const std::uint64_t size = cursor.u32();
  return cursor.take(((size + 4 + 7) & ~std::uint64_t{7}) - 4);
}

/// PERF_SAMPLE_BRANCH_STACK: the count, the hardware's index if asked for, the entries, and a word
/// of counters each if asked for.
void skip_branch_stack(ByteCursor& cursor, std::uint64_t branch_sample_type) {
  const std::uint64_t branches = cursor.u64();
  if ((branch_sample_type & PERF_SAMPLE_BRANCH_HW_INDEX) != 0) cursor.skip_words(1);
  const bool counters = (branch_sample_type & kSampleBranchCounters) != 0;
  const std::uint64_t words = kBranchEntryWords + (counters ? 1 : 0);
  if (branches > cursor.remaining() / (8 * words)) return cursor.fail();
  cursor.skip_words(branches * words);
}

/// PERF_SAMPLE_REGS_USER: no values follow when the abi says none.
UserRegisters read_registers(ByteCursor& cursor, std::uint64_t mask) {
  UserRegisters registers;
  registers.abi = cursor.u64();
  if (registers.abi == PERF_SAMPLE_REGS_ABI_NONE) return registers;
  registers.mask = mask;
  registers.values = cursor.words(words_of_mask(mask));
  return registers;
}

/// PERF_SAMPLE_STACK_USER: size, that many bytes, and (unless size is 0) how many of them are
/// valid.
void read_user_stack(ByteCursor& cursor, SampleEvent& sample) {
  sample.user_stack_requested = cursor.u64();
  const auto dump = cursor.take(sample.user_stack_requested);
  sample.user_stack = dump;
  if (sample.user_stack_requested == 0) return;
  const std::uint64_t valid = cursor.u64();
  if (valid > dump.size()) return cursor.fail();
  sample.user_stack = dump.first(static_cast<std::size_t>(valid));
}

/// PERF_RECORD_SAMPLE, field by field in the order of the kernel's perf_output_sample().
Result<Event> decode_sample(const Record& record, const EventLayout& layout) {
  if ((layout.sample_type & ~kKnownSampleTypes) != 0 ||
      (layout.read_format & ~kKnownReadFormats) != 0) {
    return std::unexpected(malformed("fields of a newer kernel", record.header.type));
  }
  SampleEvent sample;
  sample.mode = cpu_mode(record.header.misc);
  sample.period = layout.fixed_period;
  ByteCursor cursor(record.body);
  if (has(layout, PERF_SAMPLE_IDENTIFIER)) sample.context.id = cursor.u64();
  if (has(layout, PERF_SAMPLE_IP)) sample.ip = RuntimeAddress(cursor.u64());
  if (has(layout, PERF_SAMPLE_TID)) {
    const auto ids = cursor.number<ThreadIds>();
    sample.context.pid = ids.pid;
    sample.context.tid = ids.tid;
  }
  if (has(layout, PERF_SAMPLE_TIME)) sample.context.time_ns = cursor.u64();
  if (has(layout, PERF_SAMPLE_ADDR)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_ID)) sample.context.id = cursor.u64();
  if (has(layout, PERF_SAMPLE_STREAM_ID)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_CPU)) sample.context.cpu = cursor.number<CpuField>().cpu;
  if (has(layout, PERF_SAMPLE_PERIOD)) sample.period = cursor.u64();
  if (has(layout, PERF_SAMPLE_READ)) skip_read_values(cursor, layout.read_format);
  if (has(layout, PERF_SAMPLE_CALLCHAIN)) {
    const std::uint64_t frames = cursor.u64();
    sample.callchain = cursor.words(frames);
  }
  if (has(layout, PERF_SAMPLE_RAW)) sample.raw = read_raw(cursor);
  if (has(layout, PERF_SAMPLE_BRANCH_STACK)) skip_branch_stack(cursor, layout.branch_sample_type);
  if (has(layout, PERF_SAMPLE_REGS_USER)) {
    sample.user_registers = read_registers(cursor, layout.user_register_mask);
  }
  if (has(layout, PERF_SAMPLE_STACK_USER)) read_user_stack(cursor, sample);
  if (has(layout, PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_DATA_SRC)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_TRANSACTION)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_REGS_INTR)) read_registers(cursor, layout.interrupt_register_mask);
  if (has(layout, PERF_SAMPLE_PHYS_ADDR)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_CGROUP)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_DATA_PAGE_SIZE)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_CODE_PAGE_SIZE)) cursor.skip(8);
  if (has(layout, PERF_SAMPLE_AUX)) cursor.skip(cursor.u64());
  if (!cursor.ok())
    return std::unexpected(malformed("a field lies outside it", record.header.type));
  return sample;
}

/// PERF_RECORD_MMAP, and the part of PERF_RECORD_MMAP2 that is the same.
void fill(MmapEvent& event, const MmapBody& body, std::uint16_t misc) {
  event.pid = body.pid;
  event.tid = body.tid;
  event.start = RuntimeAddress(body.address);
  event.length = body.length;
  event.file_offset = FileOffset(body.page_offset);
  event.executable = (misc & PERF_RECORD_MISC_MMAP_DATA) == 0;
}

MmapEvent read_mmap(ByteCursor& cursor, std::uint16_t misc) {
  MmapEvent event;
  fill(event, cursor.number<MmapBody>(), misc);
  event.path = cursor.rest_as_string();
  return event;
}

MmapEvent read_mmap2(ByteCursor& cursor, std::uint16_t misc) {
  MmapEvent event;
  if ((misc & PERF_RECORD_MISC_MMAP_BUILD_ID) != 0) {
    const auto body = cursor.number<Mmap2BuildIdBody>();
    fill(event, body.mmap, misc);
    if (body.build_id_size > sizeof body.build_id) cursor.fail();
    if (cursor.ok()) event.build_id = BuildId(std::span(body.build_id).first(body.build_id_size));
  } else {
    const auto body = cursor.number<Mmap2Body>();
    fill(event, body.mmap, misc);
    event.device_major = body.major;
    event.device_minor = body.minor;
    event.inode = body.inode;
    event.inode_generation = body.inode_generation;
  }
  event.path = cursor.rest_as_string();
  return event;
}

CommEvent read_comm(ByteCursor& cursor, std::uint16_t misc) {
  CommEvent event;
  const auto body = cursor.number<CommBody>();
  event.pid = body.pid;
  event.tid = body.tid;
  event.exec = (misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
  event.name = cursor.rest_as_string();
  return event;
}

template <class ForkOrExit>
ForkOrExit read_fork(ByteCursor& cursor, const EventContext& context) {
  ForkOrExit event;
  const auto body = cursor.number<ForkBody>();
  event.context = context;
  if (event.context.time_ns == 0) event.context.time_ns = body.time;
  event.pid = body.pid;
  event.parent_pid = body.parent_pid;
  event.tid = body.tid;
  event.parent_tid = body.parent_tid;
  return event;
}

ThrottleEvent read_throttle(ByteCursor& cursor, const EventContext& context, bool throttled) {
  ThrottleEvent event;
  const auto body = cursor.number<ThrottleBody>();
  event.context = context;
  if (event.context.time_ns == 0) event.context.time_ns = body.time;
  if (event.context.id == 0) event.context.id = body.id;
  event.throttled = throttled;
  return event;
}

KsymbolEvent read_ksymbol(ByteCursor& cursor) {
  KsymbolEvent event;
  const auto body = cursor.number<KsymbolBody>();
  event.start = RuntimeAddress(body.address);
  event.length = body.length;
  event.type = body.type;
  event.unregister = (body.flags & PERF_RECORD_KSYMBOL_FLAGS_UNREGISTER) != 0;
  event.name = cursor.rest_as_string();
  return event;
}

SwitchEvent read_switch(std::uint16_t misc) {
  SwitchEvent event;
  event.out = (misc & PERF_RECORD_MISC_SWITCH_OUT) != 0;
  event.preempted = event.out && (misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0;
  return event;
}

Event read_side_record(ByteCursor& cursor, const Record& record, const EventContext& context) {
  const std::uint16_t misc = record.header.misc;
  const auto with_context = [&context](auto event) -> Event {
    event.context = context;
    return event;
  };
  switch (record.header.type) {
    case PERF_RECORD_MMAP:
      return with_context(read_mmap(cursor, misc));
    case PERF_RECORD_MMAP2:
      return with_context(read_mmap2(cursor, misc));
    case PERF_RECORD_COMM:
      return with_context(read_comm(cursor, misc));
    case PERF_RECORD_FORK: {
      auto event = read_fork<ForkEvent>(cursor, context);
      event.exec = (misc & PERF_RECORD_MISC_FORK_EXEC) != 0;
      return event;
    }
    case PERF_RECORD_EXIT:
      return read_fork<ExitEvent>(cursor, context);
    case PERF_RECORD_LOST: {
      const auto body = cursor.number<LostBody>();
      auto event = LostEvent{.context = context, .lost = body.lost};
      if (event.context.id == 0) event.context.id = body.id;
      return event;
    }
    case PERF_RECORD_LOST_SAMPLES:
      return LostEvent{
          .context = context, .lost = cursor.number<LostSamplesBody>().lost, .samples_only = true};
    case PERF_RECORD_THROTTLE:
      return read_throttle(cursor, context, true);
    case PERF_RECORD_UNTHROTTLE:
      return read_throttle(cursor, context, false);
    case PERF_RECORD_KSYMBOL:
      return with_context(read_ksymbol(cursor));
    case PERF_RECORD_SWITCH:
      return with_context(read_switch(misc));
    case PERF_RECORD_SWITCH_CPU_WIDE: {
      SwitchEvent event = read_switch(misc);
      if (cursor.remaining() == sizeof(BpfSwitchBody)) {
        event.woken_ns = cursor.number<BpfSwitchBody>().woken_ns;
      } else {
        cursor.skip(sizeof(SwitchCpuWideBody));
      }
      return with_context(event);
    }
    default:
      return UnknownEvent{.context = context, .type = record.header.type};
  }
}

/// The number that lies `offset` bytes into `bytes`, if it does.
std::optional<std::uint64_t> word_at(std::span<const std::byte> bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < 8) return std::nullopt;
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

EventLayout EventLayout::of(const perf_event_attr& attr) {
  return EventLayout{.sample_type = attr.sample_type,
                     .read_format = attr.read_format,
                     .branch_sample_type = attr.branch_sample_type,
                     .user_register_mask = attr.sample_regs_user,
                     .interrupt_register_mask = attr.sample_regs_intr,
                     .sample_id_all = attr.sample_id_all != 0,
                     .fixed_period = attr.freq != 0 ? 0 : attr.sample_period};
}

Result<Event> decode(std::span<const std::byte> record, const EventLayout& layout) {
  Record parts;
  if (!split(record, layout, parts)) {
    return std::unexpected(malformed("its size is wrong", parts.header.type));
  }
  if (parts.header.type == PERF_RECORD_SAMPLE) return decode_sample(parts, layout);
  ByteCursor cursor(parts.body);
  Event event = read_side_record(cursor, parts, read_trailer(parts, layout));
  if (!cursor.ok()) {
    return std::unexpected(malformed("a field lies outside it", parts.header.type));
  }
  return event;
}

std::optional<std::uint64_t> time_of(std::span<const std::byte> record, const EventLayout& layout) {
  Record parts;
  if (!split(record, layout, parts)) return std::nullopt;
  if (parts.header.type >= kFirstUserRecordType) return std::nullopt;
  if (parts.header.type == PERF_RECORD_SAMPLE) {
    if (!has(layout, PERF_SAMPLE_TIME)) return std::nullopt;
    constexpr std::uint64_t kBefore = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
    return word_at(parts.body, 8 * words_of_mask(layout.sample_type & kBefore));
  }
  if (layout.sample_id_all && has(layout, PERF_SAMPLE_TIME)) {
    return word_at(parts.trailer, has(layout, PERF_SAMPLE_TID) ? 8 : 0);
  }
  switch (parts.header.type) {
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
      return word_at(parts.body, offsetof(ForkBody, time));
    case PERF_RECORD_THROTTLE:
    case PERF_RECORD_UNTHROTTLE:
      return word_at(parts.body, offsetof(ThrottleBody, time));
    default:
      return std::nullopt;
  }
}

}  // namespace profiler::events
