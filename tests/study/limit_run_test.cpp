// Runs of limits: the settings that describe the network describe the limit, and both are set beside each other.
#include "widthwise/study/limit_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "quiet_run.h"
#include "text.h"
#include "widthwise/base/error.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/one_run.h"
#include "widthwise/study/scheme.h"
#include "widthwise/study/table.h"

namespace widthwise {
namespace {

using study_test::Folder;
using testing::HasSubstr;

Settings settings(const std::string& exponents) {
  return {{"architecture.hidden_layers", {std::int64_t{1}, 0}},
          {"architecture.activation", {std::string("leaky_relu"), 0}},
          {"architecture.width", {std::int64_t{16}, 0}},
          {"parameterization.name", {std::string("two-layer"), 0}},
          {"parameterization.q", {exponents, 0}},
          {"parameterization.reference_width", {16.0, 0}},
          {"data.name", {std::string("gaussian"), 0}},
          {"data.dimension", {std::int64_t{5}, 0}},
          {"data.train", {std::int64_t{8}, 0}},
          {"data.test", {std::int64_t{6}, 0}},
          {"training.loss", {std::string("logistic"), 0}},
          {"training.learning_rate", {0.4, 0}},
          {"training.steps", {std::int64_t{3}, 0}},
          {"training.dtype", {std::string("float64"), 0}},
          {"measure.times.every", {std::int64_t{1}, 0}},
          {"measure.observables", {ValueList{{std::string("output_size"), 0}, {std::string("test_loss"), 0}}, 0}}};
}

Settings limit_of(Settings from) {
  from["limit.kind"] = {std::string("two-layer"), 0};
  from["limit.particles"] = {std::int64_t{20000}, 0};
  from["limit.initial_output"] = {std::string("network"), 0};
  return from;
}

Trace trace_of(const Settings& of) {
  DataCache data;
  return train_one(Configuration(of), data).record.trace;
}

TEST(LimitRun, AllScalingsAreTheSameNetworkAtTheReferenceWidth) {
  const Trace reference = trace_of(settings("-1/2,0"));
  for (const char* q : {"-1,1", "-1/2,1/2", "-1/2,1,0", "-3/4,1/2"})
    for (const auto& [name, values] : trace_of(settings(q)).series)
      for (std::size_t k = 0; k < values.size(); ++k) EXPECT_EQ(values[k], reference.values(name)[k]) << q << name;
}

TEST(LimitRun, TheSchemesOfOneHiddenLayerAreAmongTheScalings) {
  // (q_sigma, q_a, q_w): standard rates are (-1/2, 1, 0), of which the readout's is too large for 1/n.
  const std::pair<const char*, const char*> pairs[] = {
      {"ntk", "-1/2,0"}, {"mean-field", "-1,1"}, {"mup", "-1,1"}, {"standard", "-1/2,1,0"}};
  for (const auto& [name, q] : pairs) {
    Settings named = settings(q), exponents = settings(q);
    named["parameterization.name"] = {std::string(name), 0};
    named.erase("parameterization.q");
    named["architecture.width"] = exponents["architecture.width"] = {std::int64_t{64}, 0};
    const Trace a = trace_of(named), b = trace_of(exponents);
    for (std::size_t k = 0; k < a.size(); ++k)
      EXPECT_NEAR(a.values("test_loss")[k], b.values("test_loss")[k], 1e-12) << name;
    const Trace c = trace_of(limit_of(named)), d = trace_of(limit_of(exponents));
    for (std::size_t k = 0; k < c.size(); ++k)
      EXPECT_NEAR(c.values("test_loss")[k], d.values("test_loss")[k], 1e-12) << name;
  }
}

TEST(LimitRun, WideNetworksFollowTheirLimit) {
  // Whatever the exponents: the outputs of a network of 65536 units are those its limit gives for this width.
  const std::pair<const char*, double> cells[] = {
      {"-1/2,0", 0.5}, {"-1,1", 0.5}, {"-1/2,1/2", 0.5}, {"-1/2,1,0", 0.5}, {"-1,3/4", 0.25}};
  for (const auto& [q, margin] : cells) {
    Settings wide = settings(q);
    wide["architecture.width"] = {std::int64_t{65536}, 0};
    wide["training.steps"] = {std::int64_t{2}, 0};
    const Trace network = trace_of(wide), limit = trace_of(limit_of(wide));
    // Corrections are of order rho^-margin, rho = 4096.
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_NEAR(network.values("output_size")[k] / limit.values("output_size")[k], 1,
                  k == 0 ? 1e-9 : 2 * std::pow(4096, -margin))
          << q << ' ' << k;
  }
}

TEST(LimitRun, ACorrectedNetworkKeepsItsInitialOutputInTheLimit) {
  Settings wide = settings("-1,1");
  wide["architecture.width"] = {std::int64_t{65536}, 0};
  const Trace plain = trace_of(wide);
  wide["parameterization.init_corrected"] = {true, 0};
  const Trace corrected = trace_of(wide), limit = trace_of(limit_of(wide));
  // f_IC = f + (rho^(1/2) - 1) f_0, and rho = 4096: at the start 64 times the plain output.
  EXPECT_NEAR(corrected.values("output_size")[0] / plain.values("output_size")[0], 64, 1e-9);
  for (std::size_t k = 0; k < corrected.size(); ++k) {
    EXPECT_NEAR(limit.values("output_size")[k] / corrected.values("output_size")[k], 1, k == 0 ? 1e-9 : 0.05);
    EXPECT_NEAR(limit.values("test_loss")[k] / corrected.values("test_loss")[k], 1, k == 0 ? 1e-9 : 0.05);
  }
}

TEST(LimitRun, RunsInAStudyAndKeepsItsOutputs) {
  const Folder folder("widthwise-limit-run");
  const Study study = parse_study(R"(
title = "t"
[architecture]
hidden_layers = 1
activation = "leaky_relu"
[parameterization]
name = "mup"
reference_width = 16
[data]
name = "gaussian"
dimension = 4
train = 8
test = 8
[training]
loss = "logistic"
learning_rate = 0.3
steps = 3
batch = 4
[measure]
observables = ["train_error", "output_magnitude"]
keep = ["test_outputs"]
[[sweep]]
name = "networks"
"architecture.width" = [256, 4096]
"seed.init" = [0, 1, 2, 3]
[[sweep]]
name = "limits"
"limit.kind" = "two-layer"
"limit.initial_output" = "network"
"architecture.width" = [256, 4096]
"seed.init" = [0, 1, 2, 3]
[[derived]]
name = "distance"
sweep = "networks"
of = "test_outputs"
with = "limits"
how = "relative_distance"
)",
                                  "study.toml");
  run_study(study, study_test::quiet(folder.path()));
  const Table table = select(study, "networks", {"distance"}, StoreReader(folder.path()));
  double narrow = 0, wide = 0;
  for (const Row& row : table.rows) (row.axes[0].number() == 256 ? narrow : wide) += row.values[0] / 4;
  EXPECT_LT(wide, 0.5 * narrow);  // rho^(-1/2) over a factor of 16: a quarter
  EXPECT_GT(wide, 0);
}

struct Mistake {
  const char *key, *expected;
  Value value;
};

TEST(LimitRun, RefusesWhatItDoesNotFollow) {
  const Mistake mistakes[] = {{"architecture.hidden_layers", "one hidden layer", {std::int64_t{2}, 0}},
                              {"training.optimizer", "sgd", {std::string("adam"), 0}},
                              {"training.weight_decay", "0", {0.1, 0}},
                              {"architecture.bias", "no biases", {true, 0}},
                              {"parameterization.q", "dynamically stable", {std::string("1,1"), 0}},
                              {"data.labels", "one output", {std::string("classes"), 0}},
                              {"limit.particles", "even", {std::int64_t{3}, 0}},
                              {"training.loss", "slope is bounded", {std::string("exponential"), 0}},
                              {"measure.observables", "some of", {ValueList{{std::string("own_update"), 0}}, 0}}};
  for (const Mistake& one : mistakes) {
    Settings wrong = limit_of(settings(std::string(one.key) == "training.loss" ? "-1/2,1/2" : "-1,1"));
    wrong[one.key] = one.value;
    if (std::string(one.key) == "architecture.hidden_layers" || std::string(one.key) == "training.optimizer") {
      wrong["parameterization.name"] = {std::string("mup"), 0};
      wrong.erase("parameterization.q");
    }
    try {
      const Configuration never(wrong);
      ADD_FAILURE() << one.key;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.expected(), HasSubstr(one.expected)) << one.key;
    }
  }
}

