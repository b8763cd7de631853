// Files that were cut off, bent, made by another version, or are something else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "profile/chunk.h"
#include "profile/format.h"
#include "profile/table_encoder.h"
#include "profile_file.h"
#include "random_profile.h"

namespace profiler::profile {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr RandomSize kSmall = {
    .strings = 6, .modules = 2, .frames = 5, .nodes = 8, .stacks = 4, .samples = 7, .waits = 5};

/// What views rely on: that no row refers to one that is not there, and parents come first.
::testing::AssertionResult is_sound(const Profile& p) {
  const auto bad = [](const char* table, std::size_t row) {
    return ::testing::AssertionFailure() << table << " " << row << " refers to nothing";
  };
  const auto text = [&](StringIndex i) { return !i || p.strings.contains(i); };
  for (std::size_t i = 0; i < p.modules.size(); ++i)
    if (!text(p.modules[ModuleIndex(i)].path)) return bad("module", i);
  for (std::size_t i = 0; i < p.frames.size(); ++i) {
    const Frame& f = p.frames[FrameIndex(i)];
    if (!p.modules.contains(f.module)) return bad("frame", i);
    if (f.name.count != 0 && (!p.locations.contains(f.name.first) ||
                              p.locations.size() - f.name.first.row() < f.name.count))
      return bad("frame name", i);
  }
  for (std::size_t i = 0; i < p.nodes.size(); ++i) {
    const StackNode& n = p.nodes[NodeIndex(i)];
    if (!p.frames.contains(n.frame) || (n.parent && n.parent.row() >= i)) return bad("node", i);
  }
  for (std::size_t i = 0; i < p.stacks.size(); ++i) {
    const Stack& s = p.stacks[StackIndex(i)];
    if ((s.user && !p.nodes.contains(s.user)) || (s.kernel && !p.nodes.contains(s.kernel)) ||
        (s.cause && !p.causes.contains(s.cause)) ||
        static_cast<std::size_t>(s.end) >= kStackEndCount)
      return bad("stack", i);
  }
  for (std::size_t i = 0; i < p.processes.size(); ++i)
    if (!text(p.processes[ProcessIndex(i)].name)) return bad("process", i);
  for (std::size_t i = 0; i < p.threads.size(); ++i) {
    const Thread& t = p.threads[ThreadIndex(i)];
    if (!p.processes.contains(t.process) || !text(t.name)) return bad("thread", i);
  }
  for (std::size_t i = 0; i < p.samples.size(); ++i) {
    const Sample& s = p.samples[i];
    if (!p.threads.contains(s.thread) || !p.stacks.contains(s.stack) || s.mode > Mode::kSys ||
        s.event >= p.run.events.size())
      return bad("sample", i);
  }
  for (std::size_t i = 0; i < p.waits.size(); ++i) {
    const Wait& w = p.waits[i];
    if (!p.threads.contains(w.thread) || (w.stack && !p.stacks.contains(w.stack)) ||
        (w.waker && !p.stacks.contains(w.waker)))
      return bad("wait", i);
  }
  for (std::size_t i = 0; i < p.schedules.size(); ++i)
    if (!p.threads.contains(p.schedules[i].thread)) return bad("schedule", i);
  for (std::size_t i = 0; i < p.functions.size(); ++i) {
    const Function& f = p.functions[FunctionIndex(i)];
    if (!p.modules.contains(f.module) || !text(f.name) || !text(f.system_name) || !text(f.file))
      return bad("function", i);
  }
  for (std::size_t i = 0; i < p.locations.size(); ++i) {
    const Location& l = p.locations[LocationIndex(i)];
    if (!p.functions.contains(l.function) || !text(l.file)) return bad("location", i);
  }
  for (std::size_t i = 0; i < p.causes.size(); ++i) {
    const Cause& c = p.causes[CauseIndex(i)];
    if (!text(c.cause.name) || !text(c.entry.name)) return bad("cause", i);
  }
  for (std::size_t i = 0; i < p.syscalls.rows.size(); ++i) {
    const SyscallRow& row = p.syscalls.rows[SyscallIndex(i)];
    if (!text(row.name) || !text(row.group) || !std::isfinite(row.squares_ns2) ||
        row.abi > SyscallAbi::kX32)
      return bad("system call", i);
  }
  for (std::size_t i = 0; i < p.syscalls.errors.size(); ++i)
    if (!p.syscalls.rows.contains(p.syscalls.errors[i].row)) return bad("error", i);
  for (std::size_t i = 0; i < p.syscalls.callers.size(); ++i) {
    const SyscallCallerRow& caller = p.syscalls.callers[i];
    if (!p.syscalls.rows.contains(caller.row) || !p.stacks.contains(caller.stack))
      return bad("caller", i);
  }
  return ::testing::AssertionSuccess();
}

template <class Table>
bool is_prefix(const Table& part, const Table& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

TEST(DamagedProfile, CutOffAtAnyByteGivesAnErrorOrThePieceBeforeIt) {
  const Profile whole = random_profile(21, kSmall);
  const std::string bytes = written(whole);
  std::size_t readable = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Result<Profile> part = parse(bytes.substr(0, size));
    if (!part) {
      EXPECT_THAT(part.error().message(), StartsWith("test: is ")) << size;
      continue;
    }
    ++readable;
    EXPECT_TRUE(part->run.interrupted) << size;
    EXPECT_TRUE(is_sound(*part)) << size;
    EXPECT_TRUE(is_prefix(part->strings, whole.strings)) << size;
    EXPECT_TRUE(is_prefix(part->nodes, whole.nodes)) << size;
    EXPECT_TRUE(is_prefix(part->samples, whole.samples)) << size;
    EXPECT_EQ(part->run.notes, whole.run.notes) << size;
  }
  EXPECT_GT(readable, bytes.size() / 2);
}

TEST(DamagedProfile, CutOffBehindItsSamplesHasThemAll) {
  const Profile whole = random_profile(22, kSmall);
  const std::string bytes = written(whole);
  const Result<Profile> part = parse(bytes.substr(0, bytes.size() - 1));
  ASSERT_TRUE(part) << part.error().message();
  EXPECT_EQ(part->samples, whole.samples);
}

TEST(DamagedProfile, WithAnyBitFlippedIsStillSound) {
  const Profile whole = random_profile(23, kSmall);
  const std::string bytes = written(whole);
  std::size_t noticed = 0;
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string bent = bytes;
    bent[i / 8] = static_cast<char>(bent[i / 8] ^ (1 << (i % 8)));
    const Result<Profile> profile = parse(bent);
    if (!profile || profile->run.interrupted != whole.run.interrupted ||
        profile->run.notes != whole.run.notes)
      ++noticed;
    if (profile) {
      EXPECT_TRUE(is_sound(*profile)) << i;
    }
  }
  // Only a newer minor version and the unused bytes of the header are nobody's loss.
  EXPECT_GE(noticed, bytes.size() * 8 - 6UL * 8 - 16);
}

