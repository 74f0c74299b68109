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

/// Networks of unequal widths and several outputs (docs/deep-linear-theory.md); without those whose label noise is
/// correlated or whose layers have rates of their own, which are not offered.
inline const nlohmann::json& extended_reference() {
  static const nlohmann::json all = [] {
    std::ifstream file(WIDTHWISE_SOURCE_DIR "/tests/limit/deep_linear_extended_reference.json");
    return nlohmann::json::parse(file);
  }();
  return all;
}

inline std::vector<std::string> extended_names() {
  std::vector<std::string> names;
  for (const auto& one : extended_reference().at("cases").items()) {
    const nlohmann::json& params = one.value().at("params");
    if (!params.contains("rates") && !params.contains("noise")) names.push_back(one.key());
  }
  return names;
}

inline Matrix<double> matrix_of(const nlohmann::json& rows) {
  Matrix<double> out(rows.size(), rows.at(0).size());
  for (Index i = 0; i < out.rows(); ++i)
    for (Index j = 0; j < out.cols(); ++j)
      out(i, j) = rows.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j));
  return out;
}

inline DeepLinearModel extended_model_of(const nlohmann::json& params) {
  DeepLinearModel model;
  model.hidden_layers = params.at("L");
  model.learning_rate = params.at("eta");
  model.richness = params.at("gamma0");
  model.width_ratios = params.at("nu").get<std::vector<double>>();
  model.sample_ratio = params.at("alpha");
  model.noise = params.at("sigma");
  model.momentum = params.value("momentum", 0.0);
  model.centred = params.value("centred", false);
  if (params.at("mode") == "sgd") model.data = DeepLinearData::one_pass;
  if (params.contains("gram")) model.outputs = matrix_of(params.at("gram"));
  if (params.contains("modes")) {
    model.spectrum = {{}, {}, {}};
    for (const auto& mode : params.at("modes")) {
      model.spectrum.variance.push_back(mode.at("lam"));
      model.spectrum.target_squared.push_back(1);
      model.spectrum.weight.push_back(mode.at("p"));
      model.mode_outputs.push_back(matrix_of(mode.at("gram")));
    }
  }
  return model;
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
