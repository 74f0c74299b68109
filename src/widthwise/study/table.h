// Measured values of a sweep as a table: a row a run (or a group of runs, for derived quantities), the axes' values and
// any named values of the trace beside them.
//
//   final.X      at the last step recorded          initial.X    at initialization
//   best.X       smallest over the trace            last(k).X    mean over the last k points
//   at(t).X      at time t                          at_step(k).X at step k
//   NAME         a [[derived]] quantity of the sweep (derived.h)
//
// X is a series of the trace ("train_loss", "own_update.2"). A run without that point (stopped before) has NaN there; a
// run that diverged has neither final, best nor last value.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "widthwise/numerics/left_out.h"
#include "widthwise/numerics/optimum.h"
#include "widthwise/numerics/trace.h"
#include "widthwise/study/document.h"

namespace widthwise {

class StoreReader;
struct RunRecord;
struct Extrapolation;  // numerics/extrapolation.h

/// A name of the form above, taken apart.
struct ValueName {
  enum class Point { final, initial, best, last, at_time, at_step, slope };
  Point point = Point::final;
  double argument = 0, until = 0;  // k or t; of a slope both ends in time
  std::string series;
};
/// @throws ConfigError (key "value") saying which forms there are.
ValueName parse_value_name(const std::string& name);
/// The value in a trace. @throws ConfigError with the nearest series, if the trace has no such series.
double evaluate(const ValueName& name, const Trace& trace);

/// The value in a record, read with its trace unless only final values are asked for; NaN where it has none.
double run_value(const RunRecord& run, const ValueName& name);

/// What a value over a group of runs is made of.
struct Members {
  struct Absent {
    std::string what, why;  // "seed.init = 3", "diverged: ..."
  };
  std::size_t used = 0, all = 0;
  std::size_t unconverged = 0;  // of those used: ended before the margin or loss they were to reach
  std::vector<Absent> absent;
  std::size_t needed = 0;  // where they are too few for a value: how many it takes

  /// "3 of 5 runs (seed.init = 3: diverged at step 4; ...), 1 of them not converged"; empty where nothing is amiss.
  std::string text() const;
};

struct Row {
  ValueList axes;              // parallel to Table::axes
  std::vector<double> values;  // parallel to Table::values
  std::string status;          // "finished", "stopped", "diverged"; "missing" where there is no record yet
  std::string reason;          // why it stopped or diverged
  std::string identity;        // of the run; empty for a group
  /// Fits of values at infinite width, parallel to `values`; empty for any other.
  std::vector<std::shared_ptr<const Extrapolation>> limits = {};
  /// Of a best value: it lies at this end of its axis.
  Optimum::Edge edge = Optimum::Edge::none;
  /// Of a run: it ended before the margin or loss it was to reach.
  bool unconverged = false;
  /// Of a group, parallel to `values`: what they are made of, and what they are without each seed (empty where the
  /// seeds are not consumed): their jack-knife.
  std::vector<Members> members = {};
  std::vector<std::vector<LeftOut>> left_out = {};

  /// The jack-knife's standard error of a value; NaN where there is none.
  double error(std::size_t value) const;
};

struct Table {
  std::string sweep;
  std::vector<std::string> axes;           // keys
  std::vector<std::string> values;         // names
  std::vector<Row> rows;                   // in the order of the grid
  std::size_t expected = 0, recorded = 0;  // runs

  /// Index of an axis, or -1.
  std::ptrdiff_t axis(const std::string& key) const;
  /// "seed.init = 3" of a row, every axis seed.*; "one seed" without such an axis.
  std::string seed(const Row& row) const;
};

/// Whether an axis holds replicates: seed.init, seed.batch, seed.data.
bool is_seed_axis(const std::string& key);

/// The rows of a sweep that `where` admits. Missing runs are rows of status "missing" with NaN values.
/// Derived quantities must all consume the same axis and stand alone: their rows are groups without that axis.
/// @throws ConfigError with file and key for an unknown sweep, value or key of `where`.
Table select(const Study& study, const std::string& sweep, const std::vector<std::string>& values,
             const StoreReader& reader, const Where& where = {});

/// A run's whole trace at its place in the grid, for figures over step or time.
struct Curve {
  ValueList axes;
  std::string status, identity;
  Trace trace;
};
std::vector<Curve> select_curves(const Study& study, const std::string& sweep, const StoreReader& reader,
                                 const Where& where = {});

/// Whether a point of the grid is admitted. @throws ConfigError for a key that is no axis of the sweep.
bool admits(const Where& where, const std::vector<std::string>& axes, const ValueList& point);

}  // namespace widthwise
