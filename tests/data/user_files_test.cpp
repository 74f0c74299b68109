#include "widthwise/data/user_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>

#include "data/idx_files.h"
#include "widthwise/base/error.h"
#include "widthwise/data/load.h"
#include "widthwise/data/npy.h"

namespace widthwise {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_data::Bytes;
using testing_data::Folder;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

// Rows i,2i,class with classes b, a, b, a, ... : every value tells its row.
std::string rows(int count, const std::string& header = "x,y,kind\n") {
  std::string text = header;
  for (int i = 0; i < count; ++i)
    text += std::to_string(i) + "," + std::to_string(2 * i) + (i % 2 == 0 ? ",b\n" : ",a\n");
  return text;
}

DataOptions csv(const std::string& path, Index train, Index test = 0, Index validation = 0) {
  DataOptions options;
  options.name = "csv";
  options.file = path;
  options.train = train;
  options.test = test;
  options.validation = validation;
  options.preprocess = "none";
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

std::set<double> ids(const Dataset& data) {
  std::set<double> out;
  for (Index i = 0; i < data.samples(); ++i) out.insert(data.inputs(i, 0));
  return out;
}

TEST(OwnCsv, TrainsOnItsRowsWithClassesInSortedOrder) {
  const Folder folder;
  const Split split = load_data(csv(folder.write("t.csv", bytes_of(rows(10))), 6, 2, 2));
  EXPECT_THAT(split.train.class_names, ElementsAre("a", "b"));
  for (const Dataset* part : {&split.train, &split.test, &split.validation})
    for (Index i = 0; i < part->samples(); ++i) {
      const int row = static_cast<int>(part->inputs(i, 0));
      EXPECT_EQ(part->inputs(i, 1), 2 * row);
      EXPECT_EQ(part->targets(i, row % 2 == 0 ? 1 : 0), 1);
    }
}

TEST(OwnCsv, PartsAreDisjointProportionalAndNested) {
  const Folder folder;
  std::string text;  // 30 of class 0, 90 of class 1
  for (int i = 0; i < 120; ++i) text += std::to_string(i) + (i % 4 == 0 ? ",0\n" : ",1\n");
  const std::string path = folder.write("t.csv", bytes_of(text));
  const Split split = load_data(csv(path, 72, 24, 24));
  std::set<double> all = ids(split.train);
  all.merge(ids(split.test));
  all.merge(ids(split.validation));
  EXPECT_EQ(all.size(), 120u);  // as many as there are, so none in two parts
  EXPECT_EQ(std::ranges::count(split.train.classes, 0), 18);
  EXPECT_EQ(std::ranges::count(split.test.classes, 0), 6);
  EXPECT_EQ(std::ranges::count(split.validation.classes, 0), 6);
  const Split fewer = load_data(csv(path, 40, 24, 10));
  EXPECT_EQ(fewer.train.inputs, split.train.inputs.topRows(40));
  EXPECT_EQ(fewer.validation.inputs, split.validation.inputs.topRows(10));
  EXPECT_EQ(fewer.test.inputs, split.test.inputs);
}

TEST(OwnCsv, WholeNumbersAreClassesByTheirSize) {
  const Folder folder;
  const Split split = load_data(csv(folder.write("t.csv", bytes_of("1,10\n2,2\n3,-1\n4,2.0\n")), 4));
  EXPECT_THAT(split.train.class_names, ElementsAre("-1", "2", "10"));
}

TEST(OwnCsv, ValuesPairAndParity) {
  const Folder folder;
  DataOptions values = csv(folder.write("v.csv", bytes_of("1,0.5\n2,-1.5\n")), 2);
  values.labels = "values";
  const Dataset train = load_data(values).train;
  for (Index i = 0; i < 2; ++i) EXPECT_EQ(train.targets(i, 0), train.inputs(i, 0) == 1 ? 0.5 : -1.5);
  DataOptions pair = csv(folder.write("p.csv", bytes_of(rows(4))), 4);
  pair.labels = "pair";
  const Dataset two = load_data(pair).train;
  for (Index i = 0; i < 4; ++i) EXPECT_EQ(two.targets(i, 0), static_cast<int>(two.inputs(i, 0)) % 2 == 1 ? 1 : -1);
  pair.labels = "parity";
  EXPECT_EQ(load_data(pair).train.outputs(), 1);
}

TEST(OwnCsv, ATestFileIsNeverTrainedOn) {
  const Folder folder;
  DataOptions options = csv(folder.write("t.csv", bytes_of(rows(10))), 10, 2);
  options.test_file = folder.write("test.csv", bytes_of("x,y,kind\n100,200,b\n101,202,a\n"));
  const Split split = load_data(options);
  EXPECT_EQ(ids(split.test), (std::set<double>{100, 101}));
  options.test = 3;
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("data.test"), HasSubstr("0..2")));
  options.test = 1;
  options.test_file = folder.write("other.csv", bytes_of("x,y,kind\n1,2,c\n"));
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("a class that the training file has"), HasSubstr("line 2, column 3")));
  options.test_file = folder.write("columns.csv", bytes_of("x,z,kind\n1,2,a\n"));
  EXPECT_THAT(refusal(options), HasSubstr("the columns of"));
  options.test_file = folder.write("fewer.csv", bytes_of("x,kind\n1,a\n"));
  EXPECT_THAT(refusal(options), HasSubstr("the columns of"));
}

