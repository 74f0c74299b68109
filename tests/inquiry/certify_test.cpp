// Certificates of small networks: configurations known to scale, and the mistakes a plain look at activations misses.
#include "widthwise/inquiry/certify.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "widthwise/base/error.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/grid.h"
#include "widthwise/study/schedule.h"

namespace widthwise {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class Certify : public testing::Test {
 protected:
  Certify() : folder_{std::filesystem::temp_directory_path() / ("certify-" + std::to_string(getpid()))} {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Certify() override { std::filesystem::remove_all(folder_); }

  using Changes = std::vector<std::pair<std::string, std::string>>;

  // Two hidden layers; a few samples beside the width, which theory is about.
  CertifyQuestion question(const Changes& settings = {}, const std::string& more = "") const {
    std::ofstream(folder_ / "net.toml") << R"(
title = "net"
[architecture]
width = 128
hidden_layers = 2
[parameterization]
name = "mup"
reference_width = 32
[data]
name = "gaussian"
dimension = 16
train = 200
test = 10
[training]
optimizer = "adam"
learning_rate = 0.005
steps = 1000
)" << more;
    CertifyQuestion out;
    out.file = folder_ / "net.toml";
    out.settings = settings;
    out.widths = {64, 128, 256, 512};
    return out;
  }

  // mup's exponents with some blocks replaced.
  static Changes custom(const std::string& input, const std::string& hidden, const std::string& output) {
    return {{"parameterization.name", "custom"},
            {"parameterization.input", input},
            {"parameterization.hidden", hidden},
            {"parameterization.output", output}};
  }

  Certificate ask(const CertifyQuestion& of) const {
    const Study study = certify_study(of);
    RunOptions options;
    options.store = folder_ / "store";
    options.quiet = true;
    run_study(study, options);
    return certificate(of, study, StoreReader(options.store));
  }

  // Names of the rows that do not pass, and the words said of them.
  static std::map<std::string, std::string> complaints(const Certificate& of) {
    std::map<std::string, std::string> out;
    for (const CertificateRow& row : of.rows)
      if (row.mark != CertificateRow::Mark::passes) out[row.expected.name()] = row.word;
    return out;
  }

  static const CertificateRow& row(const Certificate& of, const std::string& name) {
    for (const CertificateRow& one : of.rows)
      if (one.expected.name() == name) return one;
    throw std::runtime_error("no row " + name);
  }

