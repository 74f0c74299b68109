// A verdict in full, as text for a terminal: claim, points, slopes, interval, dropped runs, rule. What
// `widthwise report --explain NAME` prints; the page shows the same under each verdict.
#pragma once

#include <string>

#include "widthwise/report/page_model.h"

namespace widthwise::report {

/// Lines of at most `width` columns, ending with a line end; a wider table goes on below, its first column repeated.
std::string explain(const VerdictRow& row, std::size_t width = 100);

/// Columns aligned, two spaces apart, each line indented by `indent`.
std::string text_table(const TextTable& table, std::size_t indent);

}  // namespace widthwise::report
