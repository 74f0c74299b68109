// Predictions judged by the runs of a store: which points were measured, what line they follow, what theory says, and
// whether the two agree. The rule is numerics/verdict.h: one slope of log(quantity) over log(against) a seed, Student's
// t over seeds, widened by the change of slope when the smallest width is dropped. The seeds are the axis seed.init. A
// value at infinite width is extrapolated and judged by its own interval (numerics/extrapolation.h). A derived quantity
// that has consumed the seeds has no slope a seed: its interval is that of the jack-knife over them.
//
// An unfinished study is judged by what is there; too little is "undecided", with what is missing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "widthwise/numerics/verdict.h"
#include "widthwise/study/document.h"

namespace widthwise {

class StoreReader;

/// One measured point: the quantity for one seed at one value of `against`.
struct JudgedPoint {
  double x = 0;
  std::string seed;
  double y = 0;
  std::string flag;  // empty, or why it is doubtful ("optimum at the lower edge of training.learning_rate")
  std::vector<LeftOut> left_out = {};  // of a quantity with the seeds in it: what it is without each
};

/// A run or a point that was left out, and why ("diverged at step 17").
struct DroppedPoint {
  std::string what, reason;
};

struct Judgement {
  std::string name, sweep;
  std::string of, against;  // texts
  PredictionSpec::Claim claim = PredictionSpec::Claim::exponent;
  PredictionSpec::Side side = PredictionSpec::Side::near;
  Verdict verdict = Verdict::undecided;
  std::optional<double> predicted;  // unset where theory makes no such prediction
  double tolerance = 0;
  std::string source;                      // "theory", or as the study says
  std::vector<std::string> reasons;        // theory's, a sentence each
  double measured = 0, low = 0, high = 0;  // with its 95 % interval; NaN where nothing could be measured
  double statistical = 0, systematic = 0;  // half the interval over seeds, and what finite widths add to it
  double intercept = 0;     // of the mean line: log(y) = intercept + measured * log(x); NaN for Claim::value
  std::string explanation;  // a sentence: why this verdict
  std::string advice;       // a sentence: what would decide it; empty unless undecided
  std::string note;         // the study's own
  std::vector<JudgedPoint> points;
  std::vector<DroppedPoint> dropped;
  std::size_t expected = 0, recorded = 0;  // runs
  std::optional<Extrapolation> limit;      // the fit, for a value at infinite width
  bool jackknifed = false;                 // the interval is the jack-knife's; `seeds` then has its numbers
  std::vector<SeedSlope> seeds;
  std::vector<std::string> notes;  // sentences: runs that had not converged, groups with seeds missing
};

/// Judges one prediction. @throws ConfigError with file and key, for example where an axis is neither `against`, the
/// seed, the optimum's, nor fixed by `where`, or where theory would predict different exponents for the runs admitted.
Judgement judge(const Study& study, const PredictionSpec& prediction, const StoreReader& reader);
/// All of a study, in its order.
std::vector<Judgement> judge(const Study& study, const StoreReader& reader);

}  // namespace widthwise
