#include "profile/run_codec.h"

#include <protozero/pbf_message.hpp>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "profile/format.h"

namespace profiler::profile {

namespace {

using protozero::pbf_wire_type;

constexpr std::uint32_t tag(RunField field) { return static_cast<std::uint32_t>(field); }

/// The counters of a run, each with its field.
template <class RunType, class Visit>
void for_each_counter(RunType& run, Visit&& visit) {
  visit(RunField::kStartUnixNs, run.start_unix_ns);
  visit(RunField::kStartMonotonicNs, run.start_monotonic_ns);
  visit(RunField::kDurationNs, run.duration_ns);
  visit(RunField::kKernelText, run.kernel_text);
  visit(RunField::kSamplesLost, run.losses.samples_lost);
  visit(RunField::kSamplesDropped, run.losses.samples_dropped);
  visit(RunField::kStacksShortened, run.losses.stacks_shortened);
  visit(RunField::kSideRecordsLost, run.losses.side_records_lost);
  visit(RunField::kThrottles, run.losses.throttles);
  visit(RunField::kUnknownRecords, run.losses.unknown_records);
  visit(RunField::kMalformedRecords, run.losses.malformed_records);
  visit(RunField::kProcessesUnsampled, run.losses.processes_unsampled);
  visit(RunField::kProcessesSeen, run.losses.processes_seen);
  visit(RunField::kSamplesLostOfOthers, run.losses.samples_lost_of_others);
  visit(RunField::kSwitchesLost, run.losses.switches_lost);
  visit(RunField::kIntervalsUnknown, run.losses.intervals_unknown);
  visit(RunField::kEnlargedStackBytes, run.stack_enlargement.bytes);
  visit(RunField::kStacksEnlargedAfterNs, run.stack_enlargement.after_ns);
  visit(RunField::kRecordingCpuNs, run.cost.recording_cpu_ns);
  visit(RunField::kNamingCpuNs, run.cost.naming_cpu_ns);
  visit(RunField::kPeakMemoryBytes, run.cost.peak_memory_bytes);
}

template <class RunType, class Visit>
void for_each_text(RunType& run, Visit&& visit) {
  visit(RunField::kProfilerVersion, run.profiler_version);
  visit(RunField::kHost, run.host);
  visit(RunField::kKernelRelease, run.kernel_release);
  visit(RunField::kArchitecture, run.architecture);
  visit(RunField::kBootId, run.boot_id);
}

template <class RunType, class Visit>
void for_each_optional_time(RunType& run, Visit&& visit) {
  visit(RunField::kChargedRealNs, run.charged.real_ns);
  visit(RunField::kChargedUserNs, run.charged.user_ns);
  visit(RunField::kChargedSysNs, run.charged.sys_ns);
}

/// A later version's enumerators read as `fallback`.
template <class Enum>
Enum enumerator(std::uint64_t value, Enum last, Enum fallback) {
  return value <= static_cast<std::uint64_t>(last) ? static_cast<Enum>(value) : fallback;
}

EventInfo decode_event(protozero::pbf_message<EventField> message) {
  EventInfo event{.name = {}, .frequency_hz = 0, .unit = {}};
  while (message.next()) {
    switch (message.tag_and_type()) {
      case protozero::tag_and_type(EventField::kName, pbf_wire_type::length_delimited):
        event.name = message.get_string();
        break;
      case protozero::tag_and_type(EventField::kFrequencyHz, pbf_wire_type::varint):
        event.frequency_hz = message.get_uint64();
        break;
      case protozero::tag_and_type(EventField::kUnit, pbf_wire_type::length_delimited):
        event.unit = message.get_string();
        break;
      case protozero::tag_and_type(EventField::kNsPerUnit, pbf_wire_type::fixed64):
        event.ns_per_unit = message.get_double();
        break;
      case protozero::tag_and_type(EventField::kPeriod, pbf_wire_type::varint):
        event.period = message.get_uint64();
        break;
      default:
        message.skip();
    }
  }
  return event;
}

void decode_number(Run& run, RunField field, protozero::pbf_message<RunField>& message) {
  switch (field) {
    case RunField::kCpus:
      run.cpus = message.get_uint32();
      return;
    case RunField::kExitStatus:
      run.exit_status = message.get_sint32();
      return;
    case RunField::kExitSignal:
      run.exit_signal = message.get_sint32();
      return;
    case RunField::kScope:
      run.scope = enumerator(message.get_uint64(), Scope::kCgroup, Scope::kProgram);
      return;
    case RunField::kCoverage:
      run.coverage = enumerator(message.get_uint64(), Coverage::kInherited, Coverage::kPerCpu);
      return;
    case RunField::kChargedSource:
      run.charged.source =
          enumerator(message.get_uint64(), TimeCharged::Source::kProc, TimeCharged::Source::kNone);
      return;
    case RunField::kWaitCoverage:
      run.wait_coverage =
          enumerator(message.get_uint64(), WaitCoverage::kStacks, WaitCoverage::kNone);
      return;
    case RunField::kKernelSampled:
      run.kernel_sampled = message.get_uint64() != 0;
      return;
    case RunField::kInterrupted:
      run.interrupted = message.get_uint64() != 0;
      return;
    default:
      break;
  }
  const std::uint64_t value = message.get_uint64();
  for_each_counter(run, [&](RunField candidate, std::uint64_t& counter) {
    if (candidate == field) counter = value;
  });
  for_each_optional_time(run, [&](RunField candidate, std::optional<std::uint64_t>& time) {
    if (candidate == field) time = value;
  });
}

void decode_bytes(Run& run, RunField field, protozero::pbf_message<RunField>& message) {
  switch (field) {
    case RunField::kCommandWord:
      run.command.push_back(message.get_string());
      return;
    case RunField::kNote:
      run.notes.push_back(message.get_string());
      return;
    case RunField::kEvent:
      run.events.push_back(decode_event(protozero::pbf_message<EventField>(message.get_view())));
      return;
    default:
      break;
  }
  std::string value = message.get_string();
  for_each_text(run, [&](RunField candidate, std::string& text) {
    if (candidate == field) text = std::move(value);
  });
}

}  // namespace

std::string encode_run(const Run& run) {
  std::string out;
  protozero::pbf_writer writer(out);
  for (const std::string& word : run.command) writer.add_bytes(tag(RunField::kCommandWord), word);
  for (const std::string& note : run.notes) writer.add_bytes(tag(RunField::kNote), note);
  for_each_text(run, [&](RunField field, const std::string& text) {
    if (!text.empty()) writer.add_bytes(tag(field), text);
  });
  for_each_counter(run, [&](RunField field, std::uint64_t value) {
    if (value != 0) writer.add_uint64(tag(field), value);
  });
  for_each_optional_time(run, [&](RunField field, const std::optional<std::uint64_t>& time) {
    if (time) writer.add_uint64(tag(field), *time);
  });
  for (const EventInfo& event : run.events) {
    protozero::pbf_writer message(writer, tag(RunField::kEvent));
    message.add_bytes(static_cast<std::uint32_t>(EventField::kName), event.name);
    message.add_uint64(static_cast<std::uint32_t>(EventField::kFrequencyHz), event.frequency_hz);
    message.add_bytes(static_cast<std::uint32_t>(EventField::kUnit), event.unit);
    if (event.period != 0)
      message.add_uint64(static_cast<std::uint32_t>(EventField::kPeriod), event.period);
    if (event.ns_per_unit != 0)
      message.add_double(static_cast<std::uint32_t>(EventField::kNsPerUnit), event.ns_per_unit);
  }
  writer.add_uint32(tag(RunField::kCpus), run.cpus);
  if (run.exit_status) writer.add_sint32(tag(RunField::kExitStatus), *run.exit_status);
  writer.add_sint32(tag(RunField::kExitSignal), run.exit_signal);
  writer.add_uint64(tag(RunField::kScope), static_cast<std::uint64_t>(run.scope));
  writer.add_uint64(tag(RunField::kCoverage), static_cast<std::uint64_t>(run.coverage));
  writer.add_uint64(tag(RunField::kChargedSource), static_cast<std::uint64_t>(run.charged.source));
  writer.add_uint64(tag(RunField::kWaitCoverage), static_cast<std::uint64_t>(run.wait_coverage));
  writer.add_uint64(tag(RunField::kKernelSampled), run.kernel_sampled ? 1 : 0);
  writer.add_uint64(tag(RunField::kInterrupted), run.interrupted ? 1 : 0);
  return out;
}

std::optional<Run> decode_run(std::string_view payload) {
  Run run;
  try {
    protozero::pbf_message<RunField> message(protozero::data_view(payload.data(), payload.size()));
    while (message.next()) {
      if (message.wire_type() == pbf_wire_type::varint) {
        decode_number(run, message.tag(), message);
      } else if (message.wire_type() == pbf_wire_type::length_delimited) {
        decode_bytes(run, message.tag(), message);
      } else {
        message.skip();
      }
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  return run;
}

}  // namespace profiler::profile
