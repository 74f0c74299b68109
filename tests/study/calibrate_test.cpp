// Calibrated first rates as settings of runs.
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "text.h"
#include "widthwise/linalg/matrix.h"
#include "widthwise/study/calibrate.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/group.h"
#include "widthwise/study/one_run.h"
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

RunRecord record(const std::string& scheme, const std::string& more = "") {
  DataCache data;
  return execute(group_runs({run_under_scheme(scheme, more)}).front(), data).front();
}

const std::string full = "\"parameterization.calibration\" = \"full\"\n\"training.batch\" = 4\n";

TEST(CalibrationKeys, TheRecordTellsTheBaseRates) {
  const RunRecord run = record("ip-llr", full);
  EXPECT_DOUBLE_EQ(run.finals.at("calibrated_rate.1"), 0.05) << "the learning rate";
  for (const char* name : {"calibrated_rate.2", "calibrated_rate.3"}) {
    EXPECT_GT(run.finals.at(name), 0) << name;
    EXPECT_LE(run.finals.at(name), 500) << name;
  }
  EXPECT_FALSE(run.finals.contains("calibrated_rate.4"));
  EXPECT_FALSE(record("ip-llr").finals.contains("calibrated_rate.1"));
  const RunRecord unit = record("ip-llr", "\"parameterization.calibration\" = \"unit\"\n");
  EXPECT_EQ(unit.finals.at("calibrated_rate.2"), 1);
  // At base rate 1 in the first update and 0.05 later: custom exponents with a switch cannot say it, a larger rate can.
  EXPECT_EQ(unit.trace.at_step("train_loss", 1),
            record("ip-llr", "\"training.learning_rate\" = 1.0\n").trace.at_step("train_loss", 1));
}

// Weights at base rate 1; biases keep theirs, be they first rates or not.
TEST(CalibrationKeys, BiasesKeepTheirRates) {
  const std::string custom =
      "\"parameterization.input\" = \"0,0,-1\"\n\"parameterization.hidden\" = \"0,1,0\"\n"
      "\"parameterization.output\" = \"0,1,1\"\n\"parameterization.first_rates\" = \"-3/2,0,1/2\"\n"
      "\"architecture.bias\" = true\n";
  const auto after = [&](const std::string& scheme, const std::string& more, const std::string& calibration) {
    const Configuration run =
        run_under_scheme(scheme, more + "\"parameterization.calibration\" = \"" + calibration + "\"\n");
    const Architecture architecture = make_architecture(run, 6, 1);
    std::vector<Member> members = make_members(group_runs({run}).front(), 6);
    const Matrix<double> inputs = Matrix<double>::Ones(8, 6), targets = Matrix<double>::Ones(8, 1);
    if (calibrates(run))
      calibrate<double>(run, architecture, members.front(), view(inputs), view(targets), *make_loss(run), {});
    return members.front().scaling;
  };
  for (const auto& [scheme, more] :
       std::map<std::string, std::string>{{"custom", custom}, {"ip-llr", "\"architecture.bias\" = true\n"}}) {
    const Scaling plain = after(scheme, more, "none"), unit = after(scheme, more, "unit");
    for (std::size_t l = 0; l < 3; ++l) {
      EXPECT_DOUBLE_EQ(unit.weights[l].effective_first_rate, plain.weights[l].effective_first_rate / 0.05) << scheme;
      EXPECT_EQ(unit.biases[l].effective_first_rate, plain.biases[l].effective_first_rate) << scheme;
    }
  }
}

TEST(CalibrationKeys, EveryDrawHasItsOwnAndTheSameBatches) {
  const double here = record("ip-llr", full).finals.at("calibrated_rate.2");
  EXPECT_EQ(record("ip-llr", full + "\"seed.batch\" = 7\n").finals.at("calibrated_rate.2"), here);
  EXPECT_NE(record("ip-llr", full + "\"seed.init\" = 7\n").finals.at("calibrated_rate.2"), here);
  // Alone or among others of a group.
  const Study study = parse(under_scheme("ip-llr", full + "\"seed.init\" = [7, 0]\n"));
  std::vector<Configuration> runs;
  for (const auto& point : expand(study, study.sweeps.front())) runs.push_back(point.configuration);
  DataCache data;
  const auto both = execute(group_runs(runs).front(), data);
  ASSERT_EQ(both.size(), 2U);
  const RunRecord alone = record("ip-llr", full);
  const RunRecord& same = both[both[0].identity == alone.identity ? 0 : 1];
  EXPECT_EQ(same.finals.at("calibrated_rate.2"), here);
  EXPECT_EQ(same.trace.at_step("train_loss", 1), alone.trace.at_step("train_loss", 1));
}

TEST(CalibrationKeys, TargetsAndCapAreHeld) {
  const std::string uncapped = full + "\"parameterization.calibration_cap\" = \"none\"\n";
  const RunRecord tenth = record("ip-llr", uncapped),
                  one = record("ip-llr", uncapped + "\"parameterization.calibration_output\" = 1.0\n");
  EXPECT_DOUBLE_EQ(one.finals.at("calibrated_rate.3"), 10 * tenth.finals.at("calibrated_rate.3"));
  EXPECT_EQ(one.finals.at("calibrated_rate.2"), tenth.finals.at("calibrated_rate.2"));
  const RunRecord capped = record("ip-llr", full + "\"parameterization.calibration_cap\" = 1e-3\n");
  EXPECT_EQ(capped.finals.at("calibrated_rate.2"), 1e-3);
  EXPECT_EQ(capped.finals.at("calibrated_rate.3"), 1e-3);
}

TEST(CalibrationKeys, AskForTwoBatches) {
  const ConfigError whole = mistake(under_scheme("ip-llr", "\"parameterization.calibration\" = \"full\"\n"));
  EXPECT_EQ(whole.place().key, "parameterization.calibration_batch");
  EXPECT_THAT(whole.what(), HasSubstr("two disjoint batches"));
  const ConfigError large = mistake(under_scheme("ip-llr", full + "\"parameterization.calibration_batch\" = 1000\n"));
  EXPECT_THAT(large.what(), HasSubstr("batches of 1000"));
  EXPECT_EQ(mistake(under_scheme("custom", full + "\"parameterization.input\" = \"0,0,0\"\n"
                                                  "\"parameterization.hidden\" = \"0,0,0\"\n"
                                                  "\"parameterization.output\" = \"0,0,0\"\n"))
                .place()
                .key,
            "parameterization.calibration");
}

}  // namespace
}  // namespace widthwise