TEST(LimitRun, OfTheProcessNeedsNoNetwork) {
  // A width whose network would take 0.5 GB a feature.
  Settings wide = limit_of(settings("-1/2,0"));
  wide["architecture.width"] = {std::int64_t{1} << 24, 0};
  wide["limit.initial_output"] = {std::string("process"), 0};
  EXPECT_EQ(trace_of(wide).size(), 4U);
}

TEST(LimitRun, InTheBasisOfThePointsIsTheSame) {
  // Kernels see inner products alone; adam's steps see entries too.
  Settings own = limit_of(settings("-1/2,0"));
  own["data.dimension"] = {std::int64_t{40}, 0};
  own["limit.initial_output"] = {std::string("process"), 0};
  own["measure.observables"] = {ValueList{{std::string("output_size"), 0}}, 0};
  Settings span = own;
  span["data.basis"] = {std::string("span"), 0};
  const Trace a = trace_of(own), b = trace_of(span);
  // g0 is drawn in the eigenbasis of one covariance, whose vectors rounding may turn: compare what it moves by.
  EXPECT_NEAR(a.values("output_size")[0], b.values("output_size")[0], 1e-6);
  Settings adam = settings("-1/2,0");
  adam["data.basis"] = {std::string("span"), 0};
  adam["parameterization.name"] = {std::string("mup"), 0};
  adam.erase("parameterization.q");
  adam["training.optimizer"] = {std::string("adam"), 0};
  EXPECT_THROW(const Configuration never(adam), ConfigError);
}

