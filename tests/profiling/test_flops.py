"""Floating point operations by type and shapes: TensorFlow's counts, and those it does not make."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

F = np.float32


def ones(*shape):
    return fg.Variable(np.ones(shape, F))  # of constants there would be nothing left to run


def conv_gradient(of):
    """The gradient of a convolution: 3x3, 2 -> 4 channels, 8x8 images, stride 2."""
    image, kernel = ones(5, 8, 8, 2), ones(3, 3, 2, 4)
    y = fg.nn.conv2d(image, kernel, [1, 2, 2, 1], "SAME")
    return fg.gradients(y, image if of == "image" else kernel)[0]


def lstm():
    cell = fg.nn.rnn_cell.BasicLSTMCell(3)
    return cell(ones(2, 4), cell.zero_state(2, fg.float32))[0]


CONV = 2 * (5 * 4 * 4 * 4) * (3 * 3 * 2)
ROWS = [  # op type, a function that builds it, the count
    ("MatMul", lambda: fg.matmul(ones(2, 3), ones(3, 5)), 2 * 2 * 3 * 5),
    ("MatMul", lambda: fg.matmul(ones(3, 2), ones(5, 3), True, True), 2 * 2 * 3 * 5),
    ("BatchMatMulV2", lambda: fg.matmul(ones(7, 2, 3), ones(7, 3, 5)), 7 * 2 * 2 * 3 * 5),
    ("Einsum", lambda: fg.einsum("abc,cd->bd", ones(2, 3, 4), ones(4, 5)), 2 * 2 * 3 * 4 * 5),
    ("Conv2D", lambda: fg.nn.conv2d(ones(5, 8, 8, 2), ones(3, 3, 2, 4), [1, 2, 2, 1], "SAME"),
     CONV),
    ("Conv2DBackpropInput", lambda: conv_gradient("image"), CONV),
    ("Conv2DBackpropFilter", lambda: conv_gradient("kernel"), CONV),
    ("DepthwiseConv2dNative", lambda: fg.nn.depthwise_conv2d(
        ones(1, 4, 4, 2), ones(3, 3, 2, 2), [1, 1, 1, 1], "VALID"), 2 * (2 * 2 * 4) * 9),
    ("MaxPool", lambda: fg.nn.max_pool(ones(1, 4, 4, 3), [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
     4 * 12),
    ("AvgPool", lambda: fg.nn.avg_pool(ones(1, 3, 4, 4), [1, 1, 2, 2], [1, 1, 2, 2], "SAME",
                                       data_format="NCHW"), 4 * 12),
    ("Add", lambda: fg.add(ones(2, 3), ones(3)), 6),
    ("Tanh", lambda: fg.tanh(ones(2, 3)), 6),
    ("Sigmoid", lambda: fg.sigmoid(ones(2, 3)), 4 * 6),
    ("Cast", lambda: fg.cast(ones(2, 3), fg.float64), 0),
    ("Sum", lambda: fg.reduce_sum(ones(2, 3)), 5),
    ("Max", lambda: fg.reduce_max(ones(2, 3)), 6),
    ("Softmax", lambda: fg.nn.softmax(ones(2, 3)), 30),
    ("Transpose", lambda: fg.transpose(ones(2, 3)), 0),
    ("SparseSoftmaxCrossEntropyWithLogits",
     lambda: fg.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1], logits=ones(2, 3)),
     7 * 6),
    ("Cholesky", lambda: fg.linalg.cholesky(fg.Variable(np.eye(3, dtype=F))), 9),
    ("MatMul", lstm, 2 * 2 * 7 * 12)]


@pytest.mark.parametrize("kind, build, count", ROWS,
                         ids=[f"{i}-{row[0]}" for i, row in enumerate(ROWS)])
def test_count(kind, build, count) -> None:
    y = build()
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        steps = sess.record(y).steps
    assert sum(step.flops for step in steps if step.type == kind) == count
    assert kind in [step.type for step in steps]


def test_shapes_are_those_of_the_run() -> None:
    x = fg.placeholder(fg.float32)
    y = fg.matmul(x, x)
    with fg.Session() as sess:
        counts = [sess.record(y, {x: np.ones((n, n))}).steps[0].flops for n in (2, 4)]
    assert counts == [16, 128]


def test_rounds_of_a_loop_are_counted_each() -> None:
    y = fg.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, fg.matmul(a, a)),
                      [0, ones(3, 3)])[1]
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        with fg.profile() as profile:
            sess.run(y)
    assert sum(c.flops for op, c in profile.costs().items() if op.type == "MatMul") == 4 * 54
