// A study as its file says it: settings, sweeps, figures, predictions and derived quantities, checked for keys and
// types, with nothing evaluated yet (grid.h does that).
//
//   title = "..."                        description = "..."
//   [architecture] width = 64            settings shared by every run: the keys of schema.h
//   [variant.paper] "training.steps" = 5000
//   [[sweep]] name, set, zip, and axes   "architecture.width" = [32, 64] | { log2 = [5, 9], step = 1 }
//                                        | { log10 = [lo, hi], step } | { linear = [lo, hi], count } | { from, count }
//   [[figure]] [[prediction]] [[derived]]
//
// Every key is known or an error that names the nearest known one; the file and the line stand in every message.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/study/value.h"

namespace widthwise {

/// Settings by dotted key ("architecture.width"), as written: a number may be an expression in a string.
using Settings = std::map<std::string, Value>;

/// One axis of a sweep: a key and the values it takes, ranges written out.
struct Axis {
  std::string key;
  ValueList values;  // never empty, no value twice
  int line = 0;
};

/// Where the runs of a sweep begin: at a saved state of the run of another sweep with the same values on the axes both
/// have (counterparts.h).
struct StartFrom {
  std::string sweep;
  std::string at = "end";
  bool recentre = false;  // that state also counts as initialization
  int line = 0;
};

/// A search along one key (search.h): where a value, averaged over seeds, equals a number.
struct SearchSpec {
  std::string bisect;  // a key, between
  double low = 0, high = 0;
  std::string until;  // the value that
  double equals = 0;
  double tolerance = 0.05;
  bool geometric = true;  // middles and tolerance in the logarithm of the key
  bool log_mean = true;   // the mean over seeds is that of the logarithm
  int line = 0;
  /// The name of its result among the values of the sweep: "search.training.alpha".
  std::string name() const { return "search." + bisect; }
};

/// A grid of runs: the product of its axes in the order written (the first varies slowest), axes tied by `zip` moving
/// together.
struct Sweep {
  std::string name;
  Settings set;  // what this sweep fixes differently from the study
  std::vector<Axis> axes;
  std::vector<std::vector<std::string>> zip;
  int line = 0;
  std::optional<StartFrom> start_from = std::nullopt;
  std::optional<SearchSpec> search = std::nullopt;  // its key is the last axis, of both ends
};

/// Which rows of a sweep: a key of an axis and the values admitted.
using Where = std::vector<std::pair<std::string, ValueList>>;

/// What to draw. x is the key of an axis, a value, or "step" / "time" (then y names series and lines are traces).
struct FigureSpec {
  std::string name, sweep, title, note;
  std::string x;
  std::vector<std::string> y;
  std::string color, column, row;  // keys of axes, or empty
  std::string kind = "lines";      // "lines" or "heatmap" (color then names the value, y the vertical axis' key)
  std::string log;                 // "", "x", "y" or "xy"
  std::string band = "std";        // "std", "sem" or "none": over the axes that are not drawn
  Where where;
  std::string theory;  // a sweep without these seeds whose lines, of the same axes, are drawn dashed; or empty
  int line = 0;
  /// Powers of a fit over x (numerics/extrapolation.h), drawn with its value at infinite width; empty: none.
  std::vector<double> extrapolate;
};

/// What is measured: a value of a run, or where along an axis another value is smallest.
struct Quantity {
  std::string value;               // "final.own_update.2"; empty if the next two are set
  std::string optimum, minimizes;  // the key of an axis, and the value that is smallest there
  bool is_optimum() const { return !optimum.empty(); }
  /// "final.own_update.2", or "the training.learning_rate that minimizes final.train_loss".
  std::string text() const;
};

/// A claim of theory about the runs of a sweep: of ~ against^exponent, or of = value.
struct PredictionSpec {
  enum class Claim { exponent, value };    // of what: the exponent, or the quantity itself
  enum class Side { near, below, above };  // it is the number, at most, or at least that, within the tolerance
  std::string name, sweep, note;
  Quantity of;
  std::string against;  // key of an axis; empty for Claim::value
  Where where;
  Claim claim = Claim::exponent;
  Side side = Side::near;
  bool theory = false;           // the number is asked of the outcome engine
  std::optional<double> number;  // unset if theory
  std::string source;            // where the number comes from; needed unless theory
  double tolerance = 0.1;
  bool toward_zero = false;  // the law is to hold as `against` goes to 0 (verdict.h), not to infinity
  int line = 0;
  bool converged_only = false;  // leave out runs that ended before the margin or loss they were to reach
};

/// A quantity over a group of runs that differ along one axis only (at infinite width: and in their seeds), itself
/// usable as a value of the sweep.
struct DerivedSpec {
  std::string name, sweep, of, over;
  std::string how = "mean";    // "mean", "variance" (unbiased), "difference" (second minus first of two values),
                               // "best" (of, where `by` is smallest), "infinite-width", or of arrays
                               // "ensemble_error", "ensemble_variance", "relative_distance", "logit_divergence",
                               // "probability_divergence", "class_divergence", "ratio" (to the other
                               // sweep's run); of a sweep that
                               // searches there is one by itself, "search"
  std::string by;              // for "best"
  std::vector<double> powers;  // for "infinite-width": of the fit
  int line = 0;
  std::size_t require = 0;  // fewest runs of a group that make a value; 0: all for ensembles, else as many as it takes
  bool converged_only = false;  // leave out runs that ended before the margin or loss they were to reach
  std::string with =
      {};  // the other sweep: for "relative_distance", "ratio" in place of `over`, for divergences beside it

  std::optional<SearchSpec> search = std::nullopt;  // for "search"
  /// Whether `of` is an array of the runs, such as test_outputs.
  bool of_arrays() const { return of_ensemble() || how == "relative_distance"; }
  /// Whether it is made of all runs of a group together.
  bool of_ensemble() const { return how.starts_with("ensemble_") || compares_ensembles(); }
  /// With those of another sweep.
  bool compares_ensembles() const { return how.ends_with("_divergence"); }
};

struct Study {
  std::filesystem::path file;
  std::string title, description;
  std::string variant;  // the one that was applied, or empty
  Settings base;
  std::vector<std::string> variants;  // names of all
  std::vector<Sweep> sweeps;
  std::vector<FigureSpec> figures;
  std::vector<PredictionSpec> predictions;
  std::vector<DerivedSpec> derived;

  /// @throws ConfigError naming the nearest sweep.
  const Sweep& sweep(const std::string& name) const;
};

/// Reads a study. `variant` (if not empty) and then `overrides` ("training.steps" -> "5000", as written behind --set)
/// replace settings of the base.
/// @throws ConfigError for every kind of mistake in the file; DataError where the file cannot be read.
Study read_study(const std::filesystem::path& file, const std::string& variant = {},
                 const std::vector<std::pair<std::string, std::string>>& overrides = {});
/// The same from text; `file` is only for messages.
Study parse_study(std::string_view text, const std::filesystem::path& file, const std::string& variant = {},
                  const std::vector<std::pair<std::string, std::string>>& overrides = {});

/// All studies (*.toml) of a folder, by name of file.
/// @throws ConfigError where two have one title: their reports and tables could not be told apart.
std::vector<Study> read_studies(const std::filesystem::path& folder);

}  // namespace widthwise
