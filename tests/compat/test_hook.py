"""`import tensorflow` that gives flowgraph, and what stays as it was."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import flowgraph as fg
from flowgraph import compat
from flowgraph.compat.paths import ELSEWHERE, TABLE, _place, find_name
from flowgraph.core.api import is_of_tensorflow

ROOT = Path(fg.__file__).parents[1]


@pytest.fixture
def tf() -> Iterator[object]:
    """What `import tensorflow` gives while the hook is in."""
    yield compat.install()
    compat.uninstall()


def run(code: str) -> dict[str, object]:
    """The names that lines of a program make."""
    names: dict[str, object] = {}
    exec(code, names)
    return names


@pytest.mark.parametrize(("line", "offered"), [
    ("from tensorflow import nn as x", "nn"),
    ("import tensorflow.nn as x", "nn"),
    ("from tensorflow.nn import rnn_cell as x", "nn.rnn_cell"),
    ("import tensorflow.keras.layers as x", "keras.layers"),
    ("from tensorflow.keras.layers import Dense as x", "keras.layers.Dense"),
    ("import tensorflow.contrib.rnn as x", "contrib.rnn"),
    ("from tensorflow import flags as x", "flags"),
    ("import tensorflow.app.flags as x", "flags"),
    ("from tensorflow.compat.v1 import nn as x", "nn"),
    ("from tensorflow.compat.v1.train import Saver as x", "train.Saver"),
    ("from tensorflow.python.framework.ops import Graph as x", "Graph"),
    ("from tensorflow.python.framework import ops; x = ops.name_scope", "name_scope"),
    ("from tensorflow.python.ops import array_ops; x = array_ops.concat", "concat"),
    ("from tensorflow.python.ops.nn_ops import conv2d as x", "nn.conv2d"),
    ("from tensorflow.python.ops.rnn_cell_impl import GRUCell as x", "nn.rnn_cell.GRUCell"),
    ("from tensorflow.python.ops import init_ops; x = init_ops.glorot_uniform_initializer",
     "glorot_uniform_initializer"),
    ("from tensorflow.python.layers.core import Dense as x", "layers.Dense"),
    ("from tensorflow.python.platform import gfile; x = gfile.Exists", "gfile.Exists"),
    ("from tensorflow.python.training import adam; x = adam.AdamOptimizer", "train.AdamOptimizer"),
    ("from tensorflow.python.saved_model.tag_constants import SERVING as x", "saved_model.SERVING"),
    ("from tensorflow.python import keras; x = keras.layers.Dense", "keras.layers.Dense"),
    ("from tensorflow.python.keras.layers.core import Dense as x", "keras.layers.Dense"),
    ("from tensorflow.core.framework.graph_pb2 import GraphDef as x", "GraphDef"),
    ("from tensorflow.core.protobuf import config_pb2; x = config_pb2.ConfigProto", "ConfigProto"),
    ("from tensorflow.contrib.keras.api.keras.layers import Dense as x", "keras.layers.Dense"),
    ("from tensorflow.python.training.summary_io import SummaryWriterCache as x",
     "summary.FileWriterCache"),
    ("import tensorflow as t; x = t.python.ops.rnn.dynamic_rnn", "nn.dynamic_rnn"),
])
def test_an_import_gives_flowgraphs_own_object(line, offered, tf) -> None:
    expected: object = fg
    for part in offered.split("."):
        expected = getattr(expected, part)
    assert run(line)["x"] is expected


def test_the_same_paths_are_there_below_flowgraph() -> None:
    """For programs in which "tensorflow" was replaced."""
    names = run("import flowgraph.compat.v1 as v1\n"
                "from flowgraph.python.ops import array_ops\n"
                "import flowgraph.python.framework.ops as ops\n"
                "from flowgraph.contrib.layers.python.layers import layers\n"
                "from flowgraph.core.framework import graph_pb2\n"
                "from flowgraph.app import flags")
    assert names["v1"] is fg
    assert names["array_ops"].concat is fg.python.ops.array_ops.concat is fg.concat
    assert names["ops"].convert_to_tensor is fg.convert_to_tensor
    assert names["graph_pb2"].GraphDef is fg.GraphDef
    assert names["flags"] is fg.flags


def test_the_module_has_its_own_version_and_takes_names_of_the_program(tf) -> None:
    before = fg.__version__
    tf.mine = 1
    tf.Session = "mine"
    assert tf.__version__ == tf.VERSION == tf.compat.v1.__version__ == "1.15.5"
    assert fg.__version__ == before
    assert fg.Session is not tf.Session
    assert not hasattr(fg, "mine")
    assert {"mine", "Session", "placeholder", "nn"} <= set(dir(tf))


def test_star_gives_the_public_names(tf) -> None:
    names = run("from tensorflow.python.ops.rnn_cell_impl import *\nfrom tensorflow.nn import *")
    assert names["GRUCell"] is fg.nn.rnn_cell.GRUCell
    assert names["relu"] is fg.nn.relu


@pytest.mark.parametrize(("path", "brought", "kept"), [
    ("ops.array_ops", "concat reshape slice", "abs random"),
    ("ops.math_ops", "matmul range", "print math"),
    ("framework.ops", "Graph convert_to_tensor name_scope", "range io"),
    ("framework.dtypes", "float32 DType as_dtype bool", "tuple"),
    ("ops.gen_nn_ops", "conv2d relu", "range"),
])
def test_star_brings_names_of_tf_and_hides_nothing_of_pythons(path, brought, kept, tf) -> None:
    assert "placeholder" not in dir(importlib.import_module(f"tensorflow.python.{path}"))
    names = run(f"import io, math, random\nfrom tensorflow.python.{path} import *")
    for name in brought.split():
        expected = getattr(fg, name, None) or getattr(fg.nn, name)
        assert names[name] is expected or name == "convert_to_tensor"
    for name in kept.split():
        assert names.get(name) is sys.modules.get(name)


@pytest.mark.parametrize(("line", "words"), [
    ("from tensorflow import nothing", "flowgraph has no tf.nothing"),
    ("import tensorflow.nothing", "flowgraph has no tf.nothing"),
    ("from tensorflow.nn import relux", "Did you mean relu"),
    ("import tensorflow.nn.relu", "from tensorflow.nn import relu"),
    ("from tensorflow import RaggedTensor", "Pad to one length"),
    ("import tensorflow.compat.v2 as tf", "tf.compat.v2"),
    ("import tensorflow.contrib.tpu", "tf.contrib.tpu"),
    ("from tensorflow.python.ops import nothing", "does not offer tensorflow.python.ops.nothing"),
    ("from tensorflow.python.ops.array_ops import nothing", "public name"),
    ("from tensorflow.contrib.layers.python.layers import nothing", "Use tf.contrib.layers"),
    ("from flowgraph.python.ops.array_ops import nothing", "public name"),
    ("from flowgraph.nn import relux", "Did you mean relu"),
    ("import flowgraph.nothing", "flowgraph has no tf.nothing"),
    ("from tensorflow.tools.graph_transforms import TransformGraph", "tf.graph_util"),
    ("import tensorflow.toolbox.things", "flowgraph has no tf.toolbox."),
    ("from tensorflow.python.keras.applications import VGG16", "tf.keras.applications"),
    ("from tensorflow.python.platform import sysconfig", "tf.sysconfig"),
    ("import tensorflow.contrib.sparsemax.python.ops.sparsemax", "tf.contrib.sparsemax"),
    ("import tensorflow.tensorboard", "pip install tensorboard"),
    ("from tensorflow.compiler import xla", "XLA"),
    ("import tensorflow.examples.tutorials.word2vec", "Copy the files"),
    ("from tensorflow.models.image.cifar10 import cifar10_input", "Copy the files"),
    ("from tensorflow.models.rnn.ptb import reader", "--legacy` offers"),
])
def test_an_import_of_what_is_missing_says_what_to_use(line, words, tf) -> None:
    with pytest.raises(ImportError) as caught:
        run(line)
    assert words in str(caught.value)
    if not words.startswith("Did"):
        assert "neither has" not in str(caught.value)
        assert "Did you mean" not in str(caught.value)


def test_the_smart_module_has_the_smart_functions(tf) -> None:
    names = run("from tensorflow.python.framework import smart_cond\n"
                "from tensorflow.python.keras.utils.tf_utils import smart_module")
    assert names["smart_module"].smart_cond is names["smart_cond"].smart_cond


def test_rooms_of_flowgraphs_own_do_not_show(tf) -> None:
    folder = Path(fg.__file__).parent
    rooms = {path.stem for path in folder.iterdir() if path.stem[0] not in "_."}
    rooms |= {name for name in dir(fg) if isinstance(vars(fg).get(name), ModuleType)}
    kept = {"contrib", "examples", "feature_column", "flags", "nest", "python"}
    hidden = {name for name in rooms - kept
              if name[0] != "_" and not is_of_tensorflow(f"tf.{name}")}
    assert hidden >= {"plan", "viz", "cli"}
    assert not hidden & set(dir(tf))
    for name in hidden - {"core"}:
        assert not hasattr(tf, name), name
    assert all(hasattr(tf, name) for name in kept)
    assert tf.core.framework.graph_pb2.GraphDef is fg.GraphDef
    assert "program" not in run("from tensorflow import *")


def test_a_missing_name_is_an_attribute_error(tf) -> None:
    ops = importlib.import_module("tensorflow.python.framework.ops")
    assert not hasattr(ops, "nothing")
    with pytest.raises(AttributeError, match="public name"):
        _ = ops.nothing


def test_other_imports_and_flowgraphs_modules_are_left_alone(tf) -> None:
    run("import tensorflow.nn, tensorflow.train, tensorflow.python.ops.math_ops")
    assert fg.nn.__name__ == fg.nn.__spec__.name == "flowgraph.nn"
    assert importlib.util.find_spec("tensorflow_that_is_not_there") is None
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'tensorflowx'$"):
        run("import tensorflowx")


def test_uninstall_takes_all_of_it_out_again() -> None:
    finders = list(sys.meta_path)
    compat.install()
    assert compat.install() is sys.modules["tensorflow"]
    run("import tensorflow.nn, tensorflow.python.ops.array_ops")
    compat.uninstall()
    compat.uninstall()
    assert sys.meta_path == finders
    assert not [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]


def test_every_path_of_the_tables_can_be_imported_and_every_place_is_there(tf) -> None:
    for path, places in TABLE.items():
        module = importlib.import_module(f"tensorflow.{path}")
        assert module.__name__.endswith(path)
        for place in places.split():
            assert _place(place)
    for path, names in ELSEWHERE.items():
        for name in names:
            assert find_name(path, name) is not None


@pytest.mark.parametrize(("program", "result"), [
    ("from tensorflow.python.ops import control_flow_ops as c\n"
     "x = c.with_dependencies([tf.no_op()], tf.constant(2.0))", 2.0),
    ("from tensorflow.python.framework import function\n"
     "@function.Defun(tf.float32, tf.float32)\ndef f(a, b): return a * b\nx = f(2.0, 3.0)", 6.0),
    ("from tensorflow.python.framework import function\n"
     "@function.Defun(tf.float32, python_grad_func=lambda op, dy: dy * 7.0)\n"
     "def f(a): return a * 2.0\na = tf.constant(3.0)\nx = tf.gradients(f(a), a)[0]", 7.0),
    ("from tensorflow.python.ops import resources as r\n"
     "x = tf.group(tf.global_variables_initializer(), r.initialize_resources("
     "r.shared_resources()))", None),
    ("from tensorflow.python.framework import tensor_util, tensor_shape\n"
     "x = tf.constant([tensor_util.constant_value(tf.constant(4)), tensor_shape.scalar().ndims])",
     [4, 0]),
    ("from tensorflow.python.ops import gen_nn_ops\n"
     "x = gen_nn_ops._relu_grad(tf.constant([2.0, 3.0]), tf.constant([0.0, 1.0]))", [0.0, 3.0]),
    ("from tensorflow.python.layers import utils\n"
     "x = utils.smart_cond(tf.constant(True), lambda: tf.constant(1), lambda: tf.constant(2))", 1),
    ("from tensorflow.python.training import slot_creator\nv = tf.Variable([1.0, 2.0])\n"
     "x = slot_creator.create_zeros_slot(v, 'm').initialized_value()", [0.0, 0.0]),
    ("from tensorflow.python.util import nest\n"
     "x = tf.constant(nest.flatten({'b': [1, 2], 'a': 0}))", [0, 1, 2]),
    ("from tensorflow.python.ops import resource_variable_ops as r\n"
     "v = r.ResourceVariable(5.0)\n"
     "assert isinstance(v, tf.Variable) and not r.is_resource_variable(v)\n"
     "x = v.initialized_value()", 5.0),
])
def test_inner_names_work(program, result, tf) -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        found = session.run(run(f"import tensorflow as tf\n{program}")["x"])
    assert (found is None) if result is None else (np.asarray(found) == result).all()


def test_tools_freeze_and_inspect_a_checkpoint(tf, tmp_path, capsys) -> None:
    names = run("from tensorflow.python.tools import freeze_graph, inspect_checkpoint")
    with fg.Graph().as_default() as graph, fg.Session() as session:
        v = fg.Variable([1.5, 2.5], name="v")
        fg.multiply(v, 2.0, name="y")
        session.run(v.initializer)
        prefix = fg.train.Saver().save(session, str(tmp_path / "model"))
        fg.train.write_graph(graph.as_graph_def(), str(tmp_path), "graph.pb", as_text=False)
    names["inspect_checkpoint"].print_tensors_in_checkpoint_file(prefix, "", True)
    assert "tensor_name:  v\n[1.5 2.5]\n" in capsys.readouterr().out
    for how in ({"input_graph": str(tmp_path / "graph.pb")},
                {"input_graph": "", "input_meta_graph": prefix + ".meta"}):
        frozen = names["freeze_graph"].freeze_graph(
            input_saver="", input_binary=True, input_checkpoint=prefix, output_node_names="y",
            restore_op_name="", filename_tensor_name="", output_graph=str(tmp_path / "f.pb"),
            clear_devices=True, initializer_nodes="", **how)
        with fg.Graph().as_default(), fg.Session() as session:
            y, = fg.import_graph_def(frozen, return_elements=["y:0"], name="")
            assert session.run(y).tolist() == [3.0, 5.0]


FAKE = """\
import flowgraph.compat as compat, sys
{first}
tf = compat.install()
import tensorflow as again, tensorflow.python.ops.array_ops
assert again is tf and hasattr(tf, "placeholder") and tf.__version__ == "1.15.5"
compat.uninstall()
import tensorflow as real
assert real.__version__ == "the real one" and real.python.NAME == "real inside"
"""


@pytest.mark.parametrize(("first", "words"), [
    ("", ""),
    ("import tensorflow", "another TensorFlow has been imported already, from"),
])
def test_a_real_tensorflow_is_never_touched(first, words, tmp_path) -> None:
    (tmp_path / "tensorflow" / "python").mkdir(parents=True)
    (tmp_path / "tensorflow" / "__init__.py").write_text(
        "__version__ = 'the real one'\nfrom tensorflow import python\n")
    (tmp_path / "tensorflow" / "python" / "__init__.py").write_text("NAME = 'real inside'\n")
    done = subprocess.run([sys.executable, "-c", FAKE.format(first=first)], check=False, text=True,
                          capture_output=True, cwd=tmp_path,
                          env={**os.environ, "PYTHONPATH": os.fspath(ROOT)})
    assert words in done.stderr
    assert (done.returncode == 0) == (not words), done.stderr


@pytest.mark.parametrize(("name", "is_there"), [
    ("tensorflow", True), ("tensorflow.nn", True), ("tensorflow.contrib.rnn", True),
    ("tensorflow.python.ops.array_ops", True), ("tensorflow.compat.v1.nn", True),
    ("tensorflow.nothing", False), ("tensorflow.contrib.nothing", False),
    ("tensorflow.lite", False), ("tensorflow.Session", False), ("tensorflow.nn.relu", False),
    ("tensorflow.compat.v1.nothing", False), ("flowgraph.nothing", False),
    ("flowgraph.python.framework.ops", True), ("nothing_at_all", False)])
def test_a_program_may_ask_whether_there_is_a_module(tf, name: str, is_there: bool) -> None:
    assert (importlib.util.find_spec(name) is not None) == is_there
    if not is_there:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(name)
