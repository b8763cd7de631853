#include "symbolizer/dwarf/line_table.h"

#include <dwarf.h>

#include <algorithm>
#include <string_view>

namespace symbolizer {
namespace {

const Unit& with_line_table(const Unit& unit) {
  return !unit.line_offset() && unit.skeleton() != nullptr ? *unit.skeleton() : unit;
}

void append_component(std::string& path, std::string_view component) {
  if (component.empty()) return;
  if (component.front() == '/') path.clear();
  if (!path.empty() && path.back() != '/') path += '/';
  path += component;
}

}  // namespace

LineTable::LineTable(const Unit& unit) : unit_(with_line_table(unit)) {
  if (unit_.line_offset()) read_header();
}

void LineTable::read_header() {
  const auto section = unit_.sections()[DebugSection::kLine];
  const std::uint64_t offset = *unit_.line_offset();
  if (offset >= section.size()) return;
  bytes_ = section.subspan(static_cast<std::size_t>(offset));
  ByteCursor cursor(bytes_);
  std::uint64_t length = cursor.u32();
  if (length == 0xffffffff) {
    length = cursor.u64();
    format_.offset_size = 8;
  }
  if (!cursor.ok() || length > cursor.remaining()) return;
  bytes_ = bytes_.first(cursor.position() + static_cast<std::size_t>(length));
  cursor = ByteCursor(bytes_, cursor.position());
  format_.version = cursor.u16();
  if (format_.version < 2 || format_.version > 5) return;
  format_.address_size = unit_.format().address_size;
  if (format_.version >= 5) {
    format_.address_size = cursor.u8();
    cursor.skip(1);  // Segment selectors: no machine of ours has any.
    if (format_.address_size != 4 && format_.address_size != 8) return;
  }
  const std::uint64_t header_length = read_offset(cursor, format_.offset_size);
  if (!cursor.ok() || header_length > cursor.remaining()) return;
  program_ = cursor.position() + static_cast<std::size_t>(header_length);
  minimum_instruction_length_ = cursor.u8();
  if (format_.version >= 4) operations_per_instruction_ = cursor.u8();
  cursor.skip(1);  // default_is_stmt: rows hold for their addresses either way.
  line_base_ = cursor.s8();
  const std::uint8_t line_range = cursor.u8();
  opcode_base_ = cursor.u8();
  for (unsigned opcode = 1; opcode < opcode_base_; ++opcode) opcode_lengths_[opcode] = cursor.u8();
  if (!cursor.ok() || opcode_base_ == 0) return;
  if (format_.version >= 5) {
    folder_format_ = read_entry_format(cursor);
    read_entries(cursor, folder_format_, folders_);
    file_format_ = read_entry_format(cursor);
    read_entries(cursor, file_format_, files_);
  } else {
    read_names_before_5(cursor);
  }
  line_range_ = line_range;
}

void LineTable::read_names_before_5(ByteCursor& cursor) {
  while (cursor.ok()) {
    const auto start = static_cast<std::uint32_t>(cursor.position());
    if (cursor.string().empty()) break;
    folders_.push_back(start);
  }
  while (cursor.ok()) {
    const auto start = static_cast<std::uint32_t>(cursor.position());
    if (cursor.string().empty()) break;
    for (int field = 0; field < 3; ++field) static_cast<void>(cursor.uleb());
    if (cursor.ok()) files_.push_back(start);
  }
}

LineTable::EntryFormat LineTable::read_entry_format(ByteCursor& cursor) const {
  EntryFormat entry_format;
  for (unsigned left = cursor.u8(); left > 0 && cursor.ok(); --left) {
    const std::uint64_t content = cursor.uleb();
    const std::uint64_t form = cursor.uleb();
    if (form > UINT16_MAX) cursor.fail();
    entry_format.push_back(
        {.name = content > UINT16_MAX ? std::uint16_t{0} : static_cast<std::uint16_t>(content),
         .form = static_cast<std::uint16_t>(form)});
  }
  return entry_format;
}

void LineTable::read_entries(ByteCursor& cursor, const EntryFormat& entry_format,
                             std::vector<std::uint32_t>& positions) const {
  for (std::uint64_t left = cursor.uleb(); left > 0 && cursor.ok(); --left) {
    const std::size_t start = cursor.position();
    for (const AttributeSpec& part : entry_format) skip_value(cursor, part.form, format_);
    // Entries without bytes could be as many as the count says.
    if (!cursor.ok() || cursor.position() == start) return;
    positions.push_back(static_cast<std::uint32_t>(start));
  }
}

LineTable::Name LineTable::entry_at(std::uint32_t position, const EntryFormat& entry_format) const {
  ByteCursor cursor(bytes_, position);
  Name name;
  if (format_.version < 5) {
    name.text = cursor.string();
    name.folder = cursor.uleb();
    return name;
  }
  for (const AttributeSpec& part : entry_format) {
    if (part.form == DW_FORM_string) {
      const std::string_view text = cursor.string();
      if (part.name == DW_LNCT_path) name.text = text;
      continue;
    }
    const AttributeValue value = read_value(cursor, part, format_);
    if (part.name == DW_LNCT_path) name.text = unit_.text(value);
    if (part.name == DW_LNCT_directory_index) name.folder = value.value;
  }
  return name;
}

std::string_view LineTable::folder(std::uint64_t number) const {
  // Before DWARF 5 they count from 1, and 0 is the unit's own folder.
  if (format_.version < 5 && number-- == 0) return {};
  if (number >= folders_.size()) return {};
  return entry_at(folders_[static_cast<std::size_t>(number)], folder_format_).text;
}

std::optional<LineTable::Name> LineTable::name(std::uint64_t number) const {
  if (format_.version < 5 && number-- == 0) return std::nullopt;
  if (number >= files_.size()) return std::nullopt;
  return entry_at(files_[static_cast<std::size_t>(number)], file_format_);
}

const std::string& LineTable::file(std::uint64_t number) {
  const auto [known, is_new] = paths_.try_emplace(number);
  std::string& path = known->second;
  if (!is_new) return path;
  const auto found = name(number);
  if (!found || found->text.empty()) return path;
  append_component(path, unit_.compilation_folder());
  // Folder 0 of DWARF 5 is the unit's own, and other folders are relative to it.
  if (format_.version >= 5) {
    const std::string_view own = folder(0);
    if (own != unit_.compilation_folder()) append_component(path, own);
  }
  if (found->folder != 0) append_component(path, folder(found->folder));
  append_component(path, found->text);
  return path;
}

void LineTable::run(std::vector<Row>& rows) const {
  rows.clear();
  if (line_range_ == 0) return;
  // One in two bytes makes a row.
  rows.reserve(bytes_.size() / 2);
  ByteCursor cursor(bytes_, std::min(program_, bytes_.size()));
  Row row{.file = 1, .line = 1};
  std::uint64_t operation = 0;
  const auto advance = [&](std::uint64_t operations) {
    if (operations_per_instruction_ <= 1) {
      row.address += operations * minimum_instruction_length_;
      return;
    }
    const std::uint64_t all = operation + operations;
    row.address += all / operations_per_instruction_ * minimum_instruction_length_;
    operation = all % operations_per_instruction_;
  };
  const auto emit = [&] { rows.push_back(row); };
  while (!cursor.at_end()) {
    const std::uint8_t opcode = cursor.u8();
    if (opcode >= opcode_base_) {
      const unsigned adjusted = opcode - unsigned{opcode_base_};
      advance(adjusted / line_range_);
      row.line += static_cast<std::uint32_t>(line_base_ + static_cast<int>(adjusted % line_range_));
      emit();
      continue;
    }
    switch (opcode) {
      case 0: {
        const std::uint64_t length = cursor.uleb();
        if (length == 0 || length > cursor.remaining()) return;
        const std::size_t end = cursor.position() + static_cast<std::size_t>(length);
        switch (cursor.u8()) {
          case DW_LNE_end_sequence:
            row.ends_sequence = true;
            emit();
            row = {.file = 1, .line = 1};
            operation = 0;
            break;
          case DW_LNE_set_address:
            row.address = length == 9 ? cursor.u64() : cursor.u32();
            operation = 0;
            break;
          default:  // Discriminators, and the definition of files, which no compiler uses.
            break;
        }
        cursor.seek(end);
        break;
      }
      case DW_LNS_copy:
        emit();
        break;
      case DW_LNS_advance_pc:
        advance(cursor.uleb());
        break;
      case DW_LNS_advance_line:
        row.line += static_cast<std::uint32_t>(cursor.sleb());
        break;
      case DW_LNS_set_file:
        row.file = static_cast<std::uint32_t>(std::min<std::uint64_t>(cursor.uleb(), UINT32_MAX));
        break;
      case DW_LNS_const_add_pc:
        advance((255U - opcode_base_) / line_range_);
        break;
      case DW_LNS_fixed_advance_pc:
        row.address += cursor.u16();
        operation = 0;
        break;
      default:  // Columns and flags; what is not known says how many operands it has.
        for (unsigned left = opcode_lengths_[opcode]; left > 0; --left) {
          static_cast<void>(cursor.uleb());
        }
        break;
    }
  }
}

}  // namespace symbolizer