TEST(DamagedProfile, SaysWhereItIsDamaged) {
  std::string bytes = written(random_profile(24, kSmall));
  bytes[bytes.size() - kChunkHeaderSize - 1] ^= 1;  // In the last chunk before the end.
  const Result<Profile> profile = parse(bytes);
  ASSERT_TRUE(profile) << profile.error().message();
  EXPECT_TRUE(profile->run.interrupted);
  EXPECT_THAT(profile->run.notes.back(), HasSubstr("is damaged at byte"));
}

/// The chunks of a file, decompressed.
std::vector<std::pair<ChunkType, std::string>> chunks_of(const std::string& bytes) {
  struct Source : ByteSource {
    const std::string* bytes = nullptr;
    std::span<const std::byte> read(std::uint64_t offset, std::size_t size) override {
      return std::as_bytes(std::span(*bytes)).subspan(offset).first(size);
    }
    std::uint64_t size() const override { return bytes->size(); }
  } source;
  source.bytes = &bytes;
  ChunkReader reader(source);
  std::vector<std::pair<ChunkType, std::string>> chunks;
  while (reader.next() == ChunkReader::Status::kChunk)
    chunks.emplace_back(reader.type(), std::string(reader.payload()));
  return chunks;
}

std::string file_of(const std::vector<std::pair<ChunkType, std::string>>& chunks) {
  std::string bytes = file_header();
  ChunkEncoder encoder;
  for (const auto& [type, payload] : chunks) EXPECT_TRUE(encoder.append(bytes, type, payload, 1));
  return bytes;
}

