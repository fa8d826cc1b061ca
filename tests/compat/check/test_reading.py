"""Which names a program uses, whatever they are called in it."""

from __future__ import annotations

import ast
import textwrap

import pytest

from flowgraph.compat.check.reading import Reader
from flowgraph.compat.check.uses import CALLED, ENTERED, UNKNOWN, Call

Names = list[str]


def read(code: str) -> Reader:
    reader = Reader(lambda module: frozenset({"placeholder", "relu"}))
    reader.read([(0, ast.parse(textwrap.dedent(code)))])
    return reader


def written(chain: tuple[str, ...]) -> str:
    """A chain as `tensorflow.Session().run`."""
    return ".".join(chain).replace(f".{CALLED}", CALLED).replace(f".{ENTERED}", " as")


def names(code: str) -> Names:
    """The uses as `line name`, sorted; several names joined by `or`."""
    return [f"{use.line} {' or '.join(written(chain) for chain in use.chains)}"
            for use in sorted(read(code).uses, key=lambda use: (use.line, use.column))]


@pytest.mark.parametrize(("code", "expected"), [
    # -- imports
    ("import tensorflow as tf\ntf.nn.relu(1)", ["2 tensorflow.nn.relu"]),
    ("import tensorflow\ntensorflow.add", ["2 tensorflow.add"]),
    ("import tensorflow.contrib.layers as L\nL.flatten(1)",
     ["1 tensorflow.contrib.layers", "2 tensorflow.contrib.layers.flatten"]),
    ("import tensorflow.contrib.layers\ntensorflow.contrib.layers.flatten",
     ["1 tensorflow.contrib.layers", "2 tensorflow.contrib.layers.flatten"]),
    ("from tensorflow.contrib import rnn, slim as s\ns.arg_scope",
     ["1 tensorflow.contrib.rnn", "1 tensorflow.contrib.slim",
      "2 tensorflow.contrib.slim.arg_scope"]),
    ("from tensorflow.python.ops import rnn_cell\nrnn_cell.GRUCell(3)",
     ["1 tensorflow.python.ops.rnn_cell", "2 tensorflow.python.ops.rnn_cell.GRUCell"]),
    ("import tensorflow.compat.v1 as tf\ntf.add",
     ["1 tensorflow.compat.v1", "2 tensorflow.compat.v1.add"]),
    ("from tensorflow.nn import *\nrelu(1)\nother(2)",
     ["1 tensorflow.nn", "2 tensorflow.nn.relu"]),
    ("def f():\n    import tensorflow as tf\n    return tf.add", ["3 tensorflow.add"]),
    ("import importlib\nm = importlib.import_module('tensorflow.contrib.slim')\nm.conv2d",
     ["2 tensorflow.contrib.slim", "3 tensorflow.contrib.slim.conv2d"]),
    ("tf = __import__('tensorflow')\ntf.add", ["2 tensorflow.add"]),
    ("import tensorflow_hub as hub\nhub.Module", []),
    ("from .tensorflow import x\nx.y", []),
    ("from helper import *\ntf.add", ["2 tensorflow.add"]),
    ("from numpy import *\ntf.add", []),
    # -- other names for it
    ("import tensorflow as tf\nlayers = tf.layers\nlayers.dense(1)",
     ["2 tensorflow.layers", "3 tensorflow.layers.dense"]),
    ("import tensorflow as tf\nF = tf.app.flags; G = F.FLAGS\nG.x",
     ["2 tensorflow.app.flags", "2 tensorflow.app.flags.FLAGS", "3 tensorflow.app.flags.FLAGS.x"]),
    ("import tensorflow as tf\na, b = tf.nn, tf.train\nb.Saver",
     ["2 tensorflow.nn", "2 tensorflow.train", "3 tensorflow.train.Saver"]),
    ("import tensorflow as tf\nf = tf.nn.relu\nf(1)",
     ["2 tensorflow.nn.relu", "3 tensorflow.nn.relu"]),
    ("import tensorflow as tf\nf = tf.nn.relu if 1 else tf.nn.tanh\nf(1)",
     ["2 tensorflow.nn.relu", "2 tensorflow.nn.tanh",
      "3 tensorflow.nn.relu or tensorflow.nn.tanh"]),
    ("import tensorflow as tf\n(lambda: tf.add)()\n[tf.sub for i in tf.range]",
     ["2 tensorflow.add", "3 tensorflow.sub", "3 tensorflow.range"]),
    ("import tensorflow as tf\ngetattr(tf.nn, 'relu')(1)\nhasattr(tf, 'x')\ngetattr(tf, name)",
     ["2 tensorflow.nn.relu", "2 tensorflow.nn"]),
    # -- what is something else
    ("import tensorflow as tf\ntf = 3\ntf.add", []),
    ("import tensorflow as tf\ndef f(tf):\n    return tf.add", []),
    ("import tensorflow as tf\ndel tf\ntf.add", []),
    ("import tensorflow as tf\nfor tf in []:\n    tf.add", []),
    ("import tensorflow as tf\n[tf.x for tf in range(3)]", []),
    ("import tensorflow as tf\nwith open('a') as tf:\n    tf.read", []),
    ("import tensorflow as tf\nmatch 1:\n    case tf:\n        tf.read", []),
    # -- objects
    ("import tensorflow as tf\nwith tf.Session() as s:\n    s.run(1)",
     ["2 tensorflow.Session", "3 tensorflow.Session() as.run"]),
    ("import tensorflow as tf\ntf.train.Adam(0.1).minimize(1)",
     ["2 tensorflow.train.Adam", "2 tensorflow.train.Adam().minimize"]),
    ("import tensorflow as tf\nclass A:\n    def b(self):\n        self.s.run()\n"
     "    def __init__(self):\n        self.s = tf.Session()",
     ["4 tensorflow.Session().run", "6 tensorflow.Session"]),
    ("import tensorflow as tf\nclass A:\n    def __init__(self, s):\n        self.s = tf.S()\n"
     "        self.s = s\n        self.s.run()", ["4 tensorflow.S"]),
    ("import tensorflow as tf\ns = None\nif 1:\n    s = tf.S()\ns.run()",
     ["4 tensorflow.S", "5 tensorflow.S().run"]),
    ("import tensorflow as tf\ns = other()\nif 1:\n    s = tf.S()\ns.run()",
     ["4 tensorflow.S", "5 tensorflow.S().run or ?"]),
    ("import tensorflow as tf\nx = tf.V()\nwhile 1:\n    x.a\n    x = f(x)\nx.b",
     ["2 tensorflow.V", "4 tensorflow.V().a or ?", "6 tensorflow.V().b or ?"]),
    ("import tensorflow as tf\nclass A(tf.Cell):\n    def f(self):\n        super().f().g",
     ["2 tensorflow.Cell"]),
    # -- branches
    ("try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
     "    import tensorflow as tf\ntf.add",
     ["2 tensorflow.compat.v1", "5 tensorflow.add or tensorflow.compat.v1.add"]),
    ("try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None\ntf.add",
     ["5 tensorflow.add"]),
])
def test_what_is_used(code: str, expected: Names) -> None:
    assert names(code) == expected


