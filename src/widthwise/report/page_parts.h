// Pieces of the HTML page. Internal to the report room; page.cpp puts them together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/report/page_model.h"

namespace widthwise::report {

/// The style sheet.
std::string_view page_style();
/// Counts script errors on <html data-errors>; stands before every other script.
std::string_view error_counter_script();
/// Draws every .plot holder with plotly, one after the other.
std::string_view drawing_script();

/// The table of verdicts, each with its explanation folded up beneath.
std::string verdicts_html(const std::vector<VerdictRow>& verdicts);
/// One figure: caption, holder for the drawing, its data, links to the numbers. `index` makes its ids unique.
std::string figure_html(const Figure& figure, std::size_t index, bool can_draw);
/// A table with a header row; numbers right-aligned where a whole column holds numbers.
std::string table_html(const TextTable& table);

}  // namespace widthwise::report
