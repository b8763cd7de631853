#include "kernel/fault_kind.h"

#include <cstdint>
#include <unordered_map>

namespace profiler::kernel {
namespace {

// What a function tells about the fault that it runs for. Bits: several may be seen in one chain.
enum Evidence : std::uint8_t {
  kReads = 1,           // Waits for a page to be read.
  kReadsAhead = 2,      // Reads without waiting: the fault itself found its page.
  kCopies = 4,          // Copy-on-write handlers.
  kAnonymous = 8,       // Handlers of anonymous memory.
  kFile = 16,           // Handlers of file mappings.
  kAllocates = 32,      // Gets a page: in a file mapping, for a private copy or for the file.
  kFromPageCache = 64,  // Maps the file's own page.
  kOwn = 128,           // Maps a page of the process's own: in a file mapping, a private copy.
};

std::uint8_t evidence(std::string_view function) {
  static const std::unordered_map<std::string_view, std::uint8_t> kByFunction = {
      // Reads: from a file (mm/filemap.c), from swap.
      {"do_sync_mmap_readahead", kReads},
      {"page_cache_sync_ra", kReads},
      {"page_cache_sync_readahead", kReads},
      {"filemap_read_folio", kReads},
      {"filemap_read_page", kReads},
      {"page_cache_ra_order", kReads},
      {"page_cache_ra_unbounded", kReads},
      {"force_page_cache_ra", kReads},
      {"do_page_cache_ra", kReads},
      {"ondemand_readahead", kReads},
      {"__do_page_cache_readahead", kReads},
      {"swap_readpage", kReads},
      {"swap_read_folio", kReads},
      {"swapin_readahead", kReads},
      {"swapin_folio", kReads},
      {"shmem_swapin", kReads},
      {"shmem_swapin_folio", kReads},
      {"__lock_page_or_retry", kReads},
      {"__folio_lock_or_retry", kReads},
      {"__lock_page_killable", kReads},
      {"__folio_lock_killable", kReads},
      {"wait_on_page_bit_common", kReads},
      {"folio_wait_bit_common", kReads},
      {"do_async_mmap_readahead", kReadsAhead},
      {"page_cache_async_ra", kReadsAhead},
      {"page_cache_async_readahead", kReadsAhead},
      // Copies of a shared page.
      {"do_wp_page", kCopies},
      {"wp_page_copy", kCopies},
      {"wp_page_reuse", kCopies},
      {"do_cow_fault", kCopies},
      {"do_huge_pmd_wp_page", kCopies},
      {"hugetlb_wp", kCopies},
      {"hugetlb_cow", kCopies},
      // The first write to a page of a shared file mapping goes the same way, but copies nothing.
      {"wp_page_shared", kFromPageCache | kFile},
      {"wp_pfn_shared", kFromPageCache | kFile},
      {"do_page_mkwrite", kFromPageCache | kFile},
      {"fault_dirty_shared_page", kFromPageCache | kFile},
      // Anonymous memory.
      {"do_anonymous_page", kAnonymous},
      {"do_huge_pmd_anonymous_page", kAnonymous},
      {"__do_huge_pmd_anonymous_page", kAnonymous},
      {"map_anon_folio_pmd", kAnonymous},
      {"alloc_anon_folio", kAnonymous},
      {"vma_alloc_anon_folio_pmd", kAnonymous},
      {"vma_alloc_zeroed_movable_folio", kAnonymous},
      {"alloc_zeroed_user_highpage_movable", kAnonymous},
      {"clear_huge_page", kAnonymous},
      {"folio_zero_user", kAnonymous},
      {"do_swap_page", kAnonymous},
      // File mappings.
      {"do_fault", kFile},
      {"__do_fault", kFile | kFromPageCache},
      {"do_read_fault", kFile | kFromPageCache},
      {"do_shared_fault", kFile | kFromPageCache},
      {"do_fault_around", kFile | kFromPageCache},
      {"do_set_pmd", kFile | kFromPageCache},
      {"finish_fault", kFile},
      {"filemap_fault", kFile | kFromPageCache},
      {"filemap_map_pages", kFile | kFromPageCache},
      {"next_uptodate_folio", kFile | kFromPageCache},
      {"next_uptodate_page", kFile | kFromPageCache},
      {"set_pte_range", kFile | kFromPageCache},
      {"shmem_fault", kFile | kFromPageCache},
      {"dax_iomap_fault", kFile | kFromPageCache},
      {"special_mapping_fault", kFile | kFromPageCache},
      // A page of the process's own.
      {"folio_prealloc", kAllocates},
      {"vma_alloc_folio", kAllocates},
      {"vma_alloc_folio_noprof", kAllocates},
      {"alloc_pages_vma", kAllocates},
      {"__anon_vma_prepare", kOwn},
      {"vmf_anon_prepare", kOwn},
      {"folio_add_new_anon_rmap", kOwn},
      {"page_add_new_anon_rmap", kOwn},
      {"__mem_cgroup_charge", kAllocates},
      {"copy_user_highpage", kAllocates},
      {"copy_mc_to_kernel", kAllocates},
      {"copy_mc_enhanced_fast_string", kAllocates},
      {"copy_mc_fragile", kAllocates},
      {"copy_page", kAllocates},
  };
  const auto found = kByFunction.find(function);
  return found == kByFunction.end() ? 0 : found->second;
}

}  // namespace

std::string_view fault_kind(std::span<const std::string_view> names) {
  std::uint8_t seen = 0;
  for (const std::string_view name : names) seen |= evidence(name);
  const auto saw = [seen](std::uint8_t bits) { return (seen & bits) != 0; };
  if (saw(kReads) && !saw(kReadsAhead)) return "major";
  if (saw(kCopies)) return saw(kFile) && saw(kFromPageCache) ? "file" : "copy-on-write";
  if (saw(kAnonymous)) return "anonymous";
  const bool copies = saw(kOwn) || (saw(kAllocates) && !saw(kFromPageCache));
  if (saw(kFile)) return copies ? "copy-on-write" : "file";
  return "other";
}

}  // namespace profiler::kernel
