"""Little programs and what is said of them; files of all kinds."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path

import pytest

from flowgraph.compat.check import check, files
from flowgraph.compat.check.report import FileReport, as_json, lines, summary

HEAD = "import tensorflow as tf\n"


def report(tmp_path: Path, code: str | bytes, name: str = "p.py", legacy: bool = False,
           ) -> FileReport:
    """What is said of a file with this content."""
    path = tmp_path / name
    path.write_bytes(code if isinstance(code, bytes) else code.encode())
    found, = check([os.fspath(path)], legacy)
    return found


def rows(found: FileReport) -> list[str]:
    """What is not simply offered, as `line status name`, parameters in brackets."""
    return [f"{v.line} {v.status} {v.symbol}" + (f" [{v.parameter}]" if v.parameter is not None
                                                 else "")
            for v in found.found if v.status != "offered"]


@pytest.mark.parametrize(("code", "expected"), [
    # -- names
    ("tf.nn.relu(1.0)", []),
    ("tf.GradientTape()", ["2 missing tf.GradientTape"]),
    ("tf.nn.no_such", ["2 missing tf.nn.no_such"]),
    ("tf.GradientTape().watch(x)", ["2 missing tf.GradientTape"]),
    ("tf.Module.with_name_scope().target", ["2 missing tf.Module"]),
    ("tf.compat.v1.GradientTape", ["2 missing tf.GradientTape"]),
    ("getattr(tf, 'GradientTape')", ["2 missing tf.GradientTape"]),
    ("tf.float32.as_numpy_dtype\ntf.float32.whatever", []),
    ("tf.app.flags.FLAGS.batch_size", []),
    ("tf.python.client", []),
    ("import tensorflow.python.client.session\ntf.python.client.session.Session", []),
    ("from tensorflow.python.ops import array_ops\narray_ops.reshape", []),
    ("from tensorflow.core.example import example_pb2\nexample_pb2.Example()\n"
     "tf.core.framework.summary_pb2.Summary()", []),
    ("from tensorflow.core.example import no_such_pb2", ["2 missing tf.core.example.no_such_pb2"]),
    ("from tensorflow.python.ops import array_ops\narray_ops.no_such",
     ["3 missing tensorflow.python.ops.array_ops.no_such"]),
    ("from tensorflow.no_such import thing\nthing.other()",
     ["2 missing tf.no_such.thing", "3 missing tf.no_such.thing.other"]),
    ("from tensorflow import no_such", ["2 missing tf.no_such"]),
    ("from tensorflow.nn import *\nrelu(1.0)\nmax([2])", []),
    ("from tensorflow.python.ops.array_ops import *\nconcat([1], 0, nme=1)\nrange(2, nme=1)",
     ["3 missing tensorflow.python.ops.array_ops.concat [nme]"]),
    # -- parameters
    ("tf.train.MonitoredTrainingSession('grpc://x')",
     ["2 differs tf.train.MonitoredTrainingSession"]),
    ("tf.train.MonitoredTrainingSession('')", []),
    ("tf.train.MonitoredTrainingSession(master='')", []),
    ("tf.train.MonitoredTrainingSession(master=None)", []),
    ("tf.train.MonitoredTrainingSession(*a)", []),
    ("tf.train.Saver(None, True, 5, 1.0, None, True)", ["2 differs tf.train.Saver"]),
    ("tf.train.Saver(None, False, True)", ["2 differs tf.train.Saver"]),
    ("tf.train.Saver(None, False, False)\ntf.train.Saver(sharded=False)", []),
    ("tf.train.Saver(None, True)\ntf.train.Saver(*a, b, c, d)", []),
    ("from tensorflow.python import debug as d\nd.LocalCLIDebugWrapperSession(s)",
     ["3 differs tensorflow.python.debug.LocalCLIDebugWrapperSession"]),
    ("tf.keras.datasets.boston_housing.load_data()", []),
    ("tf.keras.datasets.imdb.get_word_index()",
     ["2 differs tf.keras.datasets.imdb.get_word_index"]),
    ("tf.placeholder(tf.float32, shap=[])", ["2 missing tf.placeholder [shap]"]),
    ("tf.placeholder(tf.float32, [], 'x', 3)", ["2 missing tf.placeholder []"]),
    ("tf.placeholder(*a, **k)", []),
    ("tf.reduce_sum(x, reduction_indices=1, keep_dims=True)", []),
    ("tf.train.AdamOptimizer(lr=0.1)", ["2 missing tf.train.AdamOptimizer [lr]"]),
    ("tf.Session(config=None).run(1, feeds={})", ["2 missing tf.Session.run [feeds]"]),
    # -- methods
    ("tf.train.AdamOptimizer(0.1).minimise(1)",
     ["2 missing tf.train.AdamOptimizer.minimise"]),
    ("tf.train.AdamOptimizer(0.1).minimize(1, foo=2)",
     ["2 missing tf.train.AdamOptimizer.minimize [foo]"]),
    ("with tf.Session() as s:\n    s.rum()", ["3 missing tf.Session.rum"]),
    ("s = tf.Session()\ns.graph\ns.run(1)\ns.close()", []),
    ("with tf.Graph().as_default() as g:\n    g.get_operations()", []),
    ("s = other()\nif s:\n    s = tf.Session()\ns.rum()", []),
    ("x = tf.Variable(1)\nfor i in range(3):\n    x = tf.add(x, 1)\nx.eval(feed_dict={})", []),
    ("class A(tf.train.Optimizer):\n    def f(self):\n        self.nothing()", []),
    ("class A:\n    def __init__(self):\n        self.s = tf.Session()\n"
     "    def f(self):\n        self.s.rum()", ["6 missing tf.Session.rum"]),
    ("tf.data.Dataset.from_tensor_slices([1]).bach(3)", ["2 missing tf.data.Dataset.bach"]),
    ("tf.data.Dataset.no_such", ["2 missing tf.data.Dataset.no_such"]),
    # -- programs that are prepared
    ("try:\n    tf.no_such\nexcept AttributeError:\n    tf.nn", ["3 differs tf.no_such"]),
    ("try:\n    tf.no_such\nexcept AttributeError:\n    tf.none",
     ["3 differs tf.no_such", "5 missing tf.none"]),
    ("try:\n    tf.nn\nexcept AttributeError:\n    tf.none", ["5 differs tf.none"]),
    ("if hasattr(tf, 'none'):\n    tf.none", ["3 differs tf.none"]),
    ("getattr(tf, 'none', None)", ["2 differs tf.none"]),
    ("f = getattr(tf, 'none', tf.add)\nf(1)", ["2 differs tf.none"]),
    ("tf.mul = tf.multiply\ntf.mul(1, 2)", []),
    ("try:\n    tf.placeholder(shap=1)\nexcept AttributeError:\n    pass",
     ["3 missing tf.placeholder [shap]"]),
    # -- before 1.0
    ("tf.concat(1, [a, b])", ["2 missing tf.concat []"]),
    ("tf.concat([a, b], 1)\ntf.concat(values, axis=1)", []),
    ("tf.split(0, 3, x)", ["2 missing tf.split []"]),
    ("tf.split(x, 3, 0)\ntf.split(x, [1, 2], 1)", []),
    ("tf.nn.softmax_cross_entropy_with_logits(a, b)",
     ["2 missing tf.nn.softmax_cross_entropy_with_logits []"]),
    ("tf.nn.softmax_cross_entropy_with_logits(logits=a, labels=b)", []),
    ("tf.nn.softmax_cross_entropy_with_logits(None, a, b)", []),
    ("tf.nn.softmax_cross_entropy_with_logits(*ab)", []),
    ("tf.concat(dim, [a, b])\ntf.concat(concat_dim=0, values=a)",
     ["2 missing tf.concat []", "3 missing tf.concat []"]),
    ("tf.concat((a, b), dim)\ntf.concat([a], [0])\ntf.concat(*ab)", []),
    ("tf.split(split_dim=0, num_split=2, value=x)", ["2 missing tf.split []"]),
    ("tf.image.resize_images(x, 20, 30)", ["2 missing tf.image.resize_images []"]),
    ("tf.image.resize_images(x, [20, 30], 1)", []),
    ("tf.nn.nce_loss(w, b, embed, train_labels, 10, 100)", ["2 missing tf.nn.nce_loss []"]),
    ("tf.nn.nce_loss(w, b, self.labels, embed, 10, 100)\ntf.nn.nce_loss(w, b, y, embed, 3, 9)", []),
    ("tf.scalar_summary('a', b)\ntf.train.SummaryWriter('d').add_summary(1)",
     ["2 missing tf.scalar_summary", "3 missing tf.train.SummaryWriter"]),
    ("from tensorflow.models.rnn import rnn_cell\nrnn_cell.GRUCell(3)",
     ["2 missing tf.models.rnn.rnn_cell", "3 missing tf.models.rnn.rnn_cell.GRUCell"]),
])
def test_what_is_said_of_a_program(code: str, expected: list[str], tmp_path: Path) -> None:
    assert rows(report(tmp_path, HEAD + code)) == expected


@pytest.mark.parametrize("code", [
    "tf.concat(1, [a, b])", "tf.split(0, 3, x)", "tf.split(split_dim=0, num_split=2, value=x)",
    "tf.nn.softmax_cross_entropy_with_logits(a, b)", "tf.image.resize_images(x, 20, 30)",
    "tf.scalar_summary('a', b)", "tf.train.SummaryWriter('d')", "tf.nn.rnn_cell.linear(a, 3, True)",
    "from tensorflow.models.rnn import rnn_cell\nrnn_cell.GRUCell(3)",
    "from tensorflow.python.ops import rnn\nrnn.rnn(cell, xs)", "tf.mul(1, 2)\ntf.pack([1])",
    "tf.nn.seq2seq.sequence_loss(a, b, c)", "tf.merge_all_summaries()",
    "tf.nn.relu(1)\ntf.concat([a], 0)",
])
def test_old_programs_are_offered_under_legacy(code: str, tmp_path: Path) -> None:
    assert rows(report(tmp_path, HEAD + code, legacy=True)) == []


def test_what_is_missing_is_missing_under_legacy_too(tmp_path: Path) -> None:
    code = "tf.GradientTape()\ntf.concat(axes=1)\ntf.no_such(2)\ntf.placeholder(x=1)"
    assert rows(report(tmp_path, HEAD + code, legacy=True)) == [
        "2 missing tf.GradientTape", "4 missing tf.no_such", "5 missing tf.placeholder [x]"]


@pytest.mark.parametrize(("code", "words"), [
    ("tf.scalar_summary('a', b)", ["tf.summary.scalar", "--legacy"]),
    ("tf.GradientTape()", ["eager execution", "Use tf.gradients"]),
    ("tf.nn.rellu(1)", ["Did you mean", "relu"]),
    ("tf.placeholder(tf.float32, shap=[])", ["it takes dtype, shape, name"]),
    ("tf.placeholder(1, 2, 3, 4)", ["3 arguments by position", "gets 4"]),
    ("tf.Session().rum()", ["Session", "'rum'"]),
    ("tf.concat(1, [a, b])", ["--legacy"]),
    ("try:\n    tf.none\nexcept AttributeError:\n    pass", ["catches that (line 2)", "has no"]),
    ("if hasattr(tf, 'none'):\n    tf.none", ["asks first (line 2)"]),
    ("try:\n    tf.nn\nexcept AttributeError:\n    tf.none", ["runs only if line 2"]),
])
def test_the_reason_is_told(code: str, words: list[str], tmp_path: Path) -> None:
    found = [v for v in report(tmp_path, HEAD + code).found if v.status != "offered"]
    for word in words:
        assert word in found[-1].text


def test_each_use_is_told_with_line_and_column(tmp_path: Path) -> None:
    found = report(tmp_path, "import tensorflow as tf\nx = (tf.nn\n     .relu)(1)\n").found
    assert [(v.line, v.column, v.symbol) for v in found] == [(3, 6, "tf.nn.relu")]


# ---- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "line", "words"), [
    ("import tensorflow as tf\nprint 'x'\n", 2, "Python 2"),
    ("import tensorflow as tf\nprint tf.add\n", 2, "Python 2"),
    ("import tensorflow as tf\nexcept_ = 1\ntry:\n    f()\nexcept Error, e:\n    pass\n", 5,
     "Python 2"),
    ("import tensorflow as tf\nx = 0777\n", 2, "Python 2"),
    ("import tensorflow as tf\nx = ur'a'\n", 2, "Python 2"),
    ("import tensorflow as tf\nif 1:\n        a\n\tb\n", 4, "Python 2"),
    ("import tensorflow as tf\nx = (\n", 2, "no Python 3"),
    (b"import tensorflow\0", 0, "null byte"),
    (b"\0\1\2", 0, "null bytes"),
    (f"import tensorflow\nx = {'(' * 5000}{')' * 5000}", None, ""),
    (f"import tensorflow as tf\nx = {'-' * 50000}1", None, "deeply"),
    (f"import tensorflow as tf\nx = tf.add{'.a' * 5000}", None, "deeply"),
    (f"import tensorflow as tf\nx = {' + '.join(['tf.add'] * 20000)}", None, "deeply"),
])
def test_what_cannot_be_read_is_told_with_its_line(content, line, words, tmp_path: Path) -> None:
    found = report(tmp_path, content)
    problem, = found.problems
    assert words in problem.message
    assert line in (None, problem.line)
    assert problem.is_python_2 == (words == "Python 2")
    assert not found.is_fine


@pytest.mark.parametrize(("code", "expected"), [
    ("for i in xrange(3):\n    tf.add", [(2, "xrange")]),
    ("def f():\n    return xrange(3), unicode('a'), xrange(4)", [(3, "xrange"), (3, "unicode")]),
    ("import cPickle, os\nfrom urllib2 import urlopen", [(2, "cPickle"), (3, "urllib2")]),
    ("from six.moves import xrange\nxrange(3)", []),
    ("try:\n    import cPickle\nexcept ImportError:\n    import pickle as cPickle", []),
    ("try:\n    xrange\nexcept NameError:\n    xrange = range\nxrange(3)", []),
    ("if sys.version_info[0] == 2:\n    raw_input()", []),
    ("from helper import *\nxrange(3)", []),
    ("def f(file, long=3):\n    return file, long", []),
    ("range(3)\nstr(2)", []),
])
def test_what_only_python_2_has_is_told(code, expected, tmp_path: Path) -> None:
    found = report(tmp_path, HEAD + code)
    assert [(p.line, p.message.partition("(")[2].partition(")")[0])
            for p in found.problems] == expected
    assert all(p.is_python_2 and p.is_read for p in found.problems)


@pytest.mark.parametrize("content", [
    b"# -*- coding: latin-1 -*-\nimport tensorflow as tf\nx = '\xe9'; tf.add\n",
    b"import tensorflow as tf\n# \xe9\ntf.add\n",
    b"\xef\xbb\xbfimport tensorflow as tf\n\ntf.add\n",
    b"import tensorflow as tf\r\n\r\ntf.add\r\n",
    b"import tensorflow as tf\r\rtf.add\r",
    b"# coding: no-such-coding\nimport tensorflow as tf\ntf.add\n",
    b"import tensorflow as tf\nx = '\\d'\ntf.add is 1\n",
], ids=["latin-1", "undeclared", "mark", "crlf", "cr", "unknown", "warnings"])
def test_encodings_and_line_ends(content: bytes, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = report(tmp_path, content)
    assert [(v.line, v.symbol) for v in found.found] == [(3, "tf.add")]


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs a file without an end")
def test_what_never_ends_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LARGEST", 1 << 20)
    found, = check(["/dev/zero"])
    assert [problem.message for problem in found.problems] == ["it is larger than 1 MB"]


def notebook(*cells: str | list[str]) -> str:
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "tf.none"}] + [
        {"cell_type": "code", "source": cell, "outputs": []} for cell in cells]})


def test_a_notebook_is_read_cell_by_cell(tmp_path: Path) -> None:
    found = report(tmp_path, notebook(
        "%matplotlib inline\nimport tensorflow as tf\n", ["x = 1\n", "tf.none"], "print 'x'",
        "%%bash\nls", "!pip install x\nfiles = !ls\ntf.nine\ntf.add?", "%%time\ntf.neno"),
                   "n.ipynb")
    assert [(v.cell, v.line, v.symbol) for v in found.found] == [
        (2, 2, "tf.none"), (5, 3, "tf.nine"), (6, 2, "tf.neno")]
    assert [(p.cell, p.line, p.is_python_2) for p in found.problems] == [(3, 1, True)]


def test_an_old_notebook_has_worksheets(tmp_path: Path) -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": HEAD + "tf.none"}]}]}
    assert rows(report(tmp_path, json.dumps(old), "n.ipynb")) == ["2 missing tf.none"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b'{"cells": 3}', b'{"cells": [3]}',
                                     b'{"worksheets": []}', b'{"cells": [{"cell_type": "code"}]}',
                                     b"\xff\xfe", b'{"a":' * 9000])
def test_broken_notebooks_do_no_harm(content: bytes, tmp_path: Path) -> None:
    found = report(tmp_path, content, "n.ipynb")
    assert found.found == []
    assert len(found.problems) <= 1


def test_folders_are_searched_without_what_is_no_program(tmp_path: Path) -> None:
    for name in ("a.py", "sub/b.ipynb", "sub/c.txt", ".hidden/d.py", "__pycache__/e.py",
                 "env/lib/f.py", "sub/none.py", "sub/.g.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(notebook(HEAD + "tf.add") if name.endswith("ipynb") else
                                     "x = 1" if "none" in name else HEAD + "tf.add")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    if sys.platform != "win32":
        os.symlink(tmp_path, tmp_path / "sub" / "loop")
        os.symlink(tmp_path / "a.py", tmp_path / "again.py")
        os.symlink(tmp_path / "nowhere.py", tmp_path / "dead.py")
    found = check([os.fspath(tmp_path), os.fspath(tmp_path / "a.py")])
    assert [os.path.relpath(report.path, tmp_path) for report in found] == [
        "a.py", os.path.join("sub", "b.ipynb")]


def test_a_program_is_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    report(tmp_path, f"import tensorflow as tf\nopen({os.fspath(marker)!r}, 'w')\ntf.add(1, 1)\n")
    assert not marker.exists()
    assert "tensorflow" not in sys.modules


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check([os.fspath(tmp_path / "no.py")])


# ---- reports -------------------------------------------------------------------------------------


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[FileReport]:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(HEAD + "tf.add(1, 2)\ntf.none\ntf.placeholder(x=1)\n")
    Path("f").mkdir()
    Path("f/b.py").write_text(HEAD + "tf.add(1, 2)\ntf.none\ntf.none\n")
    Path("f/c.py").write_text(HEAD + "print 1\n")
    return check(["a.py", "f"])


def test_the_report_for_people(reports) -> None:
    told = lines(reports)
    assert told[:5] == [
        "a.py:2: offered: tf.add",
        "a.py:3: missing: tf.none: flowgraph has no tf.none, and neither has TensorFlow 1.15. "
        "Did you mean ones or nn?  docs: migrating#what-is-missing",
        "a.py:4: missing: parameter 'x' of tf.placeholder: it takes dtype, shape, name here.",
        told[3], told[4]]
    assert told[3].startswith(f"{os.path.join('f', 'b.py')}:3: missing: tf.none")
    assert not any("b.py:2" in line for line in told)
    assert [line for line in told if "c.py:2: not read: it is written for Python 2" in line]
    table = [line.split() for line in told[told.index("") + 1:]]
    assert table == [["symbols", "uses", "files"], ["offered", "1", "2", "2"],
                     ["offered,", "differs", "0", "0", "0"], ["missing", "2", "4", "2"],
                     ["files", "read", "2"], ["files", "not", "read", "1"],
                     ["files", "of", "Python", "2", "1"], [],
                     ["missing", "uses", "files"], ["tf.none", "3", "2"],
                     ["parameter", "'x'", "of", "tf.placeholder", "1", "1"]]


def test_all_and_problems_choose_what_is_told(reports) -> None:
    assert any("b.py:2: offered" in line for line in lines(reports, "all"))
    assert not any(": offered" in line for line in lines(reports, "problems"))


def test_the_report_for_programs(reports) -> None:
    told = json.loads(json.dumps(as_json(reports)))
    assert told["ok"] is False
    assert [file["ok"] for file in told["files"]] == [False, False, False]
    assert told["files"][0]["symbols"][2] == {
        "cell": 0, "line": 4, "column": 1, "symbol": "tf.placeholder", "status": "missing",
        "text": "it takes dtype, shape, name here.", "docs": "", "parameter": "x",
        "conditional": False, "import": False}
    assert told["files"][2]["problems"][0]["python2"] is True
    assert told["summary"] == summary(reports)
    assert told["summary"]["missing_symbols"][0] == {"symbol": "tf.none", "uses": 3, "files": 2}
