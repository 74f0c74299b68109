#include <pybind11/stl.h>

#include <string>

#include "bind.h"
#include "widthwise/parameterization/two_layer.h"

namespace widthwise::python {

namespace {

constexpr const char* doc = R"(The limit of a network of one hidden layer: `widthwise classify two-layer --json`.

f = sigma sum_r a_r phi(w_r . x) with sigma ~ n^q_sigma and, in variables that start of order one, rates of a and w ~
n^q_a, n^q_w. Exponents are texts such as "-1/2", integers, fractions.Fraction or floats with a finite decimal.

>>> answer = widthwise.classify_two_layer("-1/2", 0, 0)
>>> answer["class"], answer["kernel"], answer["limit"]["engine"]
('NTK', 'stationary', 'kernel')
>>> widthwise.classify_two_layer(-1, 1, 1, init_corrected=True)["class"]
'IC-MF'
)";

py::dict answer(const py::object& q_sigma, const py::object& q_a, const py::object& q_w, bool init_corrected) {
  const auto text = [](const py::object& exponent) { return std::string(py::str(exponent)); };
  const TwoLayerClass found = classify_two_layer(parse_two_layer(text(q_sigma), text(q_a), text(q_w)), init_corrected);
  py::dict out;
  for (const char* key : {"reason", "class", "f0", "K0", "ratio", "kernel", "limit", "annotations", "exponents"})
    out[key] = py::none();
  out["stable"] = found.stable;
  if (!found.stable) {
    out["reason"] = found.reason;
    return out;
  }
  out["class"] = found.name;
  out["f0"] = to_word(found.f0);
  out["K0"] = to_word(found.K0);
  out["ratio"] = to_word(found.ratio);
  out["kernel"] = found.evolves ? "evolves" : "stationary";
  py::dict limit, exponents;
  limit["engine"] = to_word(found.limit.engine);
  limit["first"] = to_word(found.limit.first);
  limit["later"] = to_word(found.limit.later);
  limit["keeps_init"] = found.limit.keeps_init;
  out["limit"] = limit;
  out["annotations"] = found.annotations;
  exponents["nu"] = to_string(found.nu);
  exponents["kappa"] = to_string(found.kappa);
  exponents["s_a"] = to_string(found.s_a);
  exponents["s_w"] = to_string(found.s_w);
  out["exponents"] = exponents;
  return out;
}

}  // namespace

void register_classify_two_layer(py::module_& module) {
  module.def("classify_two_layer", &answer, doc, py::arg("q_sigma"), py::arg("q_a"), py::arg("q_w"),
             py::arg("init_corrected") = false);
}

}  // namespace widthwise::python
