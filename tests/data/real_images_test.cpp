// The real image sets, where they are installed: published facts about them, and what loading promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "widthwise/data/idx.h"
#include "widthwise/data/image_sets.h"
#include "widthwise/data/load.h"

namespace widthwise {
namespace {

// A folder of data beside the project's own, for sets no package brings.
std::string beside() {
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
  const ImageFiles files = image_files(folder, true);
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
  EXPECT_NEAR(split.train.inputs.mean(), 0, 1e-12);
  EXPECT_NEAR(split.train.inputs.array().square().mean(), 1, 1e-12);
  EXPECT_NEAR(split.test.inputs.mean(), 0, 0.1);  // fitted on train: near, not exactly, zero
}

TEST(Mnist, HasItsPublishedSizesAndIsNotFashionMnist) {
  const std::string folder = where_found("mnist", beside());
  if (folder.empty()) GTEST_SKIP() << "not here: " << how_to_get("mnist");
  const ImageFiles files = image_files(folder, true);
  const LabelledImages train = read_labelled_images(files.train_images, files.train_labels, 10);
  EXPECT_EQ(train.images.dimensions, (std::vector<Index>{60000, 28, 28}));
  // Counts of the digits 0..9 in the training set, as published with it.
  EXPECT_EQ(count_labels(train.labels.values),
            (std::vector<Index>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
}

}  // namespace
}  // namespace widthwise
