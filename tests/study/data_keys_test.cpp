// Keys of [data] that came later: the data they ask for reach the runs, and runs without them are what they were.
#include <gmock/gmock.h>

#include "quiet_run.h"
#include "text.h"
#include "widthwise/store/reader.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/data_options.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/run.h"

namespace widthwise {
namespace {

using study_test::parse;
using study_test::tiny;

Configuration run_with(const std::string& data, const std::string& training = {}) {
  std::string text = tiny;
  text.insert(text.find("[training]"), data + "\n");
  text.insert(text.find("[measure]"), training + "\n");
  const Study study = parse(text + "[[sweep]]\nname = \"s\"\n\"seed.init\" = [0]\n");
  return expand(study, study.sweeps.front()).front().configuration;
}

std::vector<RunRecord> executed(const Configuration& run) {
  DataCache data;
  return execute(group_runs({run}).front(), data);
}

TEST(DataKeys, AtTheirDefaultsTheyAreNoPartOfAnIdentity) {
  const Configuration plain = run_with("");
  for (const char* key : {"validation", "classes", "grayscale", "pca", "whiten", "fit", "label_offset", "transpose",
                          "file", "content", "batch_order", "spectrum_exponent"})
    EXPECT_THAT(plain.json(), testing::Not(testing::HasSubstr(key)));
  EXPECT_EQ(plain.identity(), run_with("validation = 0\npca = 0\nfit = \"train\"\nwhiten = false").identity());
  EXPECT_NE(plain.identity(), run_with("validation = 4").identity());
  EXPECT_NE(run_with("pca = 3").identity(), run_with("pca = 3\nwhiten = false").identity());
}

TEST(DataKeys, EachOfThemReachesTheData) {
  const DataOptions options = data_options(
      run_with("validation = 4\nclasses = [3, 1]\npca = 2\nwhiten = false\nfit = \"all\"\ngrayscale = true\n"
               "label_offset = 1\ntranspose = \"yes\"")
          .values());
  EXPECT_EQ(options.validation, 4);
  EXPECT_THAT(options.classes, testing::ElementsAre(3, 1));  // in the order written
  EXPECT_EQ(options.pca, 2);
  EXPECT_FALSE(options.whiten);
  EXPECT_EQ(options.fit, "all");
  EXPECT_TRUE(options.grayscale);
  EXPECT_EQ(options.label_offset, 1);
  EXPECT_EQ(options.transpose, true);
}

TEST(DataKeys, ShapesAreExpectedAsLoaded) {
  for (const char* data : {"", "pca = 3", "labels = \"classes\"", "labels = \"classes\"\noutputs = 3"}) {
    const Configuration run = run_with(data);
    DataCache cache;
    const auto loaded = cache.get(run);
    EXPECT_EQ(expected_shape(run).inputs, loaded->split.train.features()) << data;
    EXPECT_EQ(expected_shape(run).outputs, loaded->split.train.outputs()) << data;
  }
}

TEST(DataKeys, ValidationIsMeasuredAndLeavesTrainingAsItWas) {
  std::string text = tiny;
  text.replace(text.find("observables = [\"train_loss\""), 27, "observables = [\"validation_loss\", \"train_loss\"");
  const auto with = [&](const std::string& key) {
    std::string full = text;
    full.insert(full.find("[training]"), key + "\n");
    const Study study = parse(full + "[[sweep]]\nname = \"s\"\n\"seed.init\" = [0]\n");
    return expand(study, study.sweeps.front()).front().configuration;
  };
  EXPECT_THROW(with(""), ConfigError);  // no validation samples to measure on
  const RunRecord held = executed(with("validation = 16")).front();
  const RunRecord plain = executed(run_with("")).front();
  EXPECT_GT(held.finals.at("validation_loss"), 0);
  EXPECT_NE(held.finals.at("validation_loss"), held.finals.at("train_loss"));
  EXPECT_EQ(held.finals.at("train_loss"), plain.finals.at("train_loss"));
}

TEST(DataKeys, TheBestRateMayBeChosenOnValidation) {
  study_test::Folder folder("widthwise-validation");
  std::string text = tiny;
  text.replace(text.find("observables = [\"train_loss\""), 27, "observables = [\"validation_loss\", \"train_loss\"");
  text.insert(text.find("[training]"), "validation = 16\n");
  text +=
      "[[sweep]]\nname = \"s\"\n\"architecture.width\" = [8, 16, 32]\n\"seed.init\" = [0, 1]\n"
      "\"training.learning_rate\" = { log2 = [-8, 0], step = 2 }\n"
      "[[prediction]]\nname = \"p\"\nsweep = \"s\"\nagainst = \"architecture.width\"\nexponent = 0\nsource = \"a "
      "test\"\n"
      "of = { optimum = \"training.learning_rate\", minimizes = \"final.validation_loss\" }\n";
  const Study study = parse(text);
  run_study(study, study_test::quiet(folder.path() / "store", 1));
  const std::vector<Judgement> judgements = judge(study, StoreReader(folder.path() / "store"));
  ASSERT_EQ(judgements.size(), 1u);
  EXPECT_FALSE(judgements[0].points.empty());
}

TEST(DataKeys, FixedOrderTakesTheSamplesAsTheyAre) {
  const std::string batch = "batch = 16";
  const Configuration shuffled = run_with("", batch), fixed = run_with("", batch + "\nbatch_order = \"fixed\"");
  EXPECT_NE(shuffled.identity(), fixed.identity());
  EXPECT_NE(executed(shuffled).front().finals.at("train_loss"), executed(fixed).front().finals.at("train_loss"));
  // Without shuffling the seed of batches decides nothing about the numbers.
  const Configuration other = run_with("", batch + "\nbatch_order = \"fixed\"\n[seed]\nbatch = 7");
  EXPECT_EQ(executed(other).front().finals.at("train_loss"), executed(fixed).front().finals.at("train_loss"));
  // With all samples in one batch there is no order to choose.
  EXPECT_EQ(run_with("").identity(), run_with("", "batch_order = \"fixed\"").identity());
}

TEST(DataKeys, PowerLawCoefficientsKeepTheirOrder) {
  std::string text = tiny;
  text.replace(text.find("\"teacher\""), 9, "\"power-law\"");
  text.insert(text.find("[training]"), "target_coefficients = [3, 1, 2]\n");
  const Study study = parse(text + "[[sweep]]\nname = \"s\"\n\"seed.init\" = [0]\n");
  const Configuration run = expand(study, study.sweeps.front()).front().configuration;
  EXPECT_THAT(data_options(run.values()).target_coefficients, testing::ElementsAre(3, 1, 2));
  DataCache cache;
  const auto loaded = cache.get(run);
  const auto& train = loaded->split.train;
  EXPECT_NEAR(train.targets(0, 0), 3 * train.inputs(0, 0) + train.inputs(0, 1) + 2 * train.inputs(0, 2), 1e-14);
}

}  // namespace
}  // namespace widthwise
