#include "widthwise/limit/gradient_mode.h"

#include <cmath>
#include <string>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/linalg/matrix.h"

namespace widthwise {

namespace {

constexpr double far_out = 1e6;

double slope_at(const Loss& loss, double logit) {
  const Matrix<double> logits = Matrix<double>::Constant(1, 1, logit), target = Matrix<double>::Constant(1, 1, 1);
  Matrix<double> gradient(1, 1);
  loss.gradient(view(logits), view(target), view(gradient));
  return gradient(0, 0);
}

}  // namespace

void check_gradient_mode(GradientMode mode, const Loss& loss) {
  if (mode != GradientMode::perceptron) return;
  const double near = slope_at(loss, -far_out), far = slope_at(loss, -1e3 * far_out);
  if (loss.needs_signs() && std::isfinite(near) && near == far) return;
  throw ConfigError({{}, "training.loss"},
                    "a loss of y f whose slope is bounded, since logits grow with the width here",
                    std::string(loss.name()), "logistic, hinge and softhinge have one");
}

void limit_gradient(GradientMode mode, const Loss& loss, View<const double> logits, View<const double> targets,
                    View<double> gradient) {
  Matrix<double> at(logits.rows, logits.cols);
  for (Index i = 0; i < at.rows(); ++i)
    for (Index j = 0; j < at.cols(); ++j) {
      const double f = logits(i, j);
      at(i, j) = mode == GradientMode::logistic ? f : mode == GradientMode::linear ? 0 : std::copysign(far_out, f);
    }
  loss.gradient(view(std::as_const(at)), targets, gradient);
  if (mode != GradientMode::perceptron) return;
  for (Index i = 0; i < at.rows(); ++i)
    for (Index j = 0; j < at.cols(); ++j)
      if (logits(i, j) == 0) gradient(i, j) = 0;
}

}  // namespace widthwise
