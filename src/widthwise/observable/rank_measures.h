// How many directions a matrix M uses, by its singular values s_1 >= s_2 >= ...; S = M^T M:
//
//   rank            how many s_i are above tolerance * s_1
//   participation   Tr(S)^2 / Tr(S^2) = (sum s_i^2)^2 / sum s_i^4
//   stable rank     |M|_F^2 / |M|_op^2 = sum s_i^2 / s_1^2
//
// 1 <= stable rank, participation <= the true rank; all are 0 of a matrix that is 0.
//
// Source: Hajjar, Chizat and Giraud 2021, arXiv 2110.15596, and its code.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "widthwise/linalg/matrix.h"

namespace widthwise {

struct RankMeasures {
  double rank = 0, participation = 0, stable_rank = 0;
};

/// @param values descending, at least one. @param tolerance at least 0.
RankMeasures rank_measures(const Vector<double>& values, double tolerance);

/// numpy's and PyTorch's default for a matrix of T: its longer side times the rounding of T.
template <class T>
double default_rank_tolerance(Index rows, Index cols);

/// Matrices of a layer whose ranks are observables, and the stems of their names, with what they are.
enum class RankedMatrix { initial_weight, weight_update, last_update, preactivation, preactivation_change, feature };
struct RankedName {
  RankedMatrix matrix;
  std::string stem, sentence;
  bool of_weights;
};
const std::vector<RankedName>& ranked_matrices();
/// The three measures: the end of the name, a pointer to the value.
struct RankMeasureName {
  std::string ending, sentence;
  double RankMeasures::*value;
};
const std::vector<RankMeasureName>& rank_measure_names();

}  // namespace widthwise
