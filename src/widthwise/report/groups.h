// Runs of a sweep sorted for drawing: into panels, lines of a panel and points of a line. Internal to the report room.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "widthwise/numerics/slope.h"
#include "widthwise/numerics/statistics.h"
#include "widthwise/study/document.h"
#include "widthwise/study/value.h"

namespace widthwise {
class StoreReader;
}

namespace widthwise::report {

/// Different values in the order they are first met.
class Distinct {
 public:
  /// Position of `value`, which is added if it is new.
  std::size_t index(const Value& value);
  const ValueList& values() const { return values_; }

 private:
  ValueList values_;
  std::map<std::string, std::size_t> places_;
};

/// Mean and spread of what was added; what is not finite is left out.
class Average {
 public:
  void add(double value);
  double mean() const;                ///< NaN of nothing
  double standard_deviation() const;  ///< unbiased; 0 of a single value
  double standard_error() const;

 private:
  std::vector<double> values_;
};

/// One point of a line: the runs that differ only along axes that are not drawn.
struct Group {
  Average x, y;
  std::vector<Interval> intervals;  ///< of values that have one of their own, at infinite width
  std::vector<double> errors;       ///< the jack-knife's, of values with the seeds in them
};

/// Points of one line by a sorting key: the place on the x axis, or the order of the grid.
using PointGroups = std::map<double, Group>;

/// Everything a figure needs of its sweep. Without a row, column or colour there is one, of empty text.
struct GroupedRuns {
  /// Indices into rows, columns, lines, and the quantity: of spec.y, or 0 for a heat map.
  using Place = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;
  std::map<Place, PointGroups> groups;
  Distinct rows, columns;
  Distinct lines;       ///< values of the colour axis; for a heat map those of its vertical axis
  Distinct names_on_x;  ///< the name at 1, 2, 3, ... where x is an axis of names
  /// For a figure that extrapolates: every point by itself, its seed the place on all axes that are not drawn.
  std::map<Place, std::vector<widthwise::Point>> points;
  std::vector<std::string> averaged;                    ///< axes over which a point is a mean
  std::size_t expected = 0, missing = 0, diverged = 0;  ///< runs
  std::size_t incomplete = 0;                           ///< values that lack runs, each told in `lacking`
  std::size_t unconverged = 0;  ///< runs drawn that ended before the margin or loss they were to reach
  std::vector<std::string> lacking;
  std::size_t rows_at_edge = 0, rows_in_all = 0;  ///< best values at an end of their axis, of how many
};

/// Selects and groups what `spec` draws. @throws ConfigError for an axis, value or series that the sweep does not have.
GroupedRuns group_runs(const Study& study, const FigureSpec& spec, const StoreReader& reader);

}  // namespace widthwise::report
