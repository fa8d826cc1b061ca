"""Cases of ops/stateless_random.py, ops/random_rejection.py and ops/random_crop.py.

The numbers of a seed are those that TensorFlow draws.
"""

from math import lgamma

import numpy as np

import flowgraph as fg
from flowgraph.ops.incomplete_gamma import RandomGammaGrad
from flowgraph.testing import BadCase, Case

SEED = np.array([1, 2], np.int32)
I32 = np.int32
F32 = np.float32
InvalidArgument = fg.errors.InvalidArgumentError


def moments(mean, variance):
    """Each column of many numbers has about this mean and variance."""
    def check(results):
        x = results[0].astype(np.float64)
        np.testing.assert_allclose(x.mean(axis=0), mean, rtol=0.05)
        np.testing.assert_allclose(x.var(axis=0), variance, rtol=0.1)
    return check


def is_a_box(results):
    """Rows of 0..19 in 4 x 5: the box is a stretch of both axes."""
    box = results[0]
    assert box.shape == (2, 3)
    assert 0 <= box[0, 0] <= box[1, 2] < 20
    np.testing.assert_array_equal(box - box[0, 0], [[0, 1, 2], [5, 6, 7]])


def implicit_slope(alpha, sample):
    """-(dP/dalpha) / (dP/dsample) with the first derivative by differences."""
    h = 1e-4 * alpha
    with fg.Graph().as_default(), fg.Session() as session:
        above, below = session.run([fg.igamma(alpha + h, sample), fg.igamma(alpha - h, sample)])
    density = np.exp((alpha - 1) * np.log(sample) - sample - np.vectorize(lgamma)(alpha))
    return -(above - below) / (2 * h) / density


GRID = np.arange(20).reshape(4, 5)

CASES = [
    Case("StatelessRandomUniform/float32", lambda s: fg.random.stateless_uniform([3], s), (SEED,),
         np.array([0.8440604, 0.19204533, 0.9962232], F32)),
    Case("StatelessRandomUniform/float64",
         lambda s: fg.random.stateless_uniform([3], s, 1, 2, fg.float64), (SEED.astype(np.int64),),
         np.array([1.752483754, 1.969785773, 1.175922339]), rtol=1e-9),
    Case("StatelessRandomUniform/empty", lambda s: fg.random.stateless_uniform([2, 0], s), (SEED,),
         np.zeros((2, 0), F32)),
    Case("StatelessRandomNormal/float32", lambda s: fg.random.stateless_normal([3], s), (SEED,),
         np.array([0.5441101, 0.20738031, 0.07356432], F32)),
    Case("StatelessRandomNormal/float64",
         lambda s: fg.random.stateless_normal([3], s, 1.0, 2.0, fg.float64), (SEED,),
         1 + 2 * np.array([-0.14231181, 0.740607246, -1.469047669]), rtol=1e-8),
    Case("StatelessTruncatedNormal/float64",
         lambda s: fg.random.stateless_truncated_normal([3], s, dtype=fg.float64), (SEED,),
         np.array([-0.14231181, 0.740607246, -0.552387756]), rtol=1e-8),
    Case("StatelessRandomUniformInt/int32",
         lambda s: fg.random.stateless_uniform([4], s, -10, 300, fg.int32), (SEED,),
         np.array([200, 19, 294, 59], I32)),
    Case("StatelessRandomUniformInt/int64",
         lambda s: fg.random.stateless_uniform([3], s, -10, 300, fg.int64), (SEED,),
         np.array([254, 198, 27])),
    Case("StatelessMultinomial/int64",
         lambda x, s: fg.random.stateless_multinomial(x, 8, s),
         (np.array([[0.0, 1, 2]], F32), SEED),
         np.array([[2, 2, 1, 2, 2, 2, 2, 1]])),
    Case("StatelessMultinomial/int32",
         lambda x, s: fg.random.stateless_categorical(x, 3, s, fg.int32),
         (np.array([[0.0, 99], [99, 0]]), SEED), np.array([[1, 1, 1], [0, 0, 0]], I32)),
    Case("RandomGamma/seed", lambda a: fg.random_gamma([2], a, seed=5),
         (np.array([0.5, 1.0, 3.0], F32),),
         np.array([[0.027734945, 0.5686103, 2.8233154], [0.08037696, 0.59160125, 2.1533926]], F32)),
    Case("RandomGamma/moments", lambda a: fg.random_gamma([20000], a, 2.0, fg.float64, seed=1),
         (np.array([0.6, 1.0, 1.5, 40.0]),),
         check=moments([0.3, 0.5, 0.75, 20], [0.15, 0.25, 0.375, 10])),
    Case("RandomGamma/empty", lambda a: fg.random_gamma([0], a), (np.ones(2, F32),),
         np.zeros((0, 2), F32)),
    Case("RandomGamma/gradient_of_alpha",
         lambda a: fg.gradients(fg.random_gamma([2, 2], a, [[1.0], [2.0]], fg.float64, seed=3), a),
         (np.array([0.5, 2.0, 30.0]),), np.array([5.1605737, 5.4789169, 5.92201054]), rtol=1e-7),
    Case("RandomGammaGrad/implicit", RandomGammaGrad.build,
         (np.array([0.01, 0.5, 1, 2, 5, 30, 300]), np.array([1e-8, 0.1, 3, 1, 9, 20, 320])),
         implicit_slope, rtol=1e-6),
    Case("RandomGammaGrad/edges", RandomGammaGrad.build,
         (np.array([1, -1, 0, 1, np.inf, 1, np.nan], F32),
          np.array([0, 1, 1, -1, 1, np.inf, 1], F32)),
         np.array([0, np.nan, np.nan, np.nan, 0, 0, np.nan], F32)),
    Case("RandomGammaGrad/broadcast", RandomGammaGrad.build,
         (np.array([1.0, 2.0]), np.array([[0.5], [3.0]])), implicit_slope, rtol=1e-6),
    Case("RandomPoissonV2/seed", lambda r: fg.random_poisson(r, [4], seed=5),
         (np.array([1.5, 20.0]),),
         np.array([[1, 24], [2, 21], [1, 18], [1, 26]], F32)),
    Case("RandomPoissonV2/moments", lambda r: fg.random_poisson(r, [20000], fg.int64, seed=1),
         (np.array([0.5, 9.0, 11.0, 1000.0]),), check=moments([0.5, 9, 11, 1000],
                                                             [0.5, 9, 11, 1000])),
    Case("RandomPoissonV2/rate_0", lambda r: fg.random_poisson(r, [2]), (np.array([0], I32),),
         np.zeros((2, 1), F32)),
    Case("random_crop/box", lambda x: fg.random_crop(x, [2, 3]), (GRID,), check=is_a_box),
    Case("random_crop/seed", lambda x: fg.random_crop(x, [2, 2], seed=3), (GRID,),
         np.array([[8, 9], [13, 14]])),
    Case("random_crop/fed_size", lambda x, n: fg.random_crop(x, n), (GRID, np.array([4, 5], I32)),
         GRID),
]

