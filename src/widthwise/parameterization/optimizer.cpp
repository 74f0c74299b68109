#include "widthwise/parameterization/optimizer.h"

#include <array>
#include <string>

#include "widthwise/base/error.h"

namespace widthwise {

namespace {

struct Row {
  const char* name;
  bool forgets_size;
  Decay decay;
  const char* sentence;
};

constexpr std::array<Row, 7> rows{{
    {"sgd", false, Decay::in_gradient, "gradient descent on batches, L2 decay"},
    {"momentum", false, Decay::in_gradient, "sgd along a running sum of gradients (heavy ball), L2 decay"},
    {"adam", true, Decay::in_gradient,
     "steps of the size of the rate, whatever the gradient's (Kingma and Ba 2015); decay in the gradient"},
    {"adamw", true, Decay::decoupled, "adam with decoupled decay (Loshchilov and Hutter 2019)"},
    {"rmsprop", true, Decay::in_gradient, "the gradient over the root of its running mean square, L2 decay"},
    {"muon", true, Decay::decoupled,
     "hidden matrices move along the orthogonal factor of their momentum, all else by adamw (Jordan et al. 2024)"},
    {"gradient-flow", false, Decay::in_gradient,
     "the flow dw/dt = -rate gradient by Euler steps kept small (Geiger et al. 2020)"},
}};

const Row& row(OptimizerKind optimizer) {
  return rows[static_cast<std::size_t>(optimizer)];
}

}  // namespace

std::string_view optimizer_name(OptimizerKind optimizer) {
  return row(optimizer).name;
}

OptimizerKind parse_optimizer(std::string_view name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (name == rows[i].name) return static_cast<OptimizerKind>(i);
    names.emplace_back(rows[i].name);
  }
  throw ConfigError({"", "training.optimizer"}, "an optimizer", "'" + std::string(name) + "'",
                    unknown_name_hint(name, names));
}

std::vector<Named> known_optimizers() {
  std::vector<Named> known;
  known.reserve(rows.size());
  for (const Row& one : rows) known.push_back({one.name, one.sentence});
  return known;
}

std::vector<Named> known_update_rules() {
  std::vector<Named> rules = known_optimizers();
  std::erase_if(rules, [](const Named& named) { return named.name == optimizer_name(OptimizerKind::flow); });
  return rules;
}

bool forgets_size(OptimizerKind optimizer) {
  return row(optimizer).forgets_size;
}

Decay decay_of(OptimizerKind optimizer) {
  return row(optimizer).decay;
}

bool decay_is_divided(OptimizerKind optimizer) {
  return forgets_size(optimizer) && decay_of(optimizer) == Decay::in_gradient;
}

}  // namespace widthwise
