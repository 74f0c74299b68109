#include "widthwise/loss/loss.h"

#include <string>

#include "widthwise/loss/losses.h"

namespace widthwise {
namespace {

struct Known {
  Named named;
  std::shared_ptr<const Loss> (*make)();
};

const std::vector<Known>& known() {
  static const std::vector<Known> losses = {
      {{"squared", "half the squared distance of outputs and targets, mean over samples"}, make_squared},
      {{"cross-entropy", "-sum y log softmax(outputs), mean over samples; two outputs or more"}, make_cross_entropy}};
  return losses;
}

/// One output: the signs agree. Several: the output at the largest target exceeds every other.
template <class T>
bool right(const T* f, const T* y, Index outputs) {
  if (outputs == 1) return (f[0] > 0 && y[0] > 0) || (f[0] < 0 && y[0] < 0);
  Index target = 0;
  for (Index j = 1; j < outputs; ++j)
    if (y[j] > y[target]) target = j;
  for (Index j = 0; j < outputs; ++j)
    if (j != target && !(f[target] > f[j])) return false;
  return true;
}

template <class T>
double share_wrong(View<const T> outputs, View<const T> targets) {
  detail::check_same_shape("classification_error", outputs, targets);
  Index wrong = 0;
  for (Index i = 0; i < outputs.rows; ++i)
    if (!right(outputs.row(i), targets.row(i), outputs.cols)) ++wrong;
  return static_cast<double>(wrong) / static_cast<double>(outputs.rows);
}

}  // namespace

std::shared_ptr<const Loss> make_loss(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& loss : known()) {
    if (loss.named.name == name) return loss.make();
    names.push_back(loss.named.name);
  }
  throw ConfigError({"", "training.loss"}, "a known loss", "'" + std::string(name) + "'",
                    unknown_name_hint(name, names));
}

std::vector<Named> known_losses() {
  std::vector<Named> all;
  for (const auto& loss : known()) all.push_back(loss.named);
  return all;
}

double classification_error(View<const float> outputs, View<const float> targets) {
  return share_wrong(outputs, targets);
}
double classification_error(View<const double> outputs, View<const double> targets) {
  return share_wrong(outputs, targets);
}

}  // namespace widthwise
