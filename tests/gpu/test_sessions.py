"""Whole sessions with GPUs that are not there: programs are placed, values stay on the device.

All rows of the case tables run once with everything on the GPU that can be there, and once with
small things on the host, as `placement` has it.
"""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import gpu
from flowgraph.program import placement
from tests.gpu.no_gpu import DeviceArray
from tests.gpu.simulated import gpus, infos
from tests.gpu.test_kernels import RESULTS, SLOPES, check_all, slopes_of
from tests.test_cases import assert_same, run


@pytest.fixture(params=[-1, placement.SMALL], ids=["all on the GPU", "small things on the host"])
def small(request, monkeypatch):
    monkeypatch.setattr(placement, "SMALL", request.param)


@pytest.mark.parametrize("table", RESULTS)
def test_sessions_give_the_oracles_numbers(table: str, small) -> None:
    def check(case) -> None:
        with gpus():
            outputs, results = run(case, {"runner": "source"})
        assert_same(case, outputs, results, "with a GPU")
    check_all(check, RESULTS[table])


def classifier():
    x = fg.placeholder(fg.float32, [None, 20])
    labels = fg.placeholder(fg.int64, [None])
    hidden = fg.layers.dropout(fg.layers.dense(x, 32, fg.nn.relu), 0.2, training=True)
    loss = fg.losses.sparse_softmax_cross_entropy(labels, fg.layers.dense(hidden, 5))
    step = fg.train.get_or_create_global_step()
    rate = fg.train.exponential_decay(0.01, step, 10, 0.9)
    train = fg.train.AdamOptimizer(rate).minimize(loss, global_step=step)
    return [loss, rate, train], {x: random((16, 20)), labels: np.arange(16) % 5}


def pictures():
    x = fg.placeholder(fg.float32, [None, 16, 16, 3])
    hidden = fg.layers.max_pooling2d(fg.layers.conv2d(x, 8, 3, activation=fg.nn.relu), 2, 2)
    hidden = fg.layers.flatten(fg.layers.batch_normalization(hidden, training=True))
    loss = fg.reduce_mean(fg.square(fg.layers.dense(hidden, 4) - 1))
    with fg.control_dependencies(fg.get_collection(fg.GraphKeys.UPDATE_OPS)):
        train = fg.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    return [loss, train, *fg.global_variables()], {x: random((6, 16, 16, 3))}


def sentences():
    x = fg.placeholder(fg.float32, [8, 10, 6])
    outputs, state = fg.nn.dynamic_rnn(fg.nn.rnn_cell.LSTMCell(12), x, np.arange(8) + 2,
                                       dtype=fg.float32)
    loss = fg.reduce_mean(fg.square(state.h)) + fg.reduce_mean(outputs)
    return [loss, outputs, fg.train.AdamOptimizer(0.01).minimize(loss)], {x: random((8, 10, 6))}


def word_vectors():
    table = fg.get_variable("table", [100, 16])
    loss = fg.reduce_sum(fg.square(fg.nn.embedding_lookup(table, [1, 2, 2, 99]) - 1))
    optimizer = fg.train.AdagradOptimizer(0.1)
    (gradient, variable), = optimizer.compute_gradients(loss)
    (clipped,), _ = fg.clip_by_global_norm([gradient], 1.0)
    return [loss, optimizer.apply_gradients([(clipped, variable)]), table], {}


def branches():
    x = fg.placeholder(fg.float32, [40])
    y = fg.cond(fg.reduce_sum(x) > 0, lambda: fg.exp(x), lambda: fg.zeros([40]))
    z = fg.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, fg.cond(
        fg.equal(i % 2, 0), lambda: a * 2, lambda: a + y)), [0, x])[1]
    return [y, z, fg.gradients(z, x)[0]], {x: random(40) + 1}


def beside_the_host():
    v = fg.Variable(fg.random_normal([30, 30], seed=1))
    seen = fg.py_func(lambda a: a.sum(), [v.assign_add(fg.ones([30, 30]))], fg.float32)
    data = fg.data.Dataset.from_tensor_slices(random((40, 100))).batch(4).repeat()
    batch = fg.data.make_one_shot_iterator(data).get_next()
    with fg.device("/cpu:0"):
        w = fg.Variable(fg.ones([100, 3]))
    return [seen, fg.matmul(batch, w), w.assign_add(fg.ones([100, 3]) * seen)], {}


