"""How programs are run, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import flowgraph as fg

ROOT = Path(fg.__file__).parents[1]
HEAD = "import flowgraph as tf\n"
SQUARE = HEAD + "y = tf.square(tf.constant(3.0, name='x'), name='y')\n"


def names(folder: Path, file: str = "a.dot") -> str:
    return (folder / file).read_text()


def test_a_program_is_stopped_when_it_repeats_a_step(flowgraph, folder) -> None:
    code, out, err = flowgraph("render train.py -o a.dot")
    assert code == 0
    assert out.startswith("round 0 ")
    assert out.count("round") == 1
    assert "stopped at train.py:15: it runs train, loss:0 again" in err
    assert '"loss"' in names(folder)


def test_a_program_that_ends_is_not_stopped(flowgraph, folder) -> None:
    code, out, err = flowgraph("render train.py -o a.dot -- 1")
    assert (code, out.count("round")) == (0, 1)
    assert "stopped" not in err


def test_run_all_runs_to_the_end(flowgraph) -> None:
    code, out, err = flowgraph("render train.py -o a.dot --run-all -- 7")
    assert (code, out.count("round")) == (0, 7)
    assert "stopped" not in err


def test_the_program_sees_what_python_shows_it(flowgraph, folder) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "helper.py").write_text("ONE = 1.0\n")
    (folder / "sub" / "main.py").write_text(HEAD + """\
import sys, helper, pickle
class Mine: pass
assert __name__ == "__main__" and sys.modules["__main__"].Mine is Mine
assert pickle.loads(pickle.dumps(Mine())).__class__ is Mine
tf.constant(helper.ONE, name="one")
print(sys.argv, sys.path[0].endswith("sub"), __file__ == sys.path[0] + "/main.py")
""")
    before = list(sys.path), list(sys.argv), sys.modules["__main__"]
    code, out, _ = flowgraph("render sub/main.py -o a.dot -- -o --fetch x")
    assert code == 0
    assert out == "['sub/main.py', '-o', '--fetch', 'x'] True True\n"
    assert (list(sys.path), list(sys.argv), sys.modules["__main__"]) == before


def test_what_a_program_prints_goes_to_standard_error_when_the_output_does_not(flowgraph) -> None:
    code, out, err = flowgraph("render train.py -o - --format dot")
    assert code == 0
    assert out.startswith("digraph {")
    assert "round 0" not in out
    assert "round 0" in err


@pytest.mark.parametrize(("program", "code", "words"), [
    (SQUARE + "import sys; sys.exit(3)", 0, []),
    (SQUARE + "import sys; sys.exit('enough')", 0, ["enough"]),
    (SQUARE + "raise ValueError('mine')", 1, ["ValueError: mine", "--keep-going"]),
    (SQUARE + "tf.matmul(y, y)", 1, ["line 3, in <module>", "ShapeError", "--keep-going"]),
    ("x = = 2", 1, ["SyntaxError", "x = = 2"]),
    ("import sys; print(1); sys.exit(2)", 1, ["sys.exit(2)", "arguments come after --"]),
    (SQUARE + "import os; os._exit(0)", 0, []),
    (SQUARE + "import os, threading as t; o = t.Thread(target=os._exit, args=(0,)); o.start()\n"
     "t.Event().wait(60)", 0, ["it calls os._exit"]),
    ("print(1)", 1, ["no graph of flowgraph's", "import tensorflow or flowgraph"]),
    ("import tensorflow.nothing", 1, ["flowgraph has no tf.nothing"]),
    (SQUARE.replace("flowgraph", "tensorflow"), 0, []),
    (SQUARE + "import numpy as np; np.float(1)", 0, ["np.float is gone from NumPy"]),
    (SQUARE + "print xrange(3)", 1, ["written for Python 2"]),
])
def test_how_programs_end(program, code, words, flowgraph, folder) -> None:
    (folder / "p.py").write_text(program)
    found, _, err = flowgraph("render p.py -o a.dot")
    assert found == code
    assert (folder / "a.dot").exists() == (code == 0)
    for word in words:
        assert word in err
    assert "flowgraph/cli" not in err, "a traceback shows the user's lines only"


def test_a_program_that_closes_its_streams_is_drawn_all_the_same(folder) -> None:
    (folder / "p.py").write_text(SQUARE + "import sys\nsys.stdout.close()\nsys.stderr.close()\n")
    done = subprocess.run([sys.executable, "-m", "flowgraph", "render", "p.py", "-o", "a.dot"],
                          env={**os.environ, "PYTHONPATH": os.fspath(ROOT)}, check=False)
    assert done.returncode == 0
    assert '"y"' in names(folder)


def test_keep_going_draws_what_a_program_had_built_before_it_failed(flowgraph, folder) -> None:
    (folder / "p.py").write_text(SQUARE + "1 / 0\n")
    code, _, err = flowgraph("render p.py -o a.dot --keep-going")
    assert code == 1
    assert "ZeroDivisionError" in err
    assert "up to where the program failed" in err
    assert '"y"' in names(folder)


GRAPHS = HEAD + """
first, second = tf.Graph(), tf.Graph()
with first.as_default():
    a = tf.square(tf.constant(1.0), name="a")