TEST(LimitRun, RefusesCorrectionsThatCannotBeCompared) {
  Settings wrong = settings("-1/2,1/2");  // kappa = 1/2
  wrong["parameterization.init_corrected"] = {true, 0};
  EXPECT_THROW(const Configuration never(wrong), ConfigError);
  Settings twice = settings("-1,1");
  twice["parameterization.init_corrected"] = {true, 0};
  twice["training.kappa"] = {1.0, 0};
  EXPECT_THROW(const Configuration never(twice), ConfigError);
}

Settings hpz(int layers) {
  Settings out = settings("-1,1");
  out["parameterization.name"] = {std::string("mup"), 0};
  out.erase("parameterization.q");
  out["architecture.activation"] = {std::string("relu"), 0};
  out["architecture.hidden_layers"] = {std::int64_t{layers}, 0};
  out["measure.observables"] = {ValueList{{std::string("output_size"), 0}, {std::string("train_loss"), 0}}, 0};
  out["limit.kind"] = {std::string("hpz"), 0};
  out["limit.particles"] = {std::int64_t{16384}, 0};
  return out;
}

TEST(LimitRun, OfOneHiddenLayerHpzIsTheMeanFieldLimit) {
  // Another engine from the same settings: rates and variances at the reference must come out the same.
  Settings other = hpz(1);
  other["limit.kind"] = {std::string("two-layer"), 0};
  other["limit.particles"] = {std::int64_t{1000000}, 0};
  const Trace clouds = trace_of(hpz(1)), particles = trace_of(other);
  EXPECT_EQ(clouds.values("output_size")[0], 0);
  for (std::size_t k = 1; k < clouds.size(); ++k) {
    const double error = clouds.values("output_error")[k], size = clouds.values("output_size")[k];
    EXPECT_LT(error, 0.01 * size);
    // A million particles in pairs: some 1e-3 of f themselves.
    EXPECT_NEAR(particles.values("output_size")[k], size, 4 * std::hypot(error, 1e-3 * size)) << k;
  }
}

TEST(LimitRun, HpzDependsOnTheNetworkNotOnHowItsSettingsSayIt) {
  // mean-field is mup along a gauge orbit; the limit is that of all widths.
  const Trace mup = trace_of(hpz(2));
  Settings orbit = hpz(2);
  orbit["parameterization.name"] = {std::string("mean-field"), 0};
  const Trace same = trace_of(orbit);
  for (const char* hybrid : {"hp", "hpz"}) {  // which start as mup and are what the limit is of
    Settings own = hpz(2);
    own["parameterization.name"] = {std::string(hybrid), 0};
    EXPECT_EQ(trace_of(own).values("output_size"), mup.values("output_size")) << hybrid;
  }
  Settings wide = hpz(2);
  wide["architecture.width"] = {std::int64_t{64}, 0};
  const Trace wider = trace_of(wide);
  for (std::size_t k = 0; k < mup.size(); ++k) {
    EXPECT_NEAR(same.values("output_size")[k], mup.values("output_size")[k], 1e-12);
    EXPECT_NEAR(wider.values("output_size")[k], mup.values("output_size")[k], 1e-12);
  }
}

TEST(LimitRun, TheFirstRateOfHpzMultipliesHiddenRatesOfStepZero) {
  // Two layers: x^2_1 = relu(-rate ...) is linear in the rate of W^2, the readout's moved part is not touched by it.
  Settings twice = hpz(2);
  twice["limit.first_rate"] = {2.0, 0};
  EXPECT_NEAR(trace_of(twice).values("output_size")[1], 2 * trace_of(hpz(2)).values("output_size")[1], 1e-12);
  Settings alone = hpz(1);
  const Trace before = trace_of(alone);
  alone["limit.first_rate"] = {2.0, 0};
  EXPECT_EQ(trace_of(alone).values("output_size"), before.values("output_size"));
}

TEST(LimitRun, RefusesWhatIsNoHpz) {
  const Mistake mistakes[] = {{"training.optimizer", "sgd", {std::string("adam"), 0}},
                              {"training.schedule", "constant", {std::string("step"), 0}},
                              {"architecture.bias_hidden", "no biases", {true, 0}},
                              {"architecture.family", "mlp", {std::string("resnet"), 0}},
                              {"parameterization.name", "mup", {std::string("ntk"), 0}},
                              {"parameterization.init_law", "normal", {std::string("uniform"), 0}},
                              {"limit.particles", "a multiple of 4", {std::int64_t{1002}, 0}},
                              {"limit.first_rate", "above 0", {0.0, 0}}};
  for (const Mistake& one : mistakes) {
    Settings wrong = hpz(3);
    wrong[one.key] = one.value;
    try {
      const Configuration never(wrong);
      ADD_FAILURE() << one.key;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.expected(), HasSubstr(one.expected)) << one.key;
    }
  }
}

}  // namespace
}  // namespace widthwise
