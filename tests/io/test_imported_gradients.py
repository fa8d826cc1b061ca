"""Gradients through the loops and TensorArrays of graphs that TensorFlow 1 wrote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops import tensor_array_v3 as arrays

FILE = np.load(Path(__file__).parent / "files" / "control_flow_v1.npz")


def slope(sess, y, x, at, direction) -> float:
    """The derivative of y along `direction`, from two values of y."""
    step = 2e-3 * direction
    up, down = (float(sess.run(y, {x: at + sign * step})) for sign in (1, -1))
    return (up - down) / 4e-3


@pytest.mark.parametrize("program", [
    "both_directions", "gradient_of_lstm", "gradient_of_nested_loops", "lstm", "map_fn",
    "one_predicate_twice", "scan", "tensor_array"])
def test_gradients_go_through_imported_graphs(program) -> None:
    graph_def = fg.GraphDef.FromString(FILE[f"{program}.pb"].tobytes())
    run = json.loads(FILE[f"{program}.json"].tobytes())[0]
    x = fg.placeholder(fg.float32, np.shape(run["x"]))
    out, = fg.import_graph_def(graph_def, {"x": x}, ["out0:0"], name="g")
    y = fg.reduce_sum(fg.sin(out))
    dx, = fg.gradients(y, x)
    at = np.asarray(run["x"], np.float32)
    direction = np.cos(np.arange(at.size, dtype=np.float32)).reshape(at.shape)
    with fg.Session() as sess:
        want = slope(sess, y, x, at, direction)
        np.testing.assert_allclose((sess.run(dx, {x: at}) * direction).sum(), want, rtol=2e-2,
                                   atol=2e-2)


def squares(x):
    """Writes row * row for each row of x, in a loop, into a TensorArray of unknown shapes."""
    handle, flow = arrays.TensorArrayV3.build(3, dtype=fg.float32)
    return handle, fg.while_loop(
        lambda i, flow: i < 3,
        lambda i, flow: (i + 1, arrays.TensorArrayWriteV3.build(handle, i, x[i] * x[i], flow)),
        [0, flow])[1]


def test_elements_that_nothing_reads_have_gradient_zero() -> None:
    x = fg.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    handle, flow = squares(x)
    row = arrays.TensorArrayReadV3.build(handle, 1, flow, dtype=fg.float32)
    dx, = fg.gradients(row, x)
    np.testing.assert_array_equal(fg.Session().run(dx), [[0, 0], [6, 8], [0, 0]])


def test_each_call_of_gradients_sums_up_by_itself() -> None:
    x = fg.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    handle, flow = squares(x)
    rows = arrays.TensorArrayGatherV3.build(handle, [0, 1, 2], flow, dtype=fg.float32)
    first, = fg.gradients(rows, x)
    again, = fg.gradients(rows, x, name="mine")
    second, = fg.gradients(first, x)
    values = fg.Session().run([x, first, again, second])
    np.testing.assert_array_equal(values[1], 2 * values[0])
    np.testing.assert_array_equal(values[2], 2 * values[0])
    np.testing.assert_array_equal(values[3], np.full((3, 2), 2.0))
