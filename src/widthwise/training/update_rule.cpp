#include "widthwise/training/update_rule.h"

#include <fmt/format.h>

#include "widthwise/base/error.h"
#include "widthwise/training/adam.h"
#include "widthwise/training/momentum.h"
#include "widthwise/training/muon.h"
#include "widthwise/training/rmsprop.h"
#include "widthwise/training/sgd.h"

namespace widthwise {

namespace {

void check_average(const char* key, double value) {
  if (!(value >= 0 && value < 1)) throw ConfigError({"", key}, "a number in [0, 1)", fmt::format("{}", value));
}

AdamAverages adam_averages(const TrainingOptions& options) {
  check_average("training.beta1", options.beta1);
  check_average("training.beta2", options.beta2);
  return {options.beta1, options.beta2};
}

}  // namespace

template <class T>
std::unique_ptr<UpdateRule<T>> make_update_rule(const TrainingOptions& options, const Ensemble<T>& ensemble) {
  switch (options.optimizer) {
    case OptimizerKind::sgd:
      return std::make_unique<Sgd<T>>();
    case OptimizerKind::momentum:
      check_average("training.momentum", options.momentum);
      return std::make_unique<Momentum<T>>(options.momentum, ensemble);
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return std::make_unique<Adam<T>>(adam_averages(options), decay_of(options.optimizer), ensemble);
    case OptimizerKind::rmsprop:
      check_average("training.beta2", options.beta2);
      return std::make_unique<Rmsprop<T>>(options.beta2, ensemble);
    case OptimizerKind::muon:
      check_average("training.momentum", options.momentum);
      return std::make_unique<Muon<T>>(options.momentum, adam_averages(options), ensemble);
    case OptimizerKind::flow:
      break;  // takes steps of its own (flow.h)
  }
  throw ConfigError({"", "training.optimizer"}, "an optimizer", "another value");
}

template std::unique_ptr<UpdateRule<float>> make_update_rule(const TrainingOptions&, const Ensemble<float>&);
template std::unique_ptr<UpdateRule<double>> make_update_rule(const TrainingOptions&, const Ensemble<double>&);

}  // namespace widthwise
