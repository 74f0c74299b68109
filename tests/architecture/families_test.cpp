#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <variant>

#include "widthwise/architecture/architecture.h"
#include "widthwise/architecture/shape.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

FamilyOptions small() {
  FamilyOptions options;
  options.input_dimension = 7;
  options.outputs = 3;
  options.width = 5;
  options.hidden_layers = 2;
  return options;
}

// The key a call is refused with; "" where it is not refused.
std::string refused_key(const std::function<void()>& call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.place().key;
  }
  return {};
}

TEST(Families, MlpIsDenseLayersWithAnActivationBetweenThem) {
  FamilyOptions options = small();
  options.activation = "tanh";
  options.bias_hidden = true;
  const Architecture made = mlp(options);
  ASSERT_EQ(made.layers.size(), 5u);  // L+1 dense, L pointwise
  EXPECT_THAT(made.weight_matrices(),
              testing::ElementsAre(Dense{7, 5, false, 1, Block::input}, Dense{5, 5, true, 2, Block::hidden},
                                   Dense{5, 3, false, 3, Block::output}));
  for (const std::size_t i : {1u, 3u}) EXPECT_EQ(std::get<Pointwise>(made.layers[i]).activation, "tanh");
}

TEST(Families, OneHiddenLayerHasNoHiddenBlock) {
  // L = 1: W_1 reads the input and W_2 is the readout.
  FamilyOptions options = small();
  options.hidden_layers = 1;
  const std::vector<Dense> dense = mlp(options).weight_matrices();
  ASSERT_EQ(dense.size(), 2u);
  EXPECT_EQ(dense[0].block, Block::input);
  EXPECT_EQ(dense[1].block, Block::output);
}

TEST(Families, DeepLinearIsTheMlpWithoutActivation) {
  const Architecture made = deep_linear(small());
  EXPECT_EQ(made.family, "deep-linear");
  EXPECT_EQ(made.activation, "linear");
  EXPECT_FALSE(made.bias_input || made.bias_hidden || made.bias_output);
  EXPECT_EQ(made.weight_matrices(), mlp(small()).weight_matrices());
  FamilyOptions options = small();
  options.activation = "relu";
  EXPECT_EQ(refused_key([&] { deep_linear(options); }), "architecture.activation");
}

TEST(Families, EveryKnownFamilyIsMadeByName) {
  FamilyOptions options = small();
  options.image = {28, 28, 1};
  options.input_dimension = 784;
  for (const Named& family : known_families()) {
    EXPECT_EQ(make_architecture(family.name, options).family, family.name);
    EXPECT_FALSE(family.sentence.empty());
  }
}

FamilyOptions of_images(Index side, Index channels) {
  FamilyOptions options;
  options.image = {side, side, channels};
  options.input_dimension = side * side * channels;
  options.width = 3;
  return options;
}

TEST(Families, CnnHasTheSidesOfTheArticle) {
  const auto sides = [](Index side, Index channels) {
    std::vector<Index> found;
    const Architecture made = cnn(of_images(side, channels));
    const std::vector<Shape> shapes = infer_shapes(made);
    for (std::size_t i = 0; i < made.layers.size(); ++i)
      if (std::holds_alternative<Convolution>(made.layers[i])) found.push_back(shapes[i + 1].height);
    return found;
  };
  EXPECT_THAT(sides(32, 3), testing::ElementsAre(15, 13, 6, 4));
  EXPECT_THAT(sides(28, 1), testing::ElementsAre(13, 11, 5, 3));
  const Architecture made = cnn(of_images(28, 1));
  EXPECT_EQ(made.hidden_layers, 4);
  EXPECT_EQ(parameter_count(made), 25 * 3 + 3 * 25 * 3 * 3 + 3);  // no biases
}

