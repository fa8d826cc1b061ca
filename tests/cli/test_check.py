"""`flowgraph check`: what is printed, and the exit codes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

GOOD = "import tensorflow as tf\nx = tf.placeholder(tf.float32)\n"
BAD = GOOD + "with tf.GradientTape():\n    pass\n"


@pytest.fixture(autouse=True)
def programs(folder: Path) -> None:
    (folder / "good.py").write_text(GOOD)
    (folder / "bad.py").write_text(BAD)
    (folder / "two.py").write_text("import tensorflow as tf\nprint tf.__version__\n")
    (folder / "numbers.py").write_text("x = 1\n")
    (folder / "sub").mkdir()
    (folder / "sub" / "good.py").write_text(GOOD)
    (folder / "empty").mkdir()


@pytest.mark.parametrize(("line", "code", "words"), [
    ("good.py", 0, ["good.py:2: offered: tf.placeholder", "good.py:2: offered: tf.float32",
                    "files read"]),
    ("bad.py", 1, ["bad.py:3: missing: tf.GradientTape: ", "Use tf.gradients",
                   "bad.py:2: offered"]),
    ("two.py", 1, ["two.py:2: not read: it is written for Python 2"]),
    ("good.py bad.py", 1, ["good.py:2: offered", "bad.py:3: missing"]),
    ("sub", 0, ["files read"]),
    ("sub --all", 0, [f"sub{os.sep}good.py:2: offered: tf.placeholder"]),
    (".", 1, [f".{os.sep}bad.py:3: missing", "two.py:2: not read", "files not read"]),
    ("numbers.py", 0, ["files read"]),
])
def test_what_is_printed(line, code, words, flowgraph) -> None:
    found, out, _ = flowgraph(f"check {line}")
    assert found == code
    for word in words:
        assert word in out


@pytest.mark.parametrize(("line", "words"), [
    ("", "required: path"), ("no.py", "no file or folder 'no.py'"),
    ("empty", "'empty' holds no program"), ("good.py --frob", "unrecognized arguments: --frob"),
    ("good.py --json --all", "not allowed with"), ("good.py -- 3", "takes no arguments"),
])
def test_wrong_use_is_told_in_one_line_with_code_2(line, words, flowgraph) -> None:
    code, out, err = flowgraph(f"check {line}")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words in err


def test_problems_alone(flowgraph) -> None:
    out = flowgraph("check bad.py --problems")[1]
    assert "missing: tf.GradientTape" in out
    assert ": offered:" not in out


def test_json_is_for_programs(flowgraph) -> None:
    code, out, err = flowgraph("check bad.py two.py --json")
    told = json.loads(out)
    assert (code, err, told["ok"]) == (1, "", False)
    assert [(s["line"], s["symbol"], s["status"]) for s in told["files"][0]["symbols"]] == [
        (2, "tf.placeholder", "offered"), (2, "tf.float32", "offered"),
        (3, "tf.GradientTape", "missing")]
    assert told["files"][1]["problems"][0]["line"] == 2
    assert told["summary"]["files"] == {"read": 1, "not_read": 1, "python2": 1}


def test_nothing_to_say_is_said(flowgraph) -> None:
    code, _, err = flowgraph("check numbers.py")
    assert (code, "names TensorFlow" in err) == (0, True)


def test_no_program_is_imported(flowgraph, folder) -> None:
    (folder / "helper.py").write_text("import tensorflow as tf\nraise SystemExit(9)\n")
    assert flowgraph("check helper.py")[0] == 0
    assert "helper" not in sys.modules
    assert "tensorflow" not in sys.modules


def test_hidden_characters_of_names_give_a_terminal_no_orders(flowgraph, folder) -> None:
    (folder / "odd.py").write_text("import tensorflow as tf\nprint '\x1b[31m'\n")
    assert "\x1b" not in flowgraph("check odd.py")[1]