TEST(OwnCsv, MistakesAreNamed) {
  const Folder folder;
  EXPECT_THAT(refusal(csv("", 1)), HasSubstr("data.file"));
  EXPECT_THAT(refusal(csv(folder.path() + "/none.csv", 1)), HasSubstr("none.csv"));
  DataOptions options = csv(folder.write("t.csv", bytes_of("1,0.5\n2,1\n3,2\n")), 2);
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("line 1, column 2"), HasSubstr("data.labels = \"values\"")));
  options = csv(folder.write("u.csv", bytes_of(rows(4))), 2);
  options.labels = "values";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("line 2, column 3 'kind'"), HasSubstr("data.labels = values")));
  options.labels = "sign";
  EXPECT_THAT(refusal(options), HasSubstr("data.labels"));
  std::string many;
  for (int i = 0; i <= most_user_classes; ++i) many += "1," + std::to_string(i) + "\n";
  EXPECT_THAT(refusal(csv(folder.write("m.csv", bytes_of(many)), 2)),
              AllOf(HasSubstr("at most 1000 distinct classes"), HasSubstr("values")));
  EXPECT_THAT(refusal(csv(folder.write("nan.csv", bytes_of("1,a\n2,NaN\n")), 2)), HasSubstr("line 2, column 2"));
  options = csv(folder.write("three.csv", bytes_of("1,a\n2,b\n3,c\n")), 2);
  options.labels = "pair";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("data.classes"), HasSubstr("two classes")));
}

TEST(OwnCsv, MoreThanThereAreIsRefusedByItsKey) {
  const Folder folder;
  const std::string path = folder.write("t.csv", bytes_of(rows(10)));
  EXPECT_THAT(refusal(csv(path, 11)), AllOf(HasSubstr("data.train"), HasSubstr("0..10")));
  EXPECT_THAT(refusal(csv(path, 8, 3)), AllOf(HasSubstr("data.test"), HasSubstr("0..2")));
  EXPECT_THAT(refusal(csv(path, 6, 2, 3)), AllOf(HasSubstr("data.validation"), HasSubstr("0..2")));
}

TEST(OwnCsv, TheContentIsTheBytesAndTheColumnNotThePath) {
  const Folder folder;
  const std::string table = "x,y,z\n1,2,0\n3,4,1\n5,6,1\n";
  const DataOptions one = csv(folder.write("t.csv", bytes_of(table)), 2);
  const std::string content = user_content(one);
  DataOptions moved = csv(folder.write("elsewhere/u.csv", bytes_of(table)), 2);
  EXPECT_EQ(user_content(moved), content);
  moved.target = "3";  // the last by another word
  EXPECT_EQ(user_content(moved), content);
  moved.target = "x";
  moved.labels = "values";
  EXPECT_NE(user_content(moved), content);
  EXPECT_NE(user_content(csv(folder.write("v.csv", bytes_of(table + "7,8,0\n")), 2)), content);
  DataOptions pinned = one;
  pinned.content = content;
  EXPECT_EQ(load_data(pinned).train.samples(), 2);
  pinned.content[0] = pinned.content[0] == '0' ? '1' : '0';
  EXPECT_THAT([&] { load_data(pinned); }, testing::ThrowsMessage<DataError>(HasSubstr("data.content")));
}

