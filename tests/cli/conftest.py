"""Programs to run, in the current folder of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import flowgraph as fg
from flowgraph.cli import main

TRAIN = """\
import sys
import numpy as np
import flowgraph as tf

x = tf.placeholder(tf.float32, [None, 3], name="x")
with tf.name_scope("layer"):
    w = tf.Variable(tf.ones([3, 2]), name="w")
    h = tf.nn.relu(tf.matmul(x, w), name="h")
loss = tf.reduce_mean(tf.square(h), name="loss")
step = tf.train.GradientDescentOptimizer(0.01).minimize(loss, name="train")
rounds = int(sys.argv[1]) if sys.argv[1:] else 10**9
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(rounds):
        _, value = sess.run([step, loss], {x: np.ones([4, 3])})
        print("round", i, f"{value:.3f}")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with train.py in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


@pytest.fixture
def flowgraph(capsys: pytest.CaptureFixture[str]) -> Callable[[str], tuple[int, str, str]]:
    """Runs a command line in this process; gives exit code, standard output and error."""
    def run(line: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with fg.Graph().as_default():  # as in a process of its own
            code = main(line.split())
        return code, *capsys.readouterr()

    return run
