// The profile model: what a recording knows once its stacks are unwound, as tables of small rows
// that refer to each other by typed row numbers. Written and read by src/profile, filled by
// src/pipeline, looked at by src/view. No I/O here.
//
//   Sample --> Stack --> user: StackNode --> parent ... (outermost has no parent)
//     |          |         '-> Frame --> Location(s) --> Function --> name, module, file, line
//     |          '-----> kernel: StackNode ...
//     '-> Thread --> Process
//
//   for (const Sample& s : profile.samples)
//     if (s.mode == Mode::kSys) sys_ns += s.weight;
//
// Tables only grow, so a row number stays valid. A freshly recorded profile has no names: those
// (`functions`, `locations`, `FrameName`, `causes`) are filled in when the recording ends.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/address.h"
#include "profiler/build_id.h"
#include "profiler/cause.h"
#include "profiler/event.h"
#include "profiler/indexed_table.h"
#include "profiler/row_index.h"
#include "profiler/stack_end.h"
#include "profiler/syscall_account.h"
#include "profiler/wait.h"

namespace profiler {

enum class ModuleKind : std::uint8_t {
  kFile,        ///< An ELF file; Frame::address is a ModuleAddress.
  kUnreadable,  ///< A mapped file that could not be opened or is no ELF: a FileOffset.
  kVdso,        ///< A ModuleAddress in the vdso's image.
  kAnonymous,   ///< Executable memory of no file, a row a program: "[JIT] node". A RuntimeAddress.
  kKernel,      ///< The kernel's core: a RuntimeAddress.
  kKernelModule,  ///< A loaded kernel module, path "[nf_tables]": a RuntimeAddress.
  kUnmapped,      ///< No mapping was known there: a RuntimeAddress.
  kJitDump,       ///< Code of which a jitdump tells: the position of its byte in that file.
};

/// Where a module's function names came from, best first.
enum class NameSource : std::uint8_t {
  kNone,
  kDebugFile,      ///< .symtab of a separate debug file.
  kSymtab,         ///< .symtab of the file itself.
  kMiniDebugInfo,  ///< .gnu_debugdata.
  kDynsym,         ///< .dynsym only.
  kUnwindTable,    ///< Function ranges of .eh_frame only.
  kKallsyms,
  kJit,  ///< What a just-in-time compiler says: perf-PID.map, jitdump.
};

struct Module {
  StringIndex path;
  BuildId build_id;
  ModuleKind kind = ModuleKind::kFile;
  NameSource names = NameSource::kNone;
  bool operator==(const Module&) const = default;
};

/// How well a frame is named. The goal for kNone is 0 frames.
/// kRange: a function range of the unwind table, else the section; of generated code, and of files
/// that could not be read, the mapping that it lies in.
enum class Naming : std::uint8_t { kNone, kRange, kSymbol };

/// Names of one frame: rows [first, first + count) of `locations`, the innermost inlined function
/// first, the function that was compiled last. count is 0 until names are resolved.
struct FrameName {
  LocationIndex first;
  std::uint16_t count = 0;
  Naming naming = Naming::kNone;
  bool operator==(const FrameName&) const = default;
};

/// One code location. `address` is the one to look up (CodeAddress::lookup), in the space that
/// the module's kind says.
struct Frame {
  ModuleIndex module;
  std::uint64_t address = 0;
  FrameName name;
  bool operator==(const Frame&) const = default;
};

/// A function of a module. `file` and `line` are where it is declared, if known (line 0: not).
struct Function {
  StringIndex name;         ///< Demangled and whole; "module+0xSTART" for a range.
  StringIndex system_name;  ///< As in the symbol table (mangled).
  ModuleIndex module;
  StringIndex file;
  std::uint32_t line = 0;
  bool kernel = false;
  bool operator==(const Function&) const = default;
};

/// A position in a function's source. line 0: not known.
struct Location {
  FunctionIndex function;
  StringIndex file;
  std::uint32_t line = 0;
  bool operator==(const Location&) const = default;
};

/// A node of the stack tree: `frame`, called from `parent` (none: the outermost frame).
/// A parent's row number is lower than its children's.
struct StackNode {
  NodeIndex parent;
  FrameIndex frame;
  bool operator==(const StackNode&) const = default;
};

/// One boundary into the kernel, named as KernelEntryKind describes.
struct KernelEntry {
  KernelEntryKind kind = KernelEntryKind::kOther;
  StringIndex name;
  auto operator<=>(const KernelEntry&) const = default;
};

/// Why a sys sample was in the kernel.
struct Cause {
  KernelEntry cause;  ///< The innermost boundary.
  KernelEntry entry;  ///< The outermost.
  bool operator==(const Cause&) const = default;
};

/// A distinct call chain: a kernel part (none for user samples) below which lies a user part
/// (none for kernel threads). Both are leaves in the tree; the kernel part's outermost frame has
/// no parent, so equal kernel chains are shared by all their callers.
struct Stack {
  NodeIndex user;
  NodeIndex kernel;
  StackEnd end = StackEnd::kNoUserStack;
  /// The outermost user frames that were not unwound from this sample (StackEnd::kJoined).
  std::uint16_t joined_frames = 0;
  CauseIndex cause;  ///< None for user samples, and until causes are resolved.
  /// What a thread that leaves its CPU there waits for; kNone likewise.
  WaitClass wait = WaitClass::kNone;
  bool operator==(const Stack&) const = default;
};

/// A process between two execs: a new row for each program it runs.
struct Process {
  Pid pid = 0;
  Pid parent_pid = 0;
  StringIndex name;  ///< comm of its main thread.
  bool operator==(const Process&) const = default;
};

/// A thread under one name.
struct Thread {
  ProcessIndex process;
  Tid tid = 0;
  StringIndex name;
  bool operator==(const Thread&) const = default;
};

/// kWait: off the CPU. No sample that is stored has it: views make them of waits.
enum class Mode : std::uint8_t { kUser, kSys, kWait };

struct Sample {
  std::uint64_t time_ns = 0;  ///< Since Run::start_monotonic_ns.
  std::uint64_t weight = 0;   ///< In the event's unit: nanoseconds for clocks.
  ThreadIndex thread;
  StackIndex stack;
  std::uint16_t cpu = 0;
  Mode mode = Mode::kUser;
  WaitClass wait = WaitClass::kNone;  ///< Of Mode::kWait.
  std::uint16_t event = 0;            ///< Row of Run::events.
  std::uint16_t waits = 0;            ///< Of Mode::kWait: how many it stands for.
  bool operator==(const Sample&) const = default;
};

/// A sampled event. `unit` is "ns" for clocks (weights are then time), else what is counted.
struct EventInfo {
  std::string name = "cpu-clock";
  std::uint64_t frequency_hz = 0;  ///< 0: a fixed period was asked for.
  std::uint64_t period = 0;        ///< That period, in the event's unit; 0: not known.
  std::string unit = "ns";
  /// For cycles: the time that one stands for in this run, by which weights become nanoseconds
  /// (pipeline/time_scale.h). 0: weights are what they are.
  double ns_per_unit = 0;
  bool operator==(const EventInfo&) const = default;
  [[nodiscard]] bool is_time() const { return unit == "ns"; }
};

enum class Scope : std::uint8_t { kProgram, kProcesses, kThreads, kSystem, kCpus, kCgroup };

/// How events were opened: decides what could be missed.
enum class Coverage : std::uint8_t {
  kPerCpu,     ///< One event per CPU, kept to the target: short-lived processes are sampled.
  kInherited,  ///< Events that follow fork: a process shorter than a period goes unsampled.
};

/// What the kernel charged. Absent: not measured, never 0.
struct TimeCharged {
  enum class Source : std::uint8_t { kNone, kWait4, kProc };
  Source source = Source::kNone;
  std::optional<std::uint64_t> real_ns;
  std::optional<std::uint64_t> user_ns;
  std::optional<std::uint64_t> sys_ns;
  bool operator==(const TimeCharged&) const = default;
};

/// What did not make it into the profile, and what that concerns.
struct Losses {
  std::uint64_t samples_lost = 0;     ///< The ring was full.
  std::uint64_t samples_dropped = 0;  ///< The worker could not keep up.
  std::uint64_t stacks_shortened =
      0;  ///< Copied less of the stack than was at hand, for the same reason.
  std::uint64_t side_records_lost = 0;  ///< mmap, comm, fork, exit.
  std::uint64_t throttles = 0;
  std::uint64_t unknown_records = 0;
  std::uint64_t malformed_records = 0;
  std::uint64_t processes_unsampled = 0;  ///< Ended without a sample (Coverage::kInherited).
  std::uint64_t processes_seen = 0;
  /// Of the samples lost and dropped, those of processes outside the target, whom the rings of
  /// whole CPUs hold as well: an estimate (record/loss_share.h).
  std::uint64_t samples_lost_of_others = 0;
  std::uint64_t switches_lost = 0;      ///< Records of context switches: the ring was full.
  std::uint64_t intervals_unknown = 0;  ///< On or off the CPU, which is not known: for that reason.
  bool operator==(const Losses&) const = default;

