// What must be heard before a study runs: of which runs, and by how much, as theory has it.
#include "widthwise/study/warnings.h"

#include <gmock/gmock.h>

#include "text.h"

namespace widthwise {
namespace {

using study_test::parse;
using study_test::tiny;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string key(const std::string& name, const std::string& value) {
  return "\"" + name + "\" = " + value + "\n";
}

// Four hidden layers, where schemes differ.
std::vector<std::string> of(const std::string& scheme, const std::string& activation, const std::string& more = "",
                            const std::string& hidden_layers = "4") {
  return warnings(parse(tiny + "[[sweep]]\nname = \"s\"\n" + key("architecture.hidden_layers", hidden_layers) +
                        key("parameterization.name", '"' + scheme + '"') +
                        key("architecture.activation", '"' + activation + '"') + more));
}

std::string degree(const std::string& p) {
  return key("parameterization.homogeneity", '"' + p + '"');
}

TEST(Warnings, NoneWhereASchemeIsWhatItIsKnownFor) {
  for (const char* scheme : {"standard", "ntk", "mup"}) EXPECT_THAT(of(scheme, "sigmoid"), IsEmpty()) << scheme;
  for (const char* scheme : {"integrable", "hp", "hpz", "ip-non-centered"})
    for (const char* activation : {"relu", "tanh", "gelu"})
      EXPECT_THAT(of(scheme, activation), IsEmpty()) << scheme << " " << activation;
  for (const char* activation : {"relu", "leaky_relu", "abs", "quadratic", "linear"})
    EXPECT_THAT(of("ip-llr", activation), IsEmpty()) << activation;
  EXPECT_THAT(of("ip-llr", "relu", degree("1")), IsEmpty()) << "its own";
}

// |f_1 - f_0| ~ n^-2 for phi(0) = 0 and L = 4, of order one for sigmoid (measured slope 0.00).
TEST(Warnings, AnActivationThatIsNotCentredDoesNotGetStuck) {
  EXPECT_THAT(
      of("integrable", "sigmoid"),
      ElementsAre(AllOf(HasSubstr("phi(0) != 0 for sigmoid"), HasSubstr("integrable with 4 hidden layers"),
                        HasSubstr("the outcome is feature, not stuck"), HasSubstr("f_0 is n^(-1/2), not n^(-2)"),
                        HasSubstr("changes the output by n^(0), not n^(-2)"))));
}

// Features of order one make each first update larger than the rule reckons with: the last by n^(3/2).
TEST(Warnings, FirstRatesAreTooLargeForFeaturesThatDoNotVanish) {
  EXPECT_THAT(of("ip-llr", "sigmoid", degree("1")),
              ElementsAre(AllOf(HasSubstr("the outcome is unstable, not feature"),
                                HasSubstr("first rates are too large, by n^(3/2) in some layer"))));
}

// These keep features of order one, by biases, by a mean or by mup's sizes, whatever phi(0) is.
TEST(Warnings, SchemesWhoseFeaturesDoNotVanishTakeAnyActivation) {
  for (const char* scheme : {"hp", "hpz", "ip-non-centered"}) EXPECT_THAT(of(scheme, "sigmoid"), IsEmpty()) << scheme;
  EXPECT_THAT(of("ip-bias", "sigmoid", key("architecture.bias", "true")), IsEmpty());
}

// |f_1| ~ n^-(L-2)/2 for an activation that is linear beside 0 (measured for tanh and L = 4: -1.06).
TEST(Warnings, ADegreeForcedOnASmoothActivationFallsShort) {
  for (const char* activation : {"tanh", "gelu", "elu", "silu", "erf"})
    EXPECT_THAT(of("ip-llr", activation, degree("1")),
                ElementsAre(AllOf(HasSubstr("has no degree of homogeneity"), HasSubstr(activation),
                                  HasSubstr("the output is n^(-1), not of order one"))))
        << activation;
  EXPECT_THAT(of("ip-llr", "tanh", degree("1"), "2"), IsEmpty()) << "n^0 at L = 2";
}

// Calibration makes each layer's first update as large as it is told to, whatever the exponents.
TEST(Warnings, NoneOfFirstRatesThatAreMeasured) {
  const std::string batch = key("training.batch", "4");
  const auto calibrated = [&](const std::string& how) { return key("parameterization.calibration", '"' + how + '"'); };
  EXPECT_THAT(of("ip-llr", "tanh", degree("1") + batch + calibrated("full")), IsEmpty());
  EXPECT_THAT(of("ip-llr", "tanh", degree("1") + batch + calibrated("unit")), testing::SizeIs(1)) << "a constant";
}

// p = 1 where p = 2: f_0 ~ n^-15/2 instead of n^-2, and rates that undo the latter.
TEST(Warnings, AnotherDegreeThanTheActivationsOwnIsTold) {
  EXPECT_THAT(of("ip-llr", "quadratic", degree("1")),
              ElementsAre(AllOf(HasSubstr("homogeneity = 1 is not the degree 2"), HasSubstr("not of order one"))));
  EXPECT_THAT(of("ip-llr", "relu", degree("2")),
              ElementsAre(AllOf(HasSubstr("homogeneity = 2 is not the degree 1"), HasSubstr("unstable"))));
}

// The authors' wd/n: of hidden matrices a step takes rate * decay * n.
TEST(Warnings, DecayThatGrowsWithTheWidthIsTold) {
  const std::string decay = key("training.weight_decay", "0.1"),
                    authors = key("parameterization.decay_exponents", "\"1,1,1\"");
  EXPECT_THAT(of("ip-llr", "relu", decay), IsEmpty());
  EXPECT_THAT(of("ip-llr", "relu", authors), IsEmpty()) << "without decay";
  EXPECT_THAT(of("ip-llr", "relu", decay + authors),
              ElementsAre(AllOf(HasSubstr("Weight decay of W_2"), HasSubstr("grows as n^(1)"))));
}

TEST(Warnings, EachIsSaidOncePerStudy) {
  EXPECT_THAT(of("integrable", "sigmoid", key("architecture.width", "[8, 16]") + key("seed.init", "[0, 1]")),
              testing::SizeIs(1));
  EXPECT_THAT(of("integrable", "sigmoid", "", "[3, 4]"), testing::SizeIs(2));
}

}  // namespace
}  // namespace widthwise
