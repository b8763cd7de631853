#include "view/group_table.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "view/call_path.h"
#include "view/group_charges.h"
#include "view/module_name.h"

namespace profiler::view {
namespace {

/// Rows under construction: numbers them by a key.
template <class Key>
class Rows {
 public:
  template <class Describe>
  std::uint32_t number(const Key& key, Describe describe) {
    const auto [found, is_new] =
        numbers_.try_emplace(key, static_cast<std::uint32_t>(table_.size()));
    if (is_new) table_.push_back(describe());
    return found->second;
  }
  TableRow& operator[](std::uint32_t number) { return table_[number]; }

  /// The rows, with what they were charged; those that were charged nothing are dropped.
  Table finish(const std::vector<Charge>& charges) {
    Table charged;
    for (std::size_t i = 0; i < charges.size(); ++i) {
      if (charges[i].total.samples == 0) continue;
      table_[i].charge = charges[i];
      charged.push_back(std::move(table_[i]));
    }
    return charged;
  }

 private:
  std::map<Key, std::uint32_t> numbers_;
  Table table_;
};

TableRow kernel_row(std::string label) {
  TableRow row;
  row.label = std::move(label);
  row.module = "[kernel]";
  row.kernel = true;
  return row;
}

Table by_module(const Profile& profile, const std::vector<const Sample*>& samples,
                const TableOptions& options) {
  Rows<std::string> rows;
  const auto number = [&](ModuleIndex module) {
    const std::string path = module ? profile.text(profile.modules[module].path) : "";
    return rows.number(path, [&] {
      TableRow row;
      row.label = module_name(profile, module);
      row.module = row.label;
      row.path = path;
      row.kernel = module && is_kernel(profile.modules[module].kind);
      return row;
    });
  };
  std::vector<std::uint32_t> of_module(profile.modules.size());
  for (std::size_t i = 0; i < of_module.size(); ++i) of_module[i] = number(ModuleIndex(i));
  const std::uint32_t unmapped = number({});

  Grouping grouping;
  grouping.of_frame = [&](FrameIndex frame) -> std::span<const std::uint32_t> {
    const ModuleIndex module = frame ? profile.frames[frame].module : ModuleIndex{};
    return {module ? &of_module[module.row()] : &unmapped, 1};
  };
  grouping.of_kernel = [&](const Stack&) {
    return rows.number("[kernel]", [] { return kernel_row("[kernel]"); });
  };
  grouping.of_nothing = [&] { return unmapped; };
  return rows.finish(charge_groups(profile, samples, options.kernel_frames, grouping));
}

/// A source line; a function, an address or a kernel boundary where there is none.
using LineKey = std::tuple<std::string, std::uint32_t, PathEntry>;

Table by_line(const Profile& profile, const std::vector<const Sample*>& samples,
              const TableOptions& options) {
  Rows<LineKey> rows;
  const auto step_row = [&](const PathEntry& entry) {
    return rows.number({"", 0, entry}, [&] {
      TableRow row;
      row.label = label(profile, entry);
      if (entry.function) {
        row.module = module_name(profile, profile.functions[entry.function].module);
        row.kernel = profile.functions[entry.function].kernel;
      } else if (entry.frame) {
        row.module = module_name(profile, profile.frames[entry.frame].module);
      } else if (entry.kind == PathEntry::Kind::kEntry) {
        row = kernel_row(std::move(row.label));
      }
      return row;
    });
  };
  const auto location_row = [&](const Location& location) {
    PathEntry entry;
    entry.function = location.function;
    const std::string& file = profile.text(location.file);
    if (file.empty() || location.line == 0) return step_row(entry);
    return rows.number({file, location.line, PathEntry{}}, [&] {
      TableRow row;
      row.label = label(profile, entry);
      row.module = module_name(profile, profile.functions[location.function].module);
      row.file = file;
      row.line = location.line;
      row.kernel = profile.functions[location.function].kernel;
      return row;
    });
  };

  std::vector<std::vector<std::uint32_t>> of_frame(profile.frames.size());
  const auto groups = [&](FrameIndex frame) -> std::span<const std::uint32_t> {
    static const std::vector<std::uint32_t> kNone;
    if (!frame) return kNone;
    std::vector<std::uint32_t>& known = of_frame[frame.row()];
    if (!known.empty()) return known;
    const FrameName& name = profile.frames[frame].name;
    for (std::size_t i = name.count; i-- > 0;) {
      const LocationIndex location(name.first.row() + i);
      if (profile.locations.contains(location) && profile.locations[location].function)
        known.push_back(location_row(profile.locations[location]));
    }
    if (known.empty()) {
      PathEntry address;
      address.kind = PathEntry::Kind::kAddress;
      address.frame = frame;
      known.push_back(step_row(address));
    }
    return known;
  };

  Grouping grouping;
  grouping.of_frame = groups;
  grouping.of_kernel = [&](const Stack& stack) { return step_row(folded_kernel(profile, stack)); };
  grouping.of_nothing = [&] {
    PathEntry broken;
    broken.kind = PathEntry::Kind::kBroken;
    return step_row(broken);
  };
  return rows.finish(charge_groups(profile, samples, options.kernel_frames, grouping));
}

const Process& process_of(const Profile& profile, const Sample& sample) {
  static const Process kNone;
  if (!sample.thread) return kNone;
  const ProcessIndex process = profile.threads[sample.thread].process;
  return process ? profile.processes[process] : kNone;
}

Table by_process(const Profile& profile, const std::vector<const Sample*>& samples) {
  Rows<std::string> rows;
  std::vector<Charge> charges;
  std::vector<std::set<Pid>> pids;
  for (const Sample* sample : samples) {
    const Process& process = process_of(profile, *sample);
    const std::string& name = profile.text(process.name);
    const std::uint32_t number = rows.number(name, [&] {
      TableRow row;
      row.label = name;
      row.process = name;
      return row;
    });
    if (number >= charges.size()) {
      charges.resize(number + 1);
      pids.resize(number + 1);
    }
    charges[number].self.add(*sample);
    pids[number].insert(process.pid);
  }
  for (std::uint32_t i = 0; i < charges.size(); ++i) {
    charges[i].total = charges[i].self;
    rows[i].processes = pids[i].size();
    if (pids[i].size() == 1) rows[i].pid = *pids[i].begin();
  }
  return rows.finish(charges);
}

Table by_thread(const Profile& profile, const std::vector<const Sample*>& samples) {
  Rows<std::tuple<Pid, Tid, std::string, std::string>> rows;
  std::vector<Charge> charges;
  // Samples come in runs of one thread: the row of the last one is most often right.
  ThreadIndex last;
  std::uint32_t number = 0;
  for (const Sample* sample : samples) {
    if (charges.empty() || sample->thread != last) {
      last = sample->thread;
      const Process& process = process_of(profile, *sample);
      const Thread thread = last ? profile.threads[last] : Thread{};
      const std::string& name = profile.text(thread.name);
      number = rows.number({process.pid, thread.tid, profile.text(process.name), name}, [&] {
        TableRow row;
        row.label = name;
        row.process = profile.text(process.name);
        row.pid = process.pid;
        row.tid = thread.tid;
        return row;
      });
      if (number >= charges.size()) charges.resize(number + 1);
    }
    charges[number].self.add(*sample);
  }
  for (Charge& charge : charges) charge.total = charge.self;
  return rows.finish(charges);
}

}  // namespace

Table group_table(const Profile& profile, const std::vector<const Sample*>& samples, GroupBy by,
                  const TableOptions& options) {
  Table table;
  switch (by) {
    case GroupBy::kModule:
      table = by_module(profile, samples, options);
      break;
    case GroupBy::kProcess:
      table = by_process(profile, samples);
      break;
    case GroupBy::kThread:
      table = by_thread(profile, samples);
      break;
    case GroupBy::kLine:
      table = by_line(profile, samples, options);
      break;
  }
  sort_table(table, SortKey::kTotal);
  return table;
}

}  // namespace profiler::view
