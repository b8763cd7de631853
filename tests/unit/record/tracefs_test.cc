#include "record/tracefs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace profiler::record {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kSysEnter = R"text(name: sys_enter
ID: 443
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:long id;	offset:8;	size:8;	signed:1;
	field:unsigned long args[6];	offset:16;	size:48;	signed:0;

print fmt: "NR %ld (%lx)", REC->id, REC->args[0]
)text";

int refuse_attach() { return -EPERM; }

class TracefsTree : public ::testing::Test {
 protected:
  void SetUp() override {
    add("raw_syscalls", "sys_enter", "443\n");
    add("syscalls", "sys_enter_read", "700\n");
    add("syscalls", "sys_enter_write", "698\n");
    add("syscalls", "sys_exit_read", "699\n");
    add("block", "block_rq_issue", "12");
    test::write_bytes(root() + "/events/enable", "0\n");
    test::write_bytes(root() + "/events/syscalls/filter", "none\n");
    test::write_bytes(root() + "/events/raw_syscalls/sys_enter/format", kSysEnter);
  }
  void add(const std::string& system, const std::string& name, const std::string& id) {
    const std::string point = root() + "/events/" + system + "/" + name;
    std::filesystem::create_directories(point);
    test::write_bytes(point + "/id", id);
  }
  [[nodiscard]] std::string root() const { return directory_.path(); }
  [[nodiscard]] Tracefs tracefs() const {
    const std::vector<std::string> mounts = {root()};
    return Tracefs::open(mounts, refuse_attach).value();
  }

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(TracefsTree, TellsTheIdOfATracePoint) {
  EXPECT_EQ(tracefs().id({"raw_syscalls", "sys_enter"}), 443U);
  EXPECT_EQ(tracefs().id({"block", "block_rq_issue"}), 12U);
}

TEST_F(TracefsTree, SaysWhichTracePointThereIsNot) {
  for (const TracepointName& point :
       {TracepointName{"raw_syscalls", "sys_entr"}, TracepointName{"sched", "sched_switch"},
        TracepointName{"", ""}, TracepointName{"raw_syscalls", "../raw_syscalls/sys_enter"},
        TracepointName{"..", "x"}, TracepointName{"raw_syscalls/sys_enter", "."}}) {
    const auto id = tracefs().id(point);
    ASSERT_FALSE(id) << point.text();
    EXPECT_EQ(id.error().message(), "no trace point " + point.text());
  }
}

TEST_F(TracefsTree, TakesNoWordForANumber) {
  add("syscalls", "odd", "many\n");
  EXPECT_FALSE(tracefs().id({"syscalls", "odd"}));
}

TEST_F(TracefsTree, FindsNamesByPattern) {
  EXPECT_THAT(*tracefs().matching("syscalls", "sys_enter_*"),
              ElementsAre(TracepointName{"syscalls", "sys_enter_read"},
                          TracepointName{"syscalls", "sys_enter_write"}));
  EXPECT_THAT(*tracefs().matching("*", "*_read"),
              ElementsAre(TracepointName{"syscalls", "sys_enter_read"},
                          TracepointName{"syscalls", "sys_exit_read"}));
  EXPECT_THAT(*tracefs().matching("block", "block_rq_issue"),
              ElementsAre(TracepointName{"block", "block_rq_issue"}));
  EXPECT_THAT(*tracefs().matching("block", "sys_*"), IsEmpty());
  EXPECT_THAT(*tracefs().matching("ext4", "*"), IsEmpty());
}

TEST_F(TracefsTree, ListsSystemsAndTheirNamesButNoFiles) {
  EXPECT_THAT(*tracefs().systems(), ElementsAre("block", "raw_syscalls", "syscalls"));
  EXPECT_THAT(*tracefs().names("syscalls"),
              ElementsAre("sys_enter_read", "sys_enter_write", "sys_exit_read"));
  EXPECT_THAT(*tracefs().names("ext4"), IsEmpty());
  EXPECT_THAT(*tracefs().names("../events/block"), IsEmpty());
}

TEST_F(TracefsTree, ReadsAFormat) {
  const auto format = tracefs().format({"raw_syscalls", "sys_enter"});
  ASSERT_TRUE(format);
  ASSERT_NE(format->field("args"), nullptr);
  EXPECT_EQ(format->field("args")->offset, 16U);
}

TEST_F(TracefsTree, IsTheFirstOfItsMountsThatIsThere) {
  const std::vector<std::string> mounts = {root() + "/none", root(), root() + "/other"};
  EXPECT_TRUE(Tracefs::open(mounts, refuse_attach));
}

TEST_F(TracefsTree, IsAttachedWhereItIsMountedNowhere) {
  static std::string attached;
  attached = root();
  const auto tracefs =
      Tracefs::open({}, [] { return ::open(attached.c_str(), O_RDONLY | O_DIRECTORY); });
  ASSERT_TRUE(tracefs);
  EXPECT_EQ(tracefs->id({"raw_syscalls", "sys_enter"}), 443U);
}

TEST(Tracefs, SaysWhatToDoWhereItIsNotMounted) {
  const auto refused = Tracefs::open({}, refuse_attach);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(),
              AllOf(HasSubstr("tracefs is not mounted"), HasSubstr("mount -t tracefs"),
                    Not(HasSubstr("\n"))));
  const auto missing = Tracefs::open({}, [] { return -ENODEV; });
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("without trace points"));
}

