#include "widthwise/data/preprocess.h"

#include <fmt/format.h>

#include <cmath>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

using Row = Eigen::RowVectorXd;

Row feature_means(const Matrix<double>& x) {
  return x.colwise().mean();
}

void standardise(Matrix<double>& train, Matrix<double>& test) {
  const double mean = train.mean();
  const double deviation = std::sqrt((train.array() - mean).square().mean());
  const double scale = deviation > 0 ? 1 / deviation : 1;
  for (Matrix<double>* x : {&train, &test}) x->array() = (x->array() - mean) * scale;
}

void standardise_features(Matrix<double>& train, Matrix<double>& test) {
  const Row mean = feature_means(train);
  const Row variance = (train.rowwise() - mean).array().square().colwise().mean();
  // A constant feature has a mean that rounds, so its variance is compared with that rounding, not with zero.
  const Row scale = (variance.array() > 1e-24 * mean.array().square()).select(variance.array().rsqrt(), 1.0);
  for (Matrix<double>* x : {&train, &test}) {
    x->rowwise() -= mean;
    x->array().rowwise() *= scale.array();
  }
}

void sphere(Matrix<double>& train, Matrix<double>& test) {
  const double radius = std::sqrt(static_cast<double>(train.cols()));
  for (Matrix<double>* x : {&train, &test})
    for (Index i = 0; i < x->rows(); ++i) {
      const double norm = x->row(i).norm();
      if (norm > 0) x->row(i) *= radius / norm;
    }
}

void centred_sphere(Matrix<double>& train, Matrix<double>& test) {
  const Row mean = feature_means(train);
  for (Matrix<double>* x : {&train, &test}) x->rowwise() -= mean;
  sphere(train, test);
}

void leave(Matrix<double>&, Matrix<double>&) {}

struct How {
  Named named;
  void (*apply)(Matrix<double>& train, Matrix<double>& test);
};

const std::vector<How>& all() {
  static const std::vector<How> rows = {
      {{"none", "inputs as they are read: pixels in 0..1"}, leave},
      {{"standardise", "mean 0 and standard deviation 1 over all entries of the training set together"}, standardise},
      {{"standardise-features", "mean 0 and standard deviation 1 for each feature over the training set"},
       standardise_features},
      {{"sphere", "each sample scaled to length sqrt(features)"}, sphere},
      {{"centred-sphere", "the training mean of each feature taken off, then each sample scaled to sqrt(features)"},
       centred_sphere},
  };
  return rows;
}

}  // namespace

void preprocess(std::string_view how, Dataset& train, Dataset& test) {
  if (train.samples() < 1) throw ShapeError("preprocess", "at least one training sample", "0");
  if (test.features() != train.features())
    throw ShapeError("preprocess", fmt::format("{} features in the test set", train.features()),
                     fmt::format("{}", test.features()));
  for (const How& row : all())
    if (row.named.name == how) return row.apply(train.inputs, test.inputs);
  std::vector<std::string> names;
  for (const How& row : all()) names.push_back(row.named.name);
  throw ConfigError({"", "data.preprocess"}, "a way to preprocess", std::string(how), unknown_name_hint(how, names));
}

std::vector<Named> known_preprocessing() {
  std::vector<Named> named;
  for (const How& row : all()) named.push_back(row.named);
  return named;
}

}  // namespace widthwise