with second.as_default():
    b = tf.square(tf.constant(1.0), name="b")
tf.Session(graph=second).run(b)
tf.Session(graph=first).run(a)
"""


@pytest.mark.parametrize(("program", "option", "name"), [
    (GRAPHS, "", "a"),  # it ran last
    (GRAPHS, "--graph 1", "b"),  # it ran first
    (GRAPHS, "--graph 2", "a"),
    (GRAPHS.partition("tf.Session")[0] + "tf.constant(1.0, name='c')", "", "c"),  # the default one
    (GRAPHS.partition("tf.Session")[0] + "with second.as_default(): tf.constant(1, name='more')",
     "", "more"),  # it has most operations
])
def test_which_graph_is_drawn(program, option, name, flowgraph, folder) -> None:
    (folder / "p.py").write_text(program)
    code, _, err = flowgraph(f"render p.py -o a.dot {option}")
    assert code == 0
    assert f'"{name}"' in names(folder)
    assert ("choose by --graph" in err) == (not option)


@pytest.mark.parametrize("lines", [
    "sess.run(init); sess.run(init); sess.run(init)",  # initializers do not count
    "for i in range(2): sess.run(y); z = tf.negative(y)",  # the graph has grown between
    "sess.run(y)\nsess.run(y)\nsess.run(y)",  # other lines, no loop
    "def show(t): print(sess.run(t))\nshow(y)\nshow(y)",
    "saver.save(sess, 'ck/m'); saver.save(sess, 'ck/m')",  # flowgraph's own runs
    "saver.save(sess, 'ck/m'); saver.restore(sess, 'ck/m'); saver.restore(sess, 'ck/m')",
    "v.load(1.0, sess); v.load(2.0, sess)",
])
def test_runs_that_are_no_repeated_step(lines, flowgraph, folder) -> None:
    (folder / "p.py").write_text(HEAD + f"""\
import os; os.makedirs("ck")
v = tf.Variable(2.0, name="v")
y = tf.square(v, name="y")
init, saver = tf.global_variables_initializer(), tf.train.Saver()
sess = tf.Session(); sess.run(init)
{lines}
last = tf.constant(1.0, name="last")
""")
    code, _, err = flowgraph("render p.py -o a.dot")
    assert (code, "stopped" in err) == (0, False)
    assert '"last"' in names(folder)


def test_a_function_called_for_many_tensors_is_no_loop_until_it_looks_like_one(flowgraph, folder
                                                                               ) -> None:
    (folder / "p.py").write_text(HEAD + """\
import warnings
warnings.simplefilter("ignore")  # of a graph that grows
sess, i = tf.Session(), 0
while True:
    sess.run(tf.constant(float(i)))
    i += 1
