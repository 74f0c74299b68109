// Derived quantities: the runs of a sweep grouped by all axes but one, each group made one number.
//
//   mean        of the values along the axis             variance  unbiased, of at least two values
//   difference  value at the second point of the axis minus value at the first (the axis has exactly two)
#pragma once

#include <span>
#include <string>

#include "widthwise/study/table.h"

namespace widthwise {

/// The number of one group; values that are not finite are left out, NaN where too few remain.
double derive(const std::string& how, std::span<const double> values);

/// Groups the rows of `table`, one column for each of `derived` (all over one axis): the same table without that axis.
/// Column i of `table` is what derived[i] is made of.
Table derive(const Table& table, std::span<const DerivedSpec> derived);

}  // namespace widthwise
