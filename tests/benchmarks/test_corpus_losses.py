"""The comparison of losses with TensorFlow's: what counts as equal, and what is recorded."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import corpus_losses


@pytest.mark.parametrize("expected, found, steps", [
    ([1.0, 2.0], [1.0, 2.0], 2), ([1.0, 2.0], [1.00009, 2.0], 2), ([1.0, 2.0], [1.0, 2.001], 1),
    ([1.0, 2.0], [1.0], 1), ([1.0], [], 0), ([float("nan")], [float("nan")], 0),
    ([0.0], [0.0], 1), ([0.0], [1e-9], 0)])
def test_losses_are_equal_within_a_relative_distance(expected, found, steps) -> None:
    assert corpus_losses.equal_steps(expected, found) == steps


def test_what_tensorflow_gave_is_twenty_numbers_a_program() -> None:
    known = json.loads(corpus_losses.EXPECTED.read_text())
    assert len(known) >= 60
    assert {len(losses) for losses in known.values()} == {corpus_losses.STEPS}


def test_a_program_whose_losses_differ_is_told(tmp_path) -> None:
    (tmp_path / "launch.py").write_text(textwrap.dedent("""
        import sys
        def prepare(engine, contrib):
            import flowgraph
            sys.modules["tensorflow"] = flowgraph
    """))
    folder = tmp_path / "programs"
    (folder / "repos" / "someone").mkdir(parents=True)
    (folder / "repos" / "someone" / "train.py").write_text(textwrap.dedent("""
        import tensorflow as tf
        w = tf.Variable(tf.random_normal([3]))
        loss = tf.reduce_sum(tf.square(w - 1.0))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(50):
                sess.run([train])
    """))
    (folder / "manifest.json").write_text(json.dumps({"rows": [
        {"repo": "someone", "path": "train.py", "run": "train.py", "driver": True}]}))
    expected = tmp_path / "losses.json"
    losses = [0.0] * corpus_losses.STEPS
    expected.write_text(json.dumps({"someone/train.py": losses}))
    command = [sys.executable, corpus_losses.__file__, "check", folder, tmp_path,
               "--out", expected]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 1
    assert "0 of 1 programs have TensorFlow's losses; 1 known" in first.stdout
    assert "0 of  20 steps equal  someone/train.py  expected 0, found" in first.stdout


def test_nothing_checked_is_no_success(tmp_path) -> None:
    (tmp_path / "launch.py").write_text(
        "import sys, flowgraph\ndef prepare(engine, contrib):\n"
        "    sys.modules['tensorflow'] = flowgraph\n")
    (tmp_path / "manifest.json").write_text('{"rows": []}')
    command = [sys.executable, corpus_losses.__file__, "check", tmp_path, tmp_path]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
