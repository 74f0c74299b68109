// Convolutional families in study files: their scaling, what they record, what they cost, and mistakes.
#include <gmock/gmock.h>

#include <cmath>
#include <string>

#include "text.h"
#include "widthwise/observable/observable.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/one_run.h"
#include "widthwise/study/theory.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;

// 8 x 8 pixels of noise: their labels can only be learnt by heart.
std::string small(const std::string& family, const std::string& more = "") {
  return R"(
title = "small"
[architecture]
family = ")" +
         family + R"("
image = "8x8x1"
kernel = 3
blocks = 1
width = 4
)" + more +
         R"(
[parameterization]
name = "ntk"
[data]
name = "gaussian"
dimension = 64
train = 32
test = 8
[training]
loss = "squared"
learning_rate = 0.1
steps = 5
[measure]
observables = ["train_loss", "test_error", "preactivation_size", "feature_change", "update", "own_update"]
times = { every = 1 }
)";
}

Configuration configuration(const std::string& text) {
  return Configuration(study_test::parse(text).base);
}

RunRecord run(const std::string& text) {
  DataCache cache;
  return train_one(configuration(text), cache).record;
}

TEST(ImageFamilies, LeaveASeriesForEveryWeightMatrix) {
  for (const char* family : {"cnn", "wide-resnet"})
    for (const char* dtype : {"float32", "float64"}) {
      SCOPED_TRACE(std::string(family) + ", " + dtype);
      std::string text = small(family);
      text.replace(text.find("steps = 5"), 9, "steps = 5\ndtype = \"" + std::string(dtype) + "\"");
      const RunRecord record = run(text);
      EXPECT_EQ(record.status, "finished");
      // cnn: two convolutions and the readout. wide-resnet: a stem, three blocks of two, shortcuts in all of them but
      // where 16 channels stay 16, a readout.
      const Index hidden = family == std::string("cnn") ? 2 : 10;
      std::size_t count = 0;
      for (const char* name :
           {"train_loss", "test_error", "preactivation_size", "feature_change", "update", "own_update"})
        for (const std::string& series : observable_series(name, hidden)) {
          ++count;
          ASSERT_TRUE(record.finals.contains(series)) << series;
          EXPECT_TRUE(std::isfinite(record.finals.at(series))) << series;
        }
      EXPECT_EQ(record.finals.size(), count);
      EXPECT_GT(record.finals.at("own_update.2"), 0);
      EXPECT_LT(record.finals.at("train_loss"), record.trace.series.at("train_loss").front());
    }
}

TEST(ImageFamilies, FloatRecordsWhatDoubleRecords) {
  // Two ways through every convolution. Five steps: rounding has had no time to grow.
  std::string exact = small("cnn");
  exact.replace(exact.find("steps = 5"), 9, "steps = 5\ndtype = \"float64\"");
  const RunRecord single = run(small("cnn")), twice = run(exact);
  for (const auto& [name, value] : twice.finals)
    EXPECT_NEAR(single.finals.at(name), value, 1e-3 * std::abs(value)) << name;
}

TEST(ImageFamilies, StartAtGainOverTheRootOfTheirFanIn) {
  // Under ntk, at reference width 1, multiplier times deviation is gain / sqrt(fan_in) at every width: kernel area and
  // channels both count, and channels that are no multiple of the width (the stem's) stay what they are.
  for (const char* family : {"cnn", "wide-resnet"})
    for (const char* width : {"width = 4", "width = 3"}) {
      std::string text = small(family);
      text.replace(text.find("width = 4"), 9, width);
      const Configuration one = configuration(text);
      const Scaling scaling = make_scaling(one, 64);
      const std::vector<Dense> matrices = make_architecture(one, 64, 1).weight_matrices();
      ASSERT_EQ(scaling.weights.size(), matrices.size());
      for (std::size_t l = 0; l < matrices.size(); ++l) {
        const double gain = l == 0 || l + 1 == matrices.size() ? 1 : std::sqrt(2.0);
        EXPECT_NEAR(scaling.weights[l].effective_std * std::sqrt(static_cast<double>(matrices[l].fan_in)), gain, 1e-12)
            << family << ", " << width << ", matrix " << l + 1;
      }
    }
}

TEST(ImageFamilies, CostsCountPositionsAndBlocks) {
  // The article's network at 128 channels: 324 positions of 128 channels, values of z and h and one gradient, 4 bytes:
  // 0.5 MB a sample, of 1024 training points at once. Test samples go through in blocks, patches are never all there.
  std::string text = small("cnn", "convolutions = 2");
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"8x8x1", "28x28x1"},
                                                        {"kernel = 3", "kernel = 5"},
                                                        {"blocks = 1", "blocks = 2"},
                                                        {"width = 4", "width = 128"},
                                                        {"dimension = 64", "dimension = 784"},
                                                        {"train = 32", "train = 10000"},
                                                        {"test = 8", "test = 50000"},
                                                        {"steps = 5", "steps = 5\nbatch = 32"}})
    text.replace(text.find(from), from.size(), to);
  const RunCost cost = estimate_cost(configuration(text), 784, 1);
  EXPECT_NEAR(cost.memory, 0.5e6 * 1024, 0.1e9);
}

TEST(ImageFamilies, MistakesNameTheirKey) {
  const auto refused = [](const std::string& from, const std::string& to) {
    std::string text = small("cnn");
    text.replace(text.find(from), from.size(), to);
    try {
      const Configuration one = configuration(text);
      make_architecture(one, 64, 1);
    } catch (const ConfigError& error) {
      return error.place().key;
    } catch (const ShapeError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused("8x8x1", "8x8"), "architecture.image");
  EXPECT_EQ(refused("8x8x1", "8x8x1x1"), "architecture.image");
  EXPECT_EQ(refused("8x8x1", "8x7x1"), "architecture.image");
  EXPECT_EQ(refused("8x8x1", "-8x-8x1"), "architecture.image");
  EXPECT_EQ(refused("kernel = 3", "kernel = 0"), "");  // the family's own
  EXPECT_EQ(refused("kernel = 3", "kernel = 3\npadding = 3"), "architecture.padding");
  EXPECT_THAT(refused("kernel = 3", "kernel = 11\npadding = 0"), HasSubstr("convolution 11 x 11"));
}

TEST(ImageFamilies, TheoryHasExponentsOfPlainConvolutionsAlone) {
  Quantity quantity;
  quantity.value = "final.own_update.2";
  EXPECT_TRUE(ask_theory(configuration(small("cnn")), quantity).exponent.has_value());
  try {
    ask_theory(configuration(small("wide-resnet")), quantity);
    ADD_FAILURE() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.place().key, "prediction.exponent");
  }
}

}  // namespace
}  // namespace widthwise
