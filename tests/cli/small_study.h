// A study of 24 small runs on generated data, and mistakes made in it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "program.h"

namespace widthwise::testing {

inline const char* const small_study = R"(
title = "Small"
[architecture]
family = "mlp"
hidden_layers = 2
[data]
name = "gaussian"
dimension = 8
train = 64
test = 32
[training]
optimizer = "sgd"
loss = "squared"
learning_rate = 0.01
steps = 3
[measure]
observables = ["train_loss", "output_size"]
times = { every = 1, train_points = 64 }
[[sweep]]
name = "widths"
"architecture.width" = [64, 128, 256]
"parameterization.name" = ["ntk", "mup"]
"seed.init" = { from = 0, count = 4 }
[[figure]]
name = "sizes"
sweep = "widths"
x = "architecture.width"
y = "initial.output_size"
color = "parameterization.name"
[[prediction]]
name = "NTK outputs start at order one"
sweep = "widths"
of = "initial.output_size"
against = "architecture.width"
where = { "parameterization.name" = "ntk" }
exponent = "theory"
tolerance = 0.5
)";

inline std::filesystem::path folder_with_study(const std::string& name, std::string text = small_study) {
  const auto folder = fresh_folder(name);
  std::ofstream(folder / "s.toml") << text;
  return folder;
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace widthwise::testing
