"""Cases of with_space_to_batch: what dilated convolutions and sums give."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.atrous import with_space_to_batch
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(3)
X, W = RNG.normal(size=(2, 7, 8, 3)), RNG.normal(size=(3, 3, 3, 2))


def dilated(x, rates, padding):
    """The convolution by W with elements `rates` apart, element by element of W."""
    if padding == "SAME":
        x = np.pad(x, ((0, 0), (rates[0],) * 2, (rates[1],) * 2, (0, 0)))
    height, width = x.shape[1] - 2 * rates[0], x.shape[2] - 2 * rates[1]
    return sum(x[:, i * rates[0]:i * rates[0] + height, j * rates[1]:j * rates[1] + width] @ W[i, j]
               for i in range(3) for j in range(3))


def convolve(x, axes, padding):
    assert axes == 2
    return fg.nn.conv2d(x, fg.constant(W, x.dtype), [1, 1, 1, 1], padding)


def sums(x, axes, padding):
    return fg.cumsum(x, 2)


def strided_sums(x):
    """Sums along axis 2 over every second element."""
    result = np.empty_like(x)
    for start in (0, 1):
        result[:, :, start::2] = x[:, :, start::2].cumsum(2)
    return result


CASES = [
    Case("SpaceToBatchND/with_same", lambda x: with_space_to_batch(
        x, [2, 3], "SAME", convolve, [3, 3]), (X,), lambda x: dilated(x, (2, 3), "SAME"),
        grad=True),
    Case("SpaceToBatchND/with_valid", lambda x: with_space_to_batch(x, [3, 2], "VALID", convolve),
         (X,), lambda x: dilated(x, (3, 2), "VALID"), grad=True),
    Case("SpaceToBatchND/with_ones", lambda x: with_space_to_batch(x, [1, 1], "SAME", convolve),
         (X,), lambda x: dilated(x, (1, 1), "SAME")),
    Case("SpaceToBatchND/with_fed_rate", lambda x, rate: with_space_to_batch(
        x, fg.ensure_shape(rate, [2]), "SAME", convolve, W.shape), (X, np.array([2, 2], np.int32)),
        lambda x, rate: dilated(x, (2, 2), "SAME")),
    Case("SpaceToBatchND/with_spatial_dims", lambda x: with_space_to_batch(
        x, [2], "VALID", sums, spatial_dims=[2]), (X,), strided_sums, grad=True),
    Case("SpaceToBatchND/with_channels_second", lambda x: with_space_to_batch(
        x, [2, 3], "VALID", sums, data_format="NCHW"), (X,), strided_sums),
    Case("SpaceToBatchND/with_a_gap", lambda x: with_space_to_batch(
        x, [3, 2], "VALID", lambda x, axes, padding: fg.cumsum(x, 3), spatial_dims=[1, 3]), (X,),
        lambda x: strided_sums(x.swapaxes(2, 3)).swapaxes(2, 3)),
]

BAD = [
    BadCase("SpaceToBatchND/with_rate", lambda: with_space_to_batch(X, [2, 0], "VALID", sums),
            ValueError, ("dilation_rate", "[2, 0]")),
    BadCase("SpaceToBatchND/with_rank_of_rate", lambda: with_space_to_batch(
        X, [[2]], "VALID", sums), ValueError, ("rank 1", "(1, 1)")),
    BadCase("SpaceToBatchND/with_padding", lambda: with_space_to_batch(X, [2], "FULL", sums),
            ValueError, ("FULL",)),
    BadCase("SpaceToBatchND/with_no_filter_shape", lambda: with_space_to_batch(
        X, [2], "SAME", sums), ValueError, ("filter_shape",)),
    BadCase("SpaceToBatchND/with_falling_dims", lambda: with_space_to_batch(
        X, [2, 2], "VALID", sums, spatial_dims=[2, 1]), ValueError, ("spatial_dims", "[2, 1]")),
    BadCase("SpaceToBatchND/with_low_rank", lambda: with_space_to_batch(
        X[0], [2, 2, 2], "VALID", sums), ValueError, ("rank 4",)),
    BadCase("SpaceToBatchND/with_too_few_rates", lambda: with_space_to_batch(
        X, [2], "VALID", sums, spatial_dims=[1, 2]), ValueError, ("1 dilation rates",)),
]
