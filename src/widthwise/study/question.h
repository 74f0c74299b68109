// The question "what do these exponents lead to?" as a person asks it: by the name of a scheme or three triples, an
// optimizer and an activation by name. The program and the Python package ask it alike.
#pragma once

#include <string>
#include <vector>

#include "widthwise/parameterization/outcome.h"
#include "widthwise/parameterization/rules.h"

namespace widthwise {

struct Question {
  std::string scheme{};                     // a named parameterization, or empty and
  std::string input{}, hidden{}, output{};  // exponents "a,b,c" of each block; hidden may be empty for one hidden layer
  int hidden_layers = 3;
  std::string optimizer = "sgd", activation = "relu";
  bool epsilon = false, weight_decay = false;  // whether those are counted, by their exponents e and d
  std::string first_rates{};                   // beside exponents, c "input,hidden,output" of the first update
  std::string homogeneity = "own";             // of ip-llr: the degree to reckon with
};

/// @throws ConfigError whose key is the name of the member above ("hidden_layers").
Outcome classify(const Question& question);
/// The same exponents block by block. @throws ConfigError as classify.
std::vector<BlockRule> block_rules(const Question& question);

}  // namespace widthwise