@pytest.mark.parametrize(("arguments", "call"), [
    ("", Call(0)),
    ("1, 'a', [2], -3, x", Call(5, (), False, ("int", "str", "list", "int", ""))),
    ("1, name=2, **more", Call(1, ("name",), False, ("int",))),
    ("*args, k=1", Call(0, ("k",), True, ("*",))),
])
def test_how_it_is_called(arguments: str, call: Call) -> None:
    use, = read(f"import tensorflow as tf\ntf.f({arguments})").uses
    assert use.call == call


@pytest.mark.parametrize(("code", "line", "guard"), [
    ("try:\n    tf.a\nexcept AttributeError:\n    tf.b", 3, (2, False, "names")),
    ("try:\n    tf.a\nexcept AttributeError:\n    tf.b", 5, (2, True, "names")),
    ("try:\n    tf.a\nexcept (ImportError, ValueError):\n    pass", 3, (2, False, "names")),
    ("try:\n    tf.a\nexcept:\n    pass", 3, (2, False, "all")),
    ("try:\n    tf.a\nexcept AttributeError:\n    raise", 3, None),
    ("try:\n    tf.a\n    f()\n    g()\nexcept Exception:\n    pass", 3, None),
    ("try:\n    tf.a\nexcept ValueError:\n    pass", 3, None),
    ("if hasattr(tf, 'a'):\n    tf.a", 3, (2, False, "all")),
    ("if f(tf.__version__) > 1:\n    pass\nelse:\n    tf.a", 5, (2, False, "all")),
    ("if f():\n    tf.a", 3, None),
    ("if hasattr(self, 'a'):\n    tf.a", 3, None),
    ("if np.__version__ > '1':\n    tf.a", 3, None),
])
def test_where_a_name_may_be_missing(code: str, line: int, guard: tuple | None) -> None:
    use, = (use for use in read(f"import tensorflow as tf\n{code}").uses if use.line == line)
    assert (use.guard and (use.guard.line, use.guard.is_fallback, use.guard.catches)) == guard


def test_names_that_the_program_sets_itself() -> None:
    assert read("import tensorflow as tf\ntf.mul = tf.multiply").defined == {("tensorflow", "mul")}


def test_functions_see_what_is_bound_after_them() -> None:
    assert names("def f():\n    return tf.add\nimport tensorflow as tf") == ["2 tensorflow.add"]
    assert names("import tensorflow as tf\ndef f():\n    global s\n    s = tf.S()\n"
                 "def g():\n    s.run") == ["4 tensorflow.S", "6 tensorflow.S().run"]


def test_a_chain_that_grows_without_end_is_given_up() -> None:
    code = "import tensorflow as tf\nx = tf.V()\n" + "x = x.f()\n" * 60
    longest = max(len(chain) for use in read(code).uses for chain in use.chains)
    assert longest <= 25
    assert (UNKNOWN,) not in [use.chains for use in read(code).uses]
