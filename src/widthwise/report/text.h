// Text for people and for the three languages a report is written in: HTML, scripts inside HTML, and terminal lines.
// Everything that comes from a study file passes through one of the escapes below before it is written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise::report {

/// & < > " ' as entities: safe as element text and inside quoted attributes.
std::string escape_html(std::string_view text);

/// Only & < > as entities: the pseudo-HTML of plotly labels, where quotes need no escape.
std::string escape_label(std::string_view text);

/// JSON for a <script type="application/json"> block: '<' becomes \u003c, so neither </script> nor <!-- can end it.
/// Valid for JSON only, where '<' occurs in strings alone.
std::string escape_json_for_script(std::string_view json);

/// JavaScript source for a <script> block: "</script" and "<!--" get a backslash, which strings and regular
/// expressions read as the same character.
std::string escape_javascript_for_script(std::string_view source);

/// One printable line: control characters (so also terminal escape sequences and line ends) become spaces.
std::string single_line(std::string_view text);

/// Code points of UTF-8 text: what a column of a terminal table is measured in.
std::size_t display_width(std::string_view text);

/// `text` and spaces up to `width` columns; longer text is returned whole.
std::string pad_right(std::string text, std::size_t width);

/// Words of `text` in lines of at most `width` columns (a longer word is cut).
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// Shortest readable decimal with `digits` significant digits: "0.0078", "3.2e-05", "512"; "-" where not finite.
std::string short_number(double value, int digits = 3);

/// Decimal that reads back as the same double; `missing` where not finite.
std::string exact_number(double value, std::string_view missing);

/// A name safe as a file name on every system: letters, digits, '-' and '_'; "figure" where nothing is left.
std::string file_stem(std::string_view name);

}  // namespace widthwise::report
