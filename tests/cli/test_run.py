"""`flowgraph run`: a program as `python script.py` runs it, with `tensorflow` being flowgraph."""

from __future__ import annotations

import builtins
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import gpu
from flowgraph.graph.graph import Graph
from flowgraph.runtime.devices import settings

ROOT = Path(fg.__file__).parents[1]
OLD = """\
import tensorflow as tf
from tensorflow.python.framework import ops
assert ops.get_default_graph() is tf.get_default_graph()
x = tf.placeholder(tf.float32, [None, 2], name="x")
w = tf.get_variable("w", [2, 1], initializer=tf.ones_initializer())
y = tf.matmul(x, w, name="y")
sess = tf.Session()
sess.run(tf.initialize_all_variables())
for i in range(3):
    print("y", sess.run(y, {x: [[1, i]]})[0, 0])
"""


@pytest.fixture
def run(flowgraph, folder):
    """Writes a program as p.py, and runs `flowgraph run OPTIONS p.py ARGUMENTS`."""
    def call(program: str, options: str = "", arguments: str = "") -> tuple[int, str, str]:
        (folder / "p.py").write_text(program)
        return flowgraph(f"run {options} p.py {arguments}")
    return call


def test_an_old_program_runs_to_its_end(run) -> None:
    modules, finders, path = set(sys.modules), list(sys.meta_path), list(sys.path)
    code, out, err = run(OLD)
    assert (code, out) == (0, "y 1.0\ny 2.0\ny 3.0\n")
    assert "flowgraph:" not in err
    assert not {name for name in set(sys.modules) - modules if name.startswith("tensorflow")}
    assert (sys.meta_path, sys.path) == (finders, path)


def test_the_program_finds_what_python_gives_it(run, folder) -> None:
    (folder / "beside.py").write_text("import tensorflow.nn as nn\n")
    code, out, _ = run("import sys, beside, os, tensorflow\n"
                       "print(sys.argv, __name__, os.path.basename(__file__))\n"
                       "assert sys.modules['__main__'].__dict__ is globals()\n"
                       "assert beside.nn is tensorflow.nn and os.getcwd() == sys.path[0]\n",
                       "--seed 1", "--seed 2 --debug -- -h")
    assert (code, out) == (0, "['p.py', '--seed', '2', '--debug', '--', '-h'] __main__ p.py\n")


@pytest.mark.parametrize(("program", "code", "words"), [
    ("import sys; sys.exit(3)", 3, ""),
    ("import sys; sys.exit()", 0, ""),
    ("import sys; sys.exit('enough')", 1, "enough\n"),
    ("import tensorflow as tf; tf.app.run(lambda argv: len(argv))", 1, ""),
    ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
    ("raise ValueError('mine')", 1, "ValueError: mine"),
    ("import sys; sys.excepthook = lambda *e: print('hooked', file=sys.stderr); 1 / 0", 1,
     "hooked\n"),
    ("import threading, time\n"
     "def late():\n    time.sleep(0.05)\n    import tensorflow.nn\n    print('late')\n"
     "threading.Thread(target=late).start()", 0, ""),
    ("x = = 2", 1, "SyntaxError"),
])
def test_the_exit_code_is_the_programs(program, code, words, run) -> None:
    found, out, err = run(program)
    assert found == code
    assert words in err
    assert ("late" in out) == ("late" in program)


def test_a_traceback_shows_the_programs_lines_only(run) -> None:
    code, _, err = run("import tensorflow as tf\n\ndef build():\n"
                       "    return tf.matmul(tf.ones([2, 3]), tf.ones([2, 3]))\n\nbuild()\n")
    assert code == 1
    assert 'p.py", line 6, in <module>' in err
    assert 'p.py", line 4, in build' in err
    assert err.count('  File "') == 2
    assert "flowgraph/" not in err


