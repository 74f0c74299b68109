#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "bind.h"
#include "widthwise/base/error.h"
#include "widthwise/data/npy.h"
#include "widthwise/store/inspect.h"
#include "widthwise/store/reader.h"
#include "widthwise/store/run_table.h"

namespace widthwise::python {

namespace {

constexpr const char* class_doc = R"(A folder of recorded runs, read only; any number of processes may write meanwhile.

>>> store = widthwise.Store("widthwise-store")
>>> len(store), store.identities()[0]                                    # doctest: +SKIP
(2, '0c7f...')
)";

constexpr const char* table_doc = R"(Settings and final values of the runs, one array a column, one entry a run.

where: conditions such as "architecture.width=64" or "final.train_loss<0.1" (a text or a list), all of which must hold.
Numbers are float64 or int64, NaN where a run has no such value; other columns hold Python texts.

>>> table = widthwise.Store("widthwise-store").table(where=["status=finished"])
>>> table["architecture.width"].dtype
dtype('int64')
>>> frame = pandas.DataFrame(table)                                      # doctest: +SKIP
)";

constexpr const char* run_doc = R"(One run by its identity: settings, how it ended, final values, trace and arrays.

>>> store = widthwise.Store("widthwise-store")
>>> run = store.run(store.identities()[0])
>>> run["status"], run["trace"]["step"].dtype
('finished', dtype('int64'))
)";

StoreReader open(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder))  // a mistyped folder must not look like an empty store
    throw StoreError(folder.string(), "a folder of runs", "nothing there", "`widthwise run` makes one");
  return StoreReader(folder);
}

template <class T>
py::array decoded(const std::string& bytes, const std::string& name) {
  npy::Array<T> array = npy::decode<T>(bytes, name);
  const std::vector<py::ssize_t> shape(array.shape.begin(), array.shape.end());
  return owned(std::move(array.values), shape);
}

py::array array_of(const std::string& name, const std::string& bytes) {
  const std::string type = npy::read_header(bytes, name).type;
  if (type == "<f4") return decoded<float>(bytes, name);
  if (type == "<i8") return decoded<std::int64_t>(bytes, name);
  return decoded<double>(bytes, name);
}

py::dict trace_dict(Trace trace) {
  py::dict out;
  out["step"] = owned(std::move(trace.step));
  out["time"] = owned(std::move(trace.time));
  for (auto& [name, values] : trace.series) out[py::str(name)] = owned(std::move(values));
  return out;
}

py::array column_array(RunColumn::Values values) {
  if (auto* wholes = std::get_if<std::vector<std::int64_t>>(&values)) return owned(std::move(*wholes));
  if (auto* numbers = std::get_if<std::vector<double>>(&values)) return owned(std::move(*numbers));
  return py::module_::import("numpy").attr("array")(std::get<std::vector<std::string>>(values),
                                                    py::arg("dtype") = "object");
}

py::dict table(const StoreReader& reader, const std::variant<std::string, std::vector<std::string>>& where) {
  std::vector<RunFilter> filters;
  if (const auto* one = std::get_if<std::string>(&where)) {
    filters.push_back(RunFilter::parse(*one));
  } else {
    for (const std::string& each : std::get<1>(where)) filters.push_back(RunFilter::parse(each));
  }
  py::dict out;
  for (RunColumn& column : run_table(list_runs(reader, filters)))
    out[py::str(column.name)] = column_array(std::move(column.values));
  return out;
}

py::dict run(const StoreReader& reader, const std::string& identity) {
  auto found = reader.load(identity);
  if (!found) throw py::key_error("no run '" + identity + "' in " + reader.folder().string());
  return run_dict(std::move(*found));
}

}  // namespace

py::dict run_dict(RunRecord run) {
  py::dict out, arrays;
  for (const auto& [name, bytes] : run.arrays) arrays[py::str(name)] = array_of(name, bytes);
  out["identity"] = run.identity;
  out["configuration"] = py::module_::import("json").attr("loads")(run.configuration);
  out["provenance"] = run.provenance;
  out["status"] = run.status;
  out["reason"] = run.reason;
  out["last_step"] = run.last_step;
  out["seconds"] = run.seconds;
  out["finals"] = run.finals;
  out["trace"] = trace_dict(std::move(run.trace));
  out["arrays"] = arrays;
  return out;
}

void register_store(py::module_& module) {
  py::class_<StoreReader>(module, "Store", class_doc)
      .def(py::init(&open), py::arg("path"))
      .def("__len__", &StoreReader::size)
      .def("__contains__", &StoreReader::contains, py::arg("identity"))
      .def("__repr__",
           [](const StoreReader& reader) {
             return "<widthwise.Store " + reader.folder().string() + ", " + std::to_string(reader.size()) + " runs>";
           })
      .def(
          "identities",
          [](const StoreReader& reader) {
            const auto names = reader.identities();
            return std::vector<std::string>(names.begin(), names.end());
          },
          "Identities of all runs, sorted.")
      .def("refresh", &StoreReader::refresh, "Takes in what was recorded since.")
      .def("table", &table, table_doc, py::arg("where") = std::vector<std::string>{})
      .def("run", &run, run_doc, py::arg("identity"));
}

}  // namespace widthwise::python
