// Derived quantities and what is asked of theory, on numbers worked out by hand.
#include "widthwise/study/derived.h"

#include <gmock/gmock.h>

#include <cmath>

#include "text.h"
#include "widthwise/study/theory.h"

namespace widthwise {
namespace {

const double none = std::nan("");

TEST(Derived, MeanVarianceDifference) {
  const std::vector<double> values{1, 2, 6};
  EXPECT_EQ(derive("mean", values), 3);
  EXPECT_DOUBLE_EQ(derive("variance", values), 7);  // (4 + 1 + 9) / 2
  EXPECT_TRUE(std::isnan(derive("difference", values)));
  EXPECT_EQ(derive("difference", std::vector<double>{1, 5}), 4);
  EXPECT_EQ(derive("mean", std::vector<double>{1, none, 3}), 2);
  EXPECT_TRUE(std::isnan(derive("variance", std::vector<double>{1, none})));
  EXPECT_TRUE(std::isnan(derive("difference", std::vector<double>{none, 1})));
}

TEST(Derived, GroupsKeepTheirOrderAndTheirWorstStatus) {
  Table table{"s", {"a", "b"}, {"x"}, {}, 4, 3};
  const auto row = [&](std::int64_t a, std::int64_t b, double x, const std::string& status) {
    table.rows.push_back({{Value(a), Value(b)}, {x}, status, "", "id"});
  };
  row(2, 0, 1, "finished");
  row(1, 0, 5, "finished");
  row(2, 1, 3, "finished");
  row(1, 1, none, "missing");
  const std::vector<DerivedSpec> specs{{"m", "s", "x", "b", "mean", "", {}, 1}};
  const Table groups = derive(table, specs);
  ASSERT_EQ(groups.rows.size(), 2U);
  EXPECT_THAT(groups.axes, testing::ElementsAre("a"));
  EXPECT_EQ(groups.rows[0].values[0], 2);
  EXPECT_EQ(groups.rows[0].status, "finished");
  EXPECT_EQ(groups.rows[1].values[0], 5);
  EXPECT_EQ(groups.rows[1].status, "missing");
}

Configuration mup(const std::string& steps) {
  const Study study = study_test::parse(study_test::tiny +
                                        "[[sweep]]\nname = \"s\"\n\"parameterization.name\" = \"mup\"\n"
                                        "\"training.steps\" = " +
                                        steps + "\n");
  return expand(study, study.sweeps.front()).front().configuration;
}

TEST(Theory, KnowsAfterHowManyUpdatesAValueIsTaken) {
  // The readout of mup starts at n^-1/2 and moves by order one: 1/2 relative to its start. Before any update there is
  // nothing to speak of; one update and several are told apart by the step.
  const auto ask = [&](const std::string& value, const std::string& steps) {
    return ask_theory(mup(steps), {value, "", ""});
  };
  EXPECT_DOUBLE_EQ(ask("initial.output_size", "4").exponent.value(), -0.5);
  EXPECT_DOUBLE_EQ(ask("final.output_size", "0").exponent.value(), -0.5);
  EXPECT_DOUBLE_EQ(ask("final.own_update.3", "4").exponent.value(), 0.5);
  EXPECT_THAT(ask("at_step(1).own_update.3", "4").reasons.front(), testing::StartsWith("first.own_update.3 ~"));
  EXPECT_THAT(ask("final.own_update.3", "1").reasons.front(), testing::StartsWith("first.own_update.3 ~"));
  EXPECT_FALSE(ask("initial.own_update.3", "4").exponent.has_value());
  EXPECT_THROW(ask("final.train_loss", "4"), ConfigError);
  EXPECT_THROW(ask_theory(mup("4"), {"", "training.momentum", "final.train_loss"}), ConfigError);
}

}  // namespace
}  // namespace widthwise
