// Softhinge, l = log(1 + exp(beta (m - u))) / beta with l' = -1 / (1 + exp(beta (u - m))): hinge smoothed over
// |u - m| < 1/beta; log(2)/beta at the margin m, m - u to rounding far below it, never 0.
#include "widthwise/loss/soft_loss.h"

namespace widthwise {
namespace {

class Softhinge final : public detail::SoftLoss<Softhinge> {
 public:
  Softhinge(double beta, double margin) : SoftLoss(beta, margin) {}
  std::string_view name() const override { return "softhinge"; }
  LossParameters parameters() const override { return {beta_, margin_}; }
};

}  // namespace

std::shared_ptr<const Loss> make_softhinge(double beta, double margin) {
  return std::make_shared<Softhinge>(beta, margin);
}

}  // namespace widthwise
