// The table of verdicts for a terminal: one row a prediction, its columns aligned, long names wrapped.
#pragma once

#include <string>
#include <vector>

#include "widthwise/report/page_model.h"

namespace widthwise::report {

struct TableStyle {
  std::size_t width = 100;  ///< columns of the terminal; names are wrapped to stay inside
  bool color = false;       ///< ANSI colours for the verdicts; leave off where the output is piped
};

/// Width and colour for a file descriptor: a terminal's own width and colours (none if NO_COLOR is set), else 100
/// columns without colour.
TableStyle style_for(int file_descriptor);

/// A header, the rows with their remarks, and a line that counts the verdicts; "" without verdicts.
std::string verdict_table(const std::vector<VerdictRow>& verdicts, const TableStyle& style = {});

}  // namespace widthwise::report
