"""The Python door: the same answers as the rooms behind it, honest memory, clear words for what does not fit.

Run by ctest against the build tree and by tests/python/install.sh against an installed package:
    PYTHONPATH=build/release/python python3 -m unittest discover -s tests/python
WIDTHWISE_PROGRAM names the command line program where it was built; tests that compare with it skip elsewhere.
"""

import doctest
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from fractions import Fraction
from pathlib import Path

import numpy
import widthwise

PROGRAM = os.environ.get("WIDTHWISE_PROGRAM")
needs_program = unittest.skipUnless(PROGRAM, "needs the command line program: WIDTHWISE_PROGRAM is not set")

SETTINGS = {
    "architecture": {"width": 16, "hidden_layers": 2, "activation": "relu"},
    "parameterization.reference_width": 16,
    "training": {"learning_rate": 0.1, "steps": 20},
    "measure": {"observables": ["train_loss", "output_change"], "times": {"every": 5}},
}

STUDY = """
title = "tiny"
[architecture]
width = 8
[data]
name = "teacher"
train = 32
dimension = 6
[training]
learning_rate = 0.05
steps = 4
[measure]
observables = ["train_loss"]
times = { every = 1 }
[[sweep]]
name = "s"
"seed.init" = [0, 1]
"architecture.width" = [8, 16]
"""


def points(samples=64, features=5, dtype="float64"):
    x = numpy.random.default_rng(0).standard_normal((samples, features)).astype(dtype)
    return x, numpy.sin(x[:, :1]).copy()


def recorded(folder):
    """A store with the four runs of STUDY."""
    (folder / "study.toml").write_text(STUDY)
    store = folder / "widthwise-store"
    subprocess.run([PROGRAM, "run", folder / "study.toml", "--store", store], check=True, capture_output=True)
    return store


