// The rows of Profile::processes and Profile::threads: one for each thread under one name, in one
// program.
//
//   ThreadRows rows(profile, interner);
//   rows.of(process, thread)                        // made when it is first asked for
//   rows.apply(event, processes);                   // a new name, or a new program
#pragma once

#include <cstddef>

#include "pipeline/interner.h"
#include "process/process_table.h"
#include "profiler/event.h"
#include "profiler/profile.h"

namespace profiler::pipeline {

class ThreadRows {
 public:
  ThreadRows(Profile& profile, Interner& interner) : profile_(profile), interner_(interner) {}

  ThreadIndex of(process::ProcessState& process, process::ThreadState& thread);
  /// Tells the table. A thread that gets a name before any sample was taken of it keeps its row: it
  /// names itself when it begins, and what it did until then is not another's.
  process::ProcessState& apply(const CommEvent& event, process::ProcessTable& processes);
  /// The rows so far are in the file, as they are.
  void on_written() { written_ = profile_.threads.size(); }

 private:
  Profile& profile_;
  Interner& interner_;
  std::size_t written_ = 0;
};

}  // namespace profiler::pipeline
