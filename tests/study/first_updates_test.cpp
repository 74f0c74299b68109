// Schemes that change after their first updates, as settings: what they give, and what is refused.
#include <gmock/gmock.h>

#include <limits>

#include "text.h"
#include "widthwise/study/group.h"
#include "widthwise/study/question.h"
#include "widthwise/study/run.h"
#include "widthwise/study/scheme.h"

namespace widthwise {
namespace {

using study_test::mistake;
using study_test::parse;
using study_test::run_under_scheme;
using study_test::under_scheme;
using testing::HasSubstr;

Trace trace(const std::string& scheme, const std::string& more = "") {
  DataCache data;
  return execute(group_runs({run_under_scheme(scheme, more)}).front(), data).front().trace;
}

const std::string custom =
    "\"parameterization.input\" = \"0,0,-1\"\n\"parameterization.hidden\" = \"0,1,0\"\n"
    "\"parameterization.output\" = \"0,1,1\"\n\"parameterization.first_rates\" = \"-3/2,0,1/2\"\n";

// ip-llr with two hidden layers, p = 1, written as exponents: effective rates -(L+1)/2, -(L-2)/2, -(L-3)/2.
TEST(FirstUpdateKeys, CustomExponentsWriteTheNamedScheme) {
  const Scaling named = make_scaling(run_under_scheme("ip-llr"), 6),
                written = make_scaling(run_under_scheme("custom", custom), 6);
  for (std::size_t l = 0; l < 3; ++l) {
    EXPECT_DOUBLE_EQ(named.weights[l].effective_rate_at(0), written.weights[l].effective_rate_at(0)) << l;
    EXPECT_DOUBLE_EQ(named.weights[l].effective_rate_at(1), written.weights[l].effective_rate_at(1)) << l;
    EXPECT_DOUBLE_EQ(named.weights[l].effective_std, written.weights[l].effective_std) << l;
    EXPECT_EQ(written.biases[l].effective_first_rate, written.biases[l].effective_rate) << "biases keep theirs";
  }
  EXPECT_EQ(trace("ip-llr").at_step("train_loss", 4), trace("custom", custom).at_step("train_loss", 4));
  const Scaling two =
      make_scaling(run_under_scheme("custom", custom + "\"parameterization.first_bias_rates\" = \"-3/2,-1,0\"\n"
                                                       "\"parameterization.first_steps\" = 2\n"),
                   6);
  EXPECT_DOUBLE_EQ(two.biases[1].effective_rate_at(1), 0.05 * 8);
  EXPECT_DOUBLE_EQ(two.biases[1].effective_rate_at(2), two.biases[1].effective_rate);
}

// The hybrids are mup until after the first update.
TEST(FirstUpdateKeys, HybridsLeaveMupAfterOneUpdate) {
  const Trace mup = trace("mup"), hp = trace("hp"), hpz = trace("hpz");
  for (const Trace* hybrid : {&hp, &hpz}) EXPECT_EQ(hybrid->at_step("train_loss", 0), mup.at_step("train_loss", 0));
  EXPECT_NE(hp.at_step("train_loss", 1), mup.at_step("train_loss", 1));
  EXPECT_NE(hpz.at_step("train_loss", 1), hp.at_step("train_loss", 1));
  const Trace later = trace("hpz", "\"parameterization.first_steps\" = 3\n");
  EXPECT_EQ(later.at_step("train_loss", 2), mup.at_step("train_loss", 2));
  EXPECT_NE(later.at_step("train_loss", 3), mup.at_step("train_loss", 3));
}

TEST(FirstUpdateKeys, DegreeIsTheActivationsOrTheOneSaid) {
  const auto rate = [](const std::string& more) {
    return make_scaling(run_under_scheme("ip-llr", more), 6).weights[0].effective_rate_at(0);
  };
  const std::string square = "\"architecture.activation\" = \"quadratic\"\n";
  EXPECT_DOUBLE_EQ(rate(square), 0.05 * 64) << "-(1/2 + g), g = (1 + 2)/2, at n = 8";
  EXPECT_DOUBLE_EQ(rate(square + "\"parameterization.homogeneity\" = \"1\"\n"), 0.05 * std::pow(8, 1.5));
  const std::string smooth = "\"architecture.activation\" = \"tanh\"\n";
  const ConfigError none = mistake(under_scheme("ip-llr", smooth));
  EXPECT_EQ(none.place().key, "parameterization.homogeneity");
  EXPECT_THAT(none.what(), HasSubstr("1 is what the authors' code takes"));
  EXPECT_DOUBLE_EQ(rate(smooth + "\"parameterization.homogeneity\" = \"1\"\n"), 0.05 * std::pow(8, 1.5));
  EXPECT_EQ(mistake(under_scheme("ip-llr", "\"parameterization.homogeneity\" = \"0\"\n")).place().key,
            "parameterization.homogeneity");
}

// Entries of W_l, l >= 2, have the mean 1/n: W_0 x of features that are all 1 is 1.
TEST(FirstUpdateKeys, StartsThatAreNotCentred) {
  const Scaling mean = make_scaling(run_under_scheme("ip-non-centered"), 6);
  EXPECT_EQ(mean.weights[0].effective_mean, 0);
  EXPECT_DOUBLE_EQ(mean.weights[1].effective_mean, 1.0 / 8);
  EXPECT_DOUBLE_EQ(mean.weights[2].effective_mean, 1.0 / 8);
  EXPECT_DOUBLE_EQ(make_scaling(run_under_scheme("integrable", "\"parameterization.init_mean\" = -2\n"), 6)
                       .weights[1]
                       .effective_mean,
                   -2.0 / 8);
  const std::string biased = "\"architecture.bias\" = true\n";
  EXPECT_DOUBLE_EQ(make_scaling(run_under_scheme("ip-bias", biased), 6).biases[1].effective_std, 1);
  EXPECT_EQ(mistake(under_scheme("ip-bias")).place().key, "architecture.bias_input");
  EXPECT_EQ(mistake(under_scheme("ip-bias", biased + "\"parameterization.bias_std\" = 0\n")).place().key,
            "parameterization.bias_std");
}

TEST(FirstUpdateKeys, LeaveRecordedRunsWhatTheyWere) {
  const std::string plain = run_under_scheme("mup").identity();
  for (const char* same : {"first_steps\" = 3", "homogeneity\" = \"1\"", "init_mean\" = 0", "bias_std\" = 0"})
    EXPECT_EQ(run_under_scheme("mup", "\"parameterization." + std::string(same) + "\n").identity(), plain) << same;
  EXPECT_NE(run_under_scheme("mup", "\"parameterization.init_mean\" = 1\n").identity(), plain);
  EXPECT_NE(run_under_scheme("hpz", "\"parameterization.first_steps\" = 2\n").identity(),
            run_under_scheme("hpz").identity());
}

TEST(FirstUpdateKeys, RefuseWhatCannotBe) {
  const auto key = [](const std::string& scheme, const std::string& more) {
    return mistake(under_scheme(scheme, more)).place().key;
  };
  EXPECT_EQ(key("ip-llr", "\"parameterization.first_steps\" = 5\n"), "parameterization.first_steps") << "4 updates";
  EXPECT_EQ(key("ip-llr", "\"training.optimizer\" = \"adam\"\n"), "training.optimizer");
  EXPECT_EQ(key("custom", custom + "\"training.optimizer\" = \"adam\"\n"), "training.optimizer");
  EXPECT_EQ(key("ip-llr", "\"training.optimizer\" = \"momentum\"\n\"training.weight_decay\" = 0.1\n"),
            "training.weight_decay");
  EXPECT_EQ(key("hp", "\"training.optimizer\" = \"gradient-flow\"\n"), "training.optimizer");
  EXPECT_EQ(key("custom", custom + "\"parameterization.first_bias_rates\" = \"0,0\"\n"),
            "parameterization.first_bias_rates");
}

const std::string deep =
    "\"architecture.hidden_layers\" = 6\n\"architecture.width\" = 1024\n\"architecture.activation\" = "
    "\"quadratic\"\n";
const std::string single = deep + "\"training.dtype\" = \"float32\"\n";

// quadratic, L = 6, n = 1024: f_0 ~ 2^-315.
TEST(FirstUpdateKeys, RefuseNumbersThatDoNotHoldTheFirstUpdate) {
  for (const auto& [more, why] : std::vector<std::pair<std::string, std::string>>{
           {"\"architecture.bias_input\" = true\n", "biases"},
           {"\"training.kappa\" = -1.0\n", "an output that is centred"},
           {"\"training.optimizer\" = \"momentum\"\n", "another rule than sgd"},
           {"\"parameterization.first_steps\" = 2\n", "several first updates"},
           {"\"training.steps\" = 0\n", "no update to make"},
           {"\"parameterization.calibration\" = \"full\"\n\"training.batch\" = 4\n", "calibrated first rates"},
           {"\"measure.observables\" = [\"kernel_norm\"]\n", "observables of tangent kernels"}}) {
    const ConfigError refused = mistake(under_scheme("ip-llr", single + more));
    EXPECT_EQ(refused.place().key, "training.dtype");
    EXPECT_THAT(refused.what(), testing::AllOf(HasSubstr("float64 holds it"), HasSubstr("is not made with " + why)));
  }
  run_under_scheme("ip-llr", deep);
  EXPECT_FALSE(starts_normalised(run_under_scheme("ip-llr", deep))) << "float64, this file's";
  EXPECT_TRUE(starts_normalised(run_under_scheme("ip-llr", single)));
  // f_0 ~ n^-14 of tanh, which is linear beside 0.
  EXPECT_THAT(mistake(under_scheme("ip-llr",
                                   "\"parameterization.homogeneity\" = \"1\"\n"
                                   "\"architecture.hidden_layers\" = 28\n\"architecture.width\" = 1024\n"
                                   "\"training.dtype\" = \"float32\"\n"
                                   "\"architecture.activation\" = \"tanh\"\n"))
                  .what(),
              HasSubstr("an activation that is not homogeneous"));
}

// First rates for degree 1 leave the output of a quadratic network what it is: a later step has no numbers either.
TEST(FirstUpdateKeys, RefuseWhatANormalisedFirstUpdateDoesNotMend) {
  EXPECT_THAT(
      mistake(under_scheme("ip-llr", single + "\"parameterization.homogeneity\" = \"1\"\n")).what(),
      testing::AllOf(HasSubstr("after the first update"), HasSubstr("in normalised variables does not mend it")));
  // A later rate of n^40, and sizes at initialization that no double holds, to be measured.
  const std::string small =
      "\"architecture.width\" = 64\n\"architecture.activation\" = \"relu\"\n"
      "\"parameterization.hidden\" = \"0,72,0\"\n\"parameterization.output\" = \"0,72,0\"\n"
      "\"parameterization.first_rates\" = \"-144,-144,-144\"\n";
  EXPECT_THAT(mistake(under_scheme("custom", small + "\"training.dtype\" = \"float32\"\n"
                                                     "\"parameterization.input\" = \"0,72,-40\"\n"
                                                     "\"measure.observables\" = [\"train_loss\"]\n"))
                  .what(),
              HasSubstr("the rate of W_1"));
  const std::string doubles = small + "\"parameterization.input\" = \"0,72,0\"\n";
  EXPECT_THAT(mistake(under_scheme("custom", doubles)).what(),
              HasSubstr("output_size, which no float64 holds at initialization"));
  EXPECT_TRUE(starts_normalised(run_under_scheme("custom", doubles + "\"measure.observables\" = [\"train_loss\"]\n")));
}

// Nobody's run changes that could be made before; one that could not tells its start, which float has no number for,
// and trains as in double.
TEST(FirstUpdateKeys, NormaliseAStartThatFloatDoesNotHold) {
  EXPECT_FALSE(starts_normalised(run_under_scheme("ip-llr")));
  const auto run = [](const std::string& dtype) {
    DataCache data;
    return execute(group_runs({run_under_scheme("ip-llr",
                                                "\"architecture.hidden_layers\" = 6\n\"architecture.width\" = 64\n"
                                                "\"architecture.activation\" = \"quadratic\"\n\"training.dtype\" = \"" +
                                                    dtype +
                                                    "\"\n\"training.learning_rate\" = 3e-18\n"
                                                    "\"measure.observables\" = [\"output_size\", \"train_error\"]\n")})
                       .front(),
                   data)
        .front();
  };
  const RunRecord narrow = run("float32"), wide = run("float64");
  const double start = narrow.trace.at_step("output_size", 0);
  EXPECT_LT(start, static_cast<double>(std::numeric_limits<float>::min()));
  EXPECT_NEAR(start, wide.trace.at_step("output_size", 0), 1e-4 * start);
  EXPECT_GT(narrow.trace.at_step("output_size", 1), 0);
  EXPECT_NEAR(narrow.trace.at_step("output_size", 1), wide.trace.at_step("output_size", 1),
              1e-3 * wide.trace.at_step("output_size", 1));
}

// What theory says of phi(0) != 0 under a scheme that counts on 0.
TEST(FirstUpdateKeys, ClassifySaysWhatAnUncentredActivationDoes) {
  Question question{.scheme = "ip-llr", .activation = "sigmoid", .homogeneity = "1"};
  const Outcome large = classify(question);
  EXPECT_EQ(large.outcome, "unstable");
  EXPECT_THAT(large.reasons, testing::Contains(HasSubstr("phi(0) != 0 keeps features of order one, for which")));
  question.scheme = "integrable";
  EXPECT_THAT(classify(question).reasons, testing::Contains(HasSubstr("although W_0 x vanishes")));
  question.activation = "tanh";
  question.scheme = "ip-llr";
  EXPECT_THAT(classify(question).reasons, testing::Contains(HasSubstr("phi has no degree")));
  // By hand: dLoss/dW_2 = D_2 x_1 ~ n^-3/2 for L = 3, at n^1/2, times n terms of order one.
  EXPECT_THAT(
      block_rules(question).at(1).reason,
      HasSubstr("n^(-3/2) at rates of size n^(1/2) in the first update: it moves it by order one; later rates"));
  question.homogeneity = "own";
  EXPECT_THROW(classify(question), ConfigError);
}

}  // namespace
}  // namespace widthwise
