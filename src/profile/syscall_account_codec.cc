#include "profile/syscall_account_codec.h"

#include <algorithm>
#include <cstdint>
#include <protozero/pbf_message.hpp>
#include <protozero/pbf_writer.hpp>

#include "profile/format.h"

namespace profiler::profile {

namespace {

using Field = SyscallAccountField;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr std::uint32_t tag(Field field) { return static_cast<std::uint32_t>(field); }

/// A later version's enumerators read as the last known.
template <class Enum>
Enum enumerator(std::uint64_t value, Enum last) {
  return static_cast<Enum>(std::min(value, static_cast<std::uint64_t>(last)));
}

}  // namespace

std::string encode_syscall_account(const SyscallAccount& account) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint64(tag(Field::kBackend), static_cast<std::uint64_t>(account.backend));
  writer.add_uint64(tag(Field::kGrouping), static_cast<std::uint64_t>(account.grouping));
  writer.add_uint64(tag(Field::kLost), account.lost);
  writer.add_uint64(tag(Field::kKilledCpuNs), account.killed_cpu_ns);
  if (account.user_minor_faults)
    writer.add_uint64(tag(Field::kUserMinorFaults), *account.user_minor_faults);
  if (account.user_major_faults)
    writer.add_uint64(tag(Field::kUserMajorFaults), *account.user_major_faults);
  return out;
}

bool decode_syscall_account(std::string_view payload, SyscallAccount& account) {
  account.user_minor_faults.reset();
  account.user_major_faults.reset();
  try {
    protozero::pbf_message<Field> message(protozero::data_view(payload.data(), payload.size()));
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(Field::kBackend, pbf_wire_type::varint):
          account.backend = enumerator(message.get_uint64(), SyscallBackend::kRing);
          break;
        case tag_and_type(Field::kGrouping, pbf_wire_type::varint):
          account.grouping = enumerator(message.get_uint64(), SyscallGrouping::kCgroup);
          break;
        case tag_and_type(Field::kLost, pbf_wire_type::varint):
          account.lost = message.get_uint64();
          break;
        case tag_and_type(Field::kKilledCpuNs, pbf_wire_type::varint):
          account.killed_cpu_ns = message.get_uint64();
          break;
        case tag_and_type(Field::kUserMinorFaults, pbf_wire_type::varint):
          account.user_minor_faults = message.get_uint64();
          break;
        case tag_and_type(Field::kUserMajorFaults, pbf_wire_type::varint):
          account.user_major_faults = message.get_uint64();
          break;
        default:
          message.skip();
      }
    }
  } catch (const protozero::exception&) {
    return false;
  }
  return true;
}

}  // namespace profiler::profile
