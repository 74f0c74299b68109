#include "widthwise/data/finite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "widthwise/base/error.h"
#include "widthwise/linalg/matrix.h"

namespace widthwise {
namespace {

using ::testing::HasSubstr;

template <class T>
class Finite : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Finite, Types);

TYPED_TEST(Finite, EveryFiniteNumberPasses) {
  using Limits = std::numeric_limits<TypeParam>;
  Matrix<TypeParam> values(2, 3);
  values << TypeParam(0), -TypeParam(0), Limits::max(), Limits::lowest(), Limits::denorm_min(), Limits::min();
  EXPECT_NO_THROW(require_finite(view(std::as_const(values)), "x"));
  EXPECT_NO_THROW(require_finite(View<const TypeParam>{}, "nothing"));
}

TYPED_TEST(Finite, TheFirstEntryThatIsNotIsNamed) {
  using Limits = std::numeric_limits<TypeParam>;
  for (const TypeParam odd : {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    Matrix<TypeParam> values = Matrix<TypeParam>::Zero(4, 5);
    values(2, 3) = values(3, 0) = odd;
    try {
      require_finite(view(std::as_const(values)), "training inputs");
      FAIL() << odd;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("training inputs: expected finite numbers"));
      EXPECT_THAT(error.what(), HasSubstr("in row 2, column 3"));
    }
    // Of a block only its own entries count.
    EXPECT_NO_THROW(require_finite(view(std::as_const(values)).block(0, 0, 3, 3), "block"));
  }
}

}  // namespace
}  // namespace widthwise
