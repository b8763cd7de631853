#include "record/worker.h"

#include <pthread.h>
#include <unistd.h>

#include <utility>
#include <variant>

#include "record/clock.h"
#include "record/proc_scan.h"
#include "record/reader.h"

namespace profiler::record {
namespace {

/// The bytes held are told to the reader after so many records.
constexpr std::uint64_t kRecordsBetweenReports = 64;

}  // namespace

Worker::Worker(std::span<const events::EventLayout> layouts, Handoff& handoff,
               pipeline::Pipeline& pipeline, WorkerSettings settings, int wake_fd)
    : handoff_(&handoff),
      pipeline_(&pipeline),
      settings_(std::move(settings)),
      wake_fd_(wake_fd),
      queue_(std::vector<events::EventLayout>(layouts.begin(), layouts.end())),
      duplicates_(std::move(settings_.sample_roots)),
      thread_([this] { run(); }) {}

Worker::~Worker() {
  if (thread_.joinable()) join();
}

WorkerResult Worker::join() {
  thread_.join();
  return result_;
}

void Worker::run() {
  ::pthread_setname_np(::pthread_self(), "profiler-worker");
  std::uint64_t handled = 0;
  while (auto round = handoff_->wait()) {
    for (events::RecordBlock& block : round->blocks) queue_.add(std::move(block));
    queue_.release(round->release_until_ns, [&](const events::QueuedRecord& record) {
      handle(record);
      if (++handled % kRecordsBetweenReports == 0) handoff_->set_held_bytes(queue_.bytes());
    });
    count_dropped(*round);
    after_round(round->release_until_ns);
  }
  {
    const std::lock_guard lock(questions_mutex_);
    ended_ = true;
    for (Question& question : questions_) question.answer.set_value(std::nullopt);
    questions_.clear();
  }
  result_.malformed += queue_.malformed_entries();
  result_.late = queue_.late_records();
  result_.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void Worker::handle(const events::QueuedRecord& record) {
  const Result<Event> event = events::decode(record);
  if (!event) {
    ++result_.malformed;
    return;
  }
  if (is_told_twice(record, *event)) return;
  if (const auto* lost = std::get_if<LostEvent>(&*event)) {
    count_lost(record, lost->lost);
    return;
  }
  if (maps_are_stale_ && settings_.read_maps_again) {
    // Only now, not when the loss was seen: a busy ring reports several losses in a row.
    maps_are_stale_ = false;
    settings_.read_maps_again(*pipeline_);
  }
  if (is_left_out(record, *event)) return;
  if (settings_.observer != nullptr) {
    const auto* sample = std::get_if<SampleEvent>(&*event);
    if (sample != nullptr && settings_.observer->owns(sample->context.id)) {
      settings_.observer->on_sample(*sample, *pipeline_);
      return;
    }
  }
  const std::uint64_t samples = pipeline_->sample_count();
  pipeline_->handle(*event);
  if (settings_.watched_stack_bytes != 0 && pipeline_->sample_count() != samples) {
    watch_truncation(std::get<SampleEvent>(*event));
  }
}

void Worker::watch_truncation(const SampleEvent& sample) {
  if (sample.user_registers.abi == 0) return;
  const StackEnd end = pipeline_->last_stack_end();
  // Another sample's frames may be right, but are no more than likely to be.
  const bool joined =
      end == StackEnd::kJoined && sample.user_stack.size() >= sample.user_stack_requested;
  const bool too_short = end == StackEnd::kDumpTooShort || joined;
  if (too_short && sample.user_stack_requested < settings_.watched_stack_bytes) {
    truncation_.on_shortened();
    return;
  }
  truncation_.on_copy(too_short);
  if (!truncation_.wants_larger()) return;
  settings_.watched_stack_bytes = 0;
  wants_larger_stacks_.store(true, std::memory_order_release);
  wake_caller();
}

void Worker::wake_caller() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

bool Worker::is_told_twice(const events::QueuedRecord& record, const Event& event) {
  const bool by_bpf = record.layout_row == layout_row(RingKind::kBpfSwitches);
  const bool by_kernel = record.layout_row == layout_row(RingKind::kSwitches);
  return (by_bpf || by_kernel) && handover_.is_told_twice(by_bpf, event);
}

bool Worker::is_left_out(const events::QueuedRecord& record, const Event& event) {
  if (const auto* exit = std::get_if<ExitEvent>(&event)) duplicates_.on_exit(exit->tid);
  const auto* sample = std::get_if<SampleEvent>(&event);
  if (sample == nullptr || settings_.kept_ids.contains(sample->context.id)) return false;
  if (settings_.drop_strangers) {
    const bool of_target = pipeline_->is_target(sample->context.pid);
    result_.loss_share.on_sample(record.source, of_target);
    if (!of_target) {
      strangers_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
  }
  return duplicates_.is_duplicate(sample->context.tid, sample->context.id);
}

void Worker::count_lost(const events::QueuedRecord& record, std::uint64_t lost) {
  // Which ring it stands in tells what was lost: the record does not.
  switch (static_cast<RingKind>(record.layout_row)) {
    case RingKind::kSide:
      result_.side_records_lost += lost;
      maps_are_stale_ = true;
      break;
    case RingKind::kSwitches:
    case RingKind::kBpfSwitches:
      pipeline_->lose_switches(lost);
      break;
    case RingKind::kSamples:
      result_.samples_lost += lost;
      lost_.fetch_add(lost, std::memory_order_relaxed);
      if (settings_.drop_strangers) result_.loss_share.on_loss(record.source, lost);
      break;
  }
}

void Worker::count_dropped(const DrainRound& round) {
  if (!settings_.drop_strangers) return;
  for (std::uint32_t source = 0; source < round.dropped.size(); ++source) {
    if (round.dropped[source] != 0) result_.loss_share.on_loss(source, round.dropped[source]);
  }
}

std::future<std::optional<std::vector<Pid>>> Worker::targets_as_of(std::uint64_t time_ns) {
  Question question{.time_ns = time_ns, .answer = {}};
  auto future = question.answer.get_future();
  const std::lock_guard lock(questions_mutex_);
  if (ended_) {
    question.answer.set_value(std::nullopt);
  } else {
    questions_.push_back(std::move(question));
  }
  return future;
}

void Worker::answer_questions(std::uint64_t handled_until_ns) {
  const std::lock_guard lock(questions_mutex_);
  if (questions_.empty()) return;
  std::vector<Pid> targets = all_processes();
  std::erase_if(targets, [&](Pid pid) { return !pipeline_->is_target(pid); });
  std::erase_if(questions_, [&](Question& question) {
    if (question.time_ns > handled_until_ns) return false;
    question.answer.set_value(targets);
    return true;
  });
}

void Worker::after_round(std::uint64_t handled_until_ns) {
  answer_questions(handled_until_ns);
  handoff_->set_held_bytes(queue_.bytes());
  handoff_->recycle(queue_.take_spent_blocks());
  samples_.store(pipeline_->sample_count(), std::memory_order_relaxed);
  lost_of_others_.store(result_.loss_share.of_others(), std::memory_order_relaxed);
  if (wants_end_.load(std::memory_order_relaxed)) return;
  const bool ends = pipeline_->write_error().has_value() ||
                    (settings_.limit_reached && settings_.limit_reached());
  if (!ends) return;
  wants_end_.store(true, std::memory_order_relaxed);
  wake_caller();
}

}  // namespace profiler::record
