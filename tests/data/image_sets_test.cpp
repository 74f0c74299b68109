// Sets of classes and shapes other than ten and as they lie: EMNIST, classes kept, labels shifted.
#include "widthwise/data/image_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/idx_files.h"
#include "widthwise/base/error.h"
#include "widthwise/data/load.h"

namespace widthwise {
namespace {

using testing::HasSubstr;
using testing_data::Bytes;
using testing_data::Folder;

// `count` images of 2 x 3 pixels 0..5 under `prefix`, labels first, first + 1, ... of `classes` classes.
void write_part(const Folder& folder, const std::string& prefix, std::uint32_t count, int first, int classes,
                bool gzip = false) {
  Bytes pixels, labels;
  for (std::uint32_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::uint8_t>(first + static_cast<int>(i) % classes));
    for (std::uint8_t p = 0; p < 6; ++p) pixels.push_back(p);
  }
  const auto packed = [gzip](const Bytes& bytes) { return gzip ? testing_data::gzipped(bytes) : bytes; };
  const std::string ending = gzip ? ".gz" : "";
  folder.write(prefix + "-images-idx3-ubyte" + ending, packed(testing_data::idx_bytes({count, 2, 3}, pixels)));
  folder.write(prefix + "-labels-idx1-ubyte" + ending, packed(testing_data::idx_bytes({count}, labels)));
}

DataOptions asked(const Folder& folder, const std::string& name, Index train) {
  DataOptions options;
  options.name = name;
  options.train = train;
  options.test = 10;
  options.preprocess = "none";
  options.data_dir = folder.path();
  return options;
}

std::string refusal(const DataOptions& options) {
  try {
    load_data(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Emnist, LettersCountFromOneAndLieColumnByColumn) {
  for (const char* subfolder : {"emnist/", "emnist-letters/", ""}) {
    const Folder folder;
    write_part(folder, std::string(subfolder) + "emnist-letters-train", 52, 1, 26, true);
    write_part(folder, std::string(subfolder) + "emnist-letters-test", 26, 1, 26, true);
    const Split split = load_data(asked(folder, "emnist-letters", 26));
    EXPECT_EQ(split.train.outputs(), 26);
    EXPECT_EQ(split.train.image, (ImageShape{1, 3, 2}));
    // Stored rows 0 1 2 / 3 4 5 are the columns of the picture.
    for (Index p = 0; p < 6; ++p)
      EXPECT_EQ(split.train.inputs(0, p) * 255, (std::vector<int>{0, 3, 1, 4, 2, 5})[static_cast<std::size_t>(p)]);
    EXPECT_EQ(split.train.class_names.front(), "a");
    for (const int c : split.train.classes) EXPECT_TRUE(c >= 0 && c < 26);
  }
}

TEST(Emnist, BalancedHas47ClassesAndDigitsTen) {
  const Folder folder;
  write_part(folder, "emnist/emnist-balanced-train", 94, 0, 47);
  write_part(folder, "emnist/emnist-balanced-test", 47, 0, 47);
  write_part(folder, "emnist/emnist-digits-train", 20, 0, 10);
  write_part(folder, "emnist/emnist-digits-test", 10, 0, 10);
  EXPECT_EQ(load_data(asked(folder, "emnist-balanced", 47)).train.outputs(), 47);
  EXPECT_EQ(load_data(asked(folder, "emnist-digits", 20)).train.outputs(), 10);
}

TEST(Kmnist, IsFoundInItsFolderAndNotTakenForMnist) {
  const Folder folder;
  folder.write_image_set("kmnist", 20, 10, true);
  EXPECT_EQ(where_found("kmnist", folder.path()), folder.path() + "/kmnist");
  EXPECT_NE(where_found("mnist", folder.path() + "/kmnist"), folder.path() + "/kmnist");
  EXPECT_EQ(load_data(asked(folder, "kmnist", 20)).train.class_names[1], "ki");
}

TEST(IdxOptions, OffsetAndTransposeMayBeSaid) {
  const Folder folder;
  write_part(folder, "mnist/train", 20, 1, 10);
  write_part(folder, "mnist/t10k", 10, 1, 10);
  DataOptions options = asked(folder, "mnist", 20);
  EXPECT_THAT(refusal(options), HasSubstr("a label in 0..9"));  // 10 is none
  options.label_offset = 1;
  options.transpose = true;
  EXPECT_EQ(load_data(options).train.image, (ImageShape{1, 3, 2}));
  options.label_offset = 2;
  EXPECT_THAT(refusal(options), HasSubstr("a label in 2..11"));  // 1 is none
}

TEST(Classes, KeptOnesAreNumberedInTheOrderAsked) {
  const Folder folder;
  folder.write_image_set("mnist", 60, 40, false);  // pixel p of an image of class c is c + p
  DataOptions options = asked(folder, "mnist", 12);
  options.classes = {7, 2, 5};
  options.test = 6;
  const Split split = load_data(options);
  EXPECT_EQ(split.train.outputs(), 3);
  EXPECT_THAT(split.train.class_names, testing::ElementsAre("7", "2", "5"));
  for (const Dataset* part : {&split.train, &split.test})
    for (Index i = 0; i < part->samples(); ++i)
      EXPECT_NEAR(part->inputs(i, 0) * 255,
                  options.classes[static_cast<std::size_t>(part->classes[static_cast<std::size_t>(i)])], 1e-12);
  options.labels = "pair";
  EXPECT_THAT(refusal(options), HasSubstr("two classes"));
  options.classes = {7, 2};
  const Dataset pair = load_data(options).train;
  for (Index i = 0; i < pair.samples(); ++i) EXPECT_EQ(pair.targets(i, 0), pair.inputs(i, 0) * 255 > 5 ? 1 : -1);
  options.labels = "parity";  // of the position: 7 is even here
  EXPECT_EQ(load_data(options).train.targets, pair.targets);
}

TEST(Classes, ThatAreNotThereTwiceOrAloneAreRefused) {
  const Folder folder;
  folder.write_image_set("mnist", 60, 40, false);
  DataOptions options = asked(folder, "mnist", 12);
  for (const std::vector<int>& classes : {std::vector<int>{3, 12}, {3, 3}, {3}, {-1, 2}}) {
    options.classes = classes;
    EXPECT_THAT(refusal(options), HasSubstr("data.classes"));
  }
  options.classes = {0, 1};
  options.train = 13;  // 6 of each class
  EXPECT_THAT(refusal(options), testing::AllOf(HasSubstr("data.train"), HasSubstr("0..12")));
  options.name = "gaussian";
  options.dimension = 3;
  EXPECT_THAT(refusal(options), HasSubstr("data.classes"));
}

TEST(Validation, IsHeldOutOfTrainingAndTellsWhereThereIsTooLittle) {
  const Folder folder;
  Bytes pixels, labels;
  for (std::uint8_t i = 0; i < 100; ++i) {
    labels.push_back(i % 10);
    pixels.push_back(i);
  }
  folder.write("mnist/train-images-idx3-ubyte", testing_data::idx_bytes({100, 1, 1}, pixels));
  folder.write("mnist/train-labels-idx1-ubyte", testing_data::idx_bytes({100}, labels));
  DataOptions options = asked(folder, "mnist", 60);
  options.test = 0;
  options.validation = 40;
  const Split split = load_data(options);
  std::set<double> all;
  for (const Dataset* part : {&split.train, &split.validation})
    for (Index i = 0; i < part->samples(); ++i) all.insert(part->inputs(i, 0));
  EXPECT_EQ(all.size(), 100u);
  EXPECT_EQ(std::count(split.validation.classes.begin(), split.validation.classes.end(), 3), 4);
  options.validation = 41;
  EXPECT_THAT(refusal(options), testing::AllOf(HasSubstr("data.validation"), HasSubstr("0..40")));
  options.validation = -1;
  EXPECT_THAT(refusal(options), HasSubstr("data.validation"));
}

TEST(ShapeOf, IsReadOffHeadersAndPublishedSizes) {
  const Folder folder;
  folder.write_image_set("mnist", 60, 40, true);
  DataOptions options = asked(folder, "mnist", 12);
  EXPECT_EQ(shape_of(options).inputs, 6);
  EXPECT_EQ(shape_of(options).outputs, 10);
  options.labels = "parity";
  EXPECT_EQ(shape_of(options).outputs, 1);
  options.labels = "classes";
  options.classes = {1, 2, 3};
  options.pca = 4;
  options.whiten = false;  // these images differ in one direction alone
  EXPECT_EQ(shape_of(options).inputs, 4);
  EXPECT_EQ(shape_of(options).outputs, 3);
  const Split split = load_data(options);
  EXPECT_EQ(split.train.features(), 4);
  EXPECT_EQ(split.train.outputs(), 3);
  const Folder empty;
  DataOptions elsewhere = asked(empty, "emnist-letters", 10);
  if (where_found("emnist-letters", empty.path()).empty()) {
    EXPECT_EQ(shape_of(elsewhere).inputs, 784);
    EXPECT_EQ(shape_of(elsewhere).outputs, 26);
  }
  DataOptions generated;
  generated.name = "power-law";
  generated.dimension = 9;
  EXPECT_EQ(shape_of(generated).inputs, 9);
  EXPECT_EQ(shape_of(generated).outputs, 1);
  generated.name = "no-such-set";
  EXPECT_THROW(shape_of(generated), ConfigError);
}

}  // namespace
}  // namespace widthwise
