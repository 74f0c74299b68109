// In which regime a network trains: read off the records of its study (regime_study.h).
//
//   lazy        the tangent kernel changes by at most a tenth of the share that defines alpha*
//   features    it changes by at least that share
//   crossover   between the two
//
// A word is sure where the whole interval over seeds lies on its side. Where no run has reached the margin or loss it
// was to reach, there is none: its kernel had not changed yet by what it would have.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "widthwise/inquiry/regime_study.h"
#include "widthwise/numerics/statistics.h"
#include "widthwise/study/prediction.h"

namespace widthwise {

class StoreReader;

/// A mean over seeds that converged (where none has: of all) with its 95 % interval (Student's t): of logarithms for
/// changes and distances, unless one is 0. NaN where no run has the value; the interval all of the line for a single
/// seed.
struct SeedMean {
  double value = std::numeric_limits<double>::quiet_NaN();
  Interval interval{value, value};
};

enum class Regime { lazy, crossover, features, unknown };
/// "lazy", "crossover", "features", "unknown".
const char* regime_name(Regime regime);

/// The networks of one width and alpha.
struct RegimePoint {
  double width = 0, alpha = 0;
  Regime regime = Regime::unknown;  // unknown: no run has converged
  bool sure = false;
  SeedMean kernel_change;    // |K_end - K_0| / |K_0|, on test points where there are any
  SeedMean feature_change;   // rms of the last hidden layer's change
  SeedMean from_linearised;  // relative distance of outputs from those of the linearised network; NaN without flow
  SeedMean from_end_kernel;  // the same from the flow of the kernel of the end
  SeedMean error;            // share of (test) points wrong; NaN for regression
  SeedMean loss;             // on the same points
  std::size_t runs = 0, used = 0, unconverged = 0;
  std::vector<std::string> absent;  // "seed.init = 1: diverged: ...", a run each
  std::vector<std::string> ends;    // of those unconverged: "seed.init = 0: stuck at time ..."
};

/// alpha* of one width.
struct RegimeCrossover {
  double width = 0, alpha = 0;  // NaN where it was not found
  Interval interval;
  std::string reason;                     // why it was not found
  std::size_t runs = 0, unconverged = 0;  // of its search; where none has converged, it is not told
};

struct RegimeAnswer {
  RegimePoint here;                 // the network as it was described
  std::vector<RegimePoint> points;  // by width, then alpha
  std::vector<RegimeCrossover> crossovers;
  double kernel_change = 1;            // at alpha*
  std::optional<Judgement> exponent;   // of alpha* over the width: theory's and measured
  std::vector<std::string> sentences;  // the answer in words
  std::vector<std::string> notes;      // regime_notes
};

/// @param question the one whose regime_study is `study`. @throws what select and judge throw.
RegimeAnswer answer_regime(const RegimeQuestion& question, const Study& study, const StoreReader& reader);

}  // namespace widthwise
