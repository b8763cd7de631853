#include "symbolizer/jit/jitdump.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jitdump_builder.h"
#include "workshop.h"

namespace symbolizer {
namespace {

using profiler::RuntimeAddress;
using profiler::SourceFrame;
using test::JitDumpBuilder;
using ::testing::HasSubstr;

constexpr std::int32_t kPid = 1234;
constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();

class JitDumpTest : public ::testing::Test {
 protected:
  auto try_open(const std::vector<std::byte>& bytes) {
    shop_.write("dump", bytes);
    return JitDump::open(::open(shop_.path("dump").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC),
                         "dump", kPid);
  }
  void open(const JitDumpBuilder& builder) {
    auto dump = try_open(builder.bytes());
    ASSERT_TRUE(dump) << dump.error().message();
    dump_ = *std::move(dump);
    dump_->update();
    replay_.emplace(*dump_);
  }
  /// What was at that address at that time, as "name" or "name file:line".
  std::string at(std::uint64_t address, std::uint64_t time = kEnd) {
    const auto position = replay_->find(RuntimeAddress(address), time);
    if (!position) return "";
    const SourceFrame frame = dump_->names(std::vector{*position})[0];
    return frame.line == 0 ? frame.function
                           : frame.function + " " + frame.file + ":" + std::to_string(frame.line);
  }
  std::string refusal(const std::vector<std::byte>& bytes) {
    const auto dump = try_open(bytes);
    return dump ? "taken" : dump.error().message();
  }

