// The limit on open descriptors of this process.
//
//   if (error == EMFILE) raise_descriptor_limit();          // then try again, once
#pragma once

namespace profiler::record {

/// To the hard limit: all threads of a large process on many CPUs need more than the soft one.
void raise_descriptor_limit();

}  // namespace profiler::record
