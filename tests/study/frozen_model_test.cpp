// Runs of frozen kernels: where networks are lazy they are the networks, and two ways to follow them are one.
#include <gmock/gmock.h>

#include <cmath>

#include "quiet_run.h"
#include "text.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/run.h"
#include "widthwise/study/table.h"

namespace widthwise {
namespace {

using study_test::mistake;
using testing::HasSubstr;

std::string flow(const std::string& more) {
  return "title = \"flow\"\n[architecture]\nwidth = 48\nactivation = \"softplus\"\n"
         "[parameterization]\nname = \"mean-field\"\nbase_in = \"multiplier\"\n"
         "[data]\nname = \"gaussian\"\ntrain = 24\ntest = 30\ndimension = 8\n"
         "[training]\noptimizer = \"gradient-flow\"\nloss = \"softhinge\"\nkappa = \"-training.alpha\"\n"
         "alpha_convention = \"code\"\nstop_margin = 1\n"
         "[measure]\nobservables = [\"train_loss\", \"test_error\", \"smallest_margin\", \"half_time\", "
         "\"output_size\"]\n"
         "[[sweep]]\nname = \"s\"\n" +
         more;
}

RunRecord run(const std::string& model, double alpha) {
  const Study study = study_test::parse(
      flow("\"training.model\" = \"" + model + "\"\n\"training.alpha\" = " + std::to_string(alpha) + "\n"));
  DataCache data;
  return execute(group_runs({expand(study, study.sweeps.front()).front().configuration}).front(), data).front();
}

TEST(FrozenModel, IsTheNetworkWhereThatIsLazyAndNotWhereItLearnsFeatures) {
  const auto distance = [](const RunRecord& a, const RunRecord& b) {
    return std::abs(a.finals.at("half_time") / b.finals.at("half_time") - 1);
  };
  // The network moves by 1/alpha of what it would have to, its kernel by as much.
  EXPECT_LT(distance(run("network", 1e4), run("tangent-kernel", 1e4)), 1e-3);
  EXPECT_GT(distance(run("network", 1e-2), run("tangent-kernel", 1e-2)), 0.1);
  const RunRecord kernel = run("tangent-kernel", 1), linearised = run("linearised", 1);
  EXPECT_EQ(kernel.status, "stopped");
  EXPECT_THAT(kernel.reason, HasSubstr("reached"));
  EXPECT_GE(kernel.finals.at("smallest_margin"), 1);
  EXPECT_LT(distance(kernel, linearised), 1e-2);  // by the steps their own norms allow
  EXPECT_EQ(kernel.trace.values("test_error").size(), kernel.trace.size());
  EXPECT_FALSE(std::isnan(kernel.finals.at("test_error")));
}

TEST(FrozenModel, HasNoFeaturesToMeasureAndFollowsAFlow) {
  const ConfigError features =
      mistake(flow("\"training.model\" = \"linearised\"\n\"measure.observables\" = [\"feature_change\"]\n"));
  EXPECT_EQ(features.place().key, "measure.observables");
  EXPECT_THAT(features.got(), HasSubstr("feature_change"));
  const ConfigError steps =
      mistake(flow("\"training.model\" = \"tangent-kernel\"\n\"training.optimizer\" = \"sgd\"\n"
                   "\"training.learning_rate\" = 1\n\"training.steps\" = 1\n"
                   "\"measure.observables\" = [\"train_loss\"]\n"));
  EXPECT_EQ(steps.place().key, "training.optimizer");
  // What such a flow does not look at is refused, not passed over.
  for (const char* key : {"training.tau", "training.temperature", "training.weight_decay", "training.patience"})
    EXPECT_EQ(mistake(flow("\"training.model\" = \"linearised\"\n\"" + std::string(key) + "\" = 1\n")).place().key,
              key);
}

TEST(FrozenModel, TheLaterTheKernelIsFrozenTheNearerItComesToTheNetwork) {
  // From the state at half of the loss the flow goes on with the kernel of then. Where the network is lazy that kernel
  // is the initial one, and all three end at the same outputs; where it learns features half of the way has been gone.
  const std::string axes = "\"training.alpha\" = [0.01, 10000]\n\"measure.keep\" = [\"test_outputs\"]\n",
                    frozen =
                        "\"training.model\" = \"tangent-kernel\"\n\"measure.observables\" = [\"train_loss\"]\n" + axes;
  const auto distance = [](const std::string& with) {
    return "[[derived]]\nname = \"" + with + "\"\nsweep = \"s\"\nof = \"test_outputs\"\nwith = \"" + with +
           "\"\nhow = \"relative_distance\"\n";
  };
  const Study study =
      study_test::parse(flow(axes + "\"training.save\" = [\"loss 0.5\"]\n[[sweep]]\nname = \"init\"\n" + frozen +
                             "[[sweep]]\nname = \"half\"\nstart_from = { sweep = \"s\", at = \"loss 0.5\" }\n" +
                             frozen + distance("init") + distance("half")));
  const study_test::Folder folder("frozen-at-half");
  run_study(study, study_test::quiet(folder.path()));
  const StoreReader reader(folder.path());
  const auto values = [&](const std::string& name) {
    const Table table = select(study, "s", {name}, reader);
    return std::pair{table.rows[0].values[0], table.rows[1].values[0]};
  };
  const auto [init, lazy_init] = values("init");
  const auto [half, lazy_half] = values("half");
  EXPECT_LT(lazy_init, 1e-2);  // the last steps, by which margins are passed, are not the same
  EXPECT_LT(lazy_half, 1e-2);
  EXPECT_GT(init, 0.1);
  EXPECT_LT(half, 0.75 * init);
  EXPECT_GT(half, 1e-3);
}

TEST(FrozenModel, AKernelBeyondItsBudgetSaysBytesBudgetAndTheWayOut) {
  const Study study = study_test::parse(flow("\"training.model\" = \"tangent-kernel\"\n\"data.train\" = 25000\n"));
  DataCache data;
  try {
    execute(group_runs({expand(study, study.sweeps.front()).front().configuration}).front(), data);
    FAIL() << "25000^2 doubles are 5e9 bytes";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, "training.model");
    EXPECT_THAT(error.expected(), HasSubstr("4e+09 bytes"));
    EXPECT_THAT(error.got(), HasSubstr("5e+09 bytes"));
    EXPECT_THAT(error.hint(), HasSubstr("linearised"));
  }
}

}  // namespace
}  // namespace widthwise
