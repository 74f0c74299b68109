// Runs on a file of one's own: what they are known by, and how many samples they take.
#include "widthwise/study/own_data.h"

#include <gmock/gmock.h>

#include <fstream>

#include "text.h"
#include "widthwise/study/cost.h"
#include "widthwise/study/run.h"

namespace widthwise {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string own_study = R"(
title = "own"
[architecture]
hidden_layers = 1
width = 8
[data]
name = "csv"
file = "FILE"
train = 400
test = 100
[training]
learning_rate = 0.1
steps = 3
dtype = "float64"
[measure]
observables = ["train_loss", "test_error"]
[[sweep]]
name = "s"
"seed.init" = [0, 1]
)";

class OwnData : public ::testing::Test {
 protected:
  std::string write(const std::string& name, int rows) const {
    std::ofstream file(folder_.path() / name);
    file << "x,y,kind\n";
    for (int i = 0; i < rows; ++i) file << i << "," << i * i << "," << (i % 2 == 0 ? "even" : "odd") << "\n";
    return (folder_.path() / name).string();
  }
  static Study study_of(const std::string& file, const std::string& from = {}, const std::string& to = {}) {
    std::string text = own_study;
    text.replace(text.find("FILE"), 4, file);
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    return study_test::parse(text);
  }
  static Configuration first(const Study& study) { return expand(study, study.sweeps.front()).front().configuration; }

  study_test::Folder folder_{"widthwise-own-data"};
};

TEST_F(OwnData, ARunIsKnownByWhatTheFileHoldsNotByItsPath) {
  const Configuration run = first(study_of(write("a.csv", 30)));
  EXPECT_EQ(run.identity(), first(study_of(write("b.csv", 30))).identity());
  EXPECT_NE(run.identity(), first(study_of(write("c.csv", 31))).identity());
  EXPECT_THAT(run.json(), AllOf(HasSubstr("data.content"), testing::Not(HasSubstr("a.csv"))));
  // The last column by its name is the same choice; another column is another run.
  const auto with_target = [&](const std::string& column) {
    return first(
        study_of(write("d.csv", 30), "file = \"", "target = \"" + column + "\"\nlabels = \"classes\"\nfile = \""));
  };
  EXPECT_EQ(run.identity(), with_target("kind").identity());
}

TEST_F(OwnData, PinnedContentNeedsNoFileUntilTheDataAreNeeded) {
  const std::string path = write("a.csv", 30);
  const Configuration run = first(study_of(path));
  const std::string pin = "content = \"" + run.text("data.content") + "\"\nfile = \"";
  std::filesystem::remove(path);
  EXPECT_EQ(first(study_of(path, "file = \"", pin)).identity(), run.identity());
  EXPECT_THROW(first(study_of(path)), DataError);
  write("a.csv", 31);
  const Configuration edited = first(study_of(path, "file = \"", pin));
  DataCache cache;
  EXPECT_THAT([&] { cache.get(edited); }, testing::ThrowsMessage<DataError>(HasSubstr("data.content")));
}

TEST_F(OwnData, TheShapeIsThatOfTheFile) {
  const DataShape shape = expected_shape(first(study_of(write("a.csv", 30))));
  EXPECT_EQ(shape.inputs, 2);
  EXPECT_EQ(shape.outputs, 2);
}

TEST_F(OwnData, NumbersOfSamplesStandWhereTheFileHasAsMany) {
  Study study = study_of(write("a.csv", 500));
  EXPECT_EQ(fit_samples(study), "");
  EXPECT_EQ(first(study).whole("data.train"), 400);
}

TEST_F(OwnData, AShorterFileIsSplitEightyTwenty) {
  Study study = study_of(write("a.csv", 150));
  EXPECT_THAT(fit_samples(study),
              AllOf(HasSubstr("a.csv has 150 samples"), HasSubstr("120 for training, 30 for test")));
  EXPECT_EQ(first(study).whole("data.train"), 120);
  EXPECT_EQ(first(study).whole("data.test"), 30);
  Study again = study_of(write("b.csv", 150));
  fit_samples(again);
  EXPECT_EQ(first(again).identity(), first(study).identity());
}

TEST_F(OwnData, OrSixtyTwentyTwentyWhereValidationIsAskedFor) {
  Study study = study_of(write("a.csv", 150), "test = 100", "test = 100\nvalidation = 100");
  EXPECT_THAT(fit_samples(study), HasSubstr("90 for training, 30 for validation, 30 for test"));
  EXPECT_EQ(first(study).whole("data.validation"), 30);
}

TEST_F(OwnData, WhatTheCommandLineSaysStandsAndIsAnErrorIfThereAreNotAsMany) {
  Study study = study_of(write("a.csv", 150), "train = 400", "train = 140");
  fit_samples(study, {"data.train"});
  EXPECT_EQ(first(study).whole("data.train"), 140);
  EXPECT_EQ(first(study).whole("data.test"), 10);
  Study impossible = study_of(write("a.csv", 150));
  EXPECT_THAT([&] { fit_samples(impossible, {"data.train"}); },
              testing::ThrowsMessage<ConfigError>(AllOf(HasSubstr("data.train"), HasSubstr("150"), HasSubstr("400"))));
}

TEST_F(OwnData, ATestFileKeepsTheTrainingFileWhole) {
  Study study = study_of(write("a.csv", 150), "file = \"", "test_file = \"" + write("t.csv", 20) + "\"\nfile = \"");
  fit_samples(study);
  EXPECT_EQ(first(study).whole("data.train"), 150);
  EXPECT_EQ(first(study).whole("data.test"), 20);
}

TEST_F(OwnData, AnAxisOfSamplesIsLeftAlone) {
  Study study = study_of(write("a.csv", 150), "\"seed.init\" = [0, 1]", "\"data.train\" = [10, 400]");
  EXPECT_EQ(fit_samples(study), "");
}

}  // namespace
}  // namespace widthwise
