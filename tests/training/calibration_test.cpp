#include "widthwise/training/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "training/training_cases.h"

namespace widthwise {
namespace {

using testing::matrix_of;
using testing::random_matrix;

constexpr double rate = 0.3;

Scaling with_first_rates(const Architecture& network) {
  Scaling scaling = testing::plain_scaling(network, rate);
  double factor = 3;  // another one for every tensor
  for (auto* tensors : {&scaling.weights, &scaling.biases})
    for (TensorScaling& tensor : *tensors) {
      tensor.first_steps = 1;
      tensor.effective_first_rate = rate * (factor += 0.7);
    }
  return scaling;
}

struct Problem {
  Matrix<double> x0 = random_matrix<double>(9, 6, 21), y0 = random_matrix<double>(9, 2, 22),
                 x1 = random_matrix<double>(7, 6, 23);
  CalibrationBatches<double> batches() const { return {view(x0), view(y0), view(x1)}; }
};

double slope_of(const std::string& activation, double h) {
  return activation == "relu" ? (h > 0 ? 1 : 0) : 1 - std::pow(std::tanh(h), 2);
}
double value_of(const std::string& activation, double h) {
  return activation == "relu" ? std::max(h, 0.0) : std::tanh(h);
}

/// The procedure written out in loops over layers: W_0 x and the update's part are kept apart.
std::vector<double> written_out(const Ensemble<double>& ensemble, const std::string& activation, const Problem& problem,
                                const CalibrationOptions& options) {
  const auto layers = static_cast<std::size_t>(ensemble.layers());
  std::vector<Matrix<double>> w, b, h, x{problem.x0}, delta(layers);
  for (std::size_t l = 0; l < layers; ++l) {
    const Index layer = static_cast<Index>(l + 1);
    w.push_back(matrix_of(ensemble.weight(0, layer)));
    b.push_back(ensemble.bias(0, layer).data ? matrix_of(ensemble.bias(0, layer))
                                             : Matrix<double>::Zero(1, w[l].rows()));
    h.push_back((x[l] * w[l].transpose()).rowwise() + b[l].row(0));
    x.push_back(h[l].unaryExpr([&](double z) { return value_of(activation, z); }));
  }
  delta[layers - 1] = (h[layers - 1] - problem.y0) / static_cast<double>(problem.x0.rows());
  for (std::size_t l = layers - 1; l > 0; --l)
    delta[l - 1] =
        (delta[l] * w[l]).cwiseProduct(h[l - 1].unaryExpr([&](double z) { return slope_of(activation, z); }));
  std::vector<double> rates;
  Matrix<double> now = problem.x1;
  for (std::size_t l = 0; l < layers; ++l) {
    const Scaling& scaling = ensemble.scaling(0);
    const Matrix<double> dw = -scaling.weights[l].effective_first_rate / rate * delta[l].transpose() * x[l];
    const Matrix<double> db = -scaling.biases[l].effective_first_rate / rate * delta[l].colwise().sum();
    const Matrix<double> moved = now * dw.transpose();
    double s = options.rate;
    if (l > 0) s = (l + 1 == layers ? options.output_target : options.target) / moved.cwiseAbs().mean();
    rates.push_back(l > 0 ? std::min(s, options.cap) : s);
    if (options.propagates_capped) s = rates.back();
    Matrix<double> next = (now * w[l].transpose()).rowwise() + b[l].row(0);
    next += s * moved;
    if (ensemble.bias(0, static_cast<Index>(l + 1)).data) next.rowwise() += options.rate * db.row(0);
    now = next.unaryExpr([&](double z) { return value_of(activation, z); });
  }
  return rates;
}

std::vector<double> calibrated(const Ensemble<double>& ensemble, const Problem& problem,
                               const CalibrationOptions& options) {
  return calibrated_rates<double>(ensemble, 0, problem.batches(), *make_loss("squared"), {}, options);
}

CalibrationOptions plain() {
  CalibrationOptions options;
  options.rate = rate;
  return options;
}

TEST(Calibration, AgreesWithTheProcedureWrittenOut) {
  const Problem problem;
  for (const char* activation : {"relu", "tanh"})
    for (const bool bias : {false, true}) {
      const Architecture network = testing::small_mlp(15, bias, activation);
      const Ensemble<double> ensemble(network, std::vector<Member>{{Key(3), with_first_rates(network)}});
      const double uncapped = calibrated(ensemble, problem, plain())[1];
      for (const double cap : {std::numeric_limits<double>::infinity(), uncapped / 2})
        for (const bool propagates : {false, true}) {
          CalibrationOptions options = plain();
          options.cap = cap;
          options.propagates_capped = propagates;
          options.target = 0.8;
          const auto ours = calibrated(ensemble, problem, options),
                     expected = written_out(ensemble, activation, problem, options);
          ASSERT_EQ(ours.size(), expected.size());
          for (std::size_t l = 0; l < ours.size(); ++l)
            EXPECT_NEAR(ours[l], expected[l], 1e-10 * expected[l]) << activation << bias << cap << propagates << l;
        }
    }
}

// What the rates are for: trained on batch 0 at B_l for one update, every layer's update adds the target on batch 1.
TEST(Calibration, TheFirstUpdateAddsTheTargetToEachLayer) {
  const Problem problem;
  const Architecture network = testing::small_mlp(15, true, "relu");
  Member member{Key(3), with_first_rates(network)};
  const Ensemble<double> before(network, std::vector<Member>{member});
  const auto rates = calibrated(before, problem, plain());
  for (std::size_t l = 0; l < 3; ++l) member.scaling.weights[l].effective_first_rate *= rates[l] / rate;
  Ensemble<double> after(network, std::vector<Member>{member});
  TrainingOptions training;
  training.steps = 1;
  train<double>(after, view(problem.x0), view(problem.y0), *make_loss("squared"), training);
  Propagation<double> passes(after, 7);
  passes.forward(after, view(problem.x1), 0);
  for (const auto& [layer, target] : {std::pair<Index, double>{2, 1.0}, {3, 0.1}}) {
    const Matrix<double> update = matrix_of(after.weight(0, layer)) - matrix_of(after.initial_weight(0, layer));
    Matrix<double> product(7, update.rows());
    passes.multiply(0, layer, view(update), view(product));
    EXPECT_NEAR(product.cwiseAbs().mean(), target, 1e-12) << layer;
  }
}

TEST(Calibration, LeavesTheNetworkAndRepeats) {
  const Problem problem;
  const Architecture network = testing::small_mlp(15, true, "tanh");
  const Ensemble<double> ensemble(network, std::vector<Member>{{Key(3), with_first_rates(network)}}),
      untouched(network, std::vector<Member>{{Key(3), with_first_rates(network)}});
  const auto once = calibrated(ensemble, problem, plain());
  EXPECT_EQ(testing::distance(ensemble, 0, untouched, 0), 0);
  EXPECT_EQ(calibrated(ensemble, problem, plain()), once);
}

// Base rates multiply what the exponents give, so that a factor on the first rate of a layer is taken back.
TEST(Calibration, TakesBackAFactorOnTheRates) {
  const Problem problem;
  const Architecture network = testing::small_mlp(15, false, "relu");
  Scaling scaling = with_first_rates(network);
  const auto rates_of = [&](const Scaling& one) {
    return calibrated(Ensemble<double>(network, std::vector<Member>{{Key(3), one}}), problem, plain());
  };
  const auto once = rates_of(scaling);
  scaling.weights[1].effective_first_rate *= 1e6;
  scaling.weights[2].effective_first_rate *= 1e-6;
  const auto other = rates_of(scaling);
  EXPECT_DOUBLE_EQ(other[0], once[0]);
  EXPECT_NEAR(other[1] * 1e6, once[1], 1e-10 * once[1]);
  EXPECT_NEAR(other[2] * 1e-6, once[2], 1e-10 * once[2]);
}

TEST(Calibration, InFloatToRounding) {
  const Problem problem;
  const Architecture network = testing::small_mlp(15, true, "relu");
  const std::vector<Member> member{{Key(3), with_first_rates(network)}};
  const Matrix<float> x0 = problem.x0.cast<float>(), y0 = problem.y0.cast<float>(), x1 = problem.x1.cast<float>();
  const auto single = calibrated_rates<float>(Ensemble<float>(network, member), 0, {view(x0), view(y0), view(x1)},
                                              *make_loss("squared"), {}, plain());
  const auto expected = calibrated(Ensemble<double>(network, member), problem, plain());
  for (std::size_t l = 0; l < 3; ++l) EXPECT_NEAR(single[l], expected[l], 1e-4 * expected[l]);
}

TEST(Calibration, SaysWhatCannotBeCalibrated) {
  Problem problem;
  const Architecture network = testing::small_mlp(15, true, "relu");
  const Ensemble<double> ensemble(network, std::vector<Member>{{Key(3), with_first_rates(network)}});
  const auto loss = make_loss("squared");
  const Matrix<double> none(0, 6), narrow(7, 5);
  const auto with = [&](View<const double> x0, View<const double> y0, View<const double> x1) {
    return calibrated_rates<double>(ensemble, 0, {x0, y0, x1}, *loss, {}, plain());
  };
  EXPECT_THROW(with(view(none), view(problem.y0), view(problem.x1)), ShapeError);
  EXPECT_THROW(with(view(problem.x0), view(problem.y0), view(none)), ShapeError);
  EXPECT_THROW(with(view(problem.x0), view(problem.y0), view(narrow)), ShapeError);
  // At its targets already the loss has no slope, and no rate moves anything.
  Propagation<double> passes(ensemble, 9);
  passes.forward(ensemble, view(problem.x0), 0);
  problem.y0 = matrix_of(passes.output(0));
  EXPECT_THROW(calibrated(ensemble, problem, plain()), CalibrationError);
}

}  // namespace
}  // namespace widthwise
