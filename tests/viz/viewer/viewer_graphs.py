"""Graphs that the tests of the viewer's picture open, made of op types that exist only here."""

from __future__ import annotations

import flowgraph as fg
from tests.viz.graphs import Builder


def network():
    """Two layers with a loss, trained with Adam, and a saver: 200 ops of the real registry."""
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [None, 8], name="x")
        labels = fg.placeholder(fg.float32, [None, 2], name="labels")
        for layer in ("first", "second"):
            with fg.variable_scope(layer):
                w = fg.get_variable("w", [8, 8] if layer == "first" else [8, 2])
                x = fg.nn.relu(fg.matmul(x, w, name="product"), name="relu")
        with fg.name_scope("loss"):
            loss = fg.reduce_mean(fg.square(x - labels), name="mean")
        fg.summary.scalar("loss", loss)
        fg.train.AdamOptimizer(0.1).minimize(loss)
        fg.train.Saver()
    return graph


def loops():
    """A while_loop and a cond."""
    with fg.Graph().as_default() as graph:
        x = fg.placeholder(fg.float32, [], name="x")
        _, y = fg.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x), [0, x], name="powers")
        fg.cond(x > 0.0, lambda: fg.square(y), lambda: fg.negative(y), name="choice")
    return graph


def nested(count: int = 10_000):
    """Scopes in scopes, with skips past each block."""
    b = Builder()
    x = b.placeholder("x", (None, 64))
    number = 0
    while number < count - 1:
        start, block = x, number // 20
        # Names of different lengths keep the blocks from being one series.
        scope = f"part{block // 60}/stage{block // 10}{'x' * (block % 3)}/block{block}"
        for i in range(20):
            second = x
            if i == 19:
                second = start
            elif i % 5 == 4:
                second = b.const(f"{scope}/step{i}/value", 0.5)
                number += 1
            x = b.op(f"Type{(number + i) % 9}", f"{scope}/step{i}", x, second, shape=(None, 64))
            number += 1
    return b.graph


def blocks():
    """Five blocks of two or three convolutions, as in VGG-16, and dense layers after them."""
    with fg.Graph().as_default() as graph:
        h = fg.placeholder(fg.float32, [None, 64, 64, 3], name="image")
        for block, depth in enumerate((2, 2, 3, 3, 3), 1):
            with fg.variable_scope(f"block{block}"):
                for i in range(depth):
                    h = fg.layers.conv2d(h, 8 * block, 3, padding="same", activation=fg.nn.relu,
                                         name=f"conv{i}")
                h = fg.layers.max_pooling2d(h, 2, 2)
        h = fg.layers.flatten(h)
        for name in ("fc6", "fc7", "fc8"):
            h = fg.layers.dense(h, 10, fg.nn.relu, name=name)
        fg.losses.sparse_softmax_cross_entropy(fg.placeholder(fg.int32, [None], name="label"), h)
    return graph


def wide(count: int = 300):
    """Many boxes side by side, between two."""
    b = Builder()
    x = b.placeholder("x", (4,))
    b.op("Join", "join", *[b.op("Part", f"part{i}", x, shape=(4,)) for i in range(count)])
    return b.graph


def chain(count: int = 300):
    """One box after another."""
    b = Builder()
    x = b.placeholder("x", (4,))
    for i in range(count):
        x = b.op(f"Type{i % 7}{i % 11}{i % 13}", f"op{i}", x, shape=(4,))
    return b.graph
