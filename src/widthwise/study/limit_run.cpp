#include "widthwise/study/limit_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/data/batches.h"
#include "widthwise/limit/far_activation.h"
#include "widthwise/limit/gradient_mode.h"
#include "widthwise/limit/integrable.h"
#include "widthwise/limit/two_layer.h"
#include "widthwise/linalg/in_double.h"
#include "widthwise/observable/sums.h"
#include "widthwise/parameterization/gauge.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/kept_arrays.h"
#include "widthwise/study/run.h"
#include "widthwise/study/scheme.h"

namespace widthwise {

namespace {

[[noreturn]] void refuse(const std::string& key, const std::string& expected, const std::string& got) {
  throw ConfigError({{}, key}, expected + ", for a limit (limit.kind)", got);
}

// The network at its reference width, in hatted variables.
TwoLayerReference reference_of(const Configuration& run, Index inputs) {
  const double width = run.number("parameterization.reference_width");
  const Scaling scaling = make_scaling(run, inputs, width);
  const TensorScaling &w = scaling.weights.front(), &a = scaling.weights.back();
  TwoLayerReference reference;
  reference.width = width;
  reference.sigma = a.effective_std;
  reference.input_std = w.effective_std;
  reference.rate_a = a.effective_rate / (a.effective_std * a.effective_std);
  reference.rate_w = w.effective_rate;
  reference.law = parse_init_law(run.text("parameterization.init_law"));
  return reference;
}

TwoLayerOptions options_of(const Configuration& run, Index inputs) {
  TwoLayerOptions options;
  options.exponents = two_layer_exponents(run);
  options.init_corrected = run.toggle("parameterization.init_corrected");
  options.reference = reference_of(run, inputs);
  options.particles = run.whole("limit.particles");
  options.key = Key(static_cast<std::uint64_t>(run.whole("seed.init"))).split("limit");
  return options;
}

// Numbers that do not depend on the width, from those at the reference.
IntegrableOptions integrable_options_of(const Configuration& run, Index inputs) {
  const double n = run.number("parameterization.reference_width");
  const Scaling scaling = make_scaling(run, inputs, n);
  const auto variance = [](const TensorScaling& w) { return w.effective_std * w.effective_std; };
  IntegrableOptions options;
  options.hidden_layers = static_cast<int>(run.whole("architecture.hidden_layers"));
  options.input_variance = variance(scaling.weights.front());
  options.output_variance = n * n * variance(scaling.weights.back());
  std::vector<double> rates{scaling.weights.front().effective_rate / n};
  for (std::size_t l = 1; l + 1 < scaling.weights.size(); ++l) {
    options.hidden_variance = n * variance(scaling.weights[l]);
    rates.push_back(scaling.weights[l].effective_rate);
  }
  rates.push_back(scaling.weights.back().effective_rate * n);
  std::vector<double> first = rates;
  for (std::size_t l = 1; l + 1 < first.size(); ++l) first[l] *= run.number("limit.first_rate");
  options.rates = {std::move(first), std::move(rates)};
  options.particles = run.whole("limit.particles");
  options.clouds = static_cast<int>(run.whole("limit.clouds"));
  options.revived = run.toggle("limit.revived");
  options.key = Key(static_cast<std::uint64_t>(run.whole("seed.init"))).split("limit");
  return options;
}

double ratio_of(const Configuration& run) {
  return run.number("architecture.width") / run.number("parameterization.reference_width");
}

// g0 of the run's own network: f_0 / rho^nu.
template <class T>
Vector<double> initial_of_network(const Configuration& run, const Ensemble<T>& ensemble, Index member,
                                  const MeasuredData<T>& data, const TwoLayerExponents& exponents) {
  const double factor = std::pow(ratio_of(run), -(exponents.q_sigma.value() + 0.5));
  Vector<double> out(data.train_inputs.rows + data.test_inputs.rows);
  out << factor * outputs_of(ensemble, member, data.train_inputs).template cast<double>(),
      factor * outputs_of(ensemble, member, data.test_inputs).template cast<double>();
  return out;
}

// What is measured of outputs f.
class Measures {
 public:
  Measures(const Configuration& run, const Loss& loss, View<const double> train_targets,
           View<const double> test_targets)
      : loss_{loss}, train_{train_targets}, test_{test_targets} {
    for (const Value& name : run.at("measure.observables").list()) names_.push_back(name.text());
  }