TEST(DamagedProfile, WithBentColumnsBehindRightChecksumsIsStillSound) {
  RandomProfile random(25);
  std::size_t whole = 0;
  for (int turn = 0; turn < 20'000; ++turn) {
    static const std::vector<std::pair<ChunkType, std::string>> kChunks =
        chunks_of(written(random_profile(25, kSmall)));
    auto chunks = kChunks;
    for (std::size_t bends = 1 + random.below(3); bends != 0; --bends) {
      std::string& payload = chunks[random.below(chunks.size())].second;
      if (payload.empty()) continue;
      const std::size_t at = random.below(payload.size());
      switch (random.below(4)) {
        case 0:
          payload[at] = static_cast<char>(random.number());
          break;
        case 1:
          payload[at] = static_cast<char>(payload[at] ^ (1 << random.below(8)));
          break;
        case 2:
          payload.insert(at, 1 + random.below(4), static_cast<char>(random.number()));
          break;
        default:
          payload.erase(at, 1 + random.below(4));
      }
    }
    if (random.below(4) == 0)
      std::swap(chunks[random.below(chunks.size())], chunks[random.below(chunks.size())]);
    const Result<Profile> profile = parse(file_of(chunks));
    if (!profile) continue;
    whole += profile->run.interrupted ? 0 : 1;
    ASSERT_TRUE(is_sound(*profile)) << turn;
  }
  EXPECT_GT(whole, 0U);
}

/// The corpus of tests/fuzz/profile_fuzzer.cc is made of these.
TEST(DamagedProfile, DISABLED_WritesTheCorpus) {
  const std::string folder = PROFILER_SOURCE_DIR "/tests/fuzz/corpus/profile/";
  constexpr RandomSize kRich = {.strings = 30,
                                .modules = 4,
                                .frames = 20,
                                .nodes = 40,
                                .stacks = 20,
                                .samples = 40,
                                .waits = 20};
  for (const std::uint32_t seed : {1U, 2U}) {
    const std::string bytes = written(random_profile(seed, seed == 1 ? kSmall : kRich));
    write_bytes(folder + "file_" + std::to_string(seed), bytes);
    std::string input;
    for (const auto& [type, payload] : chunks_of(bytes)) {
      input.push_back(static_cast<char>(type));
      input.push_back(static_cast<char>(payload.size() & 0xff));
      input.push_back(static_cast<char>(payload.size() >> 8));
      input += payload;
    }
    write_bytes(folder + "chunks_" + std::to_string(seed), input);
  }
}

TEST(DamagedProfile, ClaimingMoreRowsThanItHasBytesIsRefusedWithoutAllocating) {
  for (const std::uint64_t rows : {std::uint64_t{200}, std::uint64_t{1} << 31, UINT64_MAX}) {
    for (std::uint32_t type = 2; type <= 18; ++type) {
      if (type == static_cast<std::uint32_t>(ChunkType::kSyscallAccount)) continue;  // No table.
      // A protobuf message by hand: field 2, varint; then columns of three bytes.
      std::string payload = {'\x10'};
      for (std::uint64_t rest = rows; rest != 0; rest >>= 7)
        payload.push_back(static_cast<char>((rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0)));
      for (unsigned field = 3; field <= 20; ++field) {
        const unsigned tag = field << 3 | 2;
        payload.push_back(static_cast<char>(tag >= 0x80 ? (tag & 0x7f) | 0x80 : tag));
        if (tag >= 0x80) payload.push_back(static_cast<char>(tag >> 7));
        payload += {'\x03', '\0', '\0', '\0'};
      }
      const Result<Profile> profile = parse(file_of(
          {{ChunkType::kRun, ""}, {static_cast<ChunkType>(type), payload}, {ChunkType::kEnd, ""}}));
      ASSERT_TRUE(profile) << profile.error().message();
      EXPECT_TRUE(profile->run.interrupted) << type;
      EXPECT_EQ(profile->run.notes.size(), 1U) << type;
    }
  }
}

TEST(DamagedProfile, CompressedBeyondTheLimitIsRefused) {
  // A chunk of 16 MiB of zeros in a few hundred bytes: taken apart and its padding removed.
  std::string bytes = file_of({{ChunkType::kRun, std::string(kMaxRawSize, '\0')}});
  std::uint32_t compressed = 0;
  std::memcpy(&compressed, bytes.data() + kFileHeaderSize + 4, 4);
  EXPECT_GE(std::uint64_t{compressed} * kMaxRatio + kRawFloor, kMaxRawSize);
  compressed = 600;
  std::memcpy(bytes.data() + kFileHeaderSize + 4, &compressed, 4);
  const Result<Profile> profile = parse(bytes);
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error().message(), HasSubstr("impossible size"));
}

TEST(ProfileVersions, ANewerMinorVersionOpensWithoutWhatIsNewInIt) {
  const Profile before = random_profile(31, kSmall);
  auto chunks = chunks_of(written(before));
  for (auto& [type, payload] : chunks) {
    if (type == ChunkType::kEnd) continue;
    payload += {'\xfa', '\x07', '\x02', 'h', 'i'};  // Field 127, bytes.
    payload += {'\xf8', '\x07', '\x07'};            // 127, varint.
    payload += {'\xf1', '\x07', '\1', '\2', '\3', '\4', '\5', '\6', '\7', '\x08'};  // 126, fixed64.
  }
  chunks.insert(chunks.begin() + 3, {static_cast<ChunkType>(99), "a table of the future"});
  std::string bytes = file_of(chunks);
  bytes[kMagic.size() + 2] = 7;
  const Result<Profile> after = parse(bytes);
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_EQ(*after, before);
}

