// The Python package: a door to the rooms, with no logic of its own.
#include "bind.h"
#include "widthwise/linalg/cpu.h"
#include "widthwise/study/provenance.h"

PYBIND11_MODULE(_widthwise, module) {
  using namespace widthwise;
  module.attr("__version__") = program_version();
  python::register_errors(module);
  require_supported_cpu();
  python::register_classify(module);
  python::register_classify_two_layer(module);
  python::register_store(module);
  python::register_train(module);
}