TEST(Families, ImagesThatShrinkBelowTheKernelAreRefusedWithTheirSizes) {
  using testing::AllOf;
  using testing::HasSubstr;
  EXPECT_THAT([] { cnn(of_images(12, 1)); },
              testing::ThrowsMessage<ShapeError>(AllOf(HasSubstr("layer 7 (convolution 5 x 5, hidden)"),
                                                       HasSubstr("the kernel of 5"), HasSubstr("1, 3 with padding"))));
  FamilyOptions flat = small();
  EXPECT_EQ(refused_key([&] { cnn(flat); }), "architecture.image");
  FamilyOptions wrong = of_images(28, 1);
  wrong.input_dimension = 100;
  EXPECT_EQ(refused_key([&] { cnn(wrong); }), "architecture.image");
  wrong = of_images(28, 1);
  wrong.padding = 5;
  EXPECT_EQ(refused_key([&] { cnn(wrong); }), "architecture.padding");
  wrong = of_images(28, 1);
  wrong.kernel = 4;
  EXPECT_EQ(refused_key([&] { wide_resnet(wrong); }), "architecture.kernel");
}

TEST(Families, WideResnet28HasItsParts) {
  // A stem, 12 blocks of two convolutions, three 1 x 1 shortcuts (16 -> 16n, and both strides), a readout: with n = 1
  // the first block keeps its shape and needs none.
  FamilyOptions options = of_images(32, 3);
  const Architecture made = wide_resnet(options);
  EXPECT_EQ(made.weight_matrices().size(), 1u + 24 + 3 + 1);
  EXPECT_EQ(made.weight_matrices().back().fan_in, 64 * 3);
  options.width = 1;
  EXPECT_EQ(wide_resnet(options).weight_matrices().size(), 1u + 24 + 2 + 1);
  const std::vector<Shape> shapes = infer_shapes(made);
  EXPECT_EQ(shapes[shapes.size() - 4], (Shape{192, 8, 8}));
  const auto& block = std::get<Residual>(made.layers[1]);
  EXPECT_NEAR(block.branch_scale * block.branch_scale + block.shortcut_scale * block.shortcut_scale, 1, 1e-15);
  // The fan-in of what reads the stem does not change with the width.
  EXPECT_EQ(std::get<Convolution>(block.branch[1]).block, Block::input);
  EXPECT_EQ(std::get<Convolution>(block.branch[3]).block, Block::hidden);
  EXPECT_TRUE(std::get<Convolution>(block.branch[3]).bias);
}

// The lists of a residual mlp, entry by entry: [matrix, L sums, (phi), matrix].
TEST(Families, ResidualMlpIsBlocksBetweenAReadInAndAReadout) {
  FamilyOptions options = small();
  options.hidden_layers = 3;
  options.branch_scale = 0.25;
  options.activation = "tanh";
  options.bias_hidden = true;
  for (const BranchOrder order : {BranchOrder::activation_first, BranchOrder::matrix_first}) {
    options.branch = order;
    const bool activation_first = order == BranchOrder::activation_first;
    const Architecture made = residual_mlp(options);
    EXPECT_EQ(made.hidden_layers, 4);  // matrices but the readout
    EXPECT_THAT(made.weight_matrices(),
                testing::ElementsAre(Dense{7, 5, false, 1, Block::input}, Dense{5, 5, true, 2, Block::hidden},
                                     Dense{5, 5, true, 3, Block::hidden}, Dense{5, 5, true, 4, Block::hidden},
                                     Dense{5, 3, false, 5, Block::output}));
    ASSERT_EQ(made.layers.size(), activation_first ? 6u : 5u);
    for (const std::size_t i : {1u, 2u, 3u}) {
      const auto& sum = std::get<Residual>(made.layers[i]);
      EXPECT_EQ(sum.branch_scale, 0.25);
      EXPECT_EQ(sum.shortcut_scale, 1);
      EXPECT_TRUE(sum.shortcut.empty());
      ASSERT_EQ(sum.branch.size(), 2u);
      EXPECT_EQ(std::get<Dense>(sum.branch[activation_first ? 1 : 0]).layer, static_cast<int>(i) + 1);
      EXPECT_EQ(std::get<Pointwise>(sum.branch[activation_first ? 0 : 1]).activation, "tanh");
    }
    EXPECT_EQ(std::holds_alternative<Pointwise>(made.layers[4]), activation_first);
    EXPECT_EQ(parameter_count(made), 7 * 5 + 3 * (5 * 5 + 5) + 5 * 3);
    EXPECT_EQ(flops_per_sample(made), 2 * (7 * 5 + 3 * 5 * 5 + 5 * 3));
  }
}