  void add(std::int64_t step, View<const double> train, View<const double> test) {
    trace.append(step, static_cast<double>(step));
    for (const std::string& name : names_) trace.set(name, value(name, train, test));
  }

  Trace trace;

 private:
  double value(const std::string& name, View<const double> train, View<const double> test) const {
    if (name == "train_loss") return loss_.value(train, train_);
    if (name == "train_error") return classification_error(train, train_);
    if (name == "test_loss") return loss_.value(test, test_);
    if (name == "test_error") return classification_error(test, test_);
    if (name == "output_size") return rms<double>(train);
    double sum = 0;  // output_magnitude
    for (Index i = 0; i < train.rows; ++i)
      for (Index j = 0; j < train.cols; ++j) sum += std::abs(train(i, j));
    return sum / static_cast<double>(train.size());
  }

  const Loss& loss_;
  View<const double> train_, test_;
  std::vector<std::string> names_;
};

void check_two_layer_scaling(const Configuration& run) {
  if (run.text("data.labels") == "classes" || run.whole("data.outputs") > 1)
    refuse("data.labels", "labels of one output: sign, parity, pair, or values",
           run.text("data.labels") == "classes" ? "classes" : "several outputs (data.outputs)");
  if (run.whole("limit.particles") % 2 != 0)
    refuse("limit.particles", "an even number", fmt::format("{}", run.whole("limit.particles")));
  const TwoLayerClass found =
      classify_two_layer(two_layer_exponents(run), run.toggle("parameterization.init_corrected"));
  if (!found.stable)
    refuse("parameterization.name", "a dynamically stable scaling (widthwise classify two-layer)",
           fmt::format("'{}', which is {}", run.text("parameterization.name"), found.reason));
  const auto loss = make_loss(run);
  check_activation(found, *make_activation(run));
  for (const GradientMode mode : {found.limit.first, found.limit.later}) check_gradient_mode(mode, *loss);
  const std::int64_t points = run.whole("data.train") + run.whole("data.test");
  const bool any_number = found.limit.engine == Engine::mean_field && run.text("limit.initial_output") == "network";
  if (points > most_limit_points && !any_number)
    refuse("data.train", fmt::format("at most {} training and test points together", most_limit_points),
           fmt::format("{}", points));
}

// Each step, and each measurement, goes through what all samples seen before have left; room for it grows by halves.
LimitCost integrable_cost(const Configuration& run, Index inputs) {
  const double train = run.number("data.train"), points = train + run.number("data.test");
  const double batch = run.number("training.batch") > 0 ? std::min(run.number("training.batch"), train) : train;
  const double steps = run.number("training.steps"), seen = steps * batch;
  const double particles = run.number("limit.particles") * run.number("limit.clouds");
  const double hidden = run.number("architecture.hidden_layers") - 1,
               own = std::min(static_cast<double>(inputs), points);
  const auto moments = static_cast<double>(measured_steps(run).size());
  LimitCost cost;
  cost.flops = 4 * particles * (hidden * seen / 2 + own) * (2 * seen + moments * points);
  cost.memory = 8 * 1.5 * particles * ((run.toggle("limit.revived") ? 2 * hidden + 1 : 2 * hidden) * seen + own);
  return cost;
}

// Whose step 0 is that of mup.
void check_integrable(const Configuration& run) {
  const Parameterization own = make_parameterization(run), mup = named_scheme("mup", OptimizerKind::sgd);
  const auto layers = static_cast<int>(run.whole("architecture.hidden_layers"));
  for (int l = 1; l <= layers + 1; ++l)
    if (!same_orbit(own.width.weight(l, layers), mup.width.weight(l, layers), OptimizerKind::sgd))
      refuse("parameterization.name", "mup, or exponents that are the same start and rates",
             fmt::format("'{}'", run.text("parameterization.name")));
  if (run.text("parameterization.init_law") != "normal")
    refuse("parameterization.init_law", "normal", run.text("parameterization.init_law"));
  if (run.toggle("parameterization.init_corrected")) refuse("parameterization.init_corrected", "false", "true");
  if (run.whole("limit.particles") % 4 != 0)
    refuse("limit.particles", "a multiple of 4", fmt::format("{}", run.whole("limit.particles")));
}

// Follows a limit to its end; look() measures it and leaves its outputs in `out`.
template <class Limit, class Look>
void follow(Limit& limit, const TrainingOptions& training, const std::vector<std::int64_t>& measured, Index samples,
            FrozenRun& out, const Look& look) {
  const auto begun = std::chrono::steady_clock::now();
  const Batches batches(samples, training.batch, training.batch_key,
                        training.shuffle ? Batches::Order::shuffled : Batches::Order::fixed);
  std::int64_t last_look = -1;
  const auto look_now = [&] {
    look();
    last_look = limit.step();
  };
  while (limit.step() < training.steps) {
    if (std::ranges::binary_search(measured, limit.step())) look_now();
    if (interrupt_requested()) {
      out.result.status = RunStatus::interrupted;
      return;
    }
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() > training.max_seconds) {
      out.result.status = RunStatus::stopped;
      out.result.reason = fmt::format("wall time above {} s", training.max_seconds);
      break;
    }
    limit.advance(batches.rows(limit.step()));
  }
  if (last_look < limit.step()) look_now();
  out.result.step = limit.step();
  if (!out.train_outputs.allFinite() || out.train_outputs.cwiseAbs().maxCoeff() > training.divergence_cap) {
    out.result.status = RunStatus::diverged;
    out.result.reason = fmt::format("outputs above {:g} or not finite", training.divergence_cap);
  }
}

}  // namespace

