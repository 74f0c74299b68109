// The settings of training that came after the first records: what they do to a run, to its identity, and what is
// refused.
#include <gmock/gmock.h>

#include <set>

#include "text.h"
#include "widthwise/parameterization/optimizer.h"
#include "widthwise/study/group.h"
#include "widthwise/study/run.h"
#include "widthwise/study/scheme.h"

namespace widthwise {
namespace {

using study_test::parse;
using study_test::tiny;
using testing::HasSubstr;

const std::string sweep = "[[sweep]]\nname = \"s\"\n";

std::vector<Configuration> configurations(const std::string& settings) {
  const Study study = parse(tiny + sweep + settings);
  std::vector<Configuration> runs;
  for (const GridPoint& point : expand(study, study.sweeps.front())) runs.push_back(point.configuration);
  return runs;
}

std::vector<RunRecord> records(const std::string& settings) {
  DataCache data;
  std::vector<RunRecord> all;
  for (const RunGroup& group : group_runs(configurations(settings)))
    for (RunRecord& record : execute(group, data)) all.push_back(std::move(record));
  return all;
}

std::string identity(const std::string& settings) {
  return configurations(settings).front().identity();
}

TEST(TrainingKeys, EveryOptimizerRuns) {
  std::set<double> losses;
  for (const Named& optimizer : known_update_rules()) {
    const auto run = records("\"training.optimizer\" = \"" + optimizer.name + "\"\n\"training.weight_decay\" = 0.1\n");
    ASSERT_EQ(run.size(), 1U) << optimizer.name;
    EXPECT_EQ(run[0].status, "finished") << optimizer.name;
    losses.insert(run[0].finals.at("train_loss"));
  }
  EXPECT_EQ(losses.size(), known_update_rules().size());  // six rules, six results
}

TEST(TrainingKeys, DefaultsAreThoseOfTheRule) {
  const auto number = [](const char* optimizer, const char* key) {
    return configurations(std::string("\"training.optimizer\" = \"") + optimizer + "\"\n").front().number(key);
  };
  EXPECT_EQ(number("momentum", "training.momentum"), 0.9);
  EXPECT_EQ(number("muon", "training.momentum"), 0.95);
  EXPECT_EQ(number("adamw", "training.beta2"), 0.999);
  EXPECT_EQ(number("rmsprop", "training.beta2"), 0.99);
  // What a rule does not use makes no difference to its runs.
  EXPECT_EQ(identity("\"training.optimizer\" = \"rmsprop\"\n"),
            identity("\"training.optimizer\" = \"rmsprop\"\n\"training.beta1\" = 0.5\n\"training.momentum\" = 0.5\n"));
  EXPECT_NE(identity("\"training.optimizer\" = \"muon\"\n"),
            identity("\"training.optimizer\" = \"muon\"\n\"training.momentum\" = 0.9\n"));
}

TEST(TrainingKeys, LeaveRecordedRunsWhatTheyWere) {
  const std::string labels = "\"data.labels\" = \"sign\"\n", plain = identity(labels);
  // Defaults, written out or beside the point.
  for (const char* same : {"schedule\" = \"constant\"", "warmup_steps\" = 0", "final_rate\" = 0.5", "switch_step\" = 3",
                           "epoch_factor\" = 0.5", "stop_margin\" = \"none\"", "stop_share\" = 0.5", "patience\" = 0",
                           "min_improvement\" = 0.1"})
    EXPECT_EQ(identity(labels + "\"training." + same + "\n"), plain) << same;
  for (const char* other : {"schedule\" = \"cosine\"", "warmup_steps\" = 2", "stop_margin\" = 0", "patience\" = 2"})
    EXPECT_NE(identity(labels + "\"training." + other + "\n"), plain) << other;
  const std::string cosine = "\"training.schedule\" = \"cosine\"\n";
  EXPECT_NE(identity(cosine), identity(cosine + "\"training.final_rate\" = 0.5\n"));
}

TEST(TrainingKeys, ScheduleReachesTheRates) {
  // A rate of 0 from update 2 on: what comes after step 2 is what was there.
  const std::string still =
      "\"training.schedule\" = \"step\"\n\"training.switch_step\" = 2\n\"training.switch_factor\" = 0\n";
  const Trace trace = records(still).front().trace;
  EXPECT_EQ(trace.at_step("train_loss", 2), trace.at_step("train_loss", 4));
  EXPECT_NE(trace.at_step("train_loss", 1), trace.at_step("train_loss", 2));
  // 32 samples by 16: two updates an epoch, and a second epoch at rate 0.
  const Trace epochs = records(
                           "\"training.batch\" = 16\n\"training.schedule\" = \"per-epoch\"\n"
                           "\"training.epoch_factor\" = 0\n")
                           .front()
                           .trace;
  EXPECT_EQ(epochs.at_step("train_loss", 2), epochs.at_step("train_loss", 4));
  EXPECT_NE(epochs.at_step("train_loss", 1), epochs.at_step("train_loss", 2));
  const Trace warm = records("\"training.warmup_steps\" = 4\n").front().trace, plain = records("").front().trace;
  EXPECT_NE(warm.at_step("train_loss", 1), plain.at_step("train_loss", 1));
}

TEST(TrainingKeys, StoppedRunsSayWhy) {
  const auto stopped = records(
      "\"training.steps\" = 500\n\"training.patience\" = 5\n\"training.min_improvement\" = 0.9\n"
      "\"measure.times.every\" = 0\n");
  EXPECT_EQ(stopped[0].status, "stopped");
  EXPECT_EQ(stopped[0].last_step, 5);
  EXPECT_THAT(stopped[0].reason, HasSubstr("for 5 steps"));
  const auto margin = records(
      "\"training.steps\" = 5000\n\"training.stop_margin\" = 0.01\n\"training.stop_share\" = 0.75\n"
      "\"data.labels\" = \"sign\"\n\"training.learning_rate\" = 0.2\n\"measure.times.every\" = 0\n");
  EXPECT_EQ(margin[0].status, "stopped");
  EXPECT_THAT(margin[0].reason, HasSubstr("75 % of the margins"));
}

TEST(TrainingKeys, FiveExponentsReachEpsilonAndDecay) {
  const std::string custom =
      "\"parameterization.name\" = \"custom\"\n\"architecture.width\" = 16\n\"training.optimizer\" = \"adamw\"\n"
      "\"training.epsilon\" = 0.5\n\"training.weight_decay\" = 0.5\n\"parameterization.input\" = \"0,0,0\"\n"
      "\"parameterization.output\" = \"0,1,1\"\n";
  const Scaling three = make_scaling(configurations(custom + "\"parameterization.hidden\" = \"0,1/2,1\"\n").front(), 6);
  const Scaling five =
      make_scaling(configurations(custom + "\"parameterization.hidden\" = \"0,1/2,1,1,-1/2\"\n").front(), 6);
  EXPECT_DOUBLE_EQ(three.weights[1].effective_epsilon, 0.5);
  EXPECT_DOUBLE_EQ(five.weights[1].effective_epsilon, 0.5 / 16);
  EXPECT_DOUBLE_EQ(three.weights[1].effective_decay, 0.5);
  EXPECT_DOUBLE_EQ(five.weights[1].effective_decay, 0.5 * 4);
  EXPECT_DOUBLE_EQ(five.weights[0].effective_decay, 0.5);
}

struct Refused {
  const char *settings, *key, *expected;
};

TEST(TrainingKeys, RefuseWhatDoesNotFit) {
  for (const Refused& one : std::vector<Refused>{
           {"\"training.schedule\" = \"cosin\"\n", "training.schedule", "cosine"},
           {"\"training.schedule\" = \"step\"\n", "training.switch_step", "an update after the first of 4"},
           {"\"training.schedule\" = \"step\"\n\"training.switch_step\" = 4\n", "training.switch_step", "at most 3"},
           {"\"training.warmup_steps\" = 5\n", "training.warmup_steps", "0 to 4"},
           {"\"training.warmup_steps\" = -1\n", "training.warmup_steps", "whole number"},
           {"\"training.final_rate\" = -1\n", "training.final_rate", "at least 0"},
           {"\"training.switch_factor\" = -1\n", "training.switch_factor", "at least 0"},
           {"\"training.epoch_factor\" = -1\n", "training.epoch_factor", "at least 0"},
           {"\"parameterization.decay_exponents\" = \"1,1\"\n", "parameterization.decay_exponents",
            "input, hidden and output"},
           {"\"parameterization.decay_exponents\" = \"1,x,1\"\n", "parameterization.decay_exponents", "rational"},
           {"\"training.stop_share\" = 0\n", "training.stop_share", "above 0"},
           {"\"training.patience\" = -1\n", "training.patience", "whole number"},
           {"\"training.min_improvement\" = 1\n", "training.min_improvement", "below 1"},
           {"\"training.stop_margin\" = 1\n\"data.labels\" = \"values\"\n", "training.stop_margin", "sign or a class"},
           {"\"training.optimizer\" = \"adamx\"\n", "training.optimizer", "adamw"},
           {"\"parameterization.name\" = \"custom\"\n\"parameterization.input\" = \"0,0\"\n"
            "\"parameterization.hidden\" = \"0,0,0\"\n\"parameterization.output\" = \"0,0,0\"\n",
            "parameterization.input", "a,b,c,e,d"}}) {
    SCOPED_TRACE(one.settings);
    try {
      for (const Configuration& run : configurations(one.settings)) make_scaling(run, 6);
      ADD_FAILURE();
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.place().key, one.key);
      EXPECT_THAT(error.expected(), HasSubstr(one.expected));
    }
  }
}

}  // namespace
}  // namespace widthwise