TEST(Families, ResidualMlpsAreRefusedByKey) {
  FamilyOptions options = small();
  options.branch_scale = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refused_key([&] { residual_mlp(options); }), "architecture.branch_scale");
  options = small();
  options.hidden_layers = 0;
  EXPECT_EQ(refused_key([&] { residual_mlp(options); }), "architecture.hidden_layers");
  options = small();
  options.width = 1 << 16;  // 2^32 parameters of a block, and those around it
  options.hidden_layers = 1;
  EXPECT_EQ(refused_key([&] { residual_mlp(options); }), "architecture.width");
  EXPECT_EQ(refused_key([] { parse_branch_order("matrix-frist"); }), "architecture.branch");
  EXPECT_EQ(parse_branch_order("matrix-first"), BranchOrder::matrix_first);
}

TEST(Families, KindsTellFamiliesApart) {
  std::string chains, images, sums;
  for (const Named& family : known_families()) {
    if (is_chain(family.name)) chains += family.name + " ";
    if (reads_images(family.name)) images += family.name + " ";
    if (has_residual_sums(family.name)) sums += family.name + " ";
  }
  EXPECT_EQ(chains, "mlp deep-linear ");
  EXPECT_EQ(images, "cnn wide-resnet ");
  EXPECT_EQ(sums, "wide-resnet residual-mlp ");
  EXPECT_FALSE(is_chain("nobody's"));
}

TEST(Families, AnUnknownFamilyIsRefusedWithTheNearest) {
  EXPECT_EQ(refused_key([] { make_architecture("mpl", small()); }), "architecture.family");
  EXPECT_THAT([] { make_architecture("mpl", small()); },
              testing::ThrowsMessage<ConfigError>(testing::HasSubstr("did you mean 'mlp'?")));
}

TEST(Families, SizesOutOfBoundsAreRefusedByTheirKey) {
  const auto key_with = [](auto change) {
    FamilyOptions options = small();
    change(options);
    return refused_key([&] { mlp(options); });
  };
  for (const Index width : {Index{0}, Index{-3}, Index{1000000000000}})
    EXPECT_EQ(key_with([=](FamilyOptions& o) { o.width = width; }), "architecture.width");
  EXPECT_EQ(key_with([](FamilyOptions& o) { o.hidden_layers = 0; }), "architecture.hidden_layers");
  EXPECT_EQ(key_with([](FamilyOptions& o) { o.hidden_layers = 1001; }), "architecture.hidden_layers");
  EXPECT_EQ(key_with([](FamilyOptions& o) { o.outputs = 0; }), "architecture.outputs");
  EXPECT_EQ(key_with([](FamilyOptions& o) { o.input_dimension = -1; }), "architecture.input_dimension");
  EXPECT_EQ(key_with([](FamilyOptions& o) { o.activation = "rleu"; }), "architecture.activation");
  EXPECT_EQ(key_with([](FamilyOptions&) {}), "");
}

TEST(Families, NetworksLargerThanMemoryAreRefusedThoughEachSizeIsAllowed) {
  // Width 2^17 with two hidden layers has 2^34 hidden weights: 64 GiB in float32.
  FamilyOptions options = small();
  options.width = Index{1} << 17;
  EXPECT_EQ(refused_key([&] { mlp(options); }), "architecture.width");
  options.hidden_layers = 1;  // no hidden matrix: 10 * 2^17 weights
  EXPECT_EQ(refused_key([&] { mlp(options); }), "");
}

TEST(Families, ParametersAndOperationsAreCounted) {
  FamilyOptions options = small();
  options.bias_input = options.bias_hidden = options.bias_output = true;
  const Architecture made = mlp(options);
  // Weights 7*5 + 5*5 + 5*3 = 75, biases 5 + 5 + 3.
  EXPECT_EQ(parameter_count(made), 75 + 13);
  EXPECT_EQ(flops_per_sample(made), 2 * 75);
  // Forward and weight gradients cost the same; input gradients leave out the first layer's 35 weights.
  EXPECT_EQ(training_flops_per_sample(made), 2 * (75 + 75 + 40));
}

}  // namespace
}  // namespace widthwise
