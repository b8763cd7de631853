// Who ended the waits, as `report --by waker` shows it.
//
//   std::fputs(wakers_text(head, rows, 40, style).c_str(), stdout);
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "render/report.h"
#include "render/text_line.h"
#include "view/waker_ledger.h"

namespace profiler::render {

/// `limit`: of rows; 0: all.
[[nodiscard]] std::string wakers_text(const ReportHead& head,
                                      const std::vector<view::WakerRow>& rows, std::size_t limit,
                                      const TextStyle& style);
/// {"schema":"profiler.wakers/1","wakers":[{"class","wait_s","count","via","waiter":{…},"waker":{…}}]}
[[nodiscard]] std::string wakers_json(const std::vector<view::WakerRow>& rows, std::size_t limit);
[[nodiscard]] std::string wakers_csv(const std::vector<view::WakerRow>& rows, std::size_t limit);

}  // namespace profiler::render
