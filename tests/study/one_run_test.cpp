// A run by itself: the same numbers whether its data come by name or from memory, and clear words for what does not
// fit.
#include "widthwise/study/one_run.h"

#include <gmock/gmock.h>

#include <limits>

#include "text.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/linalg/products.h"

namespace widthwise {
namespace {

using study_test::tiny;
using ::testing::HasSubstr;

Settings settings_of_tiny() {
  return study_test::parse(tiny).base;
}

Settings without_data() {
  Settings settings = settings_of_tiny();
  std::erase_if(settings, [](const auto& entry) { return entry.first.starts_with("data."); });
  return settings;
}

MeasuredData<double> measured(const Split& split) {
  return {view(split.train.inputs), view(split.train.targets), view(split.test.inputs), view(split.test.targets)};
}

class OnSameData : public ::testing::Test {
 protected:
  DataCache cache_;
  Configuration named_{settings_of_tiny()};
  std::shared_ptr<const LoadedData> data_ = cache_.get(named_);
};

TEST_F(OnSameData, NamedAndInMemoryAreTheSameRun) {
  const OneRun named = train_one(named_, cache_), given = train_one(without_data(), measured(data_->split));
  EXPECT_EQ(named.record.status, "finished");
  EXPECT_EQ(named.record.identity, named_.identity());
  EXPECT_EQ(given.record.finals, named.record.finals);
  EXPECT_EQ(given.record.trace.series, named.record.trace.series);
  const auto &a = std::get<Weights<double>>(named.weights), &b = std::get<Weights<double>>(given.weights);
  ASSERT_EQ(a.weight.size(), 3U);
  for (std::size_t l = 0; l < 3; ++l) EXPECT_EQ(a.weight[l], b.weight[l]);
}

TEST_F(OnSameData, NoStoreCanFindItAgain) {
  const RunRecord record = train_one(without_data(), measured(data_->split)).record;
  EXPECT_EQ(record.identity, "");
  EXPECT_EQ(record.configuration.find("data.name"), std::string::npos);
  EXPECT_EQ(record.configuration.find("seed.data"), std::string::npos);
  EXPECT_THAT(record.configuration, HasSubstr("\"data.train\":32"));
  EXPECT_EQ(record.provenance.at("data"), "given in memory");
}

TEST_F(OnSameData, WhetherALossFitsIsSeenInTheTargetsGiven) {
  Split signs = data_->split;
  for (Dataset* part : {&signs.train, &signs.test})
    part->targets = part->targets.unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
  Settings settings = without_data();
  settings["training.loss"] = {std::string("softhinge"), 0};
  EXPECT_EQ(train_one(settings, measured(signs)).record.status, "finished");
  EXPECT_THROW(train_one(settings, measured(data_->split)), ConfigError);  // the teacher's values are no signs
}

TEST_F(OnSameData, RowsMayLieApart) {
  // The same numbers in the left columns of wider arrays: read in place, so the results are the same to the bit.
  const Matrix<double>&x = data_->split.train.inputs, &y = data_->split.train.targets;
  Matrix<double> wide = Matrix<double>::Constant(x.rows(), x.cols() + 3, 1e9);
  wide.leftCols(x.cols()) = x;
  MeasuredData<double> apart = measured(data_->split);
  apart.train_inputs = View<const double>(wide.data(), x.rows(), x.cols(), wide.cols());
  EXPECT_EQ(train_one(without_data(), apart).record.finals,
            train_one(without_data(), measured(data_->split)).record.finals);
  EXPECT_EQ(y.rows(), x.rows());
}

TEST_F(OnSameData, TheWeightsAreThoseOfTheLastPoint) {
  // A network of no updates is its initialization; its output computed by hand from W_l has the recorded size.
  Settings settings = without_data();
  settings["training.steps"] = {std::int64_t{0}, 0};
  settings["architecture.activation"] = {std::string("linear"), 0};
  const OneRun run = train_one(settings, measured(data_->split));
  const auto& w = std::get<Weights<double>>(run.weights).weight;
  const Matrix<double> output = data_->split.train.inputs * w[0].transpose() * w[1].transpose() * w[2].transpose();
  const double size = output.norm() / std::sqrt(static_cast<double>(output.size()));
  EXPECT_NEAR(run.record.finals.at("output_size"), size, 1e-14);
}

TEST_F(OnSameData, BiasesComeWithTheWeights) {
  Settings settings = without_data();
  settings["architecture.bias_hidden"] = {true, 0};
  const auto weights = std::get<Weights<double>>(train_one(settings, measured(data_->split)).weights);
  EXPECT_EQ(weights.bias[0].size(), 0);
  EXPECT_EQ(weights.bias[1].cols(), 8);
}

TEST_F(OnSameData, SinglePrecisionByTheDataAlone) {
  Settings settings = without_data();
  settings.erase("training.dtype");
  const LoadedData& d = *data_;
  const OneRun run = train_one<float>(
      settings, {view(d.train_inputs), view(d.train_targets), view(d.test_inputs), view(d.test_targets)});
  EXPECT_EQ(run.record.provenance.at("dtype"), "float32");
  EXPECT_EQ(std::get<Weights<float>>(run.weights).weight.size(), 3U);
}

template <class Call>
std::string message(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(OnSameData, AnotherTypeIsAnError) {
  const LoadedData& d = *data_;  // settings say float64
  EXPECT_THAT(message([&] {
                train_one<float>(without_data(), {view(d.train_inputs), view(d.train_targets), {}, {}});
              }),
              testing::AllOf(HasSubstr("training.dtype"), HasSubstr("float32")));
}

TEST_F(OnSameData, SettingsOfDataAreAnError) {
  for (const char* key : {"data.name", "data.train", "seed.data"}) {
    Settings settings = without_data();
    settings[key] = {std::int64_t{1}, 0};
    EXPECT_THAT(message([&] { train_one(settings, measured(data_->split)); }), HasSubstr(key));
  }
}

TEST_F(OnSameData, TestObservablesNeedATestSet) {
  Settings settings = without_data();
  settings["measure.observables"] = {ValueList{{std::string("test_loss"), 0}}, 0};
  MeasuredData<double> data = measured(data_->split);
  EXPECT_NO_THROW(train_one(settings, data));
  data.test_inputs = data.test_targets = {};
  EXPECT_THAT(message([&] { train_one(settings, data); }), HasSubstr("test"));
}

TEST_F(OnSameData, ShapesThatDoNotFitAreNamed) {
  const auto refused = [&](const auto& change, const char* name) {
    MeasuredData<double> data = measured(data_->split);
    change(data);
    EXPECT_THROW(train_one(without_data(), data), ShapeError);
    EXPECT_THAT(message([&] { train_one(without_data(), data); }), HasSubstr(name));
  };
  refused([](auto& d) { d.train_inputs.rows = 0; }, "inputs");
  refused([](auto& d) { d.train_inputs.cols = 0; }, "inputs");
  refused([](auto& d) { d.train_targets.rows -= 1; }, "targets");
  refused([](auto& d) { d.train_targets.cols = 0; }, "targets");
  refused([](auto& d) { d.test_inputs.cols -= 1; }, "test_inputs");
  refused([](auto& d) { d.test_targets.rows -= 1; }, "test_targets");
  refused([](auto& d) { d.test_inputs = {}; }, "test_inputs");
  refused([](auto& d) { d.test_targets.cols = 0; }, "test_targets");
}

TEST_F(OnSameData, WhatIsNotFiniteIsNamedWithItsPlace) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Matrix<double> inputs = data_->split.train.inputs;
    inputs(3, 2) = bad;
    MeasuredData<double> data = measured(data_->split);
    data.train_inputs = view(std::as_const(inputs));
    EXPECT_THAT(message([&] { train_one(without_data(), data); }), HasSubstr("row 3, column 2"));
  }
}

TEST_F(OnSameData, ARunThatWasStoppedHasNoRecord) {
  request_interrupt();
  EXPECT_THROW(train_one(without_data(), measured(data_->split)), Interrupted);
  request_interrupt(false);
}

}  // namespace
}  // namespace widthwise
