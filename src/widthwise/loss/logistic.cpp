// Logistic, l = log(1 + exp(-u)) with l' = -1 / (1 + exp(u)): cross-entropy of two classes with the outputs' difference
// u, softhinge with beta = 1 and m = 0. It has no margin of its own: log 2 at 0, -u to rounding far below.
#include "widthwise/loss/soft_loss.h"

namespace widthwise {
namespace {

class Logistic final : public detail::SoftLoss<Logistic> {
 public:
  Logistic() : SoftLoss(1, 0) {}
  std::string_view name() const override { return "logistic"; }
};

}  // namespace

std::shared_ptr<const Loss> make_logistic() {
  return std::make_shared<Logistic>();
}

}  // namespace widthwise
