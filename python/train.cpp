#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <variant>

#include "bind.h"
#include "widthwise/base/error.h"
#include "widthwise/base/interrupt.h"
#include "widthwise/study/fields.h"
#include "widthwise/study/one_run.h"

namespace widthwise::python {

namespace {

constexpr const char* doc = R"(Trains one network and measures it: one run of a study, as a dict like that of Store.run.

settings: the keys of a study file (`widthwise list keys`), nested or dotted.
inputs, targets, test_inputs, test_targets: samples x features and samples x outputs, NumPy arrays in C order, all
  float32 or all float64, read in place and never changed; anything else is an error that says how to convert. They are
  taken as they are (no preprocessing), training.dtype is theirs, and settings of data.* have no place beside them.
  Without them the data are those that data.name says, loaded once a process.
return_weights: adds "weights", the effective W_1 ... W_{L+1} (fan_out x fan_in, multipliers folded in), and "biases"
  (None where a layer has none).

Other Python threads run meanwhile; do not change the arrays in them. Ctrl-C stops the training and raises
KeyboardInterrupt; trainings in other threads may stop with it. A run that diverges is a result: see status and reason.

>>> x = numpy.random.default_rng(0).standard_normal((64, 5))
>>> run = widthwise.train({"architecture": {"width": 32}, "training.learning_rate": 0.1, "training.steps": 20},
...                       x, x[:, :1].copy(), return_weights=True)
>>> run["status"], [w.shape for w in run["weights"]]
('finished', [(32, 5), (32, 32), (1, 32)])
>>> bool(run["finals"]["train_loss"] < run["trace"]["train_loss"][0])
True
)";

constexpr int deepest = 20;  // dicts and lists in one another; settings have three

Value value_of(py::handle object, const std::string& key, int depth = 0);

std::string key_of(py::handle key, const std::string& inside) {
  if (!py::isinstance<py::str>(key))
    throw ConfigError({"settings", inside}, "texts as keys", py::repr(key).cast<std::string>());
  return key.cast<std::string>();
}

ValueTable table_of(const py::dict& dict, const std::string& key, int depth) {
  ValueTable table;
  for (const auto& [name, value] : dict) {
    const std::string text = key_of(name, key);
    table.push_back({text, value_of(value, key.empty() ? text : key + "." + text, depth + 1), 0});
  }
  return table;
}

Value whole_of(py::handle object, const std::string& key) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow != 0) throw ConfigError({"settings", key}, "a whole number below 2^63", py::str(object));
  return {std::int64_t{value}, 0};
}

Value value_of(py::handle object, const std::string& key, int depth) {
  if (depth > deepest) throw ConfigError({"settings", key}, "a setting", "dicts or lists without an end");
  if (object.is_none()) return {std::string("none"), 0};  // an optional setting left unset
  if (py::isinstance<py::bool_>(object)) return {object.cast<bool>(), 0};
  if (py::isinstance<py::int_>(object)) return whole_of(object, key);
  if (py::isinstance<py::float_>(object)) return {object.cast<double>(), 0};
  if (py::isinstance<py::str>(object)) return {object.cast<std::string>(), 0};
  if (py::isinstance<py::dict>(object)) return {table_of(py::reinterpret_borrow<py::dict>(object), key, depth), 0};
  if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) {
    ValueList list;
    for (const py::handle& item : object) list.push_back(value_of(item, key, depth + 1));
    return {std::move(list), 0};
  }
  if (py::hasattr(object, "tolist")) return value_of(object.attr("tolist")(), key, depth + 1);  // NumPy's numbers
  throw ConfigError({"settings", key}, "a number, a text, True or False, None, a list or a dict",
                    py::str(py::type::of(object).attr("__name__")));
}

Settings settings_of(const py::dict& dict) {
  Settings settings;
  ValueTable table = table_of(dict, "", 0);
  std::erase_if(table, [](const Entry& entry) { return is_mark(entry.key); });
  for (Entry& entry : flatten(table, "settings")) settings[entry.key] = std::move(entry.value);
  return settings;
}

