// What tells threads apart. A row of Profile::threads is a thread under one name: a thread that is
// renamed has several.
//
//   thread_id(profile, sample.thread)        // {pid, tid}: the same whatever its name
//   process_of(profile, sample.thread).name
//
// Used inside src/view only.
#pragma once

#include <utility>

#include "profiler/profile.h"
#include "view/table.h"

namespace profiler::view {

/// Without pid and name where there is no such thread, or its process is not known.
[[nodiscard]] const Process& process_of(const Profile& profile, ThreadIndex thread);

/// {0, 0} where there is no such thread.
[[nodiscard]] std::pair<Pid, Tid> thread_id(const Profile& profile, ThreadIndex thread);

/// A row of a table by thread, charged nothing.
[[nodiscard]] TableRow thread_row(const Profile& profile, ThreadIndex thread);

}  // namespace profiler::view