bool is_limit_run(const Configuration& run) {
  return run.text("limit.kind") != "none";
}

bool needs_network(const Configuration& run) {
  return is_two_layer_limit(run) && run.text("limit.initial_output") == "network";
}

bool is_two_layer_limit(const Configuration& run) {
  return run.text("limit.kind") == "two-layer";
}

const std::vector<std::string>& limit_observables() {
  static const std::vector<std::string> names{"train_loss", "train_error", "test_loss",
                                              "test_error", "output_size", "output_magnitude"};
  return names;
}

void check_limit_run(const Configuration& run) {
  if (!is_limit_run(run)) return;
  if (run.text("architecture.family") != "mlp") refuse("architecture.family", "mlp", run.text("architecture.family"));
  if (is_two_layer_limit(run) && run.whole("architecture.hidden_layers") != 1)
    refuse("architecture.hidden_layers", "one hidden layer",
           fmt::format("{} hidden layers", run.whole("architecture.hidden_layers")));
  for (const char* block : {"architecture.bias_input", "architecture.bias_hidden", "architecture.bias_output"})
    if (run.toggle(block)) refuse(block, "no biases", "true");
  const std::vector<std::pair<const char*, const char*>> texts{{"training.optimizer", "sgd"},
                                                               {"training.schedule", "constant"},
                                                               {"training.model", "network"},
                                                               {"training.alpha_convention", "none"},
                                                               {"start.run", "none"}};
  for (const auto& [key, value] : texts)
    if (run.text(key) != value) refuse(key, value, run.text(key));
  const std::vector<std::pair<const char*, double>> numbers{{"training.weight_decay", 0}, {"training.warmup_steps", 0},
                                                            {"training.patience", 0},     {"training.target_loss", 0},
                                                            {"training.alpha", 1},        {"training.kappa", 0}};
  for (const auto& [key, value] : numbers)
    if (run.number(key) != value) refuse(key, fmt::format("{}", value), fmt::format("{}", run.number(key)));
  if (!std::isnan(run.number("training.stop_margin"))) refuse("training.stop_margin", "none", "a number");
  if (!run.at("training.save").list().empty()) refuse("training.save", "no states", "some");
  const auto among = [](const auto& names, const Value& name) {
    return std::ranges::find(names, name.text()) != names.end();
  };
  for (const Value& name : run.at("measure.observables").list())
    if (!among(limit_observables(), name))
      refuse("measure.observables", fmt::format("some of {}", fmt::join(limit_observables(), ", ")), name.text());
  for (const Value& name : run.at("measure.keep").list())
    if (name.text() == "weights") refuse("measure.keep", "outputs", "weights");
  const double width = run.number("parameterization.reference_width");
  if (width != std::floor(width))
    refuse("parameterization.reference_width", "a whole number", fmt::format("{}", width));
  if (is_two_layer_limit(run))
    check_two_layer_scaling(run);
  else
    check_integrable(run);
}

