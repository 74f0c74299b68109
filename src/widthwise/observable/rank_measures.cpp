#include "widthwise/observable/rank_measures.h"

#include <algorithm>
#include <limits>

namespace widthwise {

RankMeasures rank_measures(const Vector<double>& values, double tolerance) {
  const double largest = values[0];
  if (!(largest > 0)) return {};
  const Vector<double> relative = values / largest;  // squares of tiny ones must not vanish before the ratio
  const double squares = relative.squaredNorm();
  return {static_cast<double>((relative.array() > tolerance).count()),
          squares * squares / relative.array().square().matrix().squaredNorm(), squares};
}

template <class T>
double default_rank_tolerance(Index rows, Index cols) {
  return static_cast<double>(std::max(rows, cols)) * static_cast<double>(std::numeric_limits<T>::epsilon());
}
template double default_rank_tolerance<float>(Index, Index);
template double default_rank_tolerance<double>(Index, Index);

const std::vector<RankedName>& ranked_matrices() {
  static const std::vector<RankedName> known = {
      {RankedMatrix::initial_weight, "initial_weight", "each initial weight matrix", true},
      {RankedMatrix::weight_update, "weight_update", "the sum of each weight matrix's updates", true},
      {RankedMatrix::last_update, "last_update", "the last update of each weight matrix (NaN at initialization)", true},
      {RankedMatrix::preactivation, "preactivation", "each hidden layer's preactivations", false},
      {RankedMatrix::preactivation_change, "preactivation_change", "their change since initialization", false},
      {RankedMatrix::feature, "feature", "each hidden layer's activations", false},
  };
  return known;
}

const std::vector<RankMeasureName>& rank_measure_names() {
  static const std::vector<RankMeasureName> known = {
      {"rank", "Numerical rank (measure.rank_tolerance)", &RankMeasures::rank},
      {"participation", "Participation of directions, Tr(S)^2 / Tr(S^2) with S = M'M,", &RankMeasures::participation},
      {"stable_rank", "Stable rank |M|_F^2 / |M|_op^2", &RankMeasures::stable_rank},
  };
  return known;
}

}  // namespace widthwise