@pytest.mark.parametrize(("program", "words"), [
    ("print 'x'", "written for Python 2"),
    ("for i in xrange(3): pass", "written for Python 2"),
    ("{}.iteritems()", "written for Python 2"),
    ("import cPickle", "written for Python 2"),
    ("try: pass\nexcept ValueError, e: pass", "written for Python 2"),
    ("import time; time.clock()", "time.perf_counter()"),
    ("import numpy as np; np.zeros(4 / 2)", "write // for a whole number"),
    ("import numpy as np; np.arange(4)[4 / 2]", "write // for a whole number"),
    ("file('x')", "written for Python 2"),
    ("from tensorflow.python.ops import rnn; rnn([])", "flowgraph run --legacy"),
    ("import tensorflow as tf; tf.RaggedTensor", "Pad to one length"),
    ("from tensorflow.python.ops import nothing", "does not offer tensorflow.python.ops.nothing"),
])
def test_what_fails_gets_a_line_of_advice(program, words, run) -> None:
    code, _, err = run(program)
    assert code == 1
    assert words in err


@pytest.mark.parametrize("program", ["import numpy as np; np.ones(3)['x']", "print(file)"])
def test_what_is_no_fault_of_python_2_gets_no_advice(program, run) -> None:
    code, _, err = run(program)
    assert code == 1
    assert "Python" not in err


GPU = """\
import tensorflow as tf
with tf.device("/gpu:7"):
    a = tf.constant(2.0)
b = tf.constant(3.0)
for i in range(2):
    with tf.Session(config=tf.ConfigProto(log_device_placement=False)) as sess:
        print(sess.run(a * b))
"""


def test_a_device_that_is_not_there_is_told_once(run) -> None:
    code, out, err = run(GPU)
    assert (code, out) == (0, "6.0\n6.0\n")
    assert err.count("GPU:7' is not on this machine") == 1
    with pytest.raises(fg.errors.InvalidArgumentError):
        fg.Session(graph=_graph_on_gpu_7()).run("a:0")  # only `flowgraph run` is so lenient


def _graph_on_gpu_7() -> fg.Graph:
    with fg.Graph().as_default() as graph, fg.device("/gpu:7"):
        fg.constant(1.0, name="a")
    return graph


CLUSTER = """\
import tensorflow as tf
cluster = tf.train.ClusterSpec({"ps": ["localhost:2222"], "worker": ["localhost:2223"]})
server = tf.train.Server(cluster, job_name="worker", task_index=0)
with tf.device(tf.train.replica_device_setter(worker_device="/job:worker/task:0/gpu:7",
                                              cluster=cluster)):
    x = tf.Variable(1.0)
    step = tf.train.get_or_create_global_step()
    train = tf.assign_add(step, 1)
with tf.train.MonitoredTrainingSession(
        master=server.target, hooks=[tf.train.StopAtStepHook(last_step=2)]) as sess:
    while not sess.should_stop():
        print(*sess.run([x, train]))
"""
TASK = """\
import tensorflow as tf
with tf.device("/job:ps/task:3"):
    x = tf.Variable(2.0)
with tf.Session(TARGET config=tf.ConfigProto(log_device_placement=True)) as sess:
    sess.run(tf.global_variables_initializer())
    print(sess.run(x))
"""


@pytest.mark.parametrize(("program", "printed", "told"), [
    (CLUSTER, "1.0 1\n1.0 2\n", 1),
    (TASK.replace("TARGET", ""), "2.0\n", 1),
    (TASK.replace("TARGET", "tf.train.Server.create_local_server().target,"), "2.0\n", 0),
])
def test_a_task_of_a_cluster_runs_here(program, printed, told, run) -> None:
    code, out, err = run(program)
    assert (code, out) == (0, printed), err
    assert err.count("is not on this machine; its operations run on another one") == told


def test_the_device_option_hides_gpus(run) -> None:
    program = "from flowgraph.runtime.devices import visible_gpus; print(len(visible_gpus()))"
    assert run(program, "--device cpu")[:2] == (0, "0\n")
    assert settings.visible is None
    if not gpu.found():
        assert "there is no GPU" in run(program, "--device gpu")[2]


DRAWS = """\
import random, sys, numpy as np, tensorflow as tf
a = tf.random_normal([])
numbers = [tf.Session().run(a)]
with tf.Graph().as_default():
    numbers.append(tf.Session().run(tf.random_normal([])))
print(*numbers, np.random.rand(), random.random())
"""


