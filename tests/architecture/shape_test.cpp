#include "widthwise/architecture/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// A network by hand: 4 -> 6 -> 2.
Architecture by_hand() {
  Architecture made;
  made.input_dimension = 4;
  made.outputs = 2;
  made.layers = {Dense{4, 6, false, 1, Block::input}, Pointwise{"relu"}, Dense{6, 2, false, 2, Block::output}};
  return made;
}

TEST(InferShapes, FollowsOneSampleThroughTheLayers) {
  EXPECT_THAT(infer_shapes(by_hand()), testing::ElementsAre(Shape{4}, Shape{6}, Shape{6}, Shape{2}));
}

TEST(InferShapes, NamesTheLayerThatDoesNotFit) {
  Architecture wrong = by_hand();
  std::get<Dense>(wrong.layers[2]).fan_in = 5;
  EXPECT_THAT([&] { infer_shapes(wrong); },
              ThrowsMessage<ShapeError>(AllOf(HasSubstr("layer 3 (dense, output)"), HasSubstr("fan_in 6"))));
  wrong = by_hand();
  std::get<Dense>(wrong.layers[0]).fan_in = 3;
  EXPECT_THAT([&] { infer_shapes(wrong); }, ThrowsMessage<ShapeError>(HasSubstr("layer 1 (dense, input)")));
}

TEST(InferShapes, RefusesHandMadeListsNoNetworkCanBeBuiltFrom) {
  Architecture wrong = by_hand();
  wrong.outputs = 3;
  EXPECT_THROW(infer_shapes(wrong), ShapeError);
  wrong = by_hand();
  wrong.input_dimension = 0;
  EXPECT_THROW(infer_shapes(wrong), ShapeError);
  wrong = by_hand();
  std::get<Dense>(wrong.layers[2]).fan_out = 0;
  EXPECT_THROW(infer_shapes(wrong), ShapeError);
  wrong = by_hand();
  std::get<Dense>(wrong.layers[2]).layer = 5;
  EXPECT_THAT([&] { infer_shapes(wrong); }, ThrowsMessage<ShapeError>(HasSubstr("weight matrix number 2")));
  wrong = by_hand();
  std::get<Pointwise>(wrong.layers[1]).activation = "no such";
  EXPECT_THROW(infer_shapes(wrong), ConfigError);
  wrong = by_hand();
  wrong.layers.clear();
  EXPECT_THROW(infer_shapes(wrong), ConfigError);
}

TEST(InferShapes, RefusesMoreParametersThanMemoryHolds) {
  const Index wide = Index{1} << 20;
  Architecture large = by_hand();
  large.layers = {Dense{4, wide, false, 1, Block::input}, Dense{wide, wide, false, 2, Block::hidden},
                  Dense{wide, 2, false, 3, Block::output}};
  EXPECT_THROW(infer_shapes(large), ConfigError);
}

TEST(InferShapes, EveryFamilyWithinBoundsFitsTogether) {
  EXPECT_TRUE(rc::check("shapes of an mlp are d, n, n, ..., n, k", [] {
    FamilyOptions options;
    options.input_dimension = *rc::gen::inRange<Index>(1, 50);
    options.outputs = *rc::gen::inRange<Index>(1, 20);
    options.width = *rc::gen::inRange<Index>(1, 200);
    options.hidden_layers = *rc::gen::inRange<Index>(1, 12);
    const std::vector<Shape> shapes = infer_shapes(mlp(options));
    RC_ASSERT(static_cast<Index>(shapes.size()) == 2 * options.hidden_layers + 2);
    RC_ASSERT(shapes.front().features == options.input_dimension);
    RC_ASSERT(shapes.back().features == options.outputs);
    for (std::size_t i = 1; i + 1 < shapes.size(); ++i) RC_ASSERT(shapes[i].features == options.width);
  }));
}

}  // namespace
}  // namespace widthwise
