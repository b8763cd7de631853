#include "perf_data/import.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "events/record_queue.h"
#include "events/records.h"
#include "perf_data/event_table.h"
#include "perf_data/generated_code_files.h"
#include "perf_data/header.h"
#include "perf_data/kernel_module.h"
#include "perf_data/module_notes.h"
#include "perf_data/module_search.h"
#include "perf_data/record_kind.h"
#include "perf_data/record_stream.h"
#include "perf_data/recorded_command.h"
#include "perf_data/recording_info.h"
#include "perf_data/thread_files.h"
#include "pipeline/kernel_names.h"
#include "pipeline/pipeline.h"

namespace profiler::perf_data {
namespace {

/// Records go to the queue in blocks of this many bytes.
constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
/// Records held back for the sake of their order. perf ends a round long before.
constexpr std::size_t kMaxHeldBytes = std::size_t{64} << 20;
constexpr std::uint64_t kRecordsBetweenProgress = 4096;
constexpr std::uint64_t kMaxEventUpdates = 4096;
/// sample_stack_user is 16 bits wide.
constexpr std::size_t kWholeStack = std::size_t{1} << 16;

/// One call of import_perf_data().
class Import {
 public:
  Import(InputFile& file, const ImportOptions& options, profile::ProfileWriter* writer)
      : file_(file), options_(options), writer_(writer) {}

  Result<Profile> run();

 private:
  void start_pipeline();
  void on_record(std::span<const std::byte> record);
  void on_perf_record(std::uint32_t type, std::span<const std::byte> record);
  void on_kernel_record(std::uint32_t type, std::span<const std::byte> record);
  void on_round_end();
  void add_block();
  void release(std::uint64_t until_ns);
  void handle(const events::QueuedRecord& record);
  void on(MmapEvent& event);
  void on(SampleEvent& event);

  void finish();
  void describe_run();
  void name_kernel();
  void note_modules();
  void note(std::string text) { run_info().notes.push_back(std::move(text)); }
  Run& run_info() { return pipeline_->profile().run; }

