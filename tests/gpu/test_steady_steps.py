"""Steps of training wait for the GPU once, for what is fetched, and not at all if nothing is."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from benchmarks.workloads import WORKLOADS
from flowgraph.program.pipeline import PASSES, PLANNING
from tests.gpu import no_gpu
from tests.gpu.simulated import gpus
from tests.gpu.test_graphs import why_not
from tests.gpu.waits import WAITS

WITHOUT_GRAPHS = [name for name in (*PASSES, *PLANNING) if name != "cuda_graphs"]


def random(*shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def trained(loss, optimizer=None):
    return loss, (optimizer or fg.train.GradientDescentOptimizer(0.1)).minimize(loss)


def classes(count=16, classes=5):
    return np.arange(count) % classes


def mlp():
    x, labels = fg.placeholder(fg.float32, [None, 20]), fg.placeholder(fg.int64, [None])
    logits = fg.layers.dense(fg.layers.dense(x, 32, fg.nn.relu), 5)
    loss = fg.losses.sparse_softmax_cross_entropy(labels, logits)
    return *trained(loss), {x: random(16, 20), labels: classes()}


def with_dropout():
    x = fg.placeholder(fg.float32, [None, 20])
    hidden = fg.layers.dropout(fg.layers.dense(x, 32, fg.nn.relu), 0.3, training=True)
    step = fg.train.get_or_create_global_step()
    rate = fg.train.exponential_decay(0.01, step, 10, 0.9, staircase=True)
    loss = fg.reduce_mean(fg.square(fg.layers.dense(hidden, 3)))
    return loss, fg.train.AdamOptimizer(rate).minimize(loss, step), {x: random(16, 20)}


def convnet():
    x, labels = fg.placeholder(fg.float32, [8, 12, 12, 3]), fg.placeholder(fg.int64, [8])
    hidden = fg.layers.max_pooling2d(fg.layers.conv2d(x, 8, 3, activation=fg.nn.relu), 2, 2)
    hidden = fg.layers.batch_normalization(fg.layers.conv2d(hidden, 8, 3), training=True)
    logits = fg.layers.dense(fg.layers.flatten(fg.nn.relu(hidden)), 5)
    loss = fg.reduce_mean(fg.nn.softmax_cross_entropy_with_logits_v2(
        labels=fg.one_hot(labels, 5), logits=logits))
    with fg.control_dependencies(fg.get_collection(fg.GraphKeys.UPDATE_OPS)):
        return *trained(loss, fg.train.MomentumOptimizer(0.1, 0.9)), {
            x: random(8, 12, 12, 3), labels: classes(8)}


def recurrent(cell):
    x, lengths = fg.placeholder(fg.float32, [8, 6, 10]), fg.placeholder(fg.int32, [8])
    outputs, _ = fg.nn.dynamic_rnn(cell(12), x, lengths, dtype=fg.float32)
    loss = fg.reduce_mean(fg.square(outputs))
    return *trained(loss, fg.train.AdamOptimizer(0.01)), {x: random(8, 6, 10),
                                                         lengths: np.arange(8) % 6 + 1}


def lstm():
    return recurrent(fg.nn.rnn_cell.LSTMCell)


def letters():
    """Letters one hot, unrolled, as in the benchmarks, but few."""
    x = fg.placeholder(fg.int32, [8, 4])
    kernel, h = fg.get_variable("kernel", [10 + 12, 4 * 12]), fg.zeros([8, 12])
    c = h
    for letter in fg.unstack(fg.one_hot(x, 10), axis=1):
        i, j, f, o = fg.split(fg.matmul(fg.concat([letter, h], 1), kernel), 4, axis=1)
        c = c * fg.sigmoid(f + 1.0) + fg.sigmoid(i) * fg.tanh(j)
        h = fg.tanh(c) * fg.sigmoid(o)
    return *trained(fg.reduce_mean(fg.square(h))), {x: np.arange(32).reshape(8, 4) % 10}


def gru():
    return recurrent(fg.nn.rnn_cell.GRUCell)


def elementwise():
    x = fg.placeholder(fg.float32, [50, 40])
    w = fg.Variable(fg.ones([50, 40]))
    loss = fg.reduce_sum(fg.tanh(x * w + 1) * fg.sigmoid(x) - fg.exp(-x * x))
    return *trained(loss), {x: random(50, 40)}


def word2vec():
    words, context = fg.placeholder(fg.int32, [16]), fg.placeholder(fg.int64, [16, 1])
    table = fg.get_variable("table", [100, 12])
    weights, biases = fg.get_variable("weights", [100, 12]), fg.get_variable("biases", [100])
    loss = fg.reduce_mean(fg.nn.sampled_softmax_loss(
        weights, biases, context, fg.nn.embedding_lookup(table, words), 4, 100,
        sampled_values=fg.nn.all_candidate_sampler(context, 1, 4, True),
        remove_accidental_hits=False))
    return *trained(loss), {words: classes(), context: classes()[:, None]}


def transformer():
    words = fg.placeholder(fg.int32, [4, 6])
    x = fg.nn.embedding_lookup(fg.get_variable("table", [30, 16]), words)
    q, k, v = (fg.layers.dense(x, 16) for _ in range(3))
    mask = (1 - fg.matrix_band_part(fg.ones([6, 6]), -1, 0)) * -1e9
    x += fg.matmul(fg.nn.softmax(fg.matmul(q, k, transpose_b=True) / 4 + mask), v)
    mean, variance = fg.nn.moments(x, -1, keep_dims=True)
    x = (x - mean) * fg.rsqrt(variance + 1e-5)
    logits = fg.layers.dense(x, 30)
    loss = fg.reduce_mean(fg.nn.sparse_softmax_cross_entropy_with_logits(
        labels=words, logits=logits))
    return *trained(loss), {words: np.arange(24).reshape(4, 6)}


PROGRAMS = [mlp, with_dropout, convnet, lstm, letters, gru, elementwise, word2vec, transformer]
OPTIMIZERS = {
    "adam": lambda: fg.train.AdamOptimizer(), "adagrad": lambda: fg.train.AdagradOptimizer(0.1),
    "adadelta": lambda: fg.train.AdadeltaOptimizer(),
    "adagrad_da": lambda: fg.train.AdagradDAOptimizer(
        0.1, fg.train.get_or_create_global_step()),
    "ftrl": lambda: fg.train.FtrlOptimizer(0.1),
    "momentum": lambda: fg.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "rms_prop": lambda: fg.train.RMSPropOptimizer(0.1, centered=True),
    "proximal": lambda: fg.train.ProximalGradientDescentOptimizer(0.1, 0.01),
    "proximal_adagrad": lambda: fg.train.ProximalAdagradOptimizer(0.1),
}


def waits_of(loss, train, feeds, monkeypatch, allowed="", **options):
    """(waits of a step that fetches the loss, of one that fetches nothing)."""
    seen = []
    monkeypatch.setattr(no_gpu, "noted", lambda name: seen.append(name) if name in WAITS else None)
    with fg.Session(**options) as sess:
        sess.run(fg.global_variables_initializer())
        for _ in range(3):  # the third run records a graph, and waits to see what it computes
            sess.run(train, feeds)
            sess.run([loss, train], feeds)  # looks at what that one has left
        (gpu,) = sess._settings.gpus.values()
        counts = []
        for fetches in ([loss, train], train):
            seen.clear()
            before = gpu.waits
            for _ in range(3):
                sess.run(fetches, feeds)
            counts.append(gpu.waits - before)
            assert set(seen) <= {allowed}
        assert gpu.uploads
        return tuple(counts)


@pytest.mark.parametrize("options", [{"runner": "interpreter", "passes": WITHOUT_GRAPHS},
                                     {"runner": "source", "passes": WITHOUT_GRAPHS}, {}],
                         ids=["interpreter", "source", "graphs"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_steps_wait_for_what_is_fetched_and_for_nothing_else(program, options, monkeypatch
                                                             ) -> None:
    with fg.Graph().as_default(), gpus():
        assert waits_of(*program(), monkeypatch, **options) == (3, 0)


class Engine:
    """flowgraph as the benchmarks take it; it keeps the last session that they open."""

    def __getattr__(self, name: str):
        return getattr(fg, name)

    def Session(self) -> fg.Session:
        self.session = fg.Session()
        return self.session


def slow(name: str):
    return pytest.param(name, marks=pytest.mark.slow)


@pytest.mark.parametrize("name", ["linreg", "softmax", "lenet", "convnet", slow("mlp"),
                                  slow("lstm"), slow("elementwise"), slow("matmul")])
def test_workloads_become_graphs_and_wait_once(name: str) -> None:
    with gpus():
        engine = Engine()
        step = WORKLOADS[name](engine)
        told = dict(zip(step.__code__.co_freevars, (
            cell.cell_contents for cell in step.__closure__), strict=True))
        for _ in range(4):
            step()
        (gpu,) = engine.session._settings.gpus.values()
        before = gpu.waits
        step()
        assert gpu.waits == before + 1
        with engine.session.graph.as_default():
            assert why_not(engine.session, told["fetches"], told["feeds"]) == ""


@pytest.mark.parametrize("name", ["scalar", "small_ops", "while_loop"])
def test_small_workloads_stay_on_the_host(name: str) -> None:
    with gpus():
        engine = Engine()
        step = WORKLOADS[name](engine)
        for _ in range(4):
            step()
        (gpu,) = engine.session._settings.gpus.values()
        assert (gpu.uploads, gpu.waits) == (0, 0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_wait_for_nothing(name: str, monkeypatch) -> None:
    with fg.Graph().as_default(), gpus():
        table, w = fg.get_variable("table", [50, 8]), fg.get_variable("w", [8, 8])
        x = fg.nn.embedding_lookup(table, [1, 4, 4, 9])
        loss = fg.reduce_mean(fg.square(fg.matmul(x, w) - 1))
        assert waits_of(*trained(loss, OPTIMIZERS[name]()), {}, monkeypatch) == (3, 0)


def test_adam_waits_for_the_rows_that_are_there_more_than_once(monkeypatch) -> None:
    with fg.Graph().as_default(), gpus():
        words = fg.placeholder(fg.int32, [6])
        loss = fg.reduce_sum(fg.nn.embedding_lookup(fg.get_variable("table", [50, 8]), words))
        train = fg.train.AdamOptimizer().minimize(loss)
        waits_of(loss, train, {words: [1, 4, 4, 9, 9, 2]}, monkeypatch, allowed="unique")
