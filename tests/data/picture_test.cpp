#include "widthwise/data/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

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

TEST(Picture, ColoursAreDrawnByTheirLuma) {
  Dataset data;
  data.image = {3, 2, 4};  // a line of four characters, each two pixels of one colour: black, blue, green, white
  data.inputs = Matrix<double>::Zero(1, 24);
  for (const Index row : {0, 1}) {
    data.inputs(0, 4 * row + 3) = 1;                                          // red
    data.inputs(0, 8 + 4 * row + 2) = data.inputs(0, 8 + 4 * row + 3) = 1;    // green
    data.inputs(0, 16 + 4 * row + 1) = data.inputs(0, 16 + 4 * row + 3) = 1;  // blue
  }
  // Ten shades " .:-=+*#%@": luma 0, 0.114, 0.587, 1 are the shades 0, 1, 5, 9.
  EXPECT_EQ(draw_sample(data, 0), " .+@\n");
}

TEST(Picture, AFileHoldsAllSamplesWithGapsBetweenThem) {
  Dataset data = image_of(1, 2);
  data.inputs.resize(3, 2);
  data.inputs << 0, 1, 1, 0, 5, 5;
  const std::vector<Index> rows = {0, 1, 2};
  // Two across: 2 + 2 + 2 pixels wide, 1 + 2 + 1 high; a constant sample is black.
  const std::string expected =
      std::string("P5\n6 4\n255\n") + std::string("\0\xff\0\0\xff\0", 6) + std::string(18, '\0');
  EXPECT_EQ(picture_file(data, rows, 2), expected);
  Dataset colour;
  colour.image = {3, 1, 1};
  colour.inputs = (Matrix<double>(1, 3) << 0, 0.5, 1).finished();
  const std::vector<Index> one = {0};
  EXPECT_EQ(picture_file(colour, one), std::string("P6\n1 1\n255\n") + std::string("\0\x80\xff", 3));
}

TEST(Picture, AFileNeedsImages) {
  Dataset data = image_of(1, 2);
  const std::vector<Index> none, outside = {1}, first = {0};
  EXPECT_THROW(picture_file(data, none), ShapeError);
  EXPECT_THROW(picture_file(data, outside), ShapeError);
  data.image = {};
  EXPECT_THROW(picture_file(data, first), ShapeError);
}

}  // namespace
}  // namespace widthwise
