#include "record/run_description.h"

#include <sys/utsname.h>

#include <fstream>

#include "record/clock.h"
#include "record/event_attributes.h"
#include "record/proc_file.h"

namespace profiler::record {

void describe_run(Run& run, const RecordOptions& options, std::span<const NamedEvent> events) {
  utsname name{};
  if (::uname(&name) == 0) {
    run.host = name.nodename;
    run.kernel_release = name.release;
    run.architecture = name.machine;
  }
  std::ifstream("/proc/sys/kernel/random/boot_id") >> run.boot_id;
  run.cpus = static_cast<std::uint32_t>(online_cpus().size());
  run.command = options.command;
  run.scope = options.scope;
  const std::uint64_t monotonic = monotonic_ns();
  const std::uint64_t unix_time = clock_ns(CLOCK_REALTIME);
  if (run.start_monotonic_ns == 0 || run.start_monotonic_ns > monotonic) {
    run.start_monotonic_ns = monotonic;
  }
  run.start_unix_ns = unix_time - (monotonic - run.start_monotonic_ns);
  run.events.clear();
  const std::vector<perf_event_attr> attrs = sample_attributes(events, options);
  for (std::size_t row = 0; row < events.size(); ++row) {
    run.events.push_back({.name = events[row].name, .unit = events[row].unit});
    set_rate(run.events[row], attrs[row]);
  }
}

void set_rate(EventInfo& event, const perf_event_attr& attr) {
  event.frequency_hz = attr.freq != 0 ? attr.sample_freq : 0;
  event.period = attr.freq != 0 ? 0 : attr.sample_period;
}

}  // namespace profiler::record
