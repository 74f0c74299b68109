#include "widthwise/data/labels.h"

#include <gtest/gtest.h>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

TEST(Labels, ClassesBecomeOneHotRows) {
  EXPECT_EQ(one_hot({2, 0}, 3), (Matrix<double>(2, 3) << 0, 0, 1, 1, 0, 0).finished());
  EXPECT_EQ(class_targets("classes", {2, 0}, 3), one_hot({2, 0}, 3));
}

TEST(Labels, EvenClassesArePlusOneAndOddMinusOne) {
  EXPECT_EQ(parity({0, 1, 8, 9}), (Matrix<double>(4, 1) << 1, -1, 1, -1).finished());
  EXPECT_EQ(class_targets("parity", {3}, 10), parity({3}));
}

TEST(Labels, RefusesClassesThatAreNoneAndUnknownKinds) {
  EXPECT_THROW(one_hot({3}, 3), ShapeError);
  EXPECT_THROW(one_hot({-1}, 3), ShapeError);
  EXPECT_THROW(class_targets("class", {0}, 3), ConfigError);
}

}  // namespace
}  // namespace widthwise
