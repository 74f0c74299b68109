// Reads one [[sweep]]: axes with their ranges written out, fixed settings, and what `zip` ties together.
#pragma once

#include <string>

#include "widthwise/study/document.h"

namespace widthwise {

/// @throws ConfigError with file and line: unknown key, empty axis, a value twice, zipped axes of different length, ...
Sweep read_sweep(const ValueTable& table, const std::string& file, int line);

/// Replaces or adds entries of a sweep's table, as a variant does ([variant.quick.sweep.rates]). Keys in any spelling.
ValueTable merge_sweep(const ValueTable& table, const ValueTable& changes, const std::string& file);

/// The values of an axis as written: a list, or { log2 = [lo, hi], step = s }, { log10 = [lo, hi], step = s },
/// { linear = [lo, hi], count = k }, { from = i, count = k }.
ValueList axis_values(const std::string& key, const Value& written, const std::string& file);

}  // namespace widthwise
