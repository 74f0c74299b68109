#include "widthwise/data/preprocess.h"

#include <fmt/format.h>

#include <cmath>

#include "widthwise/base/error.h"
#include "widthwise/data/pca.h"

namespace widthwise {

namespace {

using Row = Eigen::RowVectorXd;
using Fitted = std::vector<const Matrix<double>*>;  // what is estimated on
using All = std::vector<Matrix<double>*>;           // what is changed

double rows_of(const Fitted& fitted) {
  Index rows = 0;
  for (const Matrix<double>* x : fitted) rows += x->rows();
  return static_cast<double>(rows);
}

Row feature_means(const Fitted& fitted) {
  Row sum = Row::Zero(fitted.front()->cols());
  for (const Matrix<double>* x : fitted) sum += x->colwise().sum();
  return sum / rows_of(fitted);
}

void standardise(const Fitted& fitted, const All& all) {
  const double entries = rows_of(fitted) * static_cast<double>(fitted.front()->cols());
  double sum = 0, squares = 0;
  for (const Matrix<double>* x : fitted) sum += x->sum();
  const double mean = sum / entries;
  for (const Matrix<double>* x : fitted) squares += (x->array() - mean).square().sum();
  const double deviation = std::sqrt(squares / entries);
  const double scale = deviation > 0 ? 1 / deviation : 1;
  for (Matrix<double>* x : all) x->array() = (x->array() - mean) * scale;
}

void standardise_features(const Fitted& fitted, const All& all) {
  const Row mean = feature_means(fitted);
  Row variance = Row::Zero(mean.size());
  for (const Matrix<double>* x : fitted) variance += (x->rowwise() - mean).array().square().matrix().colwise().sum();
  variance /= rows_of(fitted);
  // A constant feature has a mean that rounds, so its variance is compared with that rounding, not with zero.
  const Row scale = (variance.array() > 1e-24 * mean.array().square()).select(variance.array().rsqrt(), 1.0);
  for (Matrix<double>* x : all) {
    x->rowwise() -= mean;
    x->array().rowwise() *= scale.array();
  }
}

void centre(const Fitted& fitted, const All& all) {
  const Row mean = feature_means(fitted);
  for (Matrix<double>* x : all) x->rowwise() -= mean;
}

void sphere(const Fitted& fitted, const All& all) {
  const double radius = std::sqrt(static_cast<double>(fitted.front()->cols()));
  for (Matrix<double>* x : all)
    for (Index i = 0; i < x->rows(); ++i) {
      const double norm = x->row(i).norm();
      if (norm > 0) x->row(i) *= radius / norm;
    }
}

void centred_sphere(const Fitted& fitted, const All& all) {
  centre(fitted, all);
  sphere(fitted, all);
}

void leave(const Fitted&, const All&) {}

struct How {
  Named named;
  void (*apply)(const Fitted& fitted, const All& all);
};

const std::vector<How>& ways() {
  static const std::vector<How> rows = {
      {{"none", "inputs as they are read: pixels in 0..1"}, leave},
      {{"standardise", "mean 0 and standard deviation 1 over all entries of the training set together"}, standardise},
      {{"standardise-features", "mean 0 and standard deviation 1 for each feature over the training set"},
       standardise_features},
      {{"centre", "the training mean of each feature taken off"}, centre},
      {{"sphere", "each sample scaled to length sqrt(features)"}, sphere},
      {{"centred-sphere", "the training mean of each feature taken off, then each sample scaled to sqrt(features)"},
       centred_sphere},
  };
  return rows;
}

const How& way(std::string_view how) {
  std::vector<std::string> names;
  for (const How& row : ways()) {
    if (row.named.name == how) return row;
    names.push_back(row.named.name);
  }
  throw ConfigError({"", "data.preprocess"}, "a way to preprocess", std::string(how), unknown_name_hint(how, names));
}

void to_luma(Dataset& data) {
  if (data.image.channels != 3 || data.image.size() != data.features())
    throw ConfigError({"", "data.grayscale"}, "false: the samples are no images of three colours", "true");
  constexpr double red = 0.299, green = 0.587, blue = 0.114;
  const Index pixels = data.image.height * data.image.width;
  Matrix<double> grey(data.samples(), pixels);
  for (Index i = 0; i < data.samples(); ++i)
    grey.row(i) = red * data.inputs.row(i).segment(0, pixels) + green * data.inputs.row(i).segment(pixels, pixels) +
                  blue * data.inputs.row(i).segment(2 * pixels, pixels);
  data.inputs = std::move(grey);
  data.image.channels = 1;
}

void check_parts(const std::vector<Dataset*>& parts) {
  const Dataset& train = *parts.front();
  if (train.samples() < 1) throw ShapeError("preprocess", "at least one training sample", "0");
  for (const Dataset* part : parts)
    if (part->features() != train.features())
      throw ShapeError("preprocess", fmt::format("{} features in every part", train.features()),
                       fmt::format("{}", part->features()));
}

void apply(const PreprocessOptions& options, const std::vector<Dataset*>& parts) {
  check_parts(parts);
  if (options.fit != "train" && options.fit != "all")
    throw ConfigError({"", "data.fit"}, "train or all", options.fit, unknown_name_hint(options.fit, {"train", "all"}));
  const How& how = way(options.how);
  Fitted fitted;
  All all;
  for (Dataset* part : parts) {
    if (options.grayscale) to_luma(*part);
    if (part->samples() == 0) continue;
    if (fitted.empty() || options.fit == "all") fitted.push_back(&part->inputs);
    all.push_back(&part->inputs);
  }
  how.apply(fitted, all);
  if (options.pca == 0) return;
  const PrincipalComponents components(fitted, options.pca, options.whiten);
  for (Dataset* part : parts) {
    part->inputs = components.apply(part->inputs);
    part->image = {};
  }
}

}  // namespace

void preprocess(const PreprocessOptions& options, Split& split) {
  apply(options, {&split.train, &split.validation, &split.test});
}

void preprocess(std::string_view how, Dataset& train, Dataset& test) {
  PreprocessOptions options;
  options.how = how;
  apply(options, {&train, &test});
}

std::vector<Named> known_preprocessing() {
  std::vector<Named> named;
  for (const How& row : ways()) named.push_back(row.named);
  return named;
}

}  // namespace widthwise
