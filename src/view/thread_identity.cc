#include "view/thread_identity.h"

namespace profiler::view {

const Process& process_of(const Profile& profile, ThreadIndex thread) {
  static const Process kNone;
  const ProcessIndex process = thread ? profile.threads[thread].process : ProcessIndex();
  return process ? profile.processes[process] : kNone;
}

std::pair<Pid, Tid> thread_id(const Profile& profile, ThreadIndex thread) {
  return {process_of(profile, thread).pid, thread ? profile.threads[thread].tid : Tid{}};
}

TableRow thread_row(const Profile& profile, ThreadIndex thread) {
  TableRow row;
  if (thread) row.label = profile.text(profile.threads[thread].name);
  row.process = profile.text(process_of(profile, thread).name);
  const auto [pid, tid] = thread_id(profile, thread);
  row.pid = pid;
  row.tid = tid;
  return row;
}

}  // namespace profiler::view
