#include "render/report_csv.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"

namespace profiler::render {
namespace {

using test::ProfileBuilder;

Profile small_profile() {
  return ProfileBuilder()
      .function("f(int, \"x\")", {.file = "f.cc", .line = 9})
      .user("main;~f(int, \"x\")", 2)
      .sys("main#7", "entry", test::syscall("brk"), 1)
      .build();
}

TEST(ReportCsv, QuotesAsRfc4180) {
  const Profile profile = small_profile();
  const auto samples = view::select(profile, {});
  EXPECT_EQ(table_csv(report_head(profile, samples), view::function_table(profile, samples, {}),
                      RowsOf::kFunctions),
            "name,module,file,line,kernel,self_user_s,self_sys_s,self_samples,total_user_s,"
            "total_sys_s,total_samples,inlined,self_wait_s,total_wait_s\r\n"
            "main,prog,,,0,0,0,0,0.002,0.001,3,0,,\r\n"
            "\"f(int, \"\"x\"\")\",prog,f.cc,9,0,0.002,0,2,0.002,0,2,1,,\r\n"
            "<syscall brk>,[kernel],,,1,0,0.001,1,0,0.001,1,0,,\r\n");
}

TEST(ReportCsv, HasALineForEachCallerOfACause) {
  const Profile profile = small_profile();
  EXPECT_EQ(causes_csv(report_head(profile, view::select(profile, {}))),
            "kind,name,entry_kind,entry,function,module,file,line,sys_s,samples,inlined\r\n"
            "syscall,brk,syscall,brk,main,prog,,7,0.001,1,0\r\n");
}

TEST(ReportCsv, TellsATreesShapeByDepth) {
  const Profile profile = small_profile();
  const auto samples = view::select(profile, {});
  EXPECT_EQ(tree_csv(report_head(profile, samples), view::call_tree(profile, samples, {})),
            "depth,name,module,self_user_s,self_sys_s,self_samples,total_user_s,total_sys_s,"
            "total_samples,inlined,self_wait_s,total_wait_s\r\n"
            "0,all,,0,0,0,0.002,0.001,3,0,,\r\n"
            "1,main,prog,0,0,0,0.002,0.001,3,0,,\r\n"
            "2,\"f(int, \"\"x\"\")\",prog,0.002,0,2,0.002,0,2,1,,\r\n"
            "2,<syscall brk>,,0,0.001,1,0,0.001,1,0,,\r\n");
}

TEST(ReportCsv, OtherGroupingsHaveTheirOwnColumns) {
  const Profile profile = small_profile();
  const auto samples = view::select(profile, {});
  const ReportHead head = report_head(profile, samples);
  EXPECT_EQ(table_csv(head, view::group_table(profile, samples, view::GroupBy::kThread, {}),
                      RowsOf::kThreads),
            "name,tid,process,pid,self_user_s,self_sys_s,self_samples,total_user_s,total_sys_s,"
            "total_samples,self_wait_s,total_wait_s,lifetime_s,on_cpu_s,user_s,sys_s,blocked_s,"
            "runnable_s,unknown_s,voluntary_switches,preempted_switches,migrations,delay_mean_s,"
            "delay_p99_s,delay_max_s\r\n"
            "prog,100,prog,100,0.002,0.001,3,0.002,0.001,3,,,,,,,,,,,,,,,\r\n");
}

}  // namespace
}  // namespace profiler::render