def test_a_seed_makes_all_numbers_the_same(run) -> None:
    first = run(DRAWS, "--seed 5")[1]
    np.random.rand(), random.random()
    assert run(DRAWS, "--seed 5")[1] == first
    assert not set(run(DRAWS, "--seed 6")[1].split()) & set(first.split())
    assert Graph.first_seed is None
    random.seed(1)
    expected = random.random()
    random.seed(1)
    run(DRAWS, "--seed 5")
    assert random.random() == expected


def test_a_timeline_and_a_picture_are_written_also_when_the_program_fails(run, folder) -> None:
    code, out, err = run(OLD + "1 / 0\n", "--trace t.json --render g.dot")
    assert (code, out.count("y ")) == (1, 3)
    assert "ZeroDivisionError" in err
    assert "wrote t.json" in err
    assert "MatMul" in {event["name"] for event in json.loads((folder / "t.json").read_text())[
        "traceEvents"]}
    assert '"y"' in (folder / "g.dot").read_text()


def test_nothing_to_show_is_an_error_of_its_own(run, folder) -> None:
    code, _, err = run("import tensorflow", "--trace t.json --render g.dot")
    assert code == 1
    assert "--trace: the program has run nothing" in err
    assert "--render: the program has built no graph" in err


def test_old_names_of_numpy_are_there_while_the_program_runs(run) -> None:
    program = ("import numpy as np\n"
               "print(np.float('1.5'), np.zeros(2, np.int).dtype, np.asscalar(np.ones(1)), np.Inf)")
    code, out, err = run(program + "\nnp.float(2)\n")
    assert (code, out) == (0, "1.5 int64 1.0 inf\n")
    assert err.count("p.py:2: np.float is gone from NumPy; it means float here") == 1
    assert err.count("np.asscalar is gone from NumPy; it means a.item() here") == 1
    assert not hasattr(np, "float_")
    assert "np.float" in run(program, "--new-numpy")[2]


RAGGED = """\
import numpy as np
steps = [([1, 2], 0), ([3, 4], 1)]
print(np.array(steps).shape, np.array(steps)[:, 1], np.asarray([[1], [2, 3]]).dtype)
print(np.array([[1, 2], [3, 4]]).dtype, np.array.__name__)
for wrong in (lambda: np.array([[1], [2, 3]], np.float32), lambda: np.linalg.norm([[1], [2, 3]])):
    try:
        wrong()
    except ValueError as error:
        print(str(error)[:40])
"""


def test_ragged_lists_are_arrays_of_objects_as_they_were(run) -> None:
    array = np.array
    code, out, err = run(RAGGED)
    assert (code, out.splitlines()) == (0, [
        "(2, 2) [0 1] object", "int64 array", *["setting an array element with a sequence"] * 2])
    assert err.count("p.py:3: np.array makes no array of ragged lists any more") == 1
    assert err.count("np.asarray makes no array of ragged lists any more") == 1
    assert np.array is array
    assert "inhomogeneous" in run(RAGGED, "--new-numpy")[2]


METHODS = """\
import numpy as np
import xml.etree.ElementTree as tree
from parts import records

class Mine:
    def tostring(self):
        return 'mine'
    def ptp(self, axis=0):
        return super().__str__ and axis

a = np.arange(4, dtype=np.uint8).reshape(2, 2)
print(a.tostring(), a.T.tostring('F'), np.float16(1).tostring(), records.feature(a))
print(a.ptp(), a.ptp(axis=1), a.astype('<u2').newbyteorder('>')[1, 1],
      list(map(Mine.ptp, [Mine()])))
a.itemset(0, 7); a.itemset((0, 1), 8); a.itemset(1, 1, 9); np.zeros(1).itemset(3)
print(a.tolist(), Mine().tostring(), tree.tostring(tree.Element('x')))
print(np.fromstring(a.tostring(), np.uint8), np.fromstring('1 2', sep=' '))
"""


