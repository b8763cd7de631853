#include "view/group_table.h"

#include <set>
#include <tuple>
#include <utility>

#include "view/call_path.h"
#include "view/group_charges.h"
#include "view/line_table.h"
#include "view/module_name.h"
#include "view/table_rows.h"
#include "view/thread_identity.h"

namespace profiler::view {
namespace {

Table by_module(const Profile& profile, const std::vector<const Sample*>& samples,
                const TableOptions& options) {
  TableRows<std::string> rows;
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
  grouping.of_kernel = [&](const Stack& stack) {
    if (const PathEntry folded = folded_kernel(profile, stack); !is_kernel_step(folded)) {
      const std::string name = label(profile, folded);
      return rows.number(name, [&] { return TableRow{.label = name}; });
    }
    return rows.number("[kernel]", [] { return kernel_row("[kernel]"); });
  };
  grouping.of_nothing = [&] { return unmapped; };
  return rows.finish(charge_groups(profile, samples, options.kernel_frames, grouping));
}

Table by_process(const Profile& profile, const std::vector<const Sample*>& samples) {
  TableRows<std::string> rows;
  std::vector<Charge> charges;
  std::vector<std::set<Pid>> pids;
  for (const Sample* sample : samples) {
    const Process& process = process_of(profile, sample->thread);
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
  TableRows<std::tuple<Pid, Tid, std::string, std::string>> rows;
  std::vector<Charge> charges;
  // Samples come in runs of one thread: the row of the last one is most often right.
  ThreadIndex last;
  std::uint32_t number = 0;
  for (const Sample* sample : samples) {
    if (charges.empty() || sample->thread != last) {
      last = sample->thread;
      TableRow row = thread_row(profile, last);
      number =
          rows.number({*row.pid, *row.tid, row.process, row.label}, [&] { return std::move(row); });
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
      table = line_table(profile, samples, options);
      break;
  }
  sort_table(table, SortKey::kTotal);
  return table;
}

}  // namespace profiler::view
