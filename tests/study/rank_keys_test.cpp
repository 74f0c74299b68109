// Ranks in studies: their tolerance, the identity of runs, what singular values cost, and ensembles of schemes that
// drop their initial weights.
#include <gmock/gmock.h>

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
const std::string ranks = sweep + "\"measure.observables\" = [[\"feature_rank\", \"initial_weight_rank\"]]\n";

std::vector<Configuration> configurations(const std::string& settings) {
  const Study study = parse(tiny + settings);
  std::vector<Configuration> runs;
  for (const GridPoint& point : expand(study, study.sweeps.front())) runs.push_back(point.configuration);
  return runs;
}
Configuration configuration(const std::string& settings) {
  return configurations(settings).front();
}

RunRecord record(const std::string& settings) {
  DataCache data;
  return execute(group_runs({configuration(settings)}).front(), data).front();
}

TEST(RankKeys, ToleranceDecidesWhatCounts) {
  const RunRecord all = record(ranks), half = record(ranks + "\"measure.rank_tolerance\" = 0.5\n");
  // Gaussian matrices 8 x 6, 8 x 8 and 1 x 8 have full rank; not all values are above half of the largest.
  EXPECT_EQ(all.finals.at("initial_weight_rank.1"), 6);
  EXPECT_EQ(all.finals.at("initial_weight_rank.2"), 8);
  EXPECT_EQ(all.finals.at("initial_weight_rank.3"), 1);
  EXPECT_LT(half.finals.at("initial_weight_rank.2"), 8);
  EXPECT_EQ(half.finals.at("initial_weight_rank.3"), 1);
  EXPECT_LE(all.finals.at("feature_rank.2"), 8);
}

TEST(RankKeys, LeaveRecordedRunsWhatTheyWere) {
  EXPECT_EQ(configuration(ranks + "\"measure.rank_tolerance\" = \"none\"\n").identity(),
            configuration(ranks).identity());
  EXPECT_NE(configuration(ranks + "\"measure.rank_tolerance\" = 1e-7\n").identity(), configuration(ranks).identity());
}

TEST(RankKeys, RefuseTolerancesThatLeaveNothing) {
  for (const char* tolerance : {"0", "1", "-1e-7"})
    EXPECT_THAT(mistake(tiny + ranks + "\"measure.rank_tolerance\" = " + tolerance + "\n").place().key,
                HasSubstr("measure.rank_tolerance"))
        << tolerance;
}

// Of W_0 once, of features at each of the five measured times: 40 times the longer side and the square of the shorter.
TEST(RankKeys, CostIsCounted) {
  const auto flops = [](const std::string& settings) { return estimate_cost(configuration(settings), 6, 1).flops; };
  const double initial = 40.0 * (8 * 36 + 8 * 64 + 8), features = 5 * 2 * 40.0 * 32 * 64;
  EXPECT_NEAR(flops(ranks) - flops(sweep), initial + features, 1e-6 * flops(ranks));
}

// Seeds train together; each drops its own initial weights.
TEST(RankKeys, MembersOfAGroupAreMeasuredAsAlone) {
  const std::string many = sweep +
                           "\"measure.observables\" = [[\"initial_part\", \"update_part\", \"last_update_part\", "
                           "\"initial_weight_participation\", \"weight_update_participation\", "
                           "\"last_update_participation\"]]\n"
                           "\"parameterization.name\" = [\"hp\"]\n\"training.dtype\" = \"float64\"\n"
                           "\"seed.init\" = [1, 2, 3]\n";
  DataCache data;
  const auto groups = group_runs(configurations(many));
  ASSERT_EQ(groups.size(), 1U);
  const std::vector<RunRecord> together = execute(groups.front(), data);
  ASSERT_EQ(together.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const RunRecord alone = execute(group_runs({groups.front().runs[i]}).front(), data).front();
    for (const auto& [name, value] : alone.finals) EXPECT_NEAR(together[i].finals.at(name), value, 1e-10) << name;
  }
  EXPECT_NE(together[0].finals.at("initial_part.2"), together[1].finals.at("initial_part.2"));
}

}  // namespace
}  // namespace widthwise