def test_methods_that_arrays_have_lost_work_in_the_programs_own_files(run, folder) -> None:
    (folder / "parts").mkdir()
    module = folder / "parts" / "records.py"
    module.write_text("def feature(image):\n    return image.tostring()\n")
    finders = list(sys.meta_path)
    try:
        code, out, err = run(METHODS)
    finally:
        for name in ("parts", "parts.records"):
            sys.modules.pop(name, None)
    assert (code, out.splitlines()) == (0, [
        f"{bytes(range(4))} {bytes(range(4))} {np.float16(1).tobytes()} {bytes(range(4))}",
        "3 [1 1] 768 [0]", "[[7, 8], [2, 9]] mine b'<x />'", "[7 8 2 9] [1. 2.]"]), err
    for name in ("tostring", "ptp", "itemset", "newbyteorder"):
        assert err.count(f"the method {name} is gone from NumPy's arrays; it means") == 1
    assert "p.py:12: the method tostring" in err
    assert err.count("np.fromstring takes no bytes any more") == 1
    assert not list((folder / "parts").glob("__pycache__/records*"))
    assert (sys.meta_path, hasattr(builtins, "__flowgraph_method__")) == (finders, False)


@pytest.mark.parametrize(("program", "options", "words"), [
    ("import numpy as np\nnp.ones(2).tostring()", "--new-numpy", "write a.tobytes()"),
    ("import numpy as np\neval('np.ones(2).ptp()')", "", "np.ptp(a)"),
    ("import numpy as np\nnp.fromstring(b'ab', np.uint8)", "--new-numpy", "np.frombuffer"),
    ("import numpy as np\nx = [np.ones(2),\n     (1).tostring()]", "", 'p.py", line 3, in'),
    ("import numpy as np\nnp.ones(2).itemset(3)", "", "array of size 1"),
    ("x.tostring( = 3", "", "SyntaxError"),
])
def test_what_an_array_cannot_do_gets_the_line_and_advice(program, options, words, run) -> None:
    code, _, err = run(program, options)
    assert code == 1
    assert words in err
    assert "numpy_methods" not in err


def test_a_notebook_runs_cell_by_cell(flowgraph, folder) -> None:
    cells = ["%matplotlib inline\nimport tensorflow as tf\nfiles = !ls\ntf.Session?",
             "%%time\ny = tf.constant(2.0) * 3", "%%bash\nexit 1",
             "display(tf.Session().run(y))\n1 / 0"]
    (folder / "n.ipynb").write_text(json.dumps({"cells": [
        {"cell_type": "code", "source": text} for text in cells]}))
    code, out, err = flowgraph("run n.ipynb")
    assert (code, out) == (1, "np.float32(6.0)\n")
    assert 'n.ipynb[4]", line 2' in err


@pytest.mark.parametrize(("cells", "printed"), [
    (["x = 2\nx * 3"], "6\n"),
    (["'text'"], "'text'\n"),
    (["None", "x = 1", "1;", "if True:\n    5"], ""),
    (["1; # quiet\n# more\n2;\n# the end"], ""),
    (["5", "_ + 1"], "5\n6\n"),
    (["display(1, 'a', clear=True)\n3"], "1\n'a'\n3\n"),
    (["list(range(30))"], "[" + ",\n ".join(map(str, range(30))) + "]\n"),
    (["import numpy as np\na = np.array([3, 1])\na.ptp()"], "np.int64(2)\n"),
    (["%%time\n1 + 1", "%%html\n<b>"], "2\n"),
    (["get_ipython().magic('matplotlib inline')\nget_ipython().system('ls')"], ""),
], ids=["number", "text", "nothing", "comment", "underscore", "display", "long", "old method",
        "magic", "shell"])
def test_a_cell_shows_the_value_of_its_last_line(cells, printed, flowgraph, folder) -> None:
    (folder / "n.ipynb").write_text(json.dumps({"cells": [
        {"cell_type": "code", "source": text} for text in cells]}))
    code, out, _ = flowgraph("run n.ipynb")
    assert (code, out) == (0, printed)


PROCESS = """\
import atexit, os, sys, tensorflow as tf
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
atexit.register(print, "at the end")
print(plt.get_backend().lower())
sys.stdout.flush()
if sys.argv[1:]:
    import signal
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests ignore it
    os.kill(os.getpid(), int(sys.argv[1]))
"""


@pytest.mark.parametrize(("arguments", "code"), [([], 0), ([str(int(signal.SIGINT))], 130)])
def test_a_process_of_its_own(arguments, code, folder) -> None:
    (folder / "p.py").write_text(PROCESS)
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "MPLBACKEND")}
    done = subprocess.run([sys.executable, "-m", "flowgraph", "run", "p.py", *arguments], text=True,
                          capture_output=True, check=False, timeout=60,
                          env={**environment, "PYTHONPATH": os.fspath(ROOT)})
    assert done.returncode == code, done.stderr
    assert done.stdout == "agg\nat the end\n"


