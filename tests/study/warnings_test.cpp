#include "widthwise/study/warnings.h"

#include <gmock/gmock.h>

#include "text.h"

namespace widthwise {
namespace {

using study_test::parse;
using study_test::tiny;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> warnings(const std::string& scheme, const std::string& activation, int layers = 4,
                                  const std::string& more = "") {
  return warnings_of(parse(tiny + "[[sweep]]\nname = \"s\"\n\"parameterization.name\" = \"" + scheme +
                           "\"\n\"architecture.activation\" = \"" + activation +
                           "\"\n\"architecture.hidden_layers\" = " + std::to_string(layers) +
                           "\n\"seed.init\" = [0, 1]\n" + more));
}

const std::string one = "\"parameterization.homogeneity\" = \"1\"\n";

TEST(Warnings, NameWhatANonzeroPhiOfZeroDoes) {
  EXPECT_THAT(warnings("integrable", "sigmoid"), ElementsAre(HasSubstr("the network is not stuck")));
  EXPECT_THAT(warnings("ip-llr", "sigmoid", 4, one), ElementsAre(HasSubstr("first rates are too large")));
  EXPECT_THAT(warnings("hpz", "sigmoid"), ElementsAre(HasSubstr("start from phi(0)")));
  for (const char* indifferent : {"mup", "ntk", "standard"}) EXPECT_THAT(warnings(indifferent, "sigmoid"), IsEmpty());
  EXPECT_THAT(warnings("integrable", "tanh"), IsEmpty());
  EXPECT_THAT(warnings("ip-llr", "relu"), IsEmpty());
}

TEST(Warnings, NameADegreeThatIsNotTheActivations) {
  EXPECT_THAT(warnings("ip-llr", "tanh", 4, one), ElementsAre(HasSubstr("n^(-2/2)")));
  EXPECT_THAT(warnings("ip-llr", "tanh", 2, one), IsEmpty()) << "with two hidden layers the output moves by order one";
  EXPECT_THAT(warnings("ip-llr", "quadratic", 3, one), ElementsAre(HasSubstr("whose degree is 2")));
  EXPECT_THAT(warnings("ip-llr", "quadratic", 3), IsEmpty());
}

TEST(Warnings, SayEachOnceForAllRuns) {
  EXPECT_EQ(warnings("integrable", "sigmoid", 4, "\"training.learning_rate\" = [0.1, 0.2]\n").size(), 1U);
}

}  // namespace
}  // namespace widthwise
