// Derived quantities: the runs of a sweep grouped by all axes but one, each group made one number.
//
//   mean            of the values along the axis             variance  unbiased, of at least two values
//   difference      value at the second point of the axis minus value at the first (the axis has exactly two)
//   best            value at the point of the axis where another value, `by`, is smallest (runs that diverged have
//   none);
//                   NaN while runs are missing; flagged where that point is the first or last of an axis of numbers
//   infinite-width  the limit along an axis of widths, with its error (numerics/extrapolation.h): consumes the seeds
//   too,
//                   which are its replicates, and leaves the fit in Row::limits
//
// A derived quantity may be made of one that is written before it: the best test error, then its value at infinite
// width. Axes tied to the consumed one by `zip` go with it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "widthwise/study/table.h"

namespace widthwise {

/// Mean, variance or difference of one group; values that are not finite are left out, NaN where too few remain.
double derive(const std::string& how, std::span<const double> values);

/// Groups the rows of `table`, one column for each of `derived` (which consume the same axes): the same table without
/// these. @param table has the values that `derived` are made of. @param tied axes that move with the consumed one.
Table derive(const Table& table, std::span<const DerivedSpec> derived, std::span<const std::string> tied = {});

/// The values that `derived` are made of, each once.
std::vector<std::string> ingredients(std::span<const DerivedSpec> derived);

/// The derived quantity of that name, or null.
const DerivedSpec* find_derived(const Study& study, const std::string& sweep, const std::string& name);

/// Axes that `zip` ties to `key`.
std::vector<std::string> tied_axes(const Sweep& sweep, const std::string& key);

/// Axes of the sweep that a value does not have any more, in the order of the sweep; none for the value of a run.
std::vector<std::string> consumed_axes(const Study& study, const std::string& sweep, const std::string& value);

}  // namespace widthwise
