// TOML text to values with lines, in the order written. The only place that knows the TOML library.
#pragma once

#include <string>
#include <string_view>

#include "widthwise/study/value.h"

namespace widthwise {

/// @throws ConfigError (file with line) where the text is no TOML, or holds a date or a time.
ValueTable parse_toml(std::string_view text, const std::string& file);

/// A single value as written behind --set KEY=: TOML where it is TOML (8, 1e-3, true, [1, 2], "a", { log = 8 }),
/// otherwise a plain text.
Value parse_toml_value(const std::string& text);

}  // namespace widthwise
