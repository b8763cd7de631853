// Row numbers of the tables of a Profile (profile.h), a type for each table.
#pragma once

#include "profiler/indexed_table.h"

namespace profiler {

using StringIndex = Index<struct StringTag>;
using ModuleIndex = Index<struct ModuleTag>;
using FrameIndex = Index<struct FrameTag>;
using FunctionIndex = Index<struct FunctionTag>;
using LocationIndex = Index<struct LocationTag>;
using NodeIndex = Index<struct NodeTag>;
using StackIndex = Index<struct StackTag>;
using CauseIndex = Index<struct CauseTag>;
using ProcessIndex = Index<struct ProcessTag>;
using ThreadIndex = Index<struct ThreadTag>;
using SyscallIndex = Index<struct SyscallTag>;

}  // namespace profiler
