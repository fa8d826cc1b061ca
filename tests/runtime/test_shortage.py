"""Out of memory on a GPU: the error tells what there is, and the session goes on."""

from __future__ import annotations

import re

import numpy as np
import pytest

import flowgraph as fg
from tests.gpu.simulated import gpus


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_what_has_the_memory_is_told_and_nothing_changes(runner: str) -> None:
    with gpus(memory=3_000_000):
        x = fg.placeholder(fg.float32, [None, 64], name="x")
        w = fg.Variable(fg.ones([64, 256]), name="w")
        y = fg.matmul(fg.nn.relu(fg.matmul(x, w)), fg.ones([256, 512]), name="y")
        update = w.assign_add(fg.ones([64, 256]))
        with fg.Session(runner=runner) as sess:
            sess.run(fg.global_variables_initializer())
            with pytest.raises(fg.errors.ResourceExhaustedError) as caught:
                sess.run([y, update], {x: np.ones((1000, 64))})
            headline, *rows = caught.value.message.splitlines()
            assert re.fullmatch(r"MatMul 'y' \(test_shortage.py:\d+\): out of memory on gpu:0: "
                                "2.048 MB asked for, 1.745 MB of 3 MB in use", headline)
            words = [row.split() for row in rows]
            assert words[0] == ["a", "=", "'Relu'", "(1000,", "256)", "float32"]
            assert words[2] == ["alive:", "'Relu'", "(1000,", "256)", "float32", "1.024", "MB"]
            assert [row[-2] for row in words[3:5]] == ["524.3", "65.54"]
            assert rows[-1].startswith("  Feed fewer examples at once")
            assert caught.value.op is y.op
            assert sess._settings.gpus["gpu:0"].freed == 1
            assert sess.run(w)[0, 0] == 1
            assert sess.run(y, {x: np.ones((2, 64))})[0, 0] == 64 * 256


def test_generated_source_tells_of_tensors_by_the_names_of_the_program() -> None:
    with gpus(memory=3_000_000):
        x = fg.placeholder(fg.float32, [None, 64], name="x")
        with fg.variable_scope("dense"):
            w, b = fg.get_variable("kernel", [64, 256]), fg.get_variable("bias", [256])
        y = fg.matmul(fg.nn.relu(fg.matmul(x, w) + b), fg.ones([256, 512]), name="y")
        with fg.Session(runner="source") as sess:
            sess.run(fg.global_variables_initializer())
            with pytest.raises(fg.errors.ResourceExhaustedError) as caught:
                sess.run(y, {x: np.ones((1000, 64))})
    told = re.findall(r"alive: +'(.*?)'", caught.value.message)
    assert told == ["Relu", "ones", "dense/bias"]
