// What is said of every named model, as a person asks of it: where it leads, at L = 2, 3, 4 hidden layers, in exponents
// and in words. The numbers are those of Hajjar, Chizat and Giraud 2021, derived there from the definitions.
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "widthwise/parameterization/classify_text.h"
#include "widthwise/study/question.h"

namespace widthwise {
namespace {

using testing::HasSubstr;

const Rational half(1, 2), zero(0);

struct Model {
  std::string scheme, activation;
  std::function<std::string(int)> outcome;
  std::function<Rational(int)> start, change;  // exponents of f_0, and of f_1 - f_0, as functions of L
  std::string says = "";
  std::string homogeneity = "own";
};

std::function<std::string(int)> always(const std::string& word) {
  return [word](int) { return word; };
}
std::function<Rational(int)> constant(const Rational& exponent) {
  return [exponent](int) { return exponent; };
}

std::vector<Model> models() {
  const auto vanishing = [](int L) { return Rational(-L, 2); };           // n^-1/2 a hidden matrix, and the readout's
  const auto naive = [](int L) { return Rational(2 - L); };               // hidden updates contribute n^-(L-2)
  const auto smooth = [](int L) { return Rational(2 - L, 2); };           // inner products of random signs
  const auto stuck = [](int L) { return L == 2 ? "feature" : "stuck"; };  // two hidden layers learn
  const auto learns = always("feature");
  return {
      {"ntk", "relu", always("kernel"), constant(zero), constant(zero)},
      {"mup", "relu", learns, constant(-half), constant(zero)},
      {"mean-field", "relu", learns, constant(-half), constant(zero)},
      // Features grow by n^1/2 a hidden layer, the readout's update by n times that.
      {"standard", "relu", always("unstable"), constant(zero), [](int L) { return Rational(L + 1, 2); }},
      {"integrable", "relu", stuck, vanishing, naive},
      {"integrable", "tanh", stuck, vanishing, naive},
      {"integrable", "gelu", stuck, vanishing, naive},
      {"integrable", "sigmoid", learns, constant(-half), constant(zero), "phi(0) != 0 keeps features of order one"},
      {"ip-llr", "relu", learns, vanishing, constant(zero), "This one step leads out of a start"},
      {"ip-llr", "quadratic", learns, [](int L) { return Rational(1 - (1 << L), 2); }, constant(zero),
       "This one step leads out of a start"},
      {"ip-llr", "tanh", learns, vanishing, smooth, "phi has no degree", "1"},
      {"ip-llr", "sigmoid", always("unstable"), constant(-half), [](int L) { return Rational(L - 1, 2); },
       "first rates made for vanishing ones are too large", "1"},
      {"ip-bias", "relu", learns, constant(zero), constant(zero), "independent of the input"},
      {"ip-bias", "tanh", learns, constant(zero), constant(zero), "independent of the input"},
      {"ip-non-centered", "relu", learns, constant(zero), constant(zero), "become alike"},
      {"ip-non-centered", "tanh", learns, constant(-half), constant(zero), "become alike"},
      {"hp", "relu", learns, constant(-half), constant(zero), "hidden matrices keep n^(-1/2) of their initial weights"},
      {"hpz", "relu", learns, constant(-half), constant(zero), "hidden matrices keep nothing of their initial weights"},
  };
}

TEST(NamedModels, ComeToWhatTheoryHasForThem) {
  for (const Model& model : models())
    for (const int L : {2, 3, 4}) {
      const Outcome found = classify(Question{.scheme = model.scheme,
                                              .hidden_layers = L,
                                              .activation = model.activation,
                                              .homogeneity = model.homogeneity});
      SCOPED_TRACE(model.scheme + " " + model.activation + " " + std::to_string(L) + "\n" + classify_text(found));
      EXPECT_EQ(found.outcome, model.outcome(L));
      EXPECT_EQ(found.predictions.at("initial.output_size"), model.start(L));
      EXPECT_EQ(found.predictions.at("first.output_change"), model.change(L));
      // Smooth activations fall short from three hidden layers on.
      EXPECT_THAT(classify_text(found), HasSubstr(L > 2 ? model.says : ""));
      if (model.outcome(L) != "unstable") {
        EXPECT_EQ(found.predictions.at("output_change"), model.outcome(L) == "stuck" ? model.change(L) : zero)
            << "at every fixed step after";
      }
    }
}

// Naive-IP learns with two hidden layers; from three on |f_t - f_0| / |f_0| ~ n^-(L-4)/2.
TEST(NamedModels, NaiveIpIsStuckFromThreeHiddenLayersOn) {
  for (int L = 2; L <= 8; ++L) {
    const Outcome found = classify(Question{.scheme = "integrable", .hidden_layers = L});
    EXPECT_EQ(found.outcome, L < 3 ? "feature" : "stuck") << L;
    EXPECT_EQ(found.predictions.at("output_change"), Rational(2 - L)) << L;
    EXPECT_EQ(found.predictions.at("first.update.1"), Rational(1 - L, 2)) << L;
    EXPECT_EQ(found.predictions.at("first.update.2"), Rational(2 - L, 2)) << L;
  }
}

}  // namespace
}  // namespace widthwise