""")
    code, _, err = flowgraph("render p.py -o a.dot")
    assert code == 0
    assert "stopped at p.py:6: this line has made 200 runs" in err


def test_monitored_sessions_and_queues_end_cleanly(flowgraph, folder) -> None:
    (folder / "p.py").write_text(HEAD + """\
step = tf.train.get_or_create_global_step()
value = tf.train.input_producer(tf.constant([1.0, 2.0]), shuffle=False).dequeue()
loss = tf.square(value, name="loss")
count = tf.assign_add(step, 1)
with tf.train.MonitoredTrainingSession(hooks=[tf.train.StopAtStepHook(10**6)]) as sess:
    while not sess.should_stop():
        sess.run([count, loss])
print("never reached")
""")
    code, out, err = flowgraph("explain p.py")
    assert (code, "never" in err) == (0, False)
    assert "loss" in out
    assert "Traceback" not in err
    assert "stopped at p.py:8" in err


def test_threads_of_the_program_are_stopped_with_it(flowgraph, folder) -> None:
    (folder / "p.py").write_text(HEAD + """\
import threading
v = tf.Variable(0.0)
more = tf.assign_add(v, 1.0, name="more")
sess = tf.Session(); sess.run(tf.global_variables_initializer())
def work():
    while True:
        sess.run(more)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
""")
    code, _, err = flowgraph("render p.py -o a.dot")
    assert (code, "Traceback" in err) == (0, False)
    assert "it runs more:0 again" in err


def test_a_timeout_stops_a_program_that_never_runs_anything(flowgraph, folder,
                                                            monkeypatch) -> None:
    built = folder / "built"
    monkeypatch.setattr("flowgraph.cli.program.time", SimpleNamespace(
        monotonic=lambda: time.monotonic() + 600 * built.exists()))
    (folder / "p.py").write_text(SQUARE + "open('built', 'w').close()\nwhile True: pass\n")
    code, _, err = flowgraph("render p.py -o a.dot --timeout 600")
    assert code == 0
    assert "600 s are over" in err
    assert '"y"' in names(folder)


def test_a_program_that_catches_everything_is_ended_after_the_result_is_written(folder) -> None:
    (folder / "p.py").write_text(SQUARE + """
sess = tf.Session()
while True:
    try:
        sess.run(y)
    except:
        print("caught")
""")
    done = subprocess.run([sys.executable, "-m", "flowgraph", "render", "p.py", "-o", "-",
                           "--format", "dot"], env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith("digraph")
    assert done.stderr.count("caught") == 3
    assert "does not let itself be stopped" in done.stderr


def test_a_notebook_runs_cell_by_cell(flowgraph, folder) -> None:
    cells = [{"cell_type": "markdown", "source": ["# text"]},
             {"cell_type": "code", "source": ["import flowgraph as tf\n",
              "try:\n", "    %tensorflow_version 1.x\n", "except Exception:\n", "    pass\n"]},
             {"cell_type": "code", "source": "y = tf.constant(1.0, name='y')\n!ls"},
             {"cell_type": "code", "source": ["%%bash\n", "ls"]}]
    (folder / "n.ipynb").write_text(json.dumps({"cells": cells}))
    code, _, _ = flowgraph("render n.ipynb -o a.dot")
    assert code == 0
    assert '"y"' in names(folder)
    cells.append({"cell_type": "code", "source": ["tf.constant(1.0) +\\\n", " nothing"]})
    (folder / "n.ipynb").write_text(json.dumps({"cells": cells}))
    code, _, err = flowgraph("render n.ipynb -o b.dot")
    assert code == 1
    assert 'n.ipynb[4]"' in err
    assert "nothing" in err


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"cells": [1]}', b'{"cells": 3}',
                                     b'{"cells": [{"cell_type": "code", "source": 3}]}'])
def test_what_is_no_notebook_is_refused(content, flowgraph, folder) -> None:
    (folder / "n.ipynb").write_bytes(content)
    code, _, err = flowgraph("render n.ipynb")
    assert code == 1
    assert "no notebook" in err
