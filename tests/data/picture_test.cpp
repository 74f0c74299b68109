#include "widthwise/data/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

Dataset image_of(Index height, Index width) {
  Dataset data;
  data.image = {1, height, width};
  data.inputs = Matrix<double>::Zero(1, height * width);
  return data;
}

TEST(Picture, TwoRowsOfPixelsMakeALineFromDarkToBright) {
  Dataset data = image_of(4, 3);
  data.inputs.row(0) << -1, 0, 1, -1, 0, 1, 1, -1, -1, 1, -1, -1;  // a ramp above, one bright corner below
  EXPECT_EQ(draw_sample(data, 0), " +@\n@\n");
}

TEST(Picture, WideImagesAreNarrowed) {
  const std::string drawn = [] {
    Dataset data = image_of(200, 200);
    data.inputs.setOnes();
    data.inputs(0, 0) = 0;
    return draw_sample(data, 0, 50);
  }();
  EXPECT_EQ(drawn.find('\n'), 50u);  // four pixels a character
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\n'), 25);
}

TEST(Picture, OtherSamplesAreTheirFirstNumbers) {
  Dataset data;
  data.inputs = Matrix<double>::Constant(2, 20, 1.5);
  EXPECT_THAT(draw_sample(data, 1), testing::AllOf(testing::StartsWith("1.5 1.5"), testing::EndsWith("...\n")));
  EXPECT_THROW(draw_sample(data, 2), ShapeError);
  EXPECT_THROW(draw_sample(data, -1), ShapeError);
}

}  // namespace
}  // namespace widthwise