  static ConfigError mistake(const CertifyQuestion& of) {
    try {
      certify_study(of);
    } catch (const ConfigError& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return ConfigError({}, "", "");
  }

  std::filesystem::path folder_;
};

// Rates at which the loss falls over four steps; those of the rules that forget the gradient's size are much alike.
const std::map<std::string, const char*> rates{{"sgd", "0.02"},    {"momentum", "0.02"}, {"adam", "0.005"},
                                               {"adamw", "0.005"}, {"rmsprop", "0.001"}, {"muon", "0.005"}};

TEST_F(Certify, MupScalesUnderEveryRule) {
  for (const auto& [rule, rate] : rates) {
    const Certificate found = ask(question({{"training.optimizer", rule}, {"training.learning_rate", rate}}));
    EXPECT_TRUE(found.certified) << rule << ": " << testing::PrintToString(complaints(found));
    EXPECT_EQ(found.outcome.outcome, "feature");
    EXPECT_THAT(found.sentences.back(), HasSubstr("Certified, for the outcome is feature"));
    EXPECT_THAT(found.sentences.front(),
                HasSubstr("widths 64, 128, 256, 512, after 4 steps, over 16 seeds, to 0.25 in the exponent"));
  }
}

TEST_F(Certify, NtkIsAKernelUnderEveryRule) {
  for (const auto& [rule, rate] : rates) {
    const Certificate found = ask(
        question({{"parameterization.name", "ntk"}, {"training.optimizer", rule}, {"training.learning_rate", rate}}));
    EXPECT_TRUE(found.certified) << rule << ": " << testing::PrintToString(complaints(found));
    EXPECT_EQ(found.outcome.outcome, "kernel");
  }
}

// Each learns features in its own way: asked of its name alone, where what is of order one is not hidden by n^(-1/2).
TEST_F(Certify, IntegrableSchemesScaleAsTheyArePromised) {
  for (const char* scheme : {"ip-llr", "hp", "hpz", "ip-bias", "ip-non-centered"}) {
    CertifyQuestion of;
    of.settings = {{"parameterization.name", scheme}};
    const Certificate found = ask(of);
    EXPECT_TRUE(found.certified) << scheme << ": " << testing::PrintToString(complaints(found));
    EXPECT_EQ(found.outcome.outcome, "feature") << scheme;
  }
}

TEST_F(Certify, CalibrationIsLeftOut) {
  CertifyQuestion of;
  of.settings = {{"parameterization.name", "ip-llr"}, {"parameterization.calibration", "full"}};
  EXPECT_EQ(certify_study(of).base.count("parameterization.calibration"), 0U);
  EXPECT_THAT(certify_notes(of), Contains(HasSubstr("Calibration is left out")));
}

TEST_F(Certify, StandardBlowsUp) {
  const Certificate found = ask(question({{"parameterization.name", "standard"}, {"training.learning_rate", "0.001"}}));
  EXPECT_FALSE(found.certified);
  EXPECT_EQ(found.outcome.outcome, "unstable");
  EXPECT_EQ(row(found, "W_2 (hidden): contribution").word, "grows");
  EXPECT_EQ(row(found, "W_3 (output): update").word, "grows");
}

TEST_F(Certify, DecoupledDecayWithoutItsExponentVanishes) {
  // AdamW's share is rate * decay: of hidden layers 1/n with a constant decay, and nothing else is out of order.
  Changes settings = custom("-1/2,1/2,1/2,1/2,-1/2", "0,1/2,1,1,0", "1/2,1/2,1/2,1/2,-1/2");
  settings.insert(settings.end(), {{"training.optimizer", "adamw"}, {"training.weight_decay", "0.1"}});
  const Certificate found = ask(question(settings));
  EXPECT_FALSE(found.certified);
  EXPECT_EQ(found.outcome.outcome, "feature");
  EXPECT_THAT(complaints(found), UnorderedElementsAre(Pair("W_2 (hidden): decay", "vanishes")));
  EXPECT_NEAR(row(found, "W_2 (hidden): decay").judgement.measured, -1, 1e-9);
  EXPECT_THAT(found.sentences, Contains(HasSubstr("Weight decay of W_2 (hidden) is n^(-1)")));

  settings[2].second = "0,1/2,1,1,-1";
  EXPECT_TRUE(ask(question(settings)).certified);
}

TEST_F(Certify, DecayInAdamsGradientMustFallWithIt) {
  // decay |W| ~ n^-1/2 beside gradients of 1/n.
  Changes settings = custom("-1/2,1/2,1/2,1/2,0", "0,1/2,1,1,0", "1/2,1/2,1/2,1/2,0");
  settings.emplace_back("training.weight_decay", "0.01");
  const Certificate found = ask(question(settings));
  EXPECT_FALSE(found.certified);
  EXPECT_THAT(complaints(found), UnorderedElementsAre(Pair("W_2 (hidden): decay", "takes over"),
                                                      Pair("W_2 (hidden): contribution", "idle")));
  EXPECT_NEAR(row(found, "W_2 (hidden): decay").judgement.measured, 0.5, 0.1);

  settings[2].second = "0,1/2,1,1,1/2";
  EXPECT_TRUE(ask(question(settings)).certified);
}

TEST_F(Certify, AnEpsilonThatDoesNotScaleTakesOver) {
  // Effective epsilons that do not fall where gradients do; at 1e-8 no activation tells of it at any width one can run.
  const Certificate found = ask(question(custom("-1/2,1/2,1/2,-1/2,0", "0,1/2,1,0,0", "1/2,1/2,1/2,1/2,0")));
  EXPECT_FALSE(found.certified);
  EXPECT_EQ(found.outcome.outcome, "kernel");  // in the end only the readout moves
  EXPECT_THAT(
      complaints(found),
      UnorderedElementsAre(Pair("W_1 (input): epsilon", "takes over"), Pair("W_1 (input): contribution", "idle"),
                           Pair("W_2 (hidden): epsilon", "takes over"), Pair("W_2 (hidden): contribution", "idle")));
  const CertificateRow& unaware = row(found, "W_2 (hidden): contribution");
  EXPECT_EQ(unaware.judgement.verdict, Verdict::agrees);  // with the exponent of so small an epsilon
  EXPECT_LT(std::abs(unaware.judgement.measured), 0.15);
  EXPECT_NEAR(row(found, "W_2 (hidden): epsilon").judgement.measured, 1, 0.15);
}

TEST_F(Certify, AReadoutRateOfTheWrongOrderIsTold) {
  const Certificate slow = ask(question(custom("-1/2,1/2,1/2,1/2,0", "0,1/2,1,1,0", "1/2,1/2,1,1/2,0")));
  EXPECT_FALSE(slow.certified);
  EXPECT_EQ(slow.outcome.outcome, "feature");
  EXPECT_THAT(complaints(slow), UnorderedElementsAre(Pair("W_3 (output): contribution", "idle")));
  const Certificate fast = ask(question(custom("-1/2,1/2,1/2,1/2,0", "0,1/2,1,1,0", "1/2,1/2,0,1/2,0")));
  EXPECT_FALSE(fast.certified);
  EXPECT_EQ(fast.outcome.outcome, "unstable");
  EXPECT_EQ(row(fast, "W_3 (output): contribution").word, "grows");
}

TEST_F(Certify, AnInputLayerTakenForAHiddenOneIsIdle) {
  // Its features are as large as ever, and those of the next layer move: only what it does to the output tells.
  const Certificate found = ask(question(custom("-1/2,1/2,1,1/2,0", "0,1/2,1,1,0", "1/2,1/2,1/2,1/2,0")));
  EXPECT_FALSE(found.certified);
  EXPECT_EQ(found.outcome.outcome, "feature");
  EXPECT_THAT(complaints(found), UnorderedElementsAre(Pair("W_1 (input): contribution", "idle")));
  EXPECT_NEAR(row(found, "W_1 (input): contribution").judgement.measured, -0.5, 0.2);
}

TEST_F(Certify, PreactivationsThatStartVanishingAreTold) {
  // 1/n in every layer: under adam features come to move, from a start that wide networks do not have.
  const Certificate found = ask(question({{"parameterization.name", "integrable"}}));
  EXPECT_FALSE(found.certified);
  EXPECT_EQ(row(found, "W_2 (hidden): start").word, "vanishes");
  EXPECT_NEAR(row(found, "W_2 (hidden): start").judgement.measured, -0.5, 0.1);
  EXPECT_EQ(row(found, "W_3 (output): start").word, "ok");
  EXPECT_THAT(found.sentences.back(), HasSubstr("W_2 (hidden): start vanishes"));
}

// What theory alone holds against a configuration: rows whose exponent is not what is required.
std::vector<std::string> unmet(const Expected& of) {
  std::vector<std::string> out;
  for (const Expectation& row : of.rows)
    if (row.exponent > 0 || (row.needs_order_one() && row.exponent < 0)) out.push_back(row.name());
  return out;
}

TEST_F(Certify, AStartThatTheFirstUpdateLeavesMayVanish) {
  const auto of = [&](const std::string& scheme, const std::string& activation, Changes more = {}) {
    more.insert(more.end(), {{"parameterization.name", scheme},
                             {"architecture.activation", activation},
                             {"architecture.hidden_layers", "3"},
                             {"training.optimizer", "sgd"}});
    return certify_expectations(question(more));
  };
  const Expected escapes = of("ip-llr", "relu");
  EXPECT_THAT(unmet(escapes), IsEmpty());
  std::map<std::string, Rational> exponents;
  for (const Expectation& row : escapes.rows) exponents[row.name()] = row.exponent;
  EXPECT_EQ(exponents.at("W_3 (hidden): start"), Rational(-1));
  EXPECT_EQ(exponents.at("W_3 (hidden): first"), Rational(0));
  EXPECT_EQ(exponents.at("W_4 (output): first"), Rational(0));
  for (const char* scheme : {"hp", "hpz", "ip-non-centered"})
    EXPECT_THAT(unmet(of(scheme, "relu")), IsEmpty()) << scheme;
  EXPECT_THAT(unmet(of("ip-bias", "relu", {{"architecture.bias", "true"}})), IsEmpty());
  EXPECT_THAT(unmet(of("integrable", "relu")), ElementsAre("W_2 (hidden): start", "W_3 (hidden): start"));

  // Mistakes: the degree of a homogeneous activation under a smooth one; the first rates of two hidden layers for
  // three.
  const std::string last = "W_3 (hidden): first";
  EXPECT_THAT(unmet(of("ip-llr", "tanh", {{"parameterization.homogeneity", "\"1\""}})), ElementsAre(last));
  EXPECT_THAT(unmet(of("custom", "relu",
                       {{"parameterization.input", "0,0,-1"},
                        {"parameterization.hidden", "0,1,0"},
                        {"parameterization.output", "0,1,1"},
                        {"parameterization.first_rates", "-3/2,0,-1/2"}})),
              Contains(last));
}

TEST_F(Certify, AFirstUpdateThatFallsShortIsMeasuredAndTold) {
  // Of tanh h_3 is n^-1 at first and n^-1/2 after the one large step, as theory says: that is no escape.
  CertifyQuestion of = question({{"parameterization.name", "ip-llr"},
                                 {"parameterization.homogeneity", "\"1\""},
                                 {"architecture.activation", "tanh"},
                                 {"architecture.hidden_layers", "3"},
                                 {"training.optimizer", "sgd"},
                                 {"training.learning_rate", "1"}});
  of.steps = 1;
  const Certificate found = ask(of);
  EXPECT_FALSE(found.certified);
  const CertificateRow& fallen = row(found, "W_3 (hidden): first");
  EXPECT_EQ(fallen.word, "vanishes");
  EXPECT_EQ(fallen.judgement.predicted, -0.5);
  EXPECT_NEAR(fallen.judgement.measured, -0.5, 0.25);
  EXPECT_NEAR(row(found, "W_3 (hidden): start").judgement.measured, -1, 0.15);
  EXPECT_EQ(row(found, "W_3 (hidden): start").word, "ok");
  EXPECT_THAT(found.sentences,
              Contains(HasSubstr("After the first update the preactivations of layer 3 are of size n^(-1/2)")));
  EXPECT_THAT(found.sentences.back(), HasSubstr("Not certified, for W_3 (hidden): first vanishes"));
}

TEST_F(Certify, TooLittleDataIsNoCertificate) {
  CertifyQuestion of = question();
  of.widths = {8, 16};
  of.seeds = 2;
  const Certificate found = ask(of);
  EXPECT_FALSE(found.certified);
  EXPECT_THAT(complaints(found), Contains(Pair(testing::_, "undecided")));
  EXPECT_THAT(found.sentences, Contains(HasSubstr("undecided")));
}

TEST_F(Certify, ARunThatDivergesIsNoCertificate) {
  const Certificate found = ask(question({{"training.optimizer", "sgd"}, {"training.learning_rate", "1e6"}}));
  EXPECT_FALSE(found.certified);
  EXPECT_EQ(found.diverged.size(), 4U * 16U);
  EXPECT_THAT(found.sentences, Contains(HasSubstr("64 runs diverged (width 64, seed.init = 0")));
  EXPECT_THAT(found.sentences, Contains(HasSubstr("the loss rises")));
}

TEST_F(Certify, TheStudyIsOfTheFilesNetworkForAFewSteps) {
  const CertifyQuestion of = question({}, "schedule = \"cosine\"\ntarget_loss = 10\nbatch = 100\n");
  const Study study = certify_study(of);
  const std::vector<GridPoint> networks = expand(study, study.sweep("networks"));
  ASSERT_EQ(networks.size(), 4U * 16U);
  const Configuration& run = networks.front().configuration;
  EXPECT_EQ(run.text("training.optimizer"), "adam");
  EXPECT_EQ(run.number("training.learning_rate"), 0.005);
  EXPECT_EQ(run.whole("training.steps"), 4);
  EXPECT_EQ(run.text("training.schedule"), "constant");
  EXPECT_EQ(run.number("training.target_loss"), 0);  // the loss starts below 10: nothing would be measured
  EXPECT_EQ(run.whole("data.train"), 64);
  EXPECT_EQ(run.whole("training.batch"), 0);
  EXPECT_EQ(run.text("training.dtype"), "float64");
  EXPECT_THAT(certify_notes(of), Contains(HasSubstr("64 samples of gaussian")));
  EXPECT_THAT(certify_notes(of), Contains(HasSubstr("Schedules are left out")));
  EXPECT_THAT(certify_notes(question({{"architecture.bias", "true"}})), Contains(HasSubstr("Biases")));
  EXPECT_THAT(
      certify_notes(question({}, "[[sweep]]\nname = \"s\"\n\"architecture.activation\" = [\"tanh\", \"erf\"]\n")),
      Contains(HasSubstr("Only sweeps of the file set architecture.activation; asked of relu")));
}

TEST_F(Certify, EveryRowOfTheoryIsAPredictionOfTheStudy) {
  const CertifyQuestion of = question({{"training.weight_decay", "0.01"}});
  const Study study = certify_study(of);
  std::vector<std::string> rows, predictions;
  for (const Expectation& row : certify_expectations(of).rows) rows.push_back(row.name());
  for (const PredictionSpec& one : study.predictions) predictions.push_back(one.name);
  EXPECT_EQ(rows, predictions);
  EXPECT_EQ(rows.size(), 3U * 5U);
  const Expected muon = certify_expectations(question({{"training.optimizer", "muon"}}));
  for (const Expectation& row : muon.rows)  // an orthogonal factor has no epsilon
    EXPECT_FALSE(row.quantity == TensorQuantity::epsilon && row.block == "hidden");
}

TEST_F(Certify, InitialOutputsAreRecordedOnceForAllRules) {
  CertifyQuestion of = question();
  of.widths = {8, 16};
  of.seeds = 2;
  const auto run = [&] {
    RunOptions options;
    options.store = folder_ / "store";
    options.quiet = true;
    return run_study(certify_study(of), options);
  };
  EXPECT_EQ(run().done, 2U * (2U + 64U));
  of.settings = {{"training.optimizer", "muon"}, {"training.weight_decay", "0.1"}, {"training.batch", "8"}};
  EXPECT_EQ(run().done, 2U * 2U);
}

TEST_F(Certify, MistakesAreNamed) {
  const auto with = [&](auto change) {
    CertifyQuestion of = question();
    change(of);
    return mistake(of).place().key;
  };
  EXPECT_EQ(with([](CertifyQuestion& of) { of.widths = {64}; }), "widths");
  EXPECT_EQ(with([](CertifyQuestion& of) { of.widths = {64, 64}; }), "widths");
  EXPECT_EQ(with([](CertifyQuestion& of) { of.widths = {}; }), "widths");
  EXPECT_EQ(with([](CertifyQuestion& of) { of.widths = {0, 64}; }), "widths");
  EXPECT_EQ(with([](CertifyQuestion& of) { of.seeds = 1; }), "seeds");
  EXPECT_EQ(with([](CertifyQuestion& of) { of.steps = 0; }), "steps");
  EXPECT_EQ(with([](CertifyQuestion& of) { of.samples = 0; }), "samples");
  EXPECT_EQ(with([](CertifyQuestion& of) { of.tolerance = 0.5; }), "tolerance");
  EXPECT_EQ(mistake(question({{"training.optimizer", "gradient-flow"}})).place().key, "training.optimizer");
  EXPECT_EQ(mistake(question({{"architecture.family", "wide-resnet"}, {"data.name", "cifar10"}})).place().key,
            "architecture.family");
  EXPECT_EQ(mistake(question({{"architecture.family", "residual-mlp"}})).place().key, "architecture.family");
  EXPECT_EQ(mistake(question({{"training.alpha", "0"}})).place().key, "training.alpha");
  // The exponent of a rate is said by the parameterization, not by the rate.
  const ConfigError width = mistake(question({{"training.learning_rate", "\"1/architecture.width\""}}));
  EXPECT_EQ(width.place().key, "training.learning_rate");
  EXPECT_THAT(width.what(), HasSubstr("parameterization.name = \"custom\""));
}

}  // namespace
}  // namespace widthwise
