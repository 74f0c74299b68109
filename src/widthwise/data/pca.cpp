#include "widthwise/data/pca.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/linalg/eigen.h"
#include "widthwise/linalg/products.h"

namespace widthwise {

namespace {

constexpr Index block = 2048;  // samples centred at a time: no second copy of the data

// Calls use(x - mean) for blocks of rows.
template <class Use>
void over_centred(const Matrix<double>& samples, const Vector<double>& mean, const Use& use) {
  for (Index first = 0; first < samples.rows(); first += block) {
    const Index rows = std::min(block, samples.rows() - first);
    const Matrix<double> centred = samples.middleRows(first, rows).rowwise() - mean.transpose();
    use(first, centred);
  }
}

// Eigenvalues below this share of the largest are rounding of the covariance.
double rounding(Index features) {
  return 10 * static_cast<double>(features) * 2.2e-16;
}

}  // namespace

PrincipalComponents::PrincipalComponents(const std::vector<const Matrix<double>*>& samples, Index count, bool whiten) {
  const Index features = samples.front()->cols();
  if (count < 1 || count > features)
    throw ConfigError({"", "data.pca"}, fmt::format("0, or 1..{} directions (features)", features),
                      fmt::format("{}", count));
  mean_ = Vector<double>::Zero(features);
  double rows = 0;
  for (const Matrix<double>* x : samples) {
    mean_ += x->colwise().sum().transpose();
    rows += static_cast<double>(x->rows());
  }
  mean_ /= rows;
  Matrix<double> covariance = Matrix<double>::Zero(features, features);
  for (const Matrix<double>* x : samples)
    over_centred(*x, mean_, [&](Index, const Matrix<double>& centred) {
      syrk<double>(Op::transpose, 1 / rows, view(centred), 1, view(covariance));
    });
  SymmetricEigen largest = largest_eigenpairs(view(std::as_const(covariance)), count);
  eigenvalues_ = largest.values;
  const Index spanned = (eigenvalues_.array() > rounding(features) * eigenvalues_[0]).count();
  if (eigenvalues_[0] <= 0 || (whiten && spanned < count))
    throw ConfigError({"", "data.pca"}, fmt::format("at most {} directions", eigenvalues_[0] > 0 ? spanned : 0),
                      fmt::format("{}", count),
                      "the samples vary along no more; data.whiten = false takes the rest as zeros");
  directions_ = std::move(largest.vectors);
  if (whiten)
    directions_.array().colwise() *= eigenvalues_.array().rsqrt();
  else
    directions_ /= std::sqrt(std::max(eigenvalues_.mean(), 0.0));
}

Matrix<double> PrincipalComponents::apply(const Matrix<double>& samples) const {
  Matrix<double> out(samples.rows(), directions_.rows());
  over_centred(samples, mean_, [&](Index first, const Matrix<double>& centred) {
    gemm<double>(Op::none, Op::transpose, 1, view(centred), view(directions_), 0,
                 view(out).block(first, 0, centred.rows(), out.cols()));
  });
  return out;
}

}  // namespace widthwise
