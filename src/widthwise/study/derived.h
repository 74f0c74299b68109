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
//   ratio           of a run's value to that of its run in another sweep, `with`: networks and their theory
//   search          where a search found its value (search.h): consumes the seeds too
//   ensemble_error, ensemble_variance, relative_distance, logit_divergence, probability_divergence, class_divergence
//                   of kept outputs (kept_outputs.h), of at least `require` runs
//
// Runs that are missing or diverged, or have no value, are not in a mean, a variance or an ensemble, nor are those that
// have not converged where converged_only says so; Row::members says which, and of how many. What is made over seeds
// has the jack-knife's error (numerics/jackknife.h), also after it was made part of another derived quantity.
//
// A derived quantity may be made of one that is written before it: the best test error, then its value at infinite
// width. Axes tied to the consumed one by `zip` go with it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "widthwise/study/table.h"

namespace widthwise {

/// Mean, variance or difference of one group; values that are not finite are left out, NaN where too few remain.
double derive(const std::string& how, std::span<const double> values);

/// Where kept outputs are read, and for relative_distance between two sweeps the run that each run has in the other: by
/// its name, identities by identities.
struct OutputSource {
  const StoreReader* reader = nullptr;
  std::map<std::string, std::map<std::string, std::string>> counterparts = {};
};

/// Groups the rows of `table`, one column for each of `derived` (which consume the same axes): the same table without
/// these. @param table has the values that `derived` are made of. @param tied axes that move with the consumed one.
/// @param outputs needed for quantities of kept outputs alone.
Table derive(const Table& table, std::span<const DerivedSpec> derived, std::span<const std::string> tied = {},
             const OutputSource& outputs = {});

/// The values that `derived` are made of, each once; arrays are none.
std::vector<std::string> ingredients(std::span<const DerivedSpec> derived);

/// The derived quantity of that name, or null.
const DerivedSpec* find_derived(const Study& study, const std::string& sweep, const std::string& name);

/// Axes that `zip` ties to `key`.
std::vector<std::string> tied_axes(const Sweep& sweep, const std::string& key);

/// Axes of the sweep that a value does not have any more, in the order of the sweep; none for the value of a run.
std::vector<std::string> consumed_axes(const Study& study, const std::string& sweep, const std::string& value);

}  // namespace widthwise