LimitCost limit_cost(const Configuration& run, Index inputs) {
  if (!is_two_layer_limit(run)) return integrable_cost(run, inputs);
  const double train = run.number("data.train"), total = train + run.number("data.test");
  const double features = std::min(static_cast<double>(inputs), total), steps = run.number("training.steps");
  const bool kernel =
      classify_two_layer(two_layer_exponents(run), run.toggle("parameterization.init_corrected")).limit.engine ==
      Engine::kernel;
  const double particles = kernel ? 0 : run.number("limit.particles");
  LimitCost cost;
  cost.flops = 4.0 / 3 * total * total * total + 2 * steps * total * train + 6 * steps * particles * train * features;
  cost.memory = 8 * (4 * total * total + particles * (features + 1 + std::min(train, 1e8 / std::max(particles, 1.0))));
  return cost;
}

template <class T>
FrozenRun follow_limit(const Configuration& run, const Ensemble<T>* ensemble, Index member, const MeasuredData<T>& data,
                       const std::shared_ptr<const Loss>& loss, const TrainingOptions& training,
                       const std::vector<std::int64_t>& measured) {
  const Matrix<double> inputs = in_double(data.train_inputs), targets = in_double(data.train_targets),
                       others = in_double(data.test_inputs), other_targets = in_double(data.test_targets);
  const LimitProblem problem{view(inputs), view(targets), view(others), make_activation(run), loss};
  Measures measures(run, *loss, view(targets), view(other_targets));
  FrozenRun out;
  if (is_two_layer_limit(run)) {
    if (targets.cols() != 1)
      throw ConfigError({{}, "data.labels"}, "targets of one output, for a limit of kind two-layer",
                        fmt::format("{} outputs", targets.cols()));
    TwoLayerOptions options = options_of(run, inputs.cols());
    if (ensemble != nullptr)
      options.initial_output = initial_of_network(run, *ensemble, member, data, options.exponents);
    TwoLayerLimit limit(problem, options);
    follow(limit, training, measured, inputs.rows(), out, [&] {
      const double factor = std::pow(ratio_of(run), limit.exponent());
      out.train_outputs = factor * limit.training_output();
      out.test_outputs = factor * limit.other_output();
      measures.add(limit.step(), view(std::as_const(out.train_outputs)), view(std::as_const(out.test_outputs)));
    });
  } else {
    IntegrableLimit limit(problem, integrable_options_of(run, inputs.cols()));
    follow(limit, training, measured, inputs.rows(), out, [&] {
      const CloudOutput train = limit.training_output();
      out.train_outputs = train.mean;
      out.test_outputs = limit.other_output().mean;
      measures.add(limit.step(), view(std::as_const(out.train_outputs)), view(std::as_const(out.test_outputs)));
      measures.trace.set("output_error", rms<double>(view(train.error)));
    });
    if (out.result.status == RunStatus::finished)
      out.result.reason = fmt::format("{}", fmt::join(limit.warnings(), "; "));
  }
  out.trace = std::move(measures.trace);
  return out;
}

template FrozenRun follow_limit(const Configuration&, const Ensemble<float>*, Index, const MeasuredData<float>&,
                                const std::shared_ptr<const Loss>&, const TrainingOptions&,
                                const std::vector<std::int64_t>&);
template FrozenRun follow_limit(const Configuration&, const Ensemble<double>*, Index, const MeasuredData<double>&,
                                const std::shared_ptr<const Loss>&, const TrainingOptions&,
                                const std::vector<std::int64_t>&);

}  // namespace widthwise
