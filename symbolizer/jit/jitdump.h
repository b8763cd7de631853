// A jitdump (perf's jitdump-specification.txt, version 1): the file jit-PID.dump in which a
// just-in-time compiler logs each piece of code it makes, with its bytes, lines and the time.
//
//   auto dump = JitDump::open(descriptor, "jit-1234.dump", 1234);
//   (*dump)->update();                                   // reads what was written since
//   JitDump::Replay replay(**dump);
//   auto position = replay.find(address, time_ns);       // in rising order of time
//   SourceFrame frame = (*dump)->names({{*position}})[0];   // function, file and line
//
// Addresses are used again, for other code: a position in the dump (of a byte of code) is one piece
// of code for ever. Every byte is treated as hostile: records are read one by one, and of each only
// where it lies is kept, up to a bounded number. A record that is not whole yet is read later, a
// damaged one ends the reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profiler/address.h"
#include "profiler/error.h"
#include "profiler/symbol.h"

namespace symbolizer {

class JitDump {
 public:
  /// Pieces of code and moves that are remembered: 64 bytes each.
  static constexpr std::size_t kMaxPieces = std::size_t{1} << 20;

  /// Takes the descriptor over. Error: no jitdump of this machine, or not of process `pid`.
  static profiler::Result<std::unique_ptr<JitDump>> open(int descriptor, std::string name,
                                                         std::int32_t pid);
  ~JitDump();
  JitDump(const JitDump&) = delete;
  JitDump& operator=(const JitDump&) = delete;

  void update();
  /// One for each position; no function where there is no code. `sorted`: rising positions.
  [[nodiscard]] std::vector<profiler::SourceFrame> names(
      std::span<const std::uint64_t> sorted) const;

  /// What code lies where, as time goes by.
  class Replay {
   public:
    explicit Replay(const JitDump& dump) : dump_(&dump) {}
    /// The position in the dump of the code at `address`. CLOCK_MONOTONIC, never less than before.
    [[nodiscard]] std::optional<std::uint64_t> find(profiler::RuntimeAddress address,
                                                    std::uint64_t time_ns);

   private:
    struct Live {
      std::uint64_t end = 0;
      std::uint64_t position = 0;
    };
    void apply(std::size_t piece);
    void remove(std::uint64_t start, std::uint64_t end);

    const JitDump* dump_;
    std::size_t next_ = 0;
    std::map<std::uint64_t, Live> live_;  ///< By start; they do not overlap.
  };

 private:
  /// A JIT_CODE_LOAD or JIT_CODE_MOVE record.
  struct Piece {
    std::uint64_t time_ns = 0;
    std::uint64_t start = 0;
    std::uint64_t position = 0;  ///< Of its first byte in the dump. 0: a move.
    std::uint64_t moved_from = 0;
    std::uint64_t record = 0;      ///< Where the record lies,
    std::uint64_t debug_info = 0;  ///< and the JIT_CODE_DEBUG_INFO that belongs to it; 0: none.
    std::uint32_t size = 0;
  };
  struct RecordHead {
    std::uint32_t id = 0;
    std::uint32_t size = 0;
    std::uint64_t time_ns = 0;
  };
  struct DebugEntry {
    std::uint64_t address = 0;
    std::uint32_t line = 0;
    std::string file;
  };

  JitDump(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  profiler::Result<void> read_header(std::int32_t pid);
  /// Up to `size` bytes from `offset` on.
  std::vector<std::byte> read(std::uint64_t offset, std::size_t size) const;
  bool read_record(const RecordHead& head, std::span<const std::byte> fields);
  void add(const Piece& piece);
  [[nodiscard]] const Piece* load_at(std::uint64_t position) const;
  [[nodiscard]] std::string text_of(const Piece& piece) const;
  [[nodiscard]] std::vector<DebugEntry> debug_entries(const Piece& piece,
                                                      const std::string& declared_file) const;

  int descriptor_;
  std::string name_;
  std::uint64_t offset_ = 0;  ///< Of the next record.
  bool ended_ = false;        ///< Nothing more is read.
  bool timed_ = true;         ///< Its times are CLOCK_MONOTONIC.
  std::vector<Piece> pieces_;
  std::vector<std::uint32_t> loads_;  ///< Of pieces_, by position.
  std::uint64_t debug_info_ = 0;      ///< The last, and whose it is.
  std::uint64_t debug_info_start_ = 0;
  std::uint64_t lowest_entry_ = ~std::uint64_t{0};  ///< Of debug info, from its code's start on.
};

}  // namespace symbolizer
