// The reference numbers of deep linear networks beside this file.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "widthwise/limit/deep_linear_model.h"

namespace widthwise {

inline const nlohmann::json& deep_linear_reference() {
  static const nlohmann::json all = [] {
    std::ifstream file(WIDTHWISE_SOURCE_DIR "/tests/limit/deep_linear_reference.json");
    return nlohmann::json::parse(file);
  }();
  return all;
}

inline std::vector<std::string> reference_names() {
  std::vector<std::string> names;
  for (const auto& one : deep_linear_reference().at("cases").items()) names.push_back(one.key());
  return names;
}

inline DeepLinearModel model_of(const nlohmann::json& params) {
  DeepLinearModel model;
  model.hidden_layers = params.at("L");
  if (params.contains("resid_beta")) model.residual_branch = params.at("resid_beta").get<double>();
  model.learning_rate = params.at("eta");
  model.richness = params.at("gamma0");
  model.width_ratio = params.at("nu");
  model.sample_ratio = params.at("alpha");
  model.noise = params.at("sigma");
  model.momentum = params.value("momentum", 0.0);
  if (params.value("mode", "gd") == "sgd") model.data = DeepLinearData::one_pass;
  if (params.contains("lam")) model.spectrum = {params.at("lam"), params.at("w2"), params.at("p")};
  return model;
}

}  // namespace widthwise
