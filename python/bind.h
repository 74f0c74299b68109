// What the files of this folder share: each registers one thing, module.cpp calls them all.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>
#include <vector>

#include "widthwise/store/record.h"

namespace widthwise::python {

namespace py = pybind11;

void register_errors(py::module_& module);
void register_classify(py::module_& module);
void register_classify_two_layer(py::module_& module);
void register_store(py::module_& module);
void register_train(py::module_& module);

/// An array that owns its memory: `data` moves behind it and goes with the last array that looks at it.
template <class Owner>
py::array owned(Owner data, std::vector<py::ssize_t> shape) {
  auto kept = std::make_unique<Owner>(std::move(data));
  using Entry = std::remove_reference_t<decltype(*kept->data())>;
  Entry* const first = kept->data();
  const py::capsule owner(kept.get(), [](void* memory) { delete static_cast<Owner*>(memory); });
  kept.release();
  return py::array_t<Entry>(std::move(shape), first, owner);
}
template <class T>
py::array owned(std::vector<T> data) {
  const auto size = static_cast<py::ssize_t>(data.size());
  return owned(std::move(data), {size});
}

/// A run as a dict: identity, configuration, provenance, status, reason, last_step, seconds, finals, trace, arrays.
py::dict run_dict(RunRecord run);

}  // namespace widthwise::python
