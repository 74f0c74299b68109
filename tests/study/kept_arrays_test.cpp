// What a run keeps of the state it ended in: outputs that say again what the trace says, and weights that give them.
#include "widthwise/study/kept_arrays.h"

#include <gmock/gmock.h>

#include <cmath>

#include "text.h"
#include "widthwise/data/npy.h"
#include "widthwise/study/group.h"
#include "widthwise/study/one_run.h"
#include "widthwise/study/run.h"

namespace widthwise {
namespace {

using study_test::mistake;
using study_test::parse;
using study_test::tiny;
using testing::HasSubstr;
using testing::IsEmpty;

ValueList texts(const std::vector<std::string>& all) {
  ValueList out;
  for (const std::string& one : all) out.push_back({one, 0});
  return out;
}

Settings settings(const std::vector<std::pair<std::string, Value>>& more = {}) {
  Settings all = parse(tiny + "[[sweep]]\nname = \"s\"\n").base;
  all["data.name"] = {std::string("gaussian"), 0};
  all["measure.observables"] = {texts({"train_error", "test_error", "output_size"}), 0};
  all["measure.keep"] = {texts({"test_outputs", "train_outputs", "weights"}), 0};
  for (const auto& [key, value] : more) all[key] = value;
  return all;
}

OneRun trained(const std::vector<std::pair<std::string, Value>>& more = {}) {
  DataCache data;
  return train_one(Configuration(settings(more)), data);
}

npy::Array<double> array(const RunRecord& run, const std::string& name) {
  return npy::decode<double>(run.arrays.at(name), name);
}

double rms(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x * x;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

// Share of samples whose sign is wrong; a tie counts as wrong.
double error_of(const RunRecord& run, const std::string& part) {
  const auto outputs = array(run, part + "_outputs").values;
  const auto labels = npy::decode<std::uint8_t>(run.arrays.at(part + "_labels")).values;
  double wrong = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) wrong += outputs[i] * (labels[i] == 1 ? 1 : -1) <= 0;
  return wrong / static_cast<double>(outputs.size());
}

// The rms of the kept outputs is the output size recorded last, their share of wrong signs the error: one state, by
// other code. All 32 training points are measured.
void expect_state_of_last_point(const RunRecord& run) {
  EXPECT_EQ(array(run, "train_outputs").shape, (std::vector<std::int64_t>{32, 1}));
  EXPECT_EQ(array(run, "test_outputs").shape, (std::vector<std::int64_t>{8, 1}));
  EXPECT_NEAR(rms(array(run, "train_outputs").values), run.finals.at("output_size"), 1e-14);
  EXPECT_EQ(error_of(run, "train"), run.finals.at("train_error"));
  EXPECT_EQ(error_of(run, "test"), run.finals.at("test_error"));
}

TEST(KeptArrays, AreOfTheLastPointOfTheTrace) {
  expect_state_of_last_point(trained().record);
  const RunRecord centred = trained({{"training.alpha", {3.0, 0}}, {"training.kappa", {-3.0, 0}}}).record;
  expect_state_of_last_point(centred);
}

TEST(KeptArrays, AreOfTheStateARunStoppedIn) {
  const RunRecord run = trained({{"training.steps", {std::int64_t{4000}, 0}},
                                 {"training.learning_rate", {0.2, 0}},
                                 {"training.target_loss", {0.2, 0}}})
                            .record;
  ASSERT_EQ(run.status, "stopped");
  ASSERT_LT(run.last_step, 4000);
  expect_state_of_last_point(run);
}

TEST(KeptArrays, ACentredModelThatHasNotMovedIsExactlyZero) {
  const RunRecord run =
      trained({{"training.steps", {std::int64_t{0}, 0}}, {"training.alpha", {1e6, 0}}, {"training.kappa", {-1e6, 0}}})
          .record;
  for (const double f : array(run, "test_outputs").values) EXPECT_EQ(f, 0);
  for (const double f : array(run, "train_outputs").values) EXPECT_EQ(f, 0);
}

TEST(KeptArrays, WeightsAreThoseTheRunReturns) {
  const OneRun one = trained({{"architecture.bias", {true, 0}}});
  const auto& weights = std::get<Weights<double>>(one.weights);
  for (std::size_t l = 0; l < 3; ++l) {
    const auto& w = weights.weight[l];
    const auto kept = array(one.record, "W" + std::to_string(l + 1));
    EXPECT_EQ(kept.shape, (std::vector<std::int64_t>{w.rows(), w.cols()}));
    EXPECT_EQ(kept.values, std::vector<double>(w.data(), w.data() + w.size()));
    const auto& b = weights.bias[l];
    EXPECT_EQ(array(one.record, "b" + std::to_string(l + 1)).values,
              std::vector<double>(b.data(), b.data() + b.size()));
  }
}

TEST(KeptArrays, InSinglePrecisionTheyAreSingle) {
  const RunRecord run = trained({{"training.dtype", {std::string("float32"), 0}}}).record;
  EXPECT_EQ(npy::read_header(run.arrays.at("test_outputs")).type, "<f4");
  EXPECT_EQ(npy::read_header(run.arrays.at("W1")).type, "<f4");
}

TEST(KeptArrays, OfClassesLabelsAreTheClass) {
  const RunRecord run = trained({{"data.labels", {std::string("classes"), 0}}}).record;
  const auto outputs = array(run, "test_outputs");
  ASSERT_GE(outputs.shape[1], 2);
  const auto labels = npy::decode<std::uint8_t>(run.arrays.at("test_labels")).values;
  const auto classes = static_cast<std::size_t>(outputs.shape[1]);
  double wrong = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = outputs.values.begin() + static_cast<std::ptrdiff_t>(i * classes);
    wrong += std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row != labels[i];
  }
  EXPECT_EQ(wrong / static_cast<double>(labels.size()), run.finals.at("test_error"));
}

TEST(KeptArrays, ADivergedRunHasNoneAndARunThatIsNotAskedNeither) {
  const RunRecord run = trained({{"training.learning_rate", {1e9, 0}}}).record;
  ASSERT_EQ(run.status, "diverged");
  EXPECT_THAT(run.arrays, IsEmpty());
  EXPECT_THAT(trained({{"measure.keep", {ValueList{}, 0}}}).record.arrays, IsEmpty());
}

TEST(KeptArrays, ThatThereAreNoneLeavesRunsWhatTheyWere) {
  Settings without = settings();
  without.erase("measure.keep");
  EXPECT_EQ(Configuration(settings({{"measure.keep", {ValueList{}, 0}}})).identity(),
            Configuration(without).identity());
  EXPECT_NE(Configuration(settings()).identity(), Configuration(without).identity());
}

TEST(KeptArrays, MistakesAreErrors) {
  const ConfigError none = mistake(tiny + "keep = [\"test_outputs\"]\n[[sweep]]\nname = \"s\"\n\"data.test\" = 0\n");
  EXPECT_EQ(none.place().key, "data.test");
  EXPECT_THAT(none.expected(), HasSubstr("to keep test_outputs"));
  const ConfigError unknown = mistake(tiny + "keep = [\"test_output\"]\n[[sweep]]\nname = \"s\"\n");
  EXPECT_EQ(unknown.place().key, "measure.keep");
  EXPECT_THAT(unknown.hint(), HasSubstr("test_outputs"));
}

}  // namespace
}  // namespace widthwise