TEST(OwnCsv, AFileWrittenAnewIsReadAnew) {
  const Folder folder;
  const std::string path = folder.write("t.csv", bytes_of(rows(10)));
  const std::string before = user_content(csv(path, 2));
  folder.write("t.csv", bytes_of(rows(12)));
  EXPECT_NE(user_content(csv(path, 2)), before);
}

class OwnNpy : public ::testing::Test {
 protected:
  template <class T>
  std::string write(const std::string& name, const std::vector<T>& values, const std::vector<std::int64_t>& shape) {
    return folder_.write(name, bytes_of(npy::encode<T>(values, shape)));
  }
  DataOptions options(const std::string& inputs, const std::string& targets, Index train) const {
    DataOptions options;
    options.name = "npy";
    options.file = inputs;
    options.targets_file = targets;
    options.train = train;
    options.preprocess = "none";
    return options;
  }
  Folder folder_;
};

TEST_F(OwnNpy, ReadsEveryTypeOfNumbers) {
  const std::vector<int> numbers = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto as = [&]<class T>(T) { return std::vector<T>(numbers.begin(), numbers.end()); };
  const std::string labels = write<std::uint8_t>("l.npy", {1, 0, 1, 0}, {4});
  for (const std::string& inputs :
       {write("d.npy", as(double{}), {4, 2}), write("f.npy", as(float{}), {4, 2}),
        write("l8.npy", as(std::int64_t{}), {4, 2}), write("i4.npy", as(std::int32_t{}), {4, 2}),
        write("u1.npy", as(std::uint8_t{}), {4, 2})}) {
    const Dataset train = load_data(options(inputs, labels, 4)).train;
    for (Index i = 0; i < 4; ++i) {
      EXPECT_EQ(train.inputs(i, 1), train.inputs(i, 0) + 1) << inputs;
      EXPECT_EQ(train.classes[static_cast<std::size_t>(i)], static_cast<int>(train.inputs(i, 0)) % 4 == 0 ? 1 : 0);
    }
  }
}

TEST_F(OwnNpy, ImagesAreKeptChannelByChannel) {
  std::vector<double> pixels;  // samples x 2 x 2 x 3: value = 100 sample + 10 pixel + channel
  for (int s = 0; s < 2; ++s)
    for (int p = 0; p < 4; ++p)
      for (int c = 0; c < 3; ++c) pixels.push_back(100 * s + 10 * p + c);
  const std::string labels = write<std::int64_t>("l.npy", {0, 1}, {2, 1});
  const Dataset colour = load_data(options(write("c.npy", pixels, {2, 2, 2, 3}), labels, 2)).train;
  EXPECT_EQ(colour.image, (ImageShape{3, 2, 2}));
  for (Index i = 0; i < 2; ++i)
    for (Index c = 0; c < 3; ++c)
      for (Index p = 0; p < 4; ++p)
        EXPECT_EQ(colour.inputs(i, c * 4 + p), 100 * colour.classes[static_cast<std::size_t>(i)] + 10 * p + c);
  const Dataset grey = load_data(options(write("g.npy", std::vector<double>(8), {2, 2, 2}), labels, 2)).train;
  EXPECT_EQ(grey.image, (ImageShape{1, 2, 2}));
}

TEST_F(OwnNpy, SeveralOutputsForRegression) {
  DataOptions o =
      options(write<double>("x.npy", {1, 2, 3}, {3, 1}), write<float>("y.npy", {1, 2, 3, 4, 5, 6}, {3, 2}), 3);
  o.labels = "values";
  const Dataset train = load_data(o).train;
  for (Index i = 0; i < 3; ++i) EXPECT_EQ(train.targets(i, 1), 2 * train.inputs(i, 0));
  EXPECT_EQ(shape_of(o).outputs, 2);
  o.labels = "classes";
  EXPECT_THAT(refusal(o), HasSubstr("one class a sample"));
}

