#include "widthwise/base/error.h"

#include "bind.h"

namespace widthwise::python {

namespace {

PyObject *base_error, *config_error, *shape_error, *data_error, *store_error;

// widthwise.NAME, an Error and a `kind`; it lives as long as the process.
PyObject* add(py::module_& module, const char* name, py::handle kind, const char* doc) {
  const py::object bases = base_error == nullptr ? py::reinterpret_borrow<py::object>(kind)
                                                 : py::object(py::make_tuple(py::handle(base_error), kind));
  PyObject* const type =
      PyErr_NewExceptionWithDoc((std::string("widthwise.") + name).c_str(), doc, bases.ptr(), nullptr);
  if (type == nullptr) throw py::error_already_set();
  module.attr(name) = py::handle(type);
  return type;
}

void translate(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Interrupted& stop) {
    PyErr_SetString(PyExc_KeyboardInterrupt, stop.what());
  } catch (const ConfigError& wrong) {
    PyErr_SetString(config_error, wrong.what());
  } catch (const ShapeError& wrong) {
    PyErr_SetString(shape_error, wrong.what());
  } catch (const DataError& wrong) {
    PyErr_SetString(data_error, wrong.what());
  } catch (const StoreError& wrong) {
    PyErr_SetString(store_error, wrong.what());
  } catch (const Error& wrong) {
    PyErr_SetString(base_error, wrong.what());
  }
}

}  // namespace

void register_errors(py::module_& module) {
  base_error = add(module, "Error", PyExc_Exception, "Every error that Widthwise raises on purpose.");
  config_error = add(module, "ConfigError", PyExc_ValueError, "A setting that cannot be used.");
  shape_error = add(module, "ShapeError", PyExc_ValueError, "Arrays whose sizes do not fit together.");
  data_error = add(module, "DataError", PyExc_ValueError, "Data that cannot be read.");
  store_error = add(module, "StoreError", PyExc_OSError, "A store of runs that cannot be read.");
  py::register_exception_translator(translate);
}

}  // namespace widthwise::python
