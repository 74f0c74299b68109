// Searches: a sweep that finds, at every point of its other axes, the value of one key at which a measured value,
// averaged over seeds, equals a given number; it makes its runs as it goes. alpha* where lazy training begins, the
// largest rate that still converges to a loss.
//
// Both ends are run first, then the middle of the bracket, until the bracket is no longer than the tolerance: in the
// logarithm of the key (geometric) the middle is sqrt(a b), and the bracket ends at b/a <= 1 + tolerance. Middles are
// rounded to the powers of 1 + tolerance (else to multiples of tolerance (high - low)), so that searches between other
// ends find runs again. With g(key) = mean over seeds of log(value) - log(equals) (mean = "linear": of value - equals)
// the result is where the straight line between the two runs of the bracket has g = 0.
//
// A function of the recorded runs alone: whoever asks, and whenever a run was stopped, the next key is the same. The
// value should be monotone between the ends; where it is not, some crossing is found. Its error is the jack-knife's
// over seeds: without each seed, the crossing of the line through all runs made that is nearest (where it has none
// between the ends, that of its first or last piece drawn out).
#pragma once

#include <string>
#include <vector>

#include "widthwise/numerics/left_out.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/group.h"

namespace widthwise {

class StoreReader;

/// What was measured at one key for one seed.
struct SearchPoint {
  double key = 0;
  std::string seed;
  double value = 0;
  bool missing = false;  // not run yet
  std::string why{};     // why it is not finite
};

struct SearchResult {
  std::vector<double> next;       // keys to run before anything else can be said; empty when done
  double crossing = 0;            // NaN unless found
  double low = 0, high = 0;       // bracket; that at which a search under way has arrived
  std::vector<LeftOut> left_out;  // the crossing without each seed; none of a single seed
  std::string reason;             // a sentence: why there is no crossing (yet); "" if there is
};

/// How far a search has come with these points.
SearchResult search(const SearchSpec& spec, const std::vector<SearchPoint>& points);

/// How many keys a search may still run, at most, from this bracket.
std::size_t most_ahead(const SearchSpec& spec, const SearchResult& result);

/// All runs of a sweep that are known to be needed: those of expand(), and of a search also what it has made and what
/// it makes next. @throws as expand; ConfigError where the value searched for is no series of the runs.
std::vector<GridPoint> points_of(const Study& study, const Sweep& sweep, const StoreReader& reader);

/// The next runs of all searches, a group for the seeds of one key; the same for whoever asks. Empty when all are done.
std::vector<RunGroup> search_groups(const Study& study, const StoreReader& reader);

/// How many runs the searches of a sweep may still make beside those of points_of, at most.
std::size_t most_runs_ahead(const Study& study, const Sweep& sweep, const StoreReader& reader);

}  // namespace widthwise
