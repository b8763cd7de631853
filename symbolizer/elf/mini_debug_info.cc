#include "symbolizer/elf/mini_debug_info.h"

#include <lzma.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace symbolizer {
namespace {

constexpr std::size_t kMaxSize = std::size_t{256} << 20;
constexpr std::uint64_t kMaxDecoderMemory = std::uint64_t{128} << 20;

std::optional<std::vector<std::byte>> decompress_xz(std::span<const std::byte> input) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, kMaxDecoderMemory, 0) != LZMA_OK) return std::nullopt;
  std::vector<std::byte> output;
  stream.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
  stream.avail_in = input.size();
  lzma_ret status = LZMA_OK;
  while (status == LZMA_OK && output.size() < kMaxSize) {
    const std::size_t start = output.size();
    output.resize(start + std::max<std::size_t>(start, 64UL << 10));
    stream.next_out = reinterpret_cast<std::uint8_t*>(output.data() + start);
    stream.avail_out = output.size() - start;
    status = lzma_code(&stream, LZMA_FINISH);
    output.resize(output.size() - stream.avail_out);
  }
  lzma_end(&stream);
  if (status != LZMA_STREAM_END) return std::nullopt;
  return output;
}

}  // namespace

std::shared_ptr<const ElfFile> read_mini_debug_info(const ElfFile& file) {
  const Section* section = file.section(".gnu_debugdata");
  if (section == nullptr || section->bytes.empty()) return nullptr;
  auto contents = decompress_xz(section->bytes);
  if (!contents) return nullptr;
  auto inner = ElfFile::from_memory(*std::move(contents), file.path() + "[.gnu_debugdata]");
  return inner ? *inner : nullptr;
}

}  // namespace symbolizer
