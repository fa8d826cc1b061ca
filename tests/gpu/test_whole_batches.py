"""A GPU is given all images at once: what is cut for the caches of processors is not cut for it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.gradients.gradients import gradients
from flowgraph.ops import padding
from tests.gpu import no_gpu, shadow
from tests.gpu.on_device import on_device

IMAGES = np.random.RandomState(0).normal(size=(48, 24, 24, 16)).astype(np.float32)
FILTER = np.random.RandomState(1).normal(size=(3, 3, 16, 24)).astype(np.float32)
PRODUCTS = {"dot", "matmul", "ndarray.dot", "tensordot"}
NO_WORK = {"ndarray.nbytes", "ndarray.dtype", "ndarray.shape", "empty"}
POOL = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}


def conv(x, w):
    return fg.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")


def depthwise(x, w):
    return fg.nn.depthwise_conv2d(x, w[..., :2], [1, 2, 2, 1], "SAME")


BUILT = {
    "forwards": lambda x, w: conv(x, w),
    "backwards": lambda x, w: gradients(conv(x, w), [x]),
    "filter": lambda x, w: gradients(conv(x, w), [w]),
    "few channels": lambda x, w: gradients(conv(x[..., :3], w[:, :, :3]), [x]),
    "depthwise": lambda x, w: depthwise(x, w),
    "depthwise filter": lambda x, w: gradients(depthwise(x, w), [w]),
    "depthwise back": lambda x, w: gradients(depthwise(x, w), [x]),
    "fft": lambda x, w: fg.spectral.fft(fg.cast(fg.reshape(x, [-1, 96]), fg.complex64)),
    "strides": lambda x, w: fg.nn.conv2d(x, w, [1, 2, 2, 1], "VALID"),
    "max pool": lambda x, w: fg.nn.max_pool(x, **POOL),
    "max pool back": lambda x, w: gradients(fg.nn.max_pool(x, **POOL), [x]),
    "avg pool": lambda x, w: fg.nn.avg_pool(x, **POOL),
    "avg pool back": lambda x, w: gradients(fg.nn.avg_pool(x, **POOL), [x]),
    "bias": lambda x, w: gradients(fg.nn.bias_add(x, fg.ones([16])), [x]),
}


def calls_of(build, images, monkeypatch) -> tuple[Counter, list]:
    """How often CuPy is asked for each function, and what comes out."""
    found: Counter = Counter()
    with fg.Graph().as_default() as graph, fg.Session(
            graph=graph, runner="interpreter", passes=[]) as sess:
        fetches = build(fg.constant(images), fg.constant(FILTER))
        with on_device():
            monkeypatch.setattr(no_gpu, "noted", lambda name: found.update([name]))
            monkeypatch.setattr(shadow, "_can_be_tried", lambda step: False)  # calls once more
            results = sess.run(fetches)
    calls = Counter({name: count for name, count in found.items() if name not in NO_WORK})
    return calls, results if isinstance(results, list) else [results]


@pytest.mark.parametrize("name", BUILT)
def test_a_large_batch_takes_no_more_calls_than_a_small_one(name: str, monkeypatch) -> None:
    few, _ = calls_of(BUILT[name], IMAGES[:2], monkeypatch)
    many, _ = calls_of(BUILT[name], IMAGES, monkeypatch)
    assert many == few
    if name in ("forwards", "backwards", "filter", "strides"):
        assert sum(many[product] for product in PRODUCTS) <= 1 + (name == "backwards")


def test_a_batch_that_would_take_much_memory_is_cut(monkeypatch) -> None:
    whole, wanted = calls_of(BUILT["forwards"], IMAGES, monkeypatch)
    monkeypatch.setattr(padding, "_AT_ONCE", 1 << 22)
    parts, found = calls_of(BUILT["forwards"], IMAGES, monkeypatch)
    assert parts["dot"] > 1 == whole["dot"]
    np.testing.assert_allclose(found[0], wanted[0], 1e-4, 1e-4)


def test_long_sums_of_channels_are_shared_out() -> None:
    rows = np.random.RandomState(2).normal(size=(5003, 6)).astype(np.float32)
    with fg.Graph().as_default() as graph, fg.Session(
            graph=graph, runner="interpreter", passes=[]) as sess:
        bias = fg.zeros([6])
        y = fg.nn.bias_add(fg.constant(rows), bias)
        dy = gradients(y * fg.constant(rows), [bias])
        with on_device():
            found = sess.run(dy[0])
    np.testing.assert_allclose(found, rows.sum(0), 1e-4, 1e-3)
