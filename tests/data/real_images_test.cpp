// The real image sets, where they are installed: published facts about them, and what loading promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "widthwise/data/idx.h"
#include "widthwise/data/image_sets.h"
#include "widthwise/data/load.h"

namespace widthwise {
namespace {

// A folder of data for sets no package brings: WIDTHWISE_TEST_DATA, or one beside the project's own.
std::string beside() {
  if (const char* given = std::getenv("WIDTHWISE_TEST_DATA"); given != nullptr && *given != '\0') return given;
  const std::string folder = std::string(WIDTHWISE_SOURCE_DIR) + "/../shared/data";
  return std::filesystem::is_directory(folder) ? folder : std::string{};
}

std::vector<Index> count_labels(const std::vector<std::uint8_t>& labels) {
  std::vector<Index> counts(10);
  for (const std::uint8_t label : labels) ++counts[label];
  return counts;
}

TEST(FashionMnist, HasItsPublishedSizes) {
  const std::string folder = where_found("fashion-mnist", beside());
  if (folder.empty()) GTEST_SKIP() << "not here: " << how_to_get("fashion-mnist");
  const ImageFiles files = image_files(*find_image_set("fashion-mnist"), folder, true);
  const LabelledImages train = read_labelled_images(files.train_images, files.train_labels, 10);
  EXPECT_EQ(train.images.dimensions, (std::vector<Index>{60000, 28, 28}));
  EXPECT_EQ(count_labels(train.labels.values), std::vector<Index>(10, 6000));
  const LabelledImages test = read_labelled_images(files.test_images, files.test_labels, 10);
  EXPECT_EQ(count_labels(test.labels.values), std::vector<Index>(10, 1000));
}

TEST(FashionMnist, LoadsBalancedStandardisedSubsets) {
  DataOptions options;
  options.train = 1005;
  options.test = 200;
  options.key = Key(3);
  options.data_dir = beside();
  if (where_found(options.name, options.data_dir).empty()) GTEST_SKIP() << "not here: " << how_to_get(options.name);
  const Split split = load_data(options), again = load_data(options);
  EXPECT_EQ(split.fingerprint, again.fingerprint);
  EXPECT_EQ(split.train.features(), 784);
  for (int c = 0; c < 10; ++c) {
    const auto count = std::count(split.train.classes.begin(), split.train.classes.end(), c);
    EXPECT_TRUE(count == 100 || count == 101);
    EXPECT_EQ(std::count(split.test.classes.begin(), split.test.classes.end(), c), 20);
  }
  const double rounding = 1.1e-16 * static_cast<double>(split.train.inputs.size());  // of a sum of so many terms
  EXPECT_NEAR(split.train.inputs.mean(), 0, rounding);
  EXPECT_NEAR(split.train.inputs.array().square().mean(), 1, rounding);
  EXPECT_NEAR(split.test.inputs.mean(), 0, 0.1);  // fitted on train: near, not exactly, zero
}

TEST(Mnist, HasItsPublishedSizesAndIsNotFashionMnist) {
  const std::string folder = where_found("mnist", beside());
  if (folder.empty()) GTEST_SKIP() << "not here: " << how_to_get("mnist");
  const ImageFiles files = image_files(*find_image_set("mnist"), folder, true);
  const LabelledImages train = read_labelled_images(files.train_images, files.train_labels, 10);
  EXPECT_EQ(train.images.dimensions, (std::vector<Index>{60000, 28, 28}));
  // Counts of the digits 0..9 in the training set, as published with it.
  EXPECT_EQ(count_labels(train.labels.values),
            (std::vector<Index>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
}

// CIFAR-10 in its binary format: whatever part of it there is has all ten classes equally often, and colours: the mean
// of red is above that of blue in every version of the set (published means 0.491 and 0.447).
TEST(Cifar10, HasTenBalancedClassesInColour) {
  std::string folder = where_found("cifar10", beside());
  if (folder.empty()) folder = where_found("cifar10", beside() + "/cifar10-jpeg");
  if (folder.empty()) GTEST_SKIP() << "not here: " << how_to_get("cifar10");
  const Source source = read_image_set(*find_image_set("cifar10"), folder, {});
  for (const Samples* samples : {&source.train, &source.test}) {
    std::vector<Index> counts(10);
    for (const int c : samples->classes) ++counts[static_cast<std::size_t>(c)];
    EXPECT_EQ(counts, std::vector<Index>(10, samples->count() / 10));
    double red = 0, blue = 0;
    for (Index i = 0; i < samples->count(); ++i)
      for (Index p = 0; p < 1024; ++p) {
        red += samples->pixels[static_cast<std::size_t>(i * 3072 + p)];
        blue += samples->pixels[static_cast<std::size_t>(i * 3072 + 2048 + p)];
      }
    const double all = 255.0 * 1024 * static_cast<double>(samples->count());
    EXPECT_NEAR(red / all, 0.491, 0.01);
    EXPECT_NEAR(blue / all, 0.447, 0.01);
  }
}

// Grey CIFAR-10 has published mean 0.4809 and deviation 0.2392 of all pixels (luma of 8 bits): 0.01 is room for a part
// of the set.
TEST(Cifar10, LumaHasItsPublishedMeanAndDeviation) {
  DataOptions options;
  options.name = "cifar10";
  options.train = 5000;
  options.data_dir = beside();
  options.grayscale = true;
  options.preprocess = "none";
  if (where_found("cifar10", options.data_dir).empty()) options.data_dir += "/cifar10-jpeg";
  if (where_found("cifar10", options.data_dir).empty()) GTEST_SKIP() << "not here: " << how_to_get("cifar10");
  const Dataset train = load_data(options).train;
  EXPECT_EQ(train.image, (ImageShape{1, 32, 32}));
  const double mean = train.inputs.mean();
  EXPECT_NEAR(mean, 0.4809, 0.01);
  EXPECT_NEAR(std::sqrt((train.inputs.array() - mean).square().mean()), 0.2392, 0.01);
}

}  // namespace
}  // namespace widthwise
