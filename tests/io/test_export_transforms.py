"""Einsum of many tensors and transforms of short inputs, in nodes that TensorFlow has."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as tf

RANDOM = np.random.RandomState(0)


def read_again(build, arrays):
    """(GraphDef, what its "y" is when it is read) of a function of placeholders."""
    with tf.Graph().as_default() as graph:
        inputs = [tf.placeholder(array.dtype, [None] * array.ndim, name=f"x{i}")
                  for i, array in enumerate(arrays)]
        tf.identity(build(*inputs), name="y")
    graph_def = graph.as_graph_def()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(graph_def, name="")
        return graph_def, sess.run("y:0", {f"x{i}:0": array for i, array in enumerate(arrays)})


def types(graph_def):
    return {node.op for node in graph_def.node}


@pytest.mark.parametrize("equation, shapes, parts", [
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)], ["ij,jk->ik", "ik,kl->il"]),
    ("ij,j,k,ik->i", [(2, 3), (3,), (4,), (2, 4)], ["ij,j->i", "i,k->ik", "ik,ik->i"]),
    ("ij,ij,ij->", [(2, 3)] * 3, ["ij,ij->ij", "ij,ij->"]),
    ("i,j,k->kji", [(2,), (3,), (4,)], ["i,j->ij", "ij,k->kji"]),
    ("ij,jk->ik", [(2, 3), (3, 2)], ["ij,jk->ik"]),
])
def test_einsum_takes_two_tensors_at_a_time(equation, shapes, parts) -> None:
    arrays = [RANDOM.randn(*shape) for shape in shapes]
    graph_def, y = read_again(lambda *x: tf.einsum(equation, *x), arrays)
    np.testing.assert_allclose(y, np.einsum(equation, *arrays))
    nodes = [node for node in graph_def.node if node.op == "Einsum"]
    assert [node.attr["equation"].s.decode() for node in nodes] == parts
    assert {len(node.input) for node in nodes} == {2}


@pytest.mark.parametrize("name, shape, lengths", [
    ("rfft", (2, 5), [8]), ("rfft", (2, 5), [4]), ("rfft2d", (3, 5), [5, 4]),
    ("rfft3d", (2, 3, 5), [3, 3, 6]), ("irfft", (2, 5), [12]), ("irfft", (2, 5), [13]),
    ("irfft2d", (3, 4), [4, 9])])
def test_short_inputs_of_transforms_are_filled_up(name, shape, lengths) -> None:
    array = RANDOM.randn(*shape).astype(np.complex64 if name[0] == "i" else np.float32)
    oracle = {"rfft": np.fft.rfft, "irfft": np.fft.irfft}.get(name)
    graph_def, y = read_again(lambda x: getattr(tf.signal, name)(x, lengths), [array])
    wanted = (oracle(array, lengths[0]) if oracle else
              getattr(np.fft, name[:-2] + "n")(array, lengths, range(-len(lengths), 0)))
    np.testing.assert_allclose(y, wanted, 1e-4, 1e-5)
    assert "Pad" in types(graph_def)


def test_inputs_that_are_long_enough_are_left_alone() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 8])
        tf.signal.rfft(x)
        tf.signal.rfft(x, [6])
        tf.signal.irfft(tf.placeholder(tf.complex64, [2, 5]))
    assert types(graph.as_graph_def()) <= {"Placeholder", "Const", "RFFT", "IRFFT"}
