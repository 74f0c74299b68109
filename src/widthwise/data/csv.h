// CSV, a table of numbers with one column to be learnt (RFC 4180): records end with LF or CRLF, cells may stand in
// quotes (a quote inside is doubled), a byte order mark is passed over. The delimiter - comma, semicolon or tab - is
// the one that comes most often in the first record. Plain or gzip.
//
// A header is stated or detected: the first record is one if the target is asked for by a name, if none of its cells
// beside the target is a number, or if its target alone is no number while all others are.
//
// Files are untrusted: every departure is a DataError with its byte (of the decompressed stream), line and column.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "widthwise/linalg/matrix.h"

namespace widthwise {

/// No CSV file, nor what it decompresses to, may be larger (bytes).
inline constexpr std::int64_t largest_csv_file = 1LL << 32;

struct CsvOptions {
  std::string target = {};      // name, or number from 1, of the target column; empty: the last
  std::string header = "auto";  // auto, yes, no
};

/// Inputs, and the target column as it is written: what it means is decided by who knows whether it holds classes.
struct CsvTable {
  struct Cell {
    std::string text;
    std::int64_t offset = 0, line = 0;
  };
  std::string path;
  std::vector<std::string> columns;  // names; empty without header
  Index target = 0;                  // position of the target column, from 0
  Matrix<double> inputs;             // rows x (columns - 1), in the order of the file
  std::vector<Cell> targets;         // one a row

  /// The error of a target cell: "line 3, column 5 (species)" and byte offset are filled in.
  [[noreturn]] void refuse_target(std::size_t row, const std::string& expected, const std::string& hint = {}) const;
};

/// The table in the bytes of a file; `path` is for messages alone. Throws DataError for no rows, fewer than two
/// columns, rows of unequal length, open or misplaced quotes, empty cells, inputs that are no finite number, control
/// characters; ConfigError (data.target, data.header) where there is no such column or no such word.
CsvTable parse_csv(std::span<const std::uint8_t> bytes, const std::string& path, const CsvOptions& options);

/// The finite number a cell holds, spaces around it allowed; NaN where it is none.
double cell_number(std::string_view text);

}  // namespace widthwise
