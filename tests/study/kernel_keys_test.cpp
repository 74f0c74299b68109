// The settings of tangent kernels: what they do to a run, to its identity, and what is refused.
#include <gmock/gmock.h>

#include <cmath>

#include "text.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/group.h"
#include "widthwise/study/run.h"

namespace widthwise {
namespace {

using study_test::mistake;
using study_test::parse;
using study_test::tiny;
using testing::HasSubstr;

const std::string sweep = "[[sweep]]\nname = \"s\"\n";
const std::string kernels = sweep + "\"measure.observables\" = [[\"kernel_change\", \"layer_kernel_change\"]]\n";

Configuration configuration(const std::string& settings) {
  const Study study = parse(tiny + settings);
  return expand(study, study.sweeps.front()).front().configuration;
}

RunRecord record(const std::string& settings) {
  DataCache data;
  return execute(group_runs({configuration(settings)}).front(), data).front();
}

TEST(KernelKeys, MeasureEndsUnlessAllTimesAreAskedFor) {
  const RunRecord ends = record(kernels);
  const std::vector<double>& change = ends.trace.values("kernel_change");
  ASSERT_EQ(change.size(), 5U);  // steps 0 to 4
  EXPECT_EQ(change[0], 0);
  for (std::size_t point : {1, 2, 3}) EXPECT_TRUE(std::isnan(change[point]));
  EXPECT_GT(change[4], 0);
  EXPECT_EQ(ends.finals.at("kernel_change"), change[4]);
  EXPECT_TRUE(ends.trace.has("layer_kernel_change.3"));

  const RunRecord all = record(kernels + "\"measure.kernel_times\" = \"all\"\n");
  for (std::size_t point = 1; point < 5; ++point)
    EXPECT_GT(all.trace.values("kernel_change")[point], all.trace.values("kernel_change")[point - 1]);
  EXPECT_EQ(all.trace.values("kernel_change")[4], change[4]);
}

TEST(KernelKeys, ChooseTheirPoints) {
  // The default is the test set where there is one.
  const double test = record(kernels).finals.at("kernel_change");
  EXPECT_EQ(record(kernels + "\"measure.kernel_set\" = \"test\"\n").finals.at("kernel_change"), test);
  EXPECT_EQ(record(kernels + "\"measure.kernel_points\" = 8\n").finals.at("kernel_change"), test);  // all there are
  EXPECT_NE(record(kernels + "\"measure.kernel_points\" = 5\n").finals.at("kernel_change"), test);
  const double train = record(kernels + "\"measure.kernel_set\" = \"train\"\n").finals.at("kernel_change");
  EXPECT_NE(train, test);
  EXPECT_GT(record(kernels + "\"data.test\" = 0\n").finals.at("kernel_change"), 0);
}

TEST(KernelKeys, LeaveRecordedRunsWhatTheyWere) {
  const std::string plain = configuration(sweep).identity();
  EXPECT_EQ(configuration(sweep + "\"measure.kernel_points\" = 256\n\"measure.kernel_times\" = \"ends\"\n").identity(),
            plain);
  EXPECT_NE(configuration(kernels + "\"measure.kernel_points\" = 5\n").identity(), configuration(kernels).identity());
  EXPECT_NE(configuration(kernels + "\"measure.kernel_set\" = \"train\"\n").identity(),
            configuration(kernels).identity());
}

TEST(KernelKeys, CostIsCounted) {
  const auto cost = [](const std::string& settings) { return estimate_cost(configuration(settings), 6, 1); };
  const RunCost ends = cost(kernels), all = cost(kernels + "\"measure.kernel_times\" = \"all\"\n");
  EXPECT_GT(ends.flops, cost(sweep).flops);
  EXPECT_GT(all.flops, ends.flops);
  EXPECT_GT(ends.memory, cost(sweep).memory);
}

TEST(KernelKeys, SayWhatTheyCannotUse) {
  ConfigError error = mistake(tiny + kernels + "\"data.test\" = 0\n\"measure.kernel_set\" = \"test\"\n");
  EXPECT_THAT(error.place().key, HasSubstr("measure.kernel_set"));
  EXPECT_THAT(error.expected(), HasSubstr("there is no test set"));
  error = mistake(tiny + kernels + "\"measure.kernel_set\" = \"validation\"\n");
  EXPECT_THAT(error.place().key, HasSubstr("measure.kernel_set"));
  error = mistake(tiny + kernels + "\"measure.kernel_points\" = 0\n");
  EXPECT_THAT(error.place().key, HasSubstr("measure.kernel_points"));
  error = mistake(tiny + kernels + "\"measure.kernel_times\" = \"never\"\n");
  EXPECT_THAT(error.place().key, HasSubstr("measure.kernel_times"));
}

}  // namespace
}  // namespace widthwise