TEST_F(OwnNpy, MistakesAreNamed) {
  const std::string inputs = write<double>("x.npy", {1, 2, 3, 4}, {2, 2});
  const auto labels = [&](const std::vector<double>& values) {
    return write<double>("l.npy", values, {static_cast<std::int64_t>(values.size())});
  };
  EXPECT_THAT(refusal(options(inputs, "", 1)), HasSubstr("data.targets_file"));
  EXPECT_THAT(refusal(options(inputs, labels({0, 1, 1}), 1)), AllOf(HasSubstr("2 targets"), HasSubstr("got 3")));
  EXPECT_THAT(refusal(options(inputs, labels({0, -1}), 1)), AllOf(HasSubstr("sample 1"), HasSubstr("-1")));
  EXPECT_THAT(refusal(options(inputs, labels({0, 0.5}), 1)), AllOf(HasSubstr("sample 1"), HasSubstr("values")));
  EXPECT_THAT(refusal(options(inputs, labels({0, 1e300}), 1)), HasSubstr("sample 1"));
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal(options(write<double>("n.npy", {1, 2, 3, nan}, {2, 2}), labels({0, 1}), 1)),
              AllOf(HasSubstr("(1, 1)"), HasSubstr("nan")));
  EXPECT_THAT(refusal(options(write<double>("i.npy", {1, -infinity, 3, 4}, {2, 2}), labels({0, 1}), 1)),
              AllOf(HasSubstr("(0, 1)"), HasSubstr("-inf")));
  EXPECT_THAT(refusal(options(write<std::int64_t>("big.npy", {1LL << 60}, {1, 1}), labels({0}), 1)),
              HasSubstr("(0, 0)"));
  EXPECT_THAT(refusal(options(write<double>("1d.npy", {1, 2}, {2}), labels({0, 1}), 1)),
              HasSubstr("(samples, features)"));
  EXPECT_THAT(refusal(options(write<double>("e.npy", {}, {0, 2}), labels({}), 1)), HasSubstr("(samples, features)"));
  EXPECT_THAT(refusal(options(folder_.write("t.npy", bytes_of("no npy")), labels({0, 1}), 1)), HasSubstr("magic"));
  std::vector<double> many(most_user_classes + 1);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  const auto count = static_cast<std::int64_t>(many.size());
  EXPECT_THAT(refusal(options(write("w.npy", many, {count, 1}), write("wl.npy", many, {count}), 1)),
              HasSubstr("at most 1000"));
}

TEST_F(OwnNpy, TestFilesMustFit) {
  DataOptions o = options(write<double>("x.npy", {1, 2, 3, 4}, {2, 2}), write<double>("l.npy", {0, 1}, {2}), 2);
  o.test = 1;
  o.test_file = write<double>("tx.npy", {5, 6}, {1, 2});
  EXPECT_THAT(refusal(o), HasSubstr("data.test_targets_file"));
  o.test_targets_file = write<double>("tl.npy", {1}, {1});
  EXPECT_EQ(load_data(o).test.inputs(0, 0), 5);
  o.test_targets_file = write<double>("bad.npy", {2}, {1});
  EXPECT_THAT(refusal(o), HasSubstr("a class that the training targets have"));
  o.test_targets_file = write<double>("tl.npy", {1}, {1});
  o.test_file = write<double>("wide.npy", {5, 6, 7}, {1, 3});
  EXPECT_THAT(refusal(o), HasSubstr("shaped as those of"));
}

TEST_F(OwnNpy, ShapeAndCountsAreTold) {
  const DataOptions o =
      options(write<double>("x.npy", {1, 2, 3, 4, 5, 6}, {3, 2}), write<double>("l.npy", {0, 4, 4}, {3}), 2);
  EXPECT_EQ(shape_of(o).inputs, 2);
  EXPECT_EQ(shape_of(o).outputs, 2);  // labels 0 and 4 are two classes
  EXPECT_EQ(available_samples(o).train, 3);
  EXPECT_FALSE(available_samples(o).own_test);
}

}  // namespace
}  // namespace widthwise
