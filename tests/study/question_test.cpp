// Names become exponents, and a mistake names the part of the question it is in.
#include "widthwise/study/question.h"

#include <gtest/gtest.h>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

std::string key_of_mistake(const Question& question) {
  try {
    classify(question);
  } catch (const ConfigError& error) {
    return error.place().key;
  }
  return "no mistake";
}

TEST(Question, ByNameAndByExponents) {
  // muP learns features; the same multipliers as NTK's given by hand are the kernel regime (Yang & Hu 2021).
  EXPECT_EQ(classify(Question{.scheme = "mup"}).outcome, "feature");
  EXPECT_EQ(classify(Question{.input = "0,0,0", .hidden = "1/2,0,0", .output = "1/2,0,0"}).outcome, "kernel");
  EXPECT_EQ(classify(Question{.input = "0,0,0", .output = "1/2,0,0", .hidden_layers = 1}).outcome, "kernel");
}

TEST(Question, AMistakeNamesItsMember) {
  EXPECT_EQ(key_of_mistake({.scheme = "mupp"}), "scheme");
  EXPECT_EQ(key_of_mistake({.scheme = "mup", .input = "0,0,0"}), "scheme");
  EXPECT_EQ(key_of_mistake({}), "scheme");
  EXPECT_EQ(key_of_mistake({.input = "0,0,0"}), "scheme");
  EXPECT_EQ(key_of_mistake({.input = "0,0", .hidden = "0,0,0", .output = "0,0,0"}), "input");
  EXPECT_EQ(key_of_mistake({.scheme = "mup", .hidden_layers = 0}), "hidden_layers");
  EXPECT_EQ(key_of_mistake({.scheme = "mup", .optimizer = "sdg"}), "optimizer");
  EXPECT_EQ(key_of_mistake({.scheme = "mup", .activation = "rleu"}), "activation");
}

}  // namespace
}  // namespace widthwise
