#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "bind.h"
#include "widthwise/study/question.h"

namespace widthwise::python {

namespace {

constexpr const char* doc = R"(What exponents lead to as the width grows, and why: `widthwise classify abc --json`.

scheme names a parameterization; or input, hidden and output give exponents "a,b,c" of each block (multiplier n^-a,
initial size n^-b, rate n^-c).

>>> answer = widthwise.classify("mup", hidden_layers=3, optimizer="adam")
>>> answer["outcome"], answer["predictions"]["feature_change.2"]
('feature', '0')
>>> widthwise.classify(input="0,0,0", hidden="1/2,0,0", output="1/2,0,0")["regime"]
'kernel'
)";

std::string text_or_empty(const std::optional<std::string>& text) {
  return text.value_or("");
}

template <class Map>
py::dict texts(const Map& rationals) {
  py::dict out;
  for (const auto& [name, value] : rationals) out[py::str(name)] = to_string(value);
  return out;
}

py::dict answer(const std::optional<std::string>& scheme, const std::optional<std::string>& input,
                const std::optional<std::string>& hidden, const std::optional<std::string>& output, int hidden_layers,
                const std::string& optimizer, const std::string& activation,
                const std::optional<std::string>& first_rates, const std::string& homogeneity) {
  Question question{text_or_empty(scheme),
                    text_or_empty(input),
                    text_or_empty(hidden),
                    text_or_empty(output),
                    hidden_layers,
                    optimizer,
                    activation};
  question.first_rates = text_or_empty(first_rates);
  question.homogeneity = homogeneity;
  const Outcome outcome = classify(question);
  py::dict out;
  out["outcome"] = outcome.outcome;
  out["stable"] = outcome.stable;
  out["trivial"] = outcome.trivial;
  out["regime"] = outcome.regime;
  out["r"] = to_string(outcome.r);
  out["r_per_block"] = texts(outcome.r_per_block);
  out["reasons"] = outcome.reasons;
  out["predictions"] = texts(outcome.predictions);
  return out;
}

}  // namespace

void register_classify(py::module_& module) {
  module.def("classify", &answer, doc, py::arg("scheme") = py::none(), py::arg("input") = py::none(),
             py::arg("hidden") = py::none(), py::arg("output") = py::none(), py::arg("hidden_layers") = 3,
             py::arg("optimizer") = "sgd", py::arg("activation") = "relu", py::arg("first_rates") = py::none(),
             py::arg("homogeneity") = "own");
}

}  // namespace widthwise::python
