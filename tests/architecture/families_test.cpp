#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

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
  EXPECT_THAT(made.dense(),
              testing::ElementsAre(Dense{7, 5, false, 1, Block::input}, Dense{5, 5, true, 2, Block::hidden},
                                   Dense{5, 3, false, 3, Block::output}));
  for (const std::size_t i : {1u, 3u}) EXPECT_EQ(std::get<Pointwise>(made.layers[i]).activation, "tanh");
}

TEST(Families, OneHiddenLayerHasNoHiddenBlock) {
  // L = 1: W_1 reads the input and W_2 is the readout.
  FamilyOptions options = small();
  options.hidden_layers = 1;
  const std::vector<Dense> dense = mlp(options).dense();
  ASSERT_EQ(dense.size(), 2u);
  EXPECT_EQ(dense[0].block, Block::input);
  EXPECT_EQ(dense[1].block, Block::output);
}

TEST(Families, DeepLinearIsTheMlpWithoutActivation) {
  const Architecture made = deep_linear(small());
  EXPECT_EQ(made.family, "deep-linear");
  EXPECT_EQ(made.activation, "linear");
  EXPECT_FALSE(made.bias_input || made.bias_hidden || made.bias_output);
  EXPECT_EQ(made.dense(), mlp(small()).dense());
  FamilyOptions options = small();
  options.activation = "relu";
  EXPECT_EQ(refused_key([&] { deep_linear(options); }), "architecture.activation");
}

TEST(Families, EveryKnownFamilyIsMadeByName) {
  for (const Named& family : known_families()) {
    EXPECT_EQ(make_architecture(family.name, small()).family, family.name);
    EXPECT_FALSE(family.sentence.empty());
  }
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