def in_fresh_interpreter(code, **environment):
    """What `code` prints as JSON in an interpreter of its own."""
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    done = subprocess.run([sys.executable, "-c", code], env={**clean, **environment}, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


class Classify(unittest.TestCase):
    def test_published_outcomes(self):
        # Yang & Hu 2021: muP learns features; standard at a fixed rate explodes; the NTK scheme stays in the kernel.
        self.assertEqual(widthwise.classify("mup")["outcome"], "feature")
        self.assertEqual(widthwise.classify("standard")["outcome"], "unstable")
        self.assertEqual(widthwise.classify("ntk", hidden_layers=2)["regime"], "kernel")
        self.assertIsNone(widthwise.classify("standard")["regime"])

    @needs_program
    def test_is_the_answer_of_the_program(self):
        for keywords in (
            {"scheme": "mup", "optimizer": "adam"},
            {"scheme": "standard", "hidden_layers": 2},
            {"scheme": "integrable", "activation": "tanh"},
            {"input": "0,0,0", "hidden": "1/2,0,0", "output": "1/2,0,0"},
        ):
            options = [f"--{name.replace('_', '-')}={value}" for name, value in keywords.items()]
            told = subprocess.run([PROGRAM, "classify", "abc", "--json", *options], check=True, capture_output=True)
            self.assertEqual(widthwise.classify(**keywords), json.loads(told.stdout))

    def test_mistakes(self):
        with self.assertRaisesRegex(widthwise.ConfigError, "mup"):
            widthwise.classify("mupp")
        with self.assertRaisesRegex(widthwise.ConfigError, "scheme"):
            widthwise.classify()
        with self.assertRaisesRegex(widthwise.ConfigError, "hidden_layers"):
            widthwise.classify("mup", hidden_layers=0)


class ClassifyTwoLayer(unittest.TestCase):
    def test_exponents_of_every_kind(self):
        # The same point of the plane, however its coordinates are written.
        for half in ("1/2", "0.5", 0.5, Fraction(1, 2)):
            answer = widthwise.classify_two_layer(-1, half, half)
            self.assertEqual((answer["class"], answer["exponents"]["kappa"]), ("post-NTK", "-1/2"))

    @needs_program
    def test_is_the_answer_of_the_program(self):
        for q_sigma, q_a, q_w, corrected in (
            ("-1/2", "1", "0", False),
            ("-1", "1", "1", True),
            ("1", "1", "1", False),
            ("-1", "-1", "-1", False),
        ):
            options = [f"--q-sigma={q_sigma}", f"--q-a={q_a}", f"--q-w={q_w}"] + ["--init-corrected"] * corrected
            told = subprocess.run(
                [PROGRAM, "classify", "two-layer", "--json", *options], check=True, capture_output=True
            )
            self.assertEqual(widthwise.classify_two_layer(q_sigma, q_a, q_w, corrected), json.loads(told.stdout))

    def test_mistakes(self):
        with self.assertRaisesRegex(widthwise.ConfigError, "q_w"):
            widthwise.classify_two_layer(-1, 1, "x")
        with self.assertRaisesRegex(widthwise.ConfigError, "q_a"):
            widthwise.classify_two_layer(-1, 1e-7, 1)  # "1e-07" is no finite decimal
        with self.assertRaisesRegex(widthwise.ConfigError, "init_corrected"):
            widthwise.classify_two_layer("-1/2", "1/2", "1/2", init_corrected=True)


class Train(unittest.TestCase):
    def test_is_gradient_descent(self):
        # Twenty steps written out in NumPy, from the weights that a training of no steps returns. At the reference
        # width every multiplier is 1 and every rate the learning rate; the loss is |f - y|^2 / 2 a sample.
        x, y = points()
        start = {**SETTINGS, "training": {"learning_rate": 0.1, "steps": 0}}
        w = [each.copy() for each in widthwise.train(start, x, y, return_weights=True)["weights"]]
        for _ in range(20):
            z1 = x @ w[0].T
            h1 = numpy.maximum(z1, 0)
            z2 = h1 @ w[1].T
            h2 = numpy.maximum(z2, 0)
            d3 = (h2 @ w[2].T - y) / len(x)
            d2 = (d3 @ w[2]) * (z2 > 0)
            d1 = (d2 @ w[1]) * (z1 > 0)
            for weight, delta, input in zip(w, (d1, d2, d3), (x, h1, h2)):
                weight -= 0.1 * delta.T @ input
        run = widthwise.train(SETTINGS, x, y, return_weights=True)
        for trained, expected in zip(run["weights"], w):
            numpy.testing.assert_allclose(trained, expected, rtol=0, atol=1e-13)

    def test_follows_limits_too(self):
        # Logits of this scaling move along a straight line, whatever came before: F_k = k F_1.
        settings = {
            "architecture": {"hidden_layers": 1, "activation": "leaky_relu", "width": 16},
            "parameterization": {"name": "two-layer", "q": "-1,3/4", "reference_width": 16},
            "data": {"name": "gaussian", "train": 8, "dimension": 4},
            "training": {"loss": "logistic", "learning_rate": 0.1, "steps": 3},
            "measure": {"observables": ["output_size"], "times": {"every": 1}},
            "limit": {"kind": "two-layer"},
        }
        size = widthwise.train(settings)["trace"]["output_size"]
        self.assertEqual(len(size), 4)
        numpy.testing.assert_allclose(size[2:], size[1] * numpy.array([2, 3]), rtol=1e-9)

    def test_shape_of_the_answer(self):
        run = widthwise.train(SETTINGS, *points())
        self.assertEqual((run["status"], run["last_step"], run["identity"]), ("finished", 20, ""))
        self.assertEqual(run["trace"]["step"].tolist(), [0, 5, 10, 15, 20])
        self.assertEqual(run["trace"]["train_loss"][-1], run["finals"]["train_loss"])
        self.assertEqual(run["configuration"]["data.train"], 64)
        self.assertNotIn("data.name", run["configuration"])
        self.assertNotIn("weights", run)

    def test_precision_is_that_of_the_arrays(self):
        for dtype in ("float32", "float64"):
            run = widthwise.train(SETTINGS, *points(dtype=dtype), return_weights=True)
            self.assertEqual({str(each.dtype) for each in run["weights"]}, {dtype})
            self.assertEqual(run["configuration"]["training.dtype"], dtype)

    def test_test_set(self):
        x, y = points()
        settings = {**SETTINGS, "measure": {"observables": ["train_loss", "test_loss"]}}
        run = widthwise.train(settings, x, y, x, y)
        self.assertEqual(run["finals"]["test_loss"], run["finals"]["train_loss"])  # of the same samples
        with self.assertRaises(widthwise.ConfigError):
            widthwise.train(settings, x, y)

    def test_biases(self):
        settings = {**SETTINGS, "architecture": {"width": 16, "bias_hidden": True}}
        run = widthwise.train(settings, *points(), return_weights=True)
        self.assertEqual([None if b is None else b.shape for b in run["biases"]], [None, (16,), None])

    def test_configuration_with_marks_is_taken_back(self):
        # Records of divided decay say which rule they are of, in keys that are no settings.
        settings = {
            **SETTINGS,
            "data": {"name": "gaussian", "train": 32, "dimension": 5},
            "parameterization.name": "mup",
            "training": {"optimizer": "adam", "weight_decay": 0.1, "learning_rate": 0.01, "steps": 2},
        }
        run = widthwise.train(settings)
        self.assertIn("training.weight_decay_scales", run["configuration"])
        again = widthwise.train(run["configuration"])
        self.assertEqual((again["identity"], again["finals"]), (run["identity"], run["finals"]))

    def test_named_data(self):
        settings = {"data": {"name": "teacher", "train": 32, "dimension": 6},
                    "training": {"learning_rate": 0.05, "steps": 4}}
        run = widthwise.train(settings)
        self.assertEqual(len(run["identity"]), 32)
        self.assertEqual(run["configuration"]["data.name"], "teacher")
        # Its configuration asks for the same run again.
        again = widthwise.train(run["configuration"])
        self.assertEqual((again["identity"], again["finals"]), (run["identity"], run["finals"]))

    def test_divergence_is_a_result(self):
        settings = {**SETTINGS, "training": {"learning_rate": 1e6, "steps": 20}}
        run = widthwise.train(settings, *points())
        self.assertEqual(run["status"], "diverged")
        self.assertTrue(run["reason"])
        self.assertTrue(numpy.isnan(run["finals"]["train_loss"]))

    def test_numpy_numbers_as_settings(self):
        x, y = points()
        plain = widthwise.train({"training": {"learning_rate": 0.5, "steps": 3}}, x, y)
        numpyish = {"training": {"learning_rate": numpy.float32(0.5), "steps": numpy.int64(3)}}
        self.assertEqual(widthwise.train(numpyish, x, y)["finals"], plain["finals"])
        # An array of steps is a list of steps.
        at = widthwise.train({**SETTINGS, "measure": {"times": {"at": numpy.array([3, 7])}}}, x, y)
        self.assertEqual(at["trace"]["step"].tolist(), [0, 3, 7, 20])

    def test_threads_of_python_train_at_once(self):
        x, y = points()
        alone = widthwise.train(SETTINGS, x, y)["finals"]
        found = []
        crew = [threading.Thread(target=lambda: found.append(widthwise.train(SETTINGS, x, y)["finals"]))
                for _ in range(4)]
        for each in crew:
            each.start()
        for each in crew:
            each.join()
        self.assertEqual(found, [alone] * 4)

    def test_python_runs_meanwhile(self):
        x, y = points()
        endless = {"training": {"learning_rate": 1e-3, "steps": 10**9, "max_seconds": 0.5}}
        worker = threading.Thread(target=lambda: widthwise.train(endless, x, y))
        worker.start()
        ticks = 0
        while worker.is_alive():
            ticks += 1
            time.sleep(0.01)
        self.assertGreater(ticks, 3)  # one, at the end, if the lock were held


class Interrupt(unittest.TestCase):
    def test_ctrl_c_stops_and_leaves_no_trace(self):
        x, y = points()
        endless = {"training": {"learning_rate": 1e-3, "steps": 10**9, "max_seconds": 60}}
        timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            widthwise.train(endless, x, y)
        timer.join()
        self.assertEqual(widthwise.train(SETTINGS, x, y)["status"], "finished")

    def test_a_handler_of_the_users_own_is_called(self):
        class Stop(Exception):
            pass

        def handler(number, frame):
            raise Stop

        x, y = points()
        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with self.assertRaises(Stop):
                widthwise.train({"training": {"learning_rate": 1e-3, "steps": 10**9, "max_seconds": 60}}, x, y)
        finally:
            signal.signal(signal.SIGALRM, before)


class Arrays(unittest.TestCase):
    def refused(self, inputs=None, targets=None, error=widthwise.ConfigError, says="", **others):
        x, y = points()
        with self.assertRaisesRegex(error, says):
            widthwise.train(SETTINGS, x if inputs is None else inputs, y if targets is None else targets, **others)

    def test_layouts(self):
        x, y = points()
        self.refused(numpy.asfortranarray(x), says="inputs.*C order")
        self.refused(x[:, ::2], says="inputs.*ascontiguousarray")
        self.refused(x[::-1], says="inputs.*ascontiguousarray")
        self.refused(targets=numpy.broadcast_to(y[:1], y.shape), says="targets.*ascontiguousarray")
        odd = numpy.zeros(x.nbytes + 1, dtype="uint8")[1:].view("float64").reshape(x.shape)
        self.refused(odd, says="inputs")
        self.refused(numpy.ma.masked_array(x, mask=x > 1), says="mask")

    def test_types(self):
        x, y = points()
        for dtype in ("float16", "int64", "complex128", "bool", "object", ">f8"):
            self.refused(x.astype(dtype) if dtype != "complex128" else x + 0j, says="inputs: expected.*float64")
        self.refused(x.tolist(), says="inputs.*list")
        self.refused(targets=y.astype("float32"), says="targets: expected.*float64.*got float32")
        self.refused(test_inputs=x.astype("float32"), test_targets=y, says="test_inputs")

    def test_shapes(self):
        x, y = points()
        shape = widthwise.ShapeError
        self.refused(x[:0], y[:0], shape, "inputs.*at least one")
        self.refused(x[:, :0].copy(), error=shape, says="inputs.*at least one")
        self.refused(targets=y[:, 0].copy(), error=shape, says="targets.*reshape")
        self.refused(targets=y[:-1], error=shape, says="targets: expected 64 x 1.*got 63 x 1")
        self.refused(numpy.zeros((2, 3, 4)), error=shape, says="inputs.*3")
        self.refused(numpy.float64(1), says="inputs")
        self.refused(test_inputs=x, error=shape, says="test_targets")
        self.refused(test_inputs=x[:, :3].copy(), test_targets=y, error=shape, says="test_inputs: expected 64 x 5")

    def test_values(self):
        x, y = points()
        for value in (numpy.nan, numpy.inf):
            bad = x.copy()
            bad[7, 2] = value
            self.refused(bad, says="inputs.*row 7, column 2")
        bad = y.copy()
        bad[0, 0] = numpy.nan
        self.refused(targets=bad, says="targets.*row 0, column 0")

    def test_targets_without_inputs(self):
        with self.assertRaisesRegex(widthwise.ConfigError, "inputs"):
            widthwise.train(SETTINGS, targets=points()[1])

    def test_read_only_arrays_are_read_in_place(self):
        x, y = points()
        x.flags.writeable = y.flags.writeable = False
        self.assertEqual(widthwise.train(SETTINGS, x, y)["status"], "finished")

    def test_rows_of_a_larger_array_are_read_in_place(self):
        x, y = points()
        part = widthwise.train(SETTINGS, x[8:40], y[8:40])
        self.assertEqual(part["finals"], widthwise.train(SETTINGS, x[8:40].copy(), y[8:40].copy())["finals"])

    def test_no_copy_is_made(self):
        # 256 MB of inputs; a copy would be seen in the peak memory of the process.
        code = """
import json, numpy, resource, widthwise
x = numpy.zeros((2**15, 2**10)); x[:, 0] = 1
y = numpy.ones((2**15, 1))
settings = {"training": {"learning_rate": 1e-3, "steps": 1, "batch": 16}, "architecture.width": 4,
            "measure.times.train_points": 16}
widthwise.train(settings, x[:64], y[:64])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
widthwise.train(settings, x, y)
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""
        unit = 1 if sys.platform == "darwin" else 1024
        self.assertLess(in_fresh_interpreter(code) * unit, 64e6)

    def test_results_own_their_memory(self):
        x, y = points()
        run = widthwise.train(SETTINGS, x, y, return_weights=True)
        loss, weight = run["trace"]["train_loss"], run["weights"][1]
        view = weight[3:5]
        expected, rows = loss.copy(), view.copy()
        del run, x, y, weight
        gc.collect()
        [widthwise.train(SETTINGS, *points()) for _ in range(20)]  # whatever was freed is written over
        numpy.testing.assert_array_equal(loss, expected)
        numpy.testing.assert_array_equal(view, rows)
        loss[0] = 7  # theirs alone
        self.assertEqual(loss[0], 7)


class Settings(unittest.TestCase):
    def refused(self, settings, says):
        with self.assertRaisesRegex(widthwise.ConfigError, says):
            widthwise.train(settings, *points())

    def test_mistakes(self):
        good = {"training.steps": 1, "training.learning_rate": 0.1}
        self.refused({}, "settings: training")
        self.refused({**good, "architecture.widht": 3}, "did you mean 'architecture.width'")
        self.refused({**good, "architecture": 3}, "architecture.*table")
        self.refused({**good, "architecture.width": [8, 16]}, "architecture.width")
        self.refused({**good, "architecture.width": -1}, "architecture.width")
        self.refused({**good, "architecture.width": 2**70}, "architecture.width")
        self.refused({**good, "training.learning_rate": float("nan")}, "training.learning_rate")
        self.refused({**good, "training": {"steps": 2}}, "training.steps.*second")
        self.refused({**good, "architecture": {1: 2}}, "texts as keys")
        self.refused({**good, "architecture.width": object()}, "got object")
        self.refused({**good, "architecture.width": b"8"}, "architecture.width")
        self.refused({**good, "data.name": "mnist"}, "data.name.*given in memory")
        self.refused({**good, "training.dtype": "float32"}, "training.dtype.*float64")

    def test_endless_dicts(self):
        endless = {}
        endless["architecture"] = endless
        self.refused(endless, "without an end")

    def test_not_a_dict(self):
        with self.assertRaises(TypeError):
            widthwise.train([("training.steps", 1)])

    def test_none_is_unset(self):
        run = widthwise.train({**SETTINGS, "parameterization.init_gain": None}, *points())
        self.assertEqual(run["configuration"]["parameterization.init_gain"], "none")


class Errors(unittest.TestCase):
    def test_kinds(self):
        for error, kind in (("ConfigError", ValueError), ("ShapeError", ValueError), ("DataError", ValueError),
                            ("StoreError", OSError)):
            self.assertTrue(issubclass(getattr(widthwise, error), kind))
            self.assertTrue(issubclass(getattr(widthwise, error), widthwise.Error))

    def test_store(self):
        with self.assertRaisesRegex(widthwise.StoreError, "nowhere"):
            widthwise.Store("/nowhere/at/all")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "runs-broken.sqlite").write_bytes(b"no database" * 1000)
            with self.assertRaisesRegex(widthwise.StoreError, "runs-broken"):
                widthwise.Store(folder)

    def test_data(self):
        # A file of images that is no IDX file.
        with tempfile.TemporaryDirectory() as folder:
            for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
                (Path(folder) / f"{name}-ubyte").write_bytes(b"not IDX")
            code = f"""
import json, widthwise
try:
    widthwise.train({{"data.name": "mnist", "training": {{"steps": 1, "learning_rate": 1}}}})
except widthwise.DataError as error:
    print(json.dumps(str(error)))
"""
            self.assertIn("idx3", in_fresh_interpreter(code, WIDTHWISE_DATA=folder))

    def test_version(self):
        self.assertRegex(widthwise.__version__, r"^\d+\.\d+\.\d+$")


class EmptyStore(unittest.TestCase):
    def test_has_no_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            store = widthwise.Store(folder)
            self.assertEqual((len(store), store.identities()), (0, []))
            self.assertEqual(len(store.table()["identity"]), 0)
            with self.assertRaisesRegex(KeyError, "beef"):
                store.run("beef")


@needs_program
class Store(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = recorded(Path(cls.folder.name))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_table(self):
        store = widthwise.Store(self.path)
        table = store.table()
        self.assertEqual(len(store), 4)
        self.assertEqual(sorted(table["identity"]), store.identities())
        self.assertEqual(sorted(table["architecture.width"].tolist()), [8, 8, 16, 16])
        self.assertEqual(table["architecture.width"].dtype, "int64")
        self.assertEqual(table["final.train_loss"].dtype, "float64")
        self.assertEqual(set(table["training.max_seconds"]), {"none"})
        self.assertEqual({len(column) for column in table.values()}, {4})

    def test_where(self):
        store = widthwise.Store(self.path)
        self.assertEqual(len(store.table("architecture.width=8")["identity"]), 2)
        self.assertEqual(len(store.table(["architecture.width=8", "seed.init=1"])["identity"]), 1)
        self.assertEqual(len(store.table(where=("seed.init>5",))["identity"]), 0)
        with self.assertRaisesRegex(widthwise.ConfigError, "architecture.width"):
            store.table("architecture.widht=8")

    def test_run_is_the_run_trained_again(self):
        # The same configuration trained by hand gives the recorded numbers, up to the rounding of stacked products.
        store = widthwise.Store(self.path)
        self.assertIn(store.identities()[0], store)
        run = store.run(store.identities()[0])
        again = widthwise.train(run["configuration"])
        self.assertEqual(run["identity"], again["identity"])
        self.assertEqual(run["trace"]["step"].tolist(), [0, 1, 2, 3, 4])
        for name, values in run["trace"].items():
            numpy.testing.assert_allclose(values, again["trace"][name], rtol=1e-5)

    def test_arrays_outlive_the_store(self):
        store = widthwise.Store(self.path)
        losses = store.table()["final.train_loss"]
        trace = store.run(store.identities()[0])["trace"]
        expected, kept = losses.copy(), {name: values.copy() for name, values in trace.items()}
        del store
        gc.collect()
        [widthwise.Store(self.path).table() for _ in range(20)]
        numpy.testing.assert_array_equal(losses, expected)
        for name, values in kept.items():
            numpy.testing.assert_array_equal(trace[name], values)

    def test_sees_what_was_recorded_since(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            (path / "widthwise-store").mkdir()
            store = widthwise.Store(path / "widthwise-store")
            self.assertEqual(len(store), 0)
            recorded(path)
            store.refresh()
            self.assertEqual(len(store), 4)

    def test_examples(self):
        # The examples of the docstrings, in a folder with such a store.
        before = os.getcwd()
        os.chdir(self.folder.name)
        try:
            finder = doctest.DocTestFinder()
            names = {"widthwise": widthwise, "numpy": numpy}
            examples = [test for name in ("classify", "classify_two_layer", "train", "Store")
                        for test in finder.find(getattr(widthwise, name), name, globs=dict(names))]
            runner = doctest.DocTestRunner()
            for test in examples:
                runner.run(test)
            self.assertEqual(runner.summarize().failed, 0)
            self.assertGreaterEqual(sum(len(test.examples) for test in examples), 8)
        finally:
            os.chdir(before)


class BesideNumPy(unittest.TestCase):
    """NumPy brings an OpenBLAS of its own, often the very file ours is; whoever comes first must not choose the other's
    kernels (linalg/openblas.h)."""

    CODE = """
import json, os
{first}
import widthwise
run = widthwise.train({{"data.name": "gaussian", "data.train": 300, "data.dimension": 128, "architecture.width": 256,
                        "training": {{"learning_rate": 0.01, "steps": 5, "dtype": "float64"}}}})
import numpy
a = numpy.arange(10000.0).reshape(100, 100)
print(json.dumps([run["provenance"]["blas_core"], run["finals"]["train_loss"],
                  float(abs((a @ a) - numpy.einsum("ij,jk->ik", a, a)).max() / (a @ a).max())]))
"""

    def test_order_of_import_does_not_matter(self):
        last = in_fresh_interpreter(self.CODE.format(first=""))
        first = in_fresh_interpreter(self.CODE.format(first="import numpy; numpy.ones((99, 99)) @ numpy.ones((99, 99))"))
        self.assertEqual(first[:2], last[:2])
        self.assertLess(max(first[2], last[2]), 1e-14)

    @unittest.skipUnless(os.uname().machine == "x86_64", "the slow kernels are those of x86")
    def test_slow_kernels_of_numpy_are_not_ours(self):
        trap = ("os.environ['OPENBLAS_CORETYPE'] = 'Prescott'; import numpy; numpy.ones((99, 99)) @ numpy.ones((99, 99));"
                "del os.environ['OPENBLAS_CORETYPE']")
        core, loss, error = in_fresh_interpreter(self.CODE.format(first=trap))
        self.assertNotEqual(core, "Prescott")
        self.assertEqual([core, loss], in_fresh_interpreter(self.CODE.format(first=""))[:2])
        self.assertLess(error, 1e-14)

    def test_the_environment_is_left_alone(self):
        code = "import json, os, widthwise; widthwise.train({'data.name': 'gaussian', 'training': {'steps': 1, " \
               "'learning_rate': 1}}); print(json.dumps(os.environ.get('OPENBLAS_CORETYPE')))"
        self.assertIsNone(in_fresh_interpreter(code))


class Stubs(unittest.TestCase):
    def test_name_everything(self):
        folder = Path(widthwise.__file__).parent
        stub = (folder / "_widthwise.pyi").read_text()
        compile(stub, "_widthwise.pyi", "exec")
        for name in widthwise.__all__:
            self.assertRegex(stub, rf"(def|class) {name}\b|^{name}:|\n{name}:")
        for name in vars(widthwise.Store):
            if not name.startswith("_"):
                self.assertIn(f"def {name}(", stub)
        self.assertTrue((folder / "py.typed").exists())


if __name__ == "__main__":
    unittest.main()