BAD = [
    BadCase("stateless/seed", lambda: fg.random.stateless_uniform([2], [1, 2, 3]), ValueError,
            ("two integers", "(3,)")),
    BadCase("stateless/normal_seed", lambda: fg.random.stateless_normal([2], 1), ValueError,
            ("two integers",)),
    BadCase("stateless/truncated_seed", lambda: fg.random.stateless_truncated_normal([2], [1]),
            ValueError, ("two integers",)),
    BadCase("stateless/maxval", lambda: fg.random.stateless_uniform([2], [1, 2], dtype=fg.int32),
            ValueError, ("maxval",)),
    BadCase("stateless/bounds", lambda: fg.random.stateless_uniform([2], [1, 2], 3, 3, fg.int32),
            InvalidArgument, ("Need minval < maxval",), (), "run"),
    BadCase("stateless/logits", lambda: fg.random.stateless_multinomial([1.0], 2, [1, 2]),
            ValueError, ("rank 2",)),
    BadCase("RandomGammaGrad/shapes", lambda: RandomGammaGrad.build([1.0, 2.0], [1.0, 2.0, 3.0]),
            ValueError, ("(2,)", "(3,)")),
    BadCase("random_gamma/int", lambda: fg.random_gamma([2], 1, dtype=fg.int32), TypeError,
            ("int32",)),
    BadCase("random_poisson/dtype", lambda: fg.random_poisson(1.0, [2], fg.bool), TypeError,
            ("bool",)),
    BadCase("random_poisson/negative", lambda: fg.random_poisson([-1.0], [2]), InvalidArgument,
            ("negative",), (), "run"),
    BadCase("random_crop/too_large", lambda: fg.random_crop([1, 2], [3]), InvalidArgument,
            ("Need value.shape >= size", "[2]", "[3]"), (), "run"),
]