TEST(ProfileVersions, ANewerMajorVersionIsRefusedByName) {
  std::string bytes = written(random_profile(32, kSmall));
  bytes[kMagic.size()] = 2;
  bytes[kMagic.size() + 2] = 3;
  const Result<Profile> profile = parse(bytes);
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().message(),
            "test: has version 2.3 of the profile format, and this profiler reads version 1.4; use "
            "a newer profiler");
}

TEST(ProfileVersions, EnumeratorsOfALaterVersionReadAsTheNearestKnown) {
  Profile later = random_profile(33, kSmall);
  later.stacks[StackIndex(1)].end = static_cast<StackEnd>(200);
  later.modules[ModuleIndex(0)].kind = static_cast<ModuleKind>(50);
  later.causes[CauseIndex(0)].cause.kind = static_cast<KernelEntryKind>(60);
  const Result<Profile> profile = parse(written(later));
  ASSERT_TRUE(profile) << profile.error().message();
  EXPECT_EQ(profile->stacks[StackIndex(1)].end, StackEnd::kUnsupported);
  EXPECT_EQ(profile->modules[ModuleIndex(0)].kind, ModuleKind::kUnmapped);
  EXPECT_EQ(profile->causes[CauseIndex(0)].cause.kind, KernelEntryKind::kOther);
}

// Of each such row views make as many samples as it takes.
TEST(DamagedProfile, WithARowOfMoreWaitsThanThereCanBeEndsBeforeIt) {
  Profile before = random_profile(35, kSmall);
  ASSERT_FALSE(before.waits.empty());
  before.waits.back().count = 1'000'000;
  const Result<Profile> whole = parse(written(before));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->waits.size(), before.waits.size());
  EXPECT_FALSE(whole->run.interrupted);
  before.waits.back().count = 1'000'001;
  const Result<Profile> damaged = parse(written(before));
  ASSERT_TRUE(damaged);
  EXPECT_TRUE(damaged->waits.empty());
  EXPECT_TRUE(damaged->run.interrupted);
}

TEST(InterruptedProfile, WithoutEventsGetsAnUnknownOne) {
  Profile before = random_profile(34, kSmall);
  before.run.events.clear();
  before.run.interrupted = false;
  std::string bytes = written(before);
  EXPECT_FALSE(parse(bytes));  // A whole one says what it sampled.
  bytes.pop_back();
  const Result<Profile> after = parse(bytes);
  ASSERT_TRUE(after) << after.error().message();
  ASSERT_FALSE(after->run.events.empty());
  EXPECT_EQ(after->run.events[0].name, "unknown");
}

std::string error_of_reading(const std::string& path) {
  const Result<Profile> profile = read_profile(path);
  return profile ? "no error" : profile.error().message();
}

TEST(NotAProfile, IsRefusedWithALineThatSaysSo) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x");
  EXPECT_EQ(error_of_reading(path), path +
                                        ": cannot be opened: No such file or directory; record one "
                                        "with: profiler record PROGRAM");
  write_bytes(path, "");
  EXPECT_EQ(error_of_reading(path), path + ": is empty: nothing was recorded into it");
  EXPECT_EQ(error_of_reading(directory.path()),
            directory.path() + ": is a directory, not a profile");
  const std::string other = ": is not a profile; make one with: profiler record PROGRAM";
  EXPECT_EQ(error_of_reading("/proc/self/exe"), "/proc/self/exe" + other);
  write_bytes(path, "PERFILE2");
  EXPECT_EQ(error_of_reading(path), path + other);
  write_bytes(path, std::string(100, '\0'));
  EXPECT_EQ(error_of_reading(path), path + other);
  EXPECT_EQ(error_of_reading("/dev/zero"), "/dev/zero: is no regular file");
}

TEST(NotAProfile, AFifoWithoutAWriterIsRefusedAtOnce) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(error_of_reading(path), path + ": is no regular file");
}

TEST(NotAProfile, AHugeSparseFileIsRefusedWithoutReadingItAll) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("sparse");
  write_bytes(path, file_header());
  std::error_code error;
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40, error);
  if (error) GTEST_SKIP() << "no sparse files here: " << error.message();
  EXPECT_EQ(error_of_reading(path), path + ": is damaged: wrong checksum (offset 0x10)");
}

}  // namespace
}  // namespace profiler::profile
