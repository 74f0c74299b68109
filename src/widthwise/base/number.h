// Numbers in text, as std::from_chars reads them: no locale, no leading space or plus sign. Some standard libraries
// (libc++ before 20) lack it for real numbers.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace widthwise {

/// std::from_chars: where the number at `first` ends, and whether there was one that a double can hold.
std::from_chars_result read_double(const char* first, const char* last, double& value);

/// The number that is the whole text; none where it is anything else.
std::optional<double> number_in(std::string_view text);

}  // namespace widthwise