  test::Workshop shop_;
  std::unique_ptr<JitDump> dump_;
  std::optional<JitDump::Replay> replay_;
};

TEST_F(JitDumpTest, KnowsWhatWasAtAnAddressAtATime) {
  open(JitDumpBuilder(kPid)
           .load(10, 0x7000, 0x100, "first")
           .load(20, 0x7000, 0x80, "second")
           .load(30, 0x7040, 0x10, "third"));
  EXPECT_EQ(at(0x7000, 9), "");
  EXPECT_EQ(at(0x7000, 10), "first");
  EXPECT_EQ(at(0x70ff, 19), "first");
  EXPECT_EQ(at(0x7100, 19), "");
  EXPECT_EQ(at(0x707f, 20), "second");
  EXPECT_EQ(at(0x7080, 25), "") << "what another piece overlaps is gone as a whole";
  EXPECT_EQ(at(0x7045, 30), "third");
  EXPECT_EQ(at(0x7000, 31), "");
}

TEST_F(JitDumpTest, GivesEachPieceOfCodeAPositionOfItsOwn) {
  open(JitDumpBuilder(kPid).load(10, 0x7000, 16, "first").load(20, 0x7000, 16, "second"));
  const auto first = replay_->find(RuntimeAddress(0x7004), 10);
  const auto second = replay_->find(RuntimeAddress(0x7004), 20);
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  const auto names =
      dump_->names(std::vector<std::uint64_t>{0, *first, *first + 11, *first + 12, *second, kEnd});
  std::vector<std::string> functions;
  for (const SourceFrame& frame : names) functions.push_back(frame.function);
  EXPECT_THAT(functions, ::testing::ElementsAre("", "first", "first", "", "second", ""));
}

TEST_F(JitDumpTest, FollowsCodeThatIsMoved) {
  open(JitDumpBuilder(kPid)
           .load(10, 0x7000, 0x100, "wanderer")
           .move(20, 0x7000, 0x9000, 0x100)
           .move(30, 0x5000, 0x6000, 0x100));
  EXPECT_EQ(at(0x7010, 10), "wanderer");
  EXPECT_EQ(at(0x7010, 20), "");
  EXPECT_EQ(at(0x90ff, 20), "wanderer");
  EXPECT_EQ(at(0x6000, 30), "") << "nothing was there to be moved";
}

TEST_F(JitDumpTest, KnowsLines) {
  open(JitDumpBuilder(kPid)
           .debug_info(0x7000, {{0x7004, 10, "a.js"}, {0x7010, 12, "b.js"}, {0x7020, 13, "\xff"}})
           .load(10, 0x7000, 0x40, "f")
           .load(10, 0x8000, 0x40, "without")
           .debug_info(0x6666, {{0x9000, 1, "of another"}})
           .load(10, 0x9000, 0x40, "g"));
  EXPECT_EQ(at(0x7000), "f");
  EXPECT_EQ(at(0x7004), "f a.js:10");
  EXPECT_EQ(at(0x701f), "f b.js:12");
  EXPECT_EQ(at(0x703f), "f b.js:13");
  EXPECT_EQ(at(0x8004), "without");
  EXPECT_EQ(at(0x9004), "g");
}

// V8 adds the size of an ELF header, and 11.3 (node 20) writes other bytes for the names of files.
TEST_F(JitDumpTest, KnowsLinesOfV8) {
  const std::string noise = "\x3a\x1d\x03X,\x7f";
  open(
      JitDumpBuilder(kPid)
          .debug_info(0x7000, {{0x7040, 1, "/a/x.js"}, {0x7050, 2, "/a/x.js"}})
          .load(10, 0x7000, 0x40, "JS:*f /a/x.js:1:1")
          .debug_info(0x8000, {{0x8040, 5, noise + std::string(1, '\0')}, {0x8060, 6, noise + "z"}})
          .load(10, 0x8000, 0x40, "JS:^g /a/x.js:5:1"));
  EXPECT_EQ(at(0x7000), "JS:*f /a/x.js:1");
  EXPECT_EQ(at(0x7010), "JS:*f /a/x.js:2");
  EXPECT_EQ(at(0x8000), "JS:^g /a/x.js:5");
  EXPECT_EQ(at(0x8020), "JS:^g /a/x.js:6");
}

TEST_F(JitDumpTest, LeavesOutLinesThatAreDamaged) {
  open(JitDumpBuilder(kPid)
           .debug_info(0x7000, {{0x7000, 1, "a.js"}, {0x9999, 2, "a.js"}})
           .load(10, 0x7000, 0x40, "f"));
  EXPECT_EQ(at(0x7000), "f");
}

TEST_F(JitDumpTest, ReadsOnWhereItHasStopped) {
  JitDumpBuilder builder(kPid);
  builder.load(10, 0x7000, 16, "first");
  const std::size_t whole = builder.bytes().size();
  builder.load(20, 0x8000, 16, "second");
  auto part = builder.bytes();
  for (const std::size_t size : {whole + 1, whole + 17, whole + 60}) {
    part.resize(size);
    JitDumpBuilder cut(kPid);
    auto dump = try_open(part);
    ASSERT_TRUE(dump);
    dump_ = *std::move(dump);
    dump_->update();
    replay_.emplace(*dump_);
    EXPECT_EQ(at(0x7000), "first");
    EXPECT_EQ(at(0x8000), "");
    shop_.write("dump", builder.bytes());
    dump_->update();
    EXPECT_EQ(at(0x8000), "second");
    part = builder.bytes();
  }
}

TEST_F(JitDumpTest, PassesOverRecordsThatItDoesNotKnow) {
  open(JitDumpBuilder(kPid).unknown(4, 112).unknown(77, 17).load(10, 0x7000, 16, "f").close(11));
  EXPECT_EQ(at(0x7000), "f");
}

TEST_F(JitDumpTest, EndsAtADamagedRecord) {
  for (const bool has_more : {false, true}) {
    JitDumpBuilder builder(kPid);
    builder.load(10, 0x7000, 16, "good");
    if (has_more) {
      builder.head(0, 15, 10);  // Shorter than its own head.
    } else {
      builder.unknown(0, 40);  // A piece of code without room for its fields.
    }
    builder.load(10, 0x8000, 16, "lost");
    open(builder);
    EXPECT_EQ(at(0x7000), "good");
    EXPECT_EQ(at(0x8000), "");
  }
}

TEST_F(JitDumpTest, DoesNotBelieveSizes) {
  // More code than the record has, and code up to beyond the end of the address space.
  JitDumpBuilder builder(kPid);
  builder.load(10, kEnd - 8, 16, "beyond").load(10, kEnd - 16, 16, "high");
  open(builder);
  EXPECT_EQ(at(kEnd - 2), "high");
  auto bytes = builder.bytes();
  bytes[40 + 40 + 7] = std::byte{0x7f};  // Of the first record's code_size.
  auto dump = try_open(bytes);
  ASSERT_TRUE(dump);
  (*dump)->update();
  JitDump::Replay replay(**dump);
  EXPECT_FALSE(replay.find(RuntimeAddress(kEnd - 2), kEnd));
}

TEST_F(JitDumpTest, TakesTimesOfAnotherClockForNone) {
  open(JitDumpBuilder(kPid, 1).load(1'000'000, 0x7000, 16, "f"));
  EXPECT_EQ(at(0x7000, 0), "f");
}

TEST_F(JitDumpTest, RefusesWhatIsNoneOfThatProcess) {
  EXPECT_EQ(refusal(JitDumpBuilder(kPid).bytes()), "taken");
  EXPECT_THAT(refusal(JitDumpBuilder(kPid + 1).bytes()), HasSubstr("another process"));
  EXPECT_THAT(refusal({}), HasSubstr("not a jitdump"));
  auto bytes = JitDumpBuilder(kPid).bytes();
  bytes[4] = std::byte{2};
  EXPECT_THAT(refusal(bytes), HasSubstr("version"));
  std::swap(bytes[0], bytes[3]);
  std::swap(bytes[1], bytes[2]);
  EXPECT_THAT(refusal(bytes), HasSubstr("byte order"));
  bytes[0] = std::byte{0};
  EXPECT_THAT(refusal(bytes), HasSubstr("not a jitdump"));
  ASSERT_EQ(::mkfifo(shop_.path("fifo").c_str(), 0600), 0);
  const auto fifo = JitDump::open(
      ::open(shop_.path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "fifo", kPid);
  ASSERT_FALSE(fifo);
  EXPECT_THAT(fifo.error().message(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace symbolizer
