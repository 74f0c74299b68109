// What is trained in theory is w, with W = m w: gradient m dLoss/dW, rate, epsilon and decay those of w. The ensemble
// holds W and effective numbers only. Here w is trained literally, by the equations of the papers, and must stay W / m;
// and two parameterizations that differ by a gauge change must give one trajectory.
#include <gtest/gtest.h>

#include <cmath>

#include "training/training_cases.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {
namespace {

constexpr Index width = 16;  // powers of 16 are exact, so both sides start from the same bits

ScaleRequest request(OptimizerKind optimizer) {
  ScaleRequest request;
  request.optimizer = optimizer;
  request.width = width;
  request.hidden_layers = 2;
  request.input_dimension = 6;
  request.learning_rate = 0.05;
  request.epsilon = 1e-3;
  request.weight_decay = 0.1;
  return request;
}

struct Literal {
  Matrix<double> w, first, second;

  // Update t = 1, 2, ... of w with its own gradient g.
  void update(const TrainingOptions& options, const TensorScaling& s, const Matrix<double>& g, int t) {
    if (options.optimizer == OptimizerKind::sgd) {
      w -= s.rate * (g + s.decay * w);
    } else if (options.optimizer == OptimizerKind::momentum) {
      first = options.momentum * first + g + s.decay * w;
      w -= s.rate * first;
    } else if (options.optimizer == OptimizerKind::rmsprop) {
      const Matrix<double> h = g + s.decay * w;
      second = options.beta2 * second + (1 - options.beta2) * h.cwiseProduct(h);
      w -= s.rate * (h.array() / (second.array().sqrt() + s.epsilon)).matrix();
    } else if (options.optimizer == OptimizerKind::muon && w.rows() == width && w.cols() == width) {
      first = options.momentum * first + g;
      Matrix<double> x = g + options.momentum * first;
      x /= x.norm();
      for (int k = 0; k < 5; ++k) {
        const Matrix<double> gram = x * x.transpose();
        x = (3.4445 * x - 4.775 * gram * x + 2.0315 * gram * gram * x).eval();
      }
      w -= s.rate * x + s.rate * s.decay * w;
    } else {
      const bool in_gradient = options.optimizer == OptimizerKind::adam;
      const Matrix<double> h = in_gradient ? Matrix<double>(g + s.decay * w) : g;
      first = options.beta1 * first + (1 - options.beta1) * h;
      second = options.beta2 * second + (1 - options.beta2) * h.cwiseProduct(h);
      const double c1 = 1 - std::pow(options.beta1, t), c2 = 1 - std::pow(options.beta2, t);
      const Matrix<double> move = ((first / c1).array() / ((second / c2).array().sqrt() + s.epsilon)).matrix();
      w -= s.rate * move;
      if (!in_gradient) w -= s.rate * s.decay * (w + s.rate * move);
    }
  }
};

void expect_literal(std::string_view scheme, OptimizerKind optimizer) {
  SCOPED_TRACE(scheme);
  const testing::Data data = testing::small_data();
  const auto loss = make_loss("squared");
  const Architecture network = testing::small_mlp(width, false);
  const Scaling scaling = scale(named_scheme(scheme, optimizer), request(optimizer));
  const Member member{Key(3), scaling};
  Ensemble<double> trained(network, std::span(&member, 1)), slow = trained;
  TrainingOptions options;
  options.optimizer = optimizer;
  options.steps = 8;
  train<double>(trained, view(data.inputs), view(data.targets), *loss, options);

  std::vector<Literal> layers(3);
  Propagation<double> propagation(slow, 20);
  Parameters<double> gradient(network, 1);
  for (int t = 1; t <= 8; ++t) {
    propagation.forward(slow, view(data.inputs));
    Matrix<double> slope(20, 2);
    loss->gradient(propagation.output(0), view(data.targets), view(slope));
    propagation.gradient(slow, 0, view(std::as_const(slope)), gradient);
    for (Index l = 1; l <= 3; ++l) {
      Literal& layer = layers[static_cast<std::size_t>(l - 1)];
      const TensorScaling& s = scaling.weights[static_cast<std::size_t>(l - 1)];
      const View<double> effective = slow.weight(0, l);
      if (t == 1) {
        layer.w = testing::matrix_of(effective) / s.multiplier;
        layer.first = layer.second = Matrix<double>::Zero(effective.rows, effective.cols);
      }
      layer.update(options, s, s.multiplier * testing::matrix_of(gradient.weight(0, l)), t);
      for (Index i = 0; i < effective.rows; ++i)
        for (Index j = 0; j < effective.cols; ++j) effective(i, j) = s.multiplier * layer.w(i, j);
    }
  }
  // Relative to how far training went: the two accumulate rounding differently.
  for (Index l = 1; l <= 3; ++l) {
    const Matrix<double> a = testing::matrix_of(trained.weight(0, l)), b = testing::matrix_of(slow.weight(0, l));
    EXPECT_LT((a - b).norm(), 1e-10 * b.norm()) << "layer " << l;
    EXPECT_GT((a - testing::matrix_of(trained.initial_weight(0, l))).norm(), 1e-6 * b.norm()) << "layer " << l;
  }
}

TEST(Gauge, EffectiveTrainingIsTheLiteralOne) {
  for (const Named& optimizer : known_update_rules())
    for (const Named& scheme : known_constant_schemes()) expect_literal(scheme.name, parse_optimizer(optimizer.name));
}

TEST(Gauge, AFactorMovedBetweenMultiplierAndWeightsChangesNothing) {
  // a + s, b - s; rate c - 2s (sgd, momentum) or c - s; epsilon e + s; decay d + 2s or, decoupled, d + s: what keeps
  // std, rate, epsilon and decay of W. s = 1/2 at n = 16 is a factor 4, exact in binary. Epsilon and decay have
  // exponents of their own, and at this width both are large enough to show.
  const Rational s(1, 2);
  for (const Named& named : known_update_rules()) {
    SCOPED_TRACE(named.name);
    const OptimizerKind optimizer = parse_optimizer(named.name);
    const bool size_matters = optimizer == OptimizerKind::sgd || optimizer == OptimizerKind::momentum;
    const bool decoupled = optimizer == OptimizerKind::adamw || optimizer == OptimizerKind::muon;
    Parameterization first = named_scheme("mup", optimizer);
    first.width.input.e = -s;
    first.width.hidden.e = first.width.hidden.d = s;
    first.width.output.d = -s;
    Parameterization second = first;
    for (BlockExponents* block : {&second.width.input, &second.width.hidden, &second.width.output}) {
      block->a += s;
      block->b -= s;
      block->c -= size_matters ? s + s : s;
      block->e += s;
      block->d += decoupled ? s : s + s;
    }
    const Architecture network = testing::small_mlp(width, false);
    const std::vector<Member> members = {{Key(3), scale(first, request(optimizer))},
                                         {Key(3), scale(second, request(optimizer))}};
    EXPECT_NE(members[0].scaling.weights[1].multiplier, members[1].scaling.weights[1].multiplier);
    Ensemble<double> ensemble(network, members);
    TrainingOptions options;
    options.optimizer = optimizer;
    options.steps = 8;
    const testing::Data data = testing::small_data();
    train<double>(ensemble, view(data.inputs), view(data.targets), *make_loss("squared"), options);
    EXPECT_LT(testing::distance(ensemble, 0, ensemble, 1), 1e-10);
  }
}

}  // namespace
}  // namespace widthwise
