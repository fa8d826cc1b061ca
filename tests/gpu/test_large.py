"""What kernels do with many numbers, and with dtypes of which a GPU has no sums, on the device.

The rows of the case tables are small; many kernels go other ways from some size on.
"""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.gradients.gradients import gradients
from tests.gpu.on_device import on_device

RNG = np.random.RandomState(0)
VECTOR = RNG.normal(size=40_000)
MATRIX = RNG.normal(size=(300, 120))
SPREAD = RNG.normal(size=(6000, 8))
STACK = RNG.normal(size=(4, 6, 48, 48)) + 4 * np.eye(48)
IMAGES = RNG.uniform(size=(4, 24, 24, 16)).astype(np.float32)
PHOTOS = RNG.uniform(size=(2, 40, 40, 3)).astype(np.float32)
FILTERS = RNG.normal(size=(3, 3, 16, 8)).astype(np.float32)
CHANNELS = RNG.uniform(size=16).astype(np.float32)
IDS = RNG.randint(0, 40, 6000)
MANY_IDS = RNG.randint(0, 2500, 6000)
POOLED = {"ksize": [1, 3, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}


def _scattered(change, rows, updates):
    """A variable with some rows changed; many indices repeat."""
    v = fg.get_variable("v", initializer=np.ones((40, *updates.shape[1:]), updates.dtype))
    with fg.control_dependencies([v.initializer]):
        return [change(v, rows, updates)]


def _sums(dtype):
    updates = np.round(SPREAD * 3).astype(dtype)
    return [pytest.param(build, id=f"{name} {dtype}") for name, build in (
        ("unsorted_segment_sum", lambda: fg.unsorted_segment_sum(updates, IDS, 40)),
        ("a few", lambda: fg.unsorted_segment_sum(updates[:30], IDS[:30], 40)),
        ("scatter_nd", lambda: fg.scatter_nd(IDS[:, None], updates, [40, 8])),
        ("scatter_add", lambda: _scattered(fg.scatter_add, IDS, updates)),
        ("scatter_sub", lambda: _scattered(fg.scatter_sub, IDS, updates)),
        ("scatter_sub a few", lambda: _scattered(fg.scatter_sub, IDS[:30], updates[:30])))]


def _extremes(dtype):
    updates = np.round(SPREAD * 3).astype(dtype)
    return [pytest.param(build, id=f"{name} {dtype}") for name, build in (
        ("scatter_max", lambda: _scattered(fg.scatter_max, IDS, updates)),
        ("scatter_min a few", lambda: _scattered(fg.scatter_min, IDS[:30], updates[:30])),
        ("unsorted_segment_max", lambda: fg.unsorted_segment_max(updates, IDS, 40)),
        ("segment_min", lambda: fg.segment_min(updates, np.sort(IDS))))]


def _sparse(count):
    rng = np.random.RandomState(count)
    places = np.unique(rng.randint(0, 300, (count, 2)), axis=0)
    return fg.SparseTensor(places, rng.normal(size=len(places)).astype(np.float32), [300, 300])


OTHERS = {
    "sums by many ids": lambda: fg.unsorted_segment_sum(SPREAD, MANY_IDS, 2500),
    "means": lambda: fg.segment_mean(SPREAD, np.sort(MANY_IDS)),
    "products": lambda: fg.unsorted_segment_prod(SPREAD, MANY_IDS, 2500),
    "scatter_nd_add": lambda: _scattered(
        lambda v, i, u: fg.scatter_nd_add(v, i[:, None], u), IDS, SPREAD),
    "tensor_scatter_sub": lambda: fg.tensor_scatter_sub(
        fg.zeros([40, 8], fg.float64), IDS[:, None], SPREAD),
    "gather rows": lambda: fg.gather(SPREAD, MANY_IDS),
    "gather columns": lambda: fg.gather(MATRIX, IDS, axis=1),
    "unique": lambda: fg.unique_with_counts(MANY_IDS),
    "top_k": lambda: fg.nn.top_k(MATRIX, 20),
    "top_k float32": lambda: fg.nn.top_k(VECTOR.astype(np.float32), 100),
    "in_top_k": lambda: fg.nn.in_top_k(SPREAD.astype(np.float32), IDS % 8, 3),
    "sort": lambda: fg.sort(MATRIX, direction="DESCENDING"),
    "argsort": lambda: fg.argsort(MATRIX),
    "argmax rows": lambda: fg.argmax(MATRIX, 1),
    "argmax columns": lambda: fg.argmax(SPREAD, 0),
    "where": lambda: fg.where(VECTOR > 0, VECTOR, -VECTOR),
    "places": lambda: fg.where(MATRIX > 1),
    "sums over short rows": lambda: fg.reduce_sum(SPREAD, 1),
    "extremes over short rows": lambda: [fg.reduce_max(SPREAD, 1), fg.reduce_min(SPREAD, 1)],
    "sums over middle axes": lambda: fg.reduce_sum(IMAGES, [1, 2]),
    "extremes over middle axes": lambda: fg.reduce_max(IMAGES, 1),
    "cumsum": lambda: [fg.cumsum(MATRIX, 0, reverse=True), fg.cumsum(VECTOR, exclusive=True)],
    "softmax": lambda: fg.nn.softmax(MATRIX),
    "special": lambda: [fg.erf(VECTOR), fg.erfc(VECTOR), fg.lgamma(VECTOR), fg.digamma(VECTOR)],
    "special float32": lambda: [f(VECTOR.astype(np.float32))
                                for f in (fg.erf, fg.lgamma, fg.digamma, fg.tanh, fg.sigmoid)],
    "fft": lambda: [fg.spectral.fft2d(fg.cast(STACK, fg.complex64)),
                    fg.spectral.rfft(VECTOR.reshape(100, -1).astype(np.float32))],
    "normal": lambda: fg.random_normal([300, 300], seed=3),
    "uniform": lambda: fg.random_uniform([70_000], seed=3),
    "truncated": lambda: fg.truncated_normal([70_000], seed=3),
    "integers": lambda: fg.random_uniform([70_000], 0, 100, fg.int32, seed=3),
    "shuffle": lambda: fg.random_shuffle(SPREAD, seed=3),
    "gamma": lambda: fg.random_gamma([500], [0.5, 2.0], seed=3),
    "poisson": lambda: fg.random_poisson([0.5, 20.0], [500], seed=3),
    "linear algebra": lambda: [fg.matrix_inverse(STACK), fg.cholesky(
        fg.matmul(STACK, STACK, transpose_b=True)), fg.matrix_determinant(STACK),
        fg.matrix_solve(STACK, STACK)],
    "triangles": lambda: [fg.linalg.triangular_solve(STACK, STACK),
                          fg.matrix_band_part(STACK, 2, 0)],
    "products of stacks": lambda: [fg.matmul(STACK, STACK),
                                   fg.matmul(STACK, STACK, adjoint_a=True)],
    "products of halves": lambda: fg.matmul(MATRIX.astype(np.float16), MATRIX.T.astype(np.float16)),
    "einsum": lambda: fg.einsum("bnij,bnjk->bik", STACK, STACK),
    "sparse products": lambda: fg.sparse_tensor_dense_matmul(
        _sparse(5000), np.ones((300, 8), np.float32)),
    "sparse sums": lambda: [fg.sparse_reduce_sum(_sparse(5000), 1),
                            fg.sparse_tensor_to_dense(fg.sparse_add(_sparse(900), _sparse(901)))],
    "colours": lambda: [fg.image.rgb_to_hsv(PHOTOS), fg.image.adjust_hue(PHOTOS, 0.2),
                        fg.image.adjust_contrast(PHOTOS, 2.0)],
    "resizing": lambda: [f(PHOTOS, [70, 33]) for f in (
        fg.image.resize_bilinear, fg.image.resize_bicubic, fg.image.resize_nearest_neighbor,
        fg.image.resize_area)],
    "patches": lambda: fg.extract_image_patches(IMAGES, [1, 3, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1],
                                                "SAME"),
}
_conv2d = lambda **more: lambda x: fg.nn.conv2d(x, FILTERS, [1, 1, 1, 1], "SAME", **more)  # noqa: E731
WITH_GRADIENTS = {
    "conv2d": (_conv2d(), IMAGES),
    "conv2d strided": (lambda x: fg.nn.conv2d(x, FILTERS, [1, 2, 2, 1], "VALID"), IMAGES),
    "conv2d dilated": (_conv2d(dilations=[1, 2, 2, 1]), IMAGES),
    "depthwise": (lambda x: fg.nn.depthwise_conv2d(x, FILTERS[..., :2], [1, 1, 1, 1], "SAME"),
                  IMAGES),
    "max_pool": (lambda x: fg.nn.max_pool(x, **POOLED), IMAGES),
    "avg_pool": (lambda x: fg.nn.avg_pool(x, **POOLED), IMAGES),
    "batch norm": (lambda x: fg.nn.fused_batch_norm(x, CHANNELS, CHANNELS)[0], IMAGES),
    "lrn": (fg.nn.lrn, IMAGES),
    "bias": (lambda x: fg.nn.bias_add(x, CHANNELS), IMAGES),
    "cross entropy": (lambda x: fg.nn.sparse_softmax_cross_entropy_with_logits(
        labels=IDS % 8, logits=x), SPREAD),
    "activations": (lambda x: [f(x) for f in (fg.nn.relu, fg.nn.elu, fg.nn.selu, fg.nn.softplus,
                                              fg.nn.leaky_relu, fg.nn.relu6, fg.tanh)], VECTOR),
    "embedding": (lambda x: fg.nn.embedding_lookup(x, MANY_IDS), SPREAD),
    "while": (lambda x: fg.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, fg.sin(y) + x),
                                      [0, x])[1], VECTOR),
    "map_fn": (lambda x: fg.map_fn(fg.square, x), SPREAD[:50]),
    "cond": (lambda x: fg.cond(fg.reduce_sum(x) > 0, lambda: x * 2, lambda: x - 1), VECTOR),
}