/// The array's own memory. @throws ConfigError for another type or layout, ShapeError for another number of axes.
template <class T>
View<const T> view_of(const py::object& object, const char* name) {
  if (object.is_none()) return {};
  const std::string type = std::is_same_v<T, float> ? "float32" : "float64";
  const std::string expected = "a NumPy array of " + type + " in C order";
  const std::string remedy = std::string("numpy.ascontiguousarray(") + name + ", dtype=\"" + type + "\") makes one";
  const auto refuse = [&](const std::string& got) { throw ConfigError({{}, name}, expected, got, remedy); };
  if (!py::isinstance<py::array>(object)) refuse(py::str(py::type::of(object).attr("__name__")));
  if (py::hasattr(object, "mask")) refuse("a masked array, whose mask would be lost");
  const auto array = py::reinterpret_borrow<py::array>(object);
  if (array.ndim() != 2)
    throw ShapeError(name, "two axes, samples x features or samples x outputs",
                     std::to_string(array.ndim()) + (array.ndim() == 1 ? " (reshape(-1, 1) makes a column)" : ""));
  if (!py::isinstance<py::array_t<T>>(object)) refuse(py::str(array.dtype()));
  if ((array.flags() & py::array::c_style) == 0 || (array.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_) == 0)
    refuse("one whose rows do not lie one behind the other");
  return {static_cast<const T*>(array.data()), array.shape(0), array.shape(1)};
}

/// Runs `work` without the interpreter's lock. In the main thread, where signals arrive, on a thread of its own, so
/// that they can be looked at meanwhile.
OneRun interruptible(const std::function<OneRun()>& work) {
  using namespace std::chrono_literals;
  const py::module_ threading = py::module_::import("threading");
  const bool is_main = threading.attr("get_ident")().equal(threading.attr("main_thread")().attr("ident"));
  if (!is_main) {
    const py::gil_scoped_release unlocked;
    return work();
  }
  auto result = std::async(std::launch::async, work);
  const auto done = [&] {
    const py::gil_scoped_release unlocked;
    return result.wait_for(50ms) == std::future_status::ready;
  };
  while (!done()) {
    if (PyErr_CheckSignals() == 0) continue;
    py::error_already_set raised;
    request_interrupt();
    {
      const py::gil_scoped_release unlocked;
      result.wait();
    }
    request_interrupt(false);
    throw raised;
  }
  return result.get();
}

template <class T>
OneRun train_on(Settings settings, const py::object& inputs, const py::object& targets, const py::object& test_inputs,
                const py::object& test_targets) {
  const MeasuredData<T> data{view_of<T>(inputs, "inputs"), view_of<T>(targets, "targets"),
                             view_of<T>(test_inputs, "test_inputs"), view_of<T>(test_targets, "test_targets")};
  return interruptible([&] { return train_one(std::move(settings), data); });
}

OneRun train_named(const Settings& settings) {
  static DataCache cache;
  const Configuration configuration(settings);
  return interruptible([&] { return train_one(configuration, cache); });
}

OneRun train_any(const py::dict& settings, const py::object& inputs, const py::object& targets,
                 const py::object& test_inputs, const py::object& test_targets) {
  Settings given = settings_of(settings);
  const bool single = py::isinstance<py::array_t<float>>(inputs);
  if (!inputs.is_none() && single) return train_on<float>(std::move(given), inputs, targets, test_inputs, test_targets);
  if (!inputs.is_none()) return train_on<double>(std::move(given), inputs, targets, test_inputs, test_targets);
  for (const auto& [name, array] :
       {std::pair("targets", targets), std::pair("test_inputs", test_inputs), std::pair("test_targets", test_targets)})
    if (!array.is_none()) throw ConfigError({{}, "inputs"}, std::string("an array, as ") + name + " is given", "None");
  return train_named(given);
}

void add_weights(std::variant<Weights<float>, Weights<double>> weights, py::dict& out) {
  py::list matrices, biases;
  const auto array = [](auto matrix) {
    const std::vector<py::ssize_t> shape{matrix.rows(), matrix.cols()};
    return owned(std::move(matrix), shape);
  };
  std::visit(
      [&](auto& each) {
        for (auto& weight : each.weight) matrices.append(array(std::move(weight)));
        for (auto& bias : each.bias)
          biases.append(bias.size() == 0 ? py::object(py::none()) : py::object(array(std::move(bias)).attr("ravel")()));
      },
      weights);
  out["weights"] = matrices;
  out["biases"] = biases;
}

py::dict train(const py::dict& settings, const py::object& inputs, const py::object& targets,
               const py::object& test_inputs, const py::object& test_targets, bool return_weights) {
  try {
    OneRun one = train_any(settings, inputs, targets, test_inputs, test_targets);
    py::dict out = run_dict(std::move(one.record));
    if (return_weights) add_weights(std::move(one.weights), out);
    return out;
  } catch (const ConfigError& error) {
    if (!error.place().file.empty() || error.place().key.find('.') == std::string::npos) throw;
    throw error.in_file("settings");
  }
}

}  // namespace

void register_train(py::module_& module) {
  module.def("train", &train, doc, py::arg("settings"), py::arg("inputs") = py::none(), py::arg("targets") = py::none(),
             py::arg("test_inputs") = py::none(), py::arg("test_targets") = py::none(),
             py::arg("return_weights") = false);
}

}  // namespace widthwise::python