def towers():
    x = fg.placeholder(fg.float32, [8, 32])
    optimizer, losses, gradients = fg.train.GradientDescentOptimizer(0.1), [], []
    for number, part in enumerate(fg.split(x, 2)):
        with fg.device(f"/gpu:{number}"), fg.variable_scope("model", reuse=number > 0):
            losses.append(fg.reduce_mean(fg.square(fg.layers.dense(part, 32, name="dense"))))
            gradients.append(optimizer.compute_gradients(losses[-1], fg.trainable_variables()))
    with fg.device("/cpu:0"):
        train = optimizer.apply_gradients([((a + b) / 2, variable) for (a, variable), (b, _)
                                           in zip(*gradients, strict=True)])
    return [*losses, train], {x: random((8, 32))}


def random(shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


PROGRAMS = [classifier, pictures, sentences, word_vectors, branches, beside_the_host, towers]


def results_of(program, count, **options):
    """What four runs give, in a session with so many GPUs; and these."""
    with fg.Graph().as_default(), gpus(count):
        fg.set_random_seed(3)
        fetches, feeds = program()
        config = fg.ConfigProto(allow_soft_placement=True)
        with fg.Session(config=config, **options) as sess:
            sess.run(fg.global_variables_initializer())
            results = [sess.run(fetches, feeds) for _ in range(4)]
            return results, list(sess._settings.gpus.values()), sess._state.values


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_training_gives_the_same_numbers_as_on_the_host(program, small) -> None:
    expected, _, _ = results_of(program, 0)
    for options in ({"runner": "source"}, {"runner": "interpreter"}, {"passes": []}):
        found, used, _ = results_of(program, 2, **options)
        assert used[0].uploads
        for run_found, run_expected in zip(found, expected, strict=True):
            for result, number in zip(run_found, run_expected, strict=True):
                assert type(result) is type(number)
                if number is not None:
                    np.testing.assert_allclose(result, number, 2e-4, 1e-5)


@pytest.mark.parametrize("table", SLOPES)
def test_gradients_are_the_hosts(table: str, monkeypatch) -> None:
    monkeypatch.setattr(placement, "SMALL", -1)
    check_all(lambda case: slopes_of(case, gpus, {}), SLOPES[table])


def test_variables_stay_on_the_gpu_and_steps_upload_only_what_is_fed() -> None:
    with fg.Graph().as_default(), gpus():
        fetches, feeds = classifier()
        with fg.Session() as sess:
            sess.run(fg.global_variables_initializer())
            sess.run(fetches, feeds)
            gpu = sess._settings.gpus["gpu:0"]
            before = gpu.uploads, gpu.waits
            sess.run(fetches, feeds)
            assert (gpu.uploads - before[0], gpu.waits - before[1]) == (2, 1)
            values = sess._state.values
            assert isinstance(values["dense/kernel/Adam"], DeviceArray)
            assert not isinstance(values["global_step"], DeviceArray)


def test_gpus_wait_for_each_other_when_values_go_from_one_to_the_other() -> None:
    with fg.Graph().as_default(), gpus(2):
        with fg.device("/gpu:0"):
            x = fg.ones([30, 30]) * fg.placeholder(fg.float32, [])
        with fg.device("/gpu:1"):
            y = x * 2
        with fg.Session() as sess:
            assert sess.run(y, {sess.graph.get_tensor_by_name("Placeholder:0"): 3})[0, 0] == 6
            first, second = sess._settings.gpus.values()
        assert (first.followed, second.followed) == (["gpu:1"], ["gpu:0"])
        assert (first.uploads, second.uploads) == (1, 1)


def test_parts_of_one_gpu_have_one_stream() -> None:
    first = infos(1)[0]
    with gpus(2):
        one, other = gpu.opened([first, first]).values()
        apart = gpu.opened(infos(2)).values()
    assert one.stream is other.stream
    assert len({part.stream for part in apart}) == 2


def test_a_trace_tells_on_which_device_each_operation_ran(monkeypatch) -> None:
    monkeypatch.setattr(placement, "SMALL", 16)
    with fg.Graph().as_default(), gpus(2), fg.Session() as sess:
        x = fg.placeholder(fg.float32, [6, 6], name="x")
        product = fg.matmul(x, x, name="product")
        with fg.device("/gpu:1"):
            total = fg.reduce_sum(product, name="total")
        with fg.device("/cpu:0"):
            root = fg.sqrt(total, name="root")
        metadata = fg.RunMetadata()
        sess.run(root, {x: np.ones((6, 6))}, run_metadata=metadata,
                 options=fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE))
    ran = {stats.device.rpartition("device:")[2]: {node.node_name for node in stats.node_stats}
           for stats in metadata.step_stats.dev_stats}
    assert set(ran) == {"CPU:0", "GPU:0", "GPU:1"}
    assert "product" in ran["GPU:0"] and "total" in ran["GPU:1"]
    assert {"root", "x"} <= ran["CPU:0"]