def both(build) -> list:
    """What is built, run on the device and on the host."""
    found = []
    for device in (True, False):
        with fg.Graph().as_default() as graph:
            built = build()
            fetches = [fg.convert_to_tensor(part) for part in
                       (built if isinstance(built, (list, tuple)) else [built])]
            with fg.Session(graph=graph, runner="interpreter", passes=[]) as session:
                if device:
                    with on_device():
                        found.append(session.run(fetches))
                else:
                    found.append(session.run(fetches))
    return found


def assert_equal_on_both(build) -> None:
    for device, host in zip(*both(build), strict=True):
        tolerance = {"float16": 5e-3, "float32": 1e-4, "complex64": 1e-3}.get(host.dtype.name, 1e-9)
        assert device.dtype == host.dtype
        np.testing.assert_allclose(device, host, tolerance, tolerance)


@pytest.mark.parametrize("build", [
    *(row for dtype in ("float64", "float16", "complex64", "int8", "uint8", "int64")
      for row in _sums(dtype)),
    *(row for dtype in ("float64", "float16", "int8", "uint16", "int64")
      for row in _extremes(dtype))])
def test_sums_and_extremes_by_ids_of_every_kind_of_number(build) -> None:
    assert_equal_on_both(build)


@pytest.mark.parametrize("name", OTHERS)
def test_many_numbers_on_the_device(name: str) -> None:
    assert_equal_on_both(OTHERS[name])


@pytest.mark.parametrize("name", WITH_GRADIENTS)
def test_many_numbers_and_their_gradients_on_the_device(name: str) -> None:
    function, array = WITH_GRADIENTS[name]

    def build() -> list:
        x = fg.constant(array)
        ys = function(x)
        ys = list(ys) if isinstance(ys, (list, tuple)) else [ys]
        return [*ys, *gradients(ys, [x])]

    assert_equal_on_both(build)