  /// Exact, of whomever.
  [[nodiscard]] std::uint64_t all_samples_lost() const { return samples_lost + samples_dropped; }
  /// The target's, as far as can be told.
  [[nodiscard]] std::uint64_t target_samples_lost() const {
    const std::uint64_t all = all_samples_lost();
    return samples_lost_of_others < all ? all - samples_lost_of_others : 0;
  }
};

/// Larger copies of user stacks that took over in mid-recording, because too many were too short.
struct StackEnlargement {
  std::uint64_t bytes = 0;     ///< Of each copy from then on; 0: there was none.
  std::uint64_t after_ns = 0;  ///< Since Run::start_monotonic_ns.
  bool operator==(const StackEnlargement&) const = default;
};

/// What the recorder itself used.
struct RecorderCost {
  std::uint64_t recording_cpu_ns = 0;
  std::uint64_t naming_cpu_ns = 0;
  std::uint64_t peak_memory_bytes = 0;
  bool operator==(const RecorderCost&) const = default;
};

/// The recording itself.
struct Run {
  std::vector<std::string> command;  ///< Empty for an attach.
  std::string profiler_version;
  std::string host;
  std::string kernel_release;
  std::string architecture;  ///< uname -m
  /// Where the kernel's "_text" lay, so that its vmlinux can name addresses after a restart; 0: not
  /// known. (Its build id is in the kernel's row of `modules`.)
  std::uint64_t kernel_text = 0;
  std::string boot_id;     ///< Of that machine's boot: /proc/sys/kernel/random/boot_id.
  std::uint32_t cpus = 0;  ///< Online when it began.
  std::uint64_t start_unix_ns = 0;
  std::uint64_t start_monotonic_ns = 0;
  std::uint64_t duration_ns = 0;
  std::optional<int>
      exit_status;      ///< 128+n when a signal ended it. Absent: nothing was waited for.
  int exit_signal = 0;  ///< 0: none.
  Scope scope = Scope::kProgram;
  Coverage coverage = Coverage::kPerCpu;
  std::vector<EventInfo> events;  ///< At least one in a whole profile.
  TimeCharged charged;
  Losses losses;
  StackEnlargement stack_enlargement;
  RecorderCost cost;
  WaitCoverage wait_coverage = WaitCoverage::kNone;
  bool kernel_sampled = true;  ///< False: user mode only (permission).
  bool interrupted = false;    ///< Read from a recording that was cut off.
  std::vector<std::string>
      notes;  ///< One line each, for the user: what is hidden, which setting shows it.
  bool operator==(const Run&) const = default;
};

struct Profile {
  Run run;
  IndexedTable<std::string, StringIndex> strings;
  IndexedTable<Module, ModuleIndex> modules;
  IndexedTable<Frame, FrameIndex> frames;
  IndexedTable<StackNode, NodeIndex> nodes;
  IndexedTable<Stack, StackIndex> stacks;
  IndexedTable<Process, ProcessIndex> processes;
  IndexedTable<Thread, ThreadIndex> threads;
  std::vector<Sample> samples;  ///< By time.
  std::vector<Wait> waits;      ///< By the time at which they ended, nearly.
  // Filled in when the recording has ended:
  IndexedTable<Function, FunctionIndex> functions;
  IndexedTable<Location, LocationIndex> locations;
  IndexedTable<Cause, CauseIndex> causes;
  /// Where waiting was recorded: a row for each thread and name that ran, or existed.
  std::vector<ThreadSchedule> schedules;
  /// Where system calls were counted as well.
  SyscallAccount syscalls;

  /// The string, or "" for none.
  [[nodiscard]] const std::string& text(StringIndex index) const {
    static const std::string kEmpty;
    return index ? strings[index] : kEmpty;
  }
  bool operator==(const Profile&) const = default;
};

}  // namespace profiler