TEST_F(TracefsTree, SaysWhoMayReadIt) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  std::filesystem::permissions(root(), std::filesystem::perms::none);
  const std::vector<std::string> mounts = {root()};
  const auto refused = Tracefs::open(mounts, refuse_attach);
  std::filesystem::permissions(root(), std::filesystem::perms::owner_all);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("run as root"));
}

/// What the kernel itself says, through our descriptor and through the shell's mount.
TEST(Tracefs, OfThisKernelHasSystemCallsAndChangesNoMount) {
  const std::string before = test::read_bytes("/proc/self/mountinfo");
  const auto tracefs = Tracefs::open();
  if (!tracefs) GTEST_SKIP() << tracefs.error().message();
  const auto id = tracefs->id({"raw_syscalls", "sys_enter"});
  if (!id) GTEST_SKIP() << id.error().message();
  EXPECT_GT(*id, 0U);
  const auto format = tracefs->format({"raw_syscalls", "sys_enter"});
  ASSERT_TRUE(format);
  ASSERT_NE(format->field("id"), nullptr);
  EXPECT_EQ(format->field("id")->size, sizeof(long));
  EXPECT_TRUE(format->field("id")->is_signed);
  ASSERT_NE(format->field("common_pid"), nullptr);
  EXPECT_EQ(test::read_bytes("/proc/self/mountinfo"), before);
}

TEST(TracepointFormat, HasTheFieldsOfItsFile) {
  const TracepointFormat format = parse_tracepoint_format(kSysEnter);
  ASSERT_EQ(format.fields.size(), 5U);
  EXPECT_EQ(
      *format.field("id"),
      (TracepointField{
          .name = "id", .declaration = "long id", .offset = 8, .size = 8, .is_signed = true}));
  EXPECT_EQ(*format.field("args"),
            (TracepointField{
                .name = "args", .declaration = "unsigned long args[6]", .offset = 16, .size = 48}));
  EXPECT_EQ(format.field("NR"), nullptr);
}

TEST(TracepointFormat, SkipsWhatIsNoField) {
  EXPECT_THAT(parse_tracepoint_format("").fields, IsEmpty());
  EXPECT_THAT(
      parse_tracepoint_format("field:\nfield:;\nfield:int x;\nfield:int x; offset:1;\n"
                              "field:int x; offset:a; size:4;\nfield:[]; offset:0; size:4;\n")
          .fields,
      IsEmpty());
  EXPECT_EQ(
      parse_tracepoint_format("field:__data_loc char[] cmd;\toffset:60;\tsize:4;").fields[0].name,
      "cmd");
}

TEST(TracepointFormat, ReadsNumbersWithinARecordOnly) {
  const std::array<std::byte, 8> raw = {std::byte{0xff}, std::byte{0xff}, std::byte{0xfe},
                                        std::byte{0xff}, std::byte{0x01}, std::byte{0},
                                        std::byte{0},    std::byte{0}};
  const auto at = [&](std::uint32_t offset, std::uint32_t size, bool is_signed) {
    return number_at(raw, {.offset = offset, .size = size, .is_signed = is_signed});
  };
  EXPECT_EQ(at(0, 2, false), 0xffffU);
  EXPECT_EQ(at(0, 2, true), ~std::uint64_t{0});
  EXPECT_EQ(at(2, 1, true), ~std::uint64_t{0} - 1);
  EXPECT_EQ(at(0, 4, true), ~std::uint64_t{0} - 0x10000);
  EXPECT_EQ(at(0, 8, true), 0x1fffeffffU);
  EXPECT_EQ(at(4, 4, false), 1U);
  EXPECT_FALSE(at(4, 8, false));
  EXPECT_FALSE(at(0xffffffff, 4, false));
  EXPECT_FALSE(at(0, 3, false));
}

}  // namespace
}  // namespace profiler::record