  InputFile& file_;
  const ImportOptions& options_;
  profile::ProfileWriter* writer_;
  RecordingInfo info_;
  std::optional<EventTable> events_;
  std::optional<events::RecordQueue> queue_;
  std::optional<ModuleSearch> search_;
  std::optional<pipeline::Pipeline> pipeline_;
  events::RecordBlock block_;
  symbolizer::DebugFileSearch debug_files_;
  pipeline::KernelIdentity kernel_;
  struct KernelModule {
    RuntimeAddress start;
    std::uint64_t length;
    std::string name;
  };
  std::vector<KernelModule> kernel_modules_;
  bool foreign_machine_ = false;
  std::uint64_t event_updates_ = 0;
  std::uint64_t late_attributes_ = 0;
  std::uint64_t unknown_records_ = 0;
  std::uint64_t malformed_records_ = 0;
  std::uint64_t lost_samples_ = 0;
  std::optional<std::uint64_t> record_ns_;  // Of the last record.
  std::uint64_t newest_ns_ = 0;             // Of all records so far.
  std::uint64_t round_ns_ = 0;              // Of those before the last round's end.
  std::optional<std::uint64_t> first_ns_;
  std::uint64_t last_ns_ = 0;
};

Result<Profile> Import::run() {
  const auto range = read_header(file_, info_);
  if (!range) return std::unexpected(range.error());
  RecordStream records(file_, range->end);
  ThreadFiles threads(range->directory ? thread_files_of(file_.path()) : std::vector<InputFile>());
  std::uint64_t handled = 0;
  const auto handle_one = [&](std::span<const std::byte> record) {
    on_record(record);
    if (options_.progress && ++handled % kRecordsBetweenProgress == 0) {
      const auto size = file_.size();
      options_.progress({.position = file_.position() + threads.position(),
                         .size = size ? std::optional(*size + threads.size()) : std::nullopt,
                         .samples = pipeline_ ? pipeline_->sample_count() : 0});
    }
    return !pipeline_ || !pipeline_->write_error();
  };
  for (bool more = true; more;) {
    const auto record = records.next();
    more = record && handle_one(*record);
  }
  for (bool more = true; more;) {
    const auto record = threads.next();
    more = record && handle_one(*record);
    if (more && record_ns_) threads.set_time(*record_ns_);
  }
  if (!pipeline_) {
    if (records.problem() && records.count() == 0) return std::unexpected(*records.problem());
    if (info_.events.empty()) {
      return std::unexpected(
          Error{.what = "has no event attributes", .path = file_.path(), .advice = "record again"});
    }
    start_pipeline();
  }
  add_block();
  release(std::numeric_limits<std::uint64_t>::max());
  for (const std::string& line : range->notes) note(file_.path() + ": " + line);
  if (records.problem()) note(records.problem()->message());
  for (const Error& problem : threads.problems()) note(problem.message());
  if (range->directory && threads.count() == 0 && pipeline_->sample_count() == 0)
    note(file_.path() + ".0: is missing, and with it the samples");
  finish();
  return std::move(pipeline_->profile());
}

/// At the first record of the kernel's: until then, pipes tell about events and kernels.
void Import::start_pipeline() {
  events_.emplace(info_.events);
  queue_.emplace(events_->layouts());
  kernel_ = {
      .build_id = info_.kernel_build_id, .release = info_.kernel_release, .host = info_.host};
  foreign_machine_ = !info_.architecture.empty() && info_.architecture != running_architecture();
  debug_files_ =
      ModuleSearch::debug_files(options_.debug_files, options_.sysroot, options_.build_id_cache);
  search_.emplace(ModuleSearchOptions{.sysroot = options_.sysroot,
                                      .debug_files = debug_files_,
                                      .same_machine = pipeline::is_running_kernel(kernel_)});
  pipeline_.emplace(
      pipeline::PipelineOptions{
          .start_monotonic_ns = 0,
          .all_processes = true,
          .open_module = [this](const MmapEvent& event) { return search_->open(event); },
          .generated_code = generated_code_files(file_.path(), info_.events.front().attr,
                                                 pipeline::is_running_kernel(kernel_)),
          .debug_files = debug_files_},
      writer_);
  for (std::uint32_t i = 0; i < info_.events.size(); ++i) {
    const auto row = events_->row_of(i);
    if (!row || *row == 0) continue;
    for (const std::uint64_t id : info_.events[i].ids) pipeline_->set_event_id(id, *row);
  }
  const auto switches = [](const auto& event) { return event.attr.context_switch != 0; };
  if (std::ranges::any_of(info_.events, switches)) pipeline_->record_waits();
  // No record tells what the idle threads are called.
  pipeline_->handle(CommEvent{.context = {}, .pid = 0, .tid = 0, .exec = false, .name = "swapper"});
}

void Import::on_record(std::span<const std::byte> record) {
  perf_event_header header;
  std::memcpy(&header, record.data(), sizeof header);
  if (!is_known(header.type)) {
    ++unknown_records_;
  } else if (header.type >= events::kFirstUserRecordType) {
    on_perf_record(header.type, record);
  } else if (is_wanted(header.type)) {
    on_kernel_record(header.type, record);
  }
}

void Import::on_perf_record(std::uint32_t type, std::span<const std::byte> record) {
  switch (static_cast<RecordType>(type)) {
    case RecordType::kHeaderAttr:
      if (events_) {
        ++late_attributes_;
      } else {
        read_header_attribute(record, info_);
      }
      break;
    case RecordType::kBuildId:
      read_build_id(record, info_);
      break;
    case RecordType::kEventUpdate:
      if (++event_updates_ <= kMaxEventUpdates) read_event_update(record, info_);
      break;
    case RecordType::kHeaderFeature: {
      std::uint64_t feature = 0;
      constexpr std::size_t kPayloadAt = sizeof(perf_event_header) + sizeof feature;
      if (record.size() < kPayloadAt) break;
      std::memcpy(&feature, record.data() + sizeof(perf_event_header), sizeof feature);
      read_feature(static_cast<Feature>(feature), record.subspan(kPayloadAt), info_);
      break;
    }
    case RecordType::kFinishedRound:
      on_round_end();
      break;
    default:
      break;  // Of counting, AUX areas, threads and CPUs: nothing that a profile needs.
  }
}

void Import::on_kernel_record(std::uint32_t type, std::span<const std::byte> record) {
  if (!pipeline_) {
    if (info_.events.empty()) {
      ++malformed_records_;
      return;
    }
    start_pipeline();
  }
  const std::uint32_t layout = events_->layout_of(record);
  if (type == PERF_RECORD_SAMPLE && !events_->row_of(layout)) return;  // A dummy's.
  const events::EventLayout& how = events_->layouts()[layout];
  record_ns_ = events::time_of(record, how);
  if (record_ns_) newest_ns_ = std::max(newest_ns_, *record_ns_);
  if (claims_build_id(record)) {
    events::append_entry(block_, without_build_id(record), layout, how, kWholeStack);
  } else {
    events::append_entry(block_, record, layout, how, kWholeStack);
  }
  if (block_.bytes.size() < kBlockBytes) return;
  add_block();
  if (queue_->bytes() + queue_->size() * 24 <= kMaxHeldBytes) return;
  // Half of the time held, as perf does; then all of it.
  release(last_ns_ + (newest_ns_ - std::min(newest_ns_, last_ns_)) / 2);
  if (queue_->bytes() > kMaxHeldBytes / 2) release(newest_ns_);
}

/// What a round may still hold back is older than anything of the round after the next.
void Import::on_round_end() {
  if (!queue_) return;
  add_block();
  release(std::exchange(round_ns_, newest_ns_));
}

void Import::add_block() {
  if (block_.bytes.empty()) return;
  queue_->add(std::exchange(block_, {}));
  if (auto spent = queue_->take_spent_blocks(); !spent.empty())
    block_.bytes = std::move(spent.back());
}

void Import::release(std::uint64_t until_ns) {
  queue_->release(until_ns, [this](const events::QueuedRecord& record) { handle(record); });
}

void Import::handle(const events::QueuedRecord& record) {
  Result<Event> event = events::decode(record);
  if (!event) {
    ++malformed_records_;
    return;
  }
  if (const auto* lost = std::get_if<LostEvent>(&*event)) {
    // Which ring it stood in is not told; nearly all that rings hold are samples.
    lost_samples_ += std::min(lost->lost, ~std::uint64_t{0} - lost_samples_);
    return;
  }
  if (auto* mmap = std::get_if<MmapEvent>(&*event)) {
    on(*mmap);
    return;
  }
  if (auto* sample = std::get_if<SampleEvent>(&*event)) on(*sample);
  pipeline_->handle(*event);
}

void Import::on(MmapEvent& event) {
  constexpr std::string_view kCore = "[kernel.kallsyms]";
  if (event.pid == -1) {  // perf's own, of the kernel and its modules.
    if (!event.path.starts_with(kCore)) {
      if (std::string name = kernel_module_name(event.path); !name.empty())
        kernel_modules_.push_back({event.start, event.length, std::move(name)});
      return;
    }
    if (event.build_id) kernel_.build_id = event.build_id;
    kernel_.reference = event.path.substr(kCore.size());
    kernel_.reference_address = event.file_offset.value();
    return;
  }
  if (!event.build_id) {
    const auto known = info_.build_ids.find(std::string(event.path));
    if (known != info_.build_ids.end()) event.build_id = known->second;
  }
  pipeline_->handle(event);
}

void Import::on(SampleEvent& event) {
  const std::uint64_t now = event.context.time_ns;
  if (!first_ns_) {
    first_ns_ = now;
    pipeline_->set_start(now);
  }
  last_ns_ = std::max(last_ns_, now);
  if (foreign_machine_) event.user_registers = {};  // Their numbers mean other registers there.
  if (event.user_stack.size() > options_.max_stack_bytes) {
    event.user_stack = event.user_stack.first(options_.max_stack_bytes);
    event.user_stack_requested = options_.max_stack_bytes;
  }
}

void Import::finish() {
  pipeline_->end_waits(last_ns_);
  describe_run();
  if (pipeline_->has_kernel_frames()) {
    name_kernel();
  } else {
    pipeline_->finish(nullptr);
  }
  note_modules();
}

void Import::describe_run() {
  Run& run = run_info();
  run.host = info_.host;
  run.kernel_release = info_.kernel_release;
  run.architecture = info_.architecture;
  run.cpus = info_.cpus;
  run.command = recorded_command(info_.command_line);
  const perf_event_attr& attr = info_.events.front().attr;
  run.scope = attr.enable_on_exec != 0 ? Scope::kProgram
              : attr.inherit != 0      ? Scope::kProcesses
                                       : Scope::kSystem;
  run.coverage = run.scope == Scope::kSystem ? Coverage::kPerCpu : Coverage::kInherited;
  run.kernel_sampled = attr.exclude_kernel == 0;
  run.events = events_->infos(info_.events);
  if (!pipeline_->profile().schedules.empty()) run.wait_coverage = WaitCoverage::kDurations;
  run.duration_ns = first_ns_ ? last_ns_ - std::min(last_ns_, *first_ns_) : 0;
  if (first_ns_ && info_.reference_unix_ns && info_.reference_clock_ns)
    run.start_unix_ns = *info_.reference_unix_ns + (*first_ns_ - *info_.reference_clock_ns);
  run.losses.samples_lost += lost_samples_;
  run.losses.unknown_records += unknown_records_;
  run.losses.malformed_records += malformed_records_ + queue_->malformed_entries();

  if (info_.damaged_features != 0)
    note(std::to_string(info_.damaged_features) + " parts of its header are damaged");
  // (Reports say how many records are damaged.)
  if (unknown_records_ != 0)
    note(std::to_string(unknown_records_) + " records are of unknown types and were left out");
  if (late_attributes_ != 0)
    note(std::to_string(late_attributes_) + " events were announced too late and were left out");
  if (foreign_machine_) note("stacks are not unwound: it was recorded on " + info_.architecture);
}

void Import::name_kernel() {
  // Pipes may tell the kernel's build id at their end only.
  if (!kernel_.build_id) kernel_.build_id = info_.kernel_build_id;
  kernel_.host = info_.host;
  kernel_.release = info_.kernel_release;
  pipeline_->set_kernel(kernel_.build_id, kernel_.text(info_.architecture));
  auto names = pipeline::kernel_names(kernel_, {.kallsyms = options_.kallsyms,
                                                .vmlinux = options_.vmlinux,
                                                .debug_files = debug_files_,
                                                .root = options_.sysroot});
  if (!names) {
    note(names.error().message());
    names = symbolizer::KernelSymbols();
  }
  for (const KernelModule& module : kernel_modules_)
    names->add_module(module.start, module.length, module.name);
  pipeline_->finish(&*names);
}

void Import::note_modules() {
  for (std::string& line : module_notes(pipeline_->profile(), info_.build_ids))
    note(std::move(line));
  if (search_->unverified() != 0) {
    note(std::to_string(search_->unverified()) +
         " files were taken by their path: the recording has no build ids for them");
  }
}

}  // namespace

Result<Profile> import_perf_data(InputFile& file, const ImportOptions& options,
                                 profile::ProfileWriter* writer) {
  return Import(file, options, writer).run();
}

Result<Profile> import_perf_data(const ImportOptions& options, profile::ProfileWriter* writer) {
  auto file = InputFile::open(file_with_header(options.path));
  if (!file) return std::unexpected(file.error());
  return import_perf_data(*file, options, writer);
}

}  // namespace profiler::perf_data
