#include "profile/columns.h"

#include <protozero/pbf_reader.hpp>

namespace profiler::profile {

std::optional<Columns> parse_columns(std::string_view payload, std::size_t known_columns,
                                     std::size_t first_columns, std::size_t text_column) {
  Columns columns;
  try {
    protozero::pbf_reader message(protozero::data_view(payload.data(), payload.size()));
    while (message.next()) {
      const std::uint32_t field = message.tag();
      const protozero::pbf_wire_type type = message.wire_type();
      if (type == protozero::pbf_wire_type::varint && field == kFirstRowField) {
        columns.first = message.get_uint64();
      } else if (type == protozero::pbf_wire_type::varint && field == kRowCountField) {
        columns.rows = message.get_uint64();
      } else if (type == protozero::pbf_wire_type::length_delimited && field >= kFirstColumn &&
                 field - kFirstColumn < known_columns) {
        const protozero::data_view bytes = message.get_view();
        columns[field - kFirstColumn] = ColumnReader({bytes.data(), bytes.size()});
      } else {
        message.skip();
      }
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < known_columns; ++i) {
    if (columns[i].absent() ? i < first_columns
                            : i != text_column && columns[i].size() < columns.rows)
      return std::nullopt;
  }
  return columns;
}

}  // namespace profiler::profile
