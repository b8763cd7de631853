#include "record/proc_scan.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "record/proc_file.h"
#include "record/proc_stat.h"

namespace profiler::record {
namespace {

std::string proc_path(Pid pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

EventContext context_of(Pid pid, Tid tid, std::uint64_t time_ns) {
  return {.time_ns = time_ns, .pid = pid, .tid = tid};
}

std::string_view without_newline(std::string_view text) { return text.substr(0, text.find('\n')); }

/// Cuts the next word off `text`.
std::string_view word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return taken;
}

template <class Number>
bool parse(std::string_view text, Number& number, int base) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && stop == end;
}

/// The kernel writes a newline in a path as \012 (seq_file's mangling), and only that.
std::string unescape(std::string_view text) {
  std::string plain;
  for (;;) {
    const std::size_t at = text.find("\\012");
    plain += text.substr(0, at);
    if (at == std::string_view::npos) return plain;
    plain += '\n';
    text.remove_prefix(at + 4);
  }
}

void send_fork(Pid pid, Pid parent, Tid tid, Tid parent_tid, std::uint64_t time_ns,
               const EventSink& sink) {
  sink(ForkEvent{.context = context_of(pid, tid, time_ns),
                 .pid = pid,
                 .parent_pid = parent,
                 .tid = tid,
                 .parent_tid = parent_tid});
}

void send_comm(Pid pid, Tid tid, std::uint64_t time_ns, const EventSink& sink) {
  const auto name = read_file(proc_path(pid, "task/" + std::to_string(tid) + "/comm"));
  if (!name) return;
  sink(CommEvent{.context = context_of(pid, tid, time_ns),
                 .pid = pid,
                 .tid = tid,
                 .exec = false,
                 .name = without_newline(*name)});
}

void send_mappings(Pid pid, std::uint64_t time_ns, const EventSink& sink) {
  const auto maps = read_file(proc_path(pid, "maps"));
  if (!maps) return;
  std::string path;
  for (std::string_view rest = *maps; !rest.empty();) {
    const std::string_view line = without_newline(rest);
    if (const auto event = parse_maps_line(line, pid, time_ns, path)) sink(*event);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

}  // namespace

std::vector<Pid> all_processes() { return numeric_entries("/proc"); }

std::vector<Tid> threads_of(Pid pid) { return numeric_entries(proc_path(pid, "task")); }

std::optional<Pid> process_of(Tid tid) {
  // /proc/TID exists for every thread, though only processes are listed.
  const auto status = read_file(proc_path(tid, "status"));
  if (!status) return std::nullopt;
  const std::size_t at = status->find("\nTgid:\t");
  Pid pid = 0;
  if (at == std::string::npos ||
      !parse(without_newline(std::string_view(*status).substr(at + 7)), pid, 10)) {
    return std::nullopt;
  }
  return pid;
}

std::vector<Pid> with_descendants(const std::vector<Pid>& pids) {
  std::unordered_map<Pid, std::vector<Pid>> children;
  for (const Pid pid : all_processes()) {
    if (const auto stat = read_proc_stat(pid)) children[stat->parent].push_back(pid);
  }
  std::vector<Pid> found;
  std::unordered_set<Pid> seen;
  const auto add = [&](Pid pid) {
    if (seen.insert(pid).second) found.push_back(pid);
  };
  for (const Pid pid : pids) add(pid);
  // add() appends to what is gone through here.
  for (std::size_t next = 0; next < found.size();) {
    const auto entry = children.find(found[next++]);
    if (entry == children.end()) continue;
    for (const Pid child : entry->second) add(child);
  }
  return found;
}

void scan_forks(const std::vector<Pid>& pids, std::uint64_t time_ns, const EventSink& sink) {
  for (const Pid pid : pids) {
    if (const auto stat = read_proc_stat(pid)) {
      send_fork(pid, stat->parent, pid, stat->parent, time_ns, sink);
    }
  }
}

void scan_contents(const std::vector<Pid>& pids, std::uint64_t time_ns, const EventSink& sink) {
  for (const Pid pid : pids) {
    send_comm(pid, pid, time_ns, sink);
    send_mappings(pid, time_ns, sink);
    for (const Tid tid : threads_of(pid)) {
      if (tid == pid) continue;
      send_fork(pid, pid, tid, pid, time_ns, sink);
      send_comm(pid, tid, time_ns, sink);
    }
  }
}

void scan_mappings(const std::vector<Pid>& pids, std::uint64_t time_ns, const EventSink& sink) {
  for (const Pid pid : pids) send_mappings(pid, time_ns, sink);
}

std::optional<MmapEvent> parse_maps_line(std::string_view line, Pid pid, std::uint64_t time_ns,
                                         std::string& path) {
  // 7f12-7f34 r-xp 00001000 fe:01 1234    /usr/lib/libc.so.6
  const std::string_view range = word(line);
  const std::string_view permissions = word(line);
  const std::string_view offset = word(line);
  const std::string_view device = word(line);
  const std::string_view inode = word(line);
  if (permissions.size() < 3 || permissions[2] != 'x') return std::nullopt;

  const std::size_t dash = range.find('-');
  const std::size_t colon = device.find(':');
  if (dash == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t file_offset = 0;
  MmapEvent event;
  if (!parse(range.substr(0, dash), start, 16) || !parse(range.substr(dash + 1), end, 16) ||
      end <= start || !parse(offset, file_offset, 16) ||
      !parse(device.substr(0, colon), event.device_major, 16) ||
      !parse(device.substr(colon + 1), event.device_minor, 16) || !parse(inode, event.inode, 10)) {
    return std::nullopt;
  }
  path = line.empty() ? "//anon" : unescape(line);  // As the kernel's mmap records call it.
  event.context = context_of(pid, pid, time_ns);
  event.pid = pid;
  event.tid = pid;
  event.start = RuntimeAddress(start);
  event.length = end - start;
  event.file_offset = FileOffset(file_offset);
  event.executable = true;
  event.path = path;
  return event;
}

}  // namespace profiler::record