@pytest.mark.parametrize(("expression", "printed"), [
    ("np.alen([[1, 2]])", "1"), ("np.issubclass_(np.int32, np.integer)", "True"),
    ("np.issubclass_(3, np.integer)", "False"), ("np.issubsctype('f4', np.floating)", "True"),
    ("np.obj2sctype('f4').__name__", "float32"), ("np.sctype2char(np.float64)", "d"),
    ("np.issctype(np.float32), np.issctype(float)", "True True"),
    ("np.in1d([1, 2], [2])", "[False  True]"), ("np.asfarray([1, 2])", "[1. 2.]"),
    ("np.msort(np.array([[3, 1], [2, 5]]))", "[[2 1]\n [3 5]]"),
    ("np.zeros(1, np.bool), np.typeDict['float32'].__name__", "[False] float32")])
def test_old_names_of_numpy_mean_what_they_did(expression, printed, run) -> None:
    code, out, _ = run(f"import numpy as np\nprint({expression})\n")
    assert (code, out) == (0, printed + "\n")


@pytest.mark.parametrize("program", [
    "print 'text'", "import sys\nprint >>sys.stderr, 'text'", "raise ValueError, 'text'",
    "try:\n    pass\nexcept ValueError, e:\n    pass", "mode = 0755", "n = 10L", "x = `3`",
    "s = ur'text'", "exec 'x = 1' in {}", "f = lambda (a, b): a", "1 <> 2", "xrange(3)",
    "import urllib2", "import cPickle", "import Queue", "{}.iteritems()", "raw_input()",
    "reduce(max, [1])"])
def test_a_program_of_python_2_is_said_to_be_one(program, run) -> None:
    code, _, err = run(program + "\n")
    assert code == 1
    assert "written for Python 2; convert it first" in err


def test_a_star_leaves_print_alone(run) -> None:
    code, out, _ = run("from tensorflow import *\nprint(Session().run(constant(2.0)))\n")
    assert (code, out) == (0, "2.0\n")


MODULES = {
    "pack/__init__.py": "import tensorflow as tf\n",
    "pack/helper.py": "from . import tf\nx = tf.constant(3)\n",
    "pack/train.py": "import sys\nfrom .helper import x\nprint(x.shape, sys.argv[1:], __name__)\n",
    "pack/__main__.py": "from pack.helper import x\nprint('main', x.shape)\n",
    "pack/bare/__init__.py": "",
}


@pytest.mark.parametrize(("line", "code", "words"), [
    ("-m pack.train --steps 3", 0, "() ['--steps', '3'] __main__"),
    ("-m pack", 0, "main ()"),
    ("-m pack.bare", 1, "'pack.bare' is a package without a module __main__"),
    ("-m pack.nothing", 1, "there is no module 'pack.nothing' here"),
    ("-m sys", 1, "there is no module 'sys' here"),
])
def test_a_module_of_a_package_is_run_by_its_name(line, code, words, flowgraph, folder) -> None:
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    try:
        found, out, err = flowgraph(f"run {line}")
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "pack"]:
            del sys.modules[name]
    assert found == code
    assert words in out + err


@pytest.mark.parametrize("method", sorted({*multiprocessing.get_all_start_methods()} - {"fork"}))
def test_processes_that_are_spawned_find_tensorflow(method, folder) -> None:
    (folder / "p.py").write_text(
        "import multiprocessing\n\n\ndef work(x):\n    import tensorflow as tf\n"
        "    return float(tf.Session().run(tf.square(x)))\n\n\n"
        "if __name__ == '__main__':\n"
        f"    with multiprocessing.get_context({method!r}).Pool(1) as pool:\n"
        "        print(pool.map(work, [2.0, 3.0]))\n")
    ended = subprocess.run([sys.executable, "-m", "flowgraph", "run", "p.py"], text=True,
                           capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "[4.0, 9.0]\n"), ended.stderr


def test_a_program_made_from_a_notebook_is_told(run) -> None:
    code, _, err = run("get_ipython().magic('matplotlib inline')\n")
    assert code == 1
    assert "made from a notebook: leave out the lines with get_ipython()" in err
