#include "widthwise/loss/loss.h"

#include <cmath>
#include <string>

#include "widthwise/loss/losses.h"

namespace widthwise {
namespace {

struct Known {
  Named named;
  std::shared_ptr<const Loss> (*make)(const LossParameters&);
  LossParameters standard = {};  // NaN: has none
};

const std::vector<Known>& known() {
  using P = const LossParameters&;
  static const std::vector<Known> losses = {
      {{"squared", "half the squared distance of outputs and targets, mean over samples"},
       [](P) { return make_squared(); }},
      {{"cross-entropy", "-sum y log softmax(outputs), mean over samples; two outputs or more"},
       [](P) { return make_cross_entropy(); }},
      {{"logistic", "log(1 + exp(-u)) of u = y f, targets +-1, mean over samples"}, [](P) { return make_logistic(); }},
      {{"hinge", "max(m - u, 0) of u = y f, targets +-1; m is the margin, 1 by default"},
       [](P p) { return make_hinge(p.margin); },
       {.margin = 1}},
      {{"squared-hinge", "max(m - u, 0)^2 / 2 of u = y f, targets +-1; m is the margin, 1 by default"},
       [](P p) { return make_squared_hinge(p.margin); },
       {.margin = 1}},
      {{"softhinge", "log(1 + exp(beta (m - u))) / beta of u = y f, targets +-1; margin m = 1, beta = 20 by default"},
       [](P p) { return make_softhinge(p.beta, p.margin); },
       {.beta = 20, .margin = 1}},
      {{"exponential", "exp(-u) of u = y f, targets +-1"}, [](P) { return make_exponential(); }},
      {{"squared-margin", "(m - u)^2 / 2 of u = y f, targets +-1; m is the margin, 1 by default"},
       [](P p) { return make_squared_margin(p.margin); },
       {.margin = 1}}};
  return losses;
}

// A parameter as given, or its default.
double chosen(const Named& loss, const char* key, double given, double standard) {
  if (std::isnan(given)) return standard;
  if (std::isnan(standard))
    throw ConfigError({"", key}, "no such parameter for " + loss.name, fmt::format("{}", given));
  if (!std::isfinite(given)) throw ConfigError({"", key}, "a finite number", fmt::format("{}", given));
  return given;
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

std::shared_ptr<const Loss> make_loss(std::string_view name, const LossParameters& parameters) {
  std::vector<std::string> names;
  for (const auto& loss : known()) {
    if (loss.named.name == name) {
      const double beta = chosen(loss.named, "training.loss_beta", parameters.beta, loss.standard.beta);
      if (beta <= 0) throw ConfigError({"", "training.loss_beta"}, "a number above 0", fmt::format("{}", beta));
      const double margin = chosen(loss.named, "training.loss_margin", parameters.margin, loss.standard.margin);
      return loss.make({beta, margin});
    }
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
