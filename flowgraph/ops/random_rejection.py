"""Gamma and Poisson numbers: proposals are drawn until one is accepted.

Every number has 256 Philox blocks of its own, so that none depends on how often another one was
drawn again. All numbers are drawn at once; in each round only those not yet accepted go on.

    gamma           Marsaglia and Tsang, "A simple method for generating gamma variables" (2000)
    Poisson < 10    Knuth: how many uniforms to multiply until the product is below e^-rate
    Poisson >= 10   Hoermann, "The transformed rejection method for generating Poisson random
                    variables" (1993), algorithm PTRS
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import op_def
from flowgraph.ops import distributions, philox
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.constant import range as range_of
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.gamma import Lgamma
from flowgraph.ops.incomplete_gamma import RandomGammaGrad
from flowgraph.ops.random_ops import RandomOp, node_seeds
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.shape import size

_NUMBERS = dt.DTypeSet("float32, float64, float16, int32 or int64",
                       (dt.float64, dt.float32, dt.float16, dt.int32, dt.int64))


class _Streams:
    """The numbers that each of many outputs draws from its own blocks, one after the other.

    Args:
        xp: array module.
        state: the Philox state of the first output.
        count: how many outputs.
        dtype: float64, or float32 for uniforms of four to a block.
    """

    def __init__(self, xp, state, count, dtype):
        self.xp, self.state, self.dtype = xp, state, dtype
        self.next = xp.arange(count, dtype=np.uint64) * np.uint64(distributions.OUTPUT_BLOCKS)
        self.kept: dict = {}  # kind -> (numbers drawn but not used: (count, width), how many left)
        self.count = count

    def uniform(self, who):
        """One uniform number for each output in `who`, an array of indices."""
        return self._draw("uniform", who)

    def normal(self, who):
        """One normal number for each output in `who`."""
        return self._draw("normal", who)

    def _draw(self, kind, who):
        xp = self.xp
        width = 2 if self.dtype == np.float64 else 4
        if kind not in self.kept:
            self.kept[kind] = (xp.empty((self.count, width), self.dtype),
                               xp.zeros(self.count, np.int64))
        numbers, left = self.kept[kind]
        empty = who[left[who] == 0]
        if len(empty):
            even, odd = philox.blocks_at(xp, self.state, self.next[empty])
            numbers[empty] = self._block(kind, even, odd).T
            self.next[empty] += np.uint64(1)
            left[empty] = width
        left[who] -= 1
        return numbers[who, left[who]]  # the last of a block comes first

    def _block(self, kind, even, odd):
        """All numbers of one block for each output: (width, outputs)."""
        xp = self.xp
        if kind == "normal":
            return xp.concatenate(distributions.normal_pairs(xp, even, odd))
        if self.dtype == np.float64:
            return distributions.doubles(xp, even, odd)
        words = xp.stack([even[0], odd[0], even[1], odd[1]])
        return xp.bitwise_and(words, 0x7FFFFF).astype(np.float32) * np.float32(2 ** -23)


# ---- gamma ---------------------------------------------------------------------------------------


class RandomGamma(RandomOp):
    """Gamma numbers of scale 1: `shape` of them for each entry of `alpha`."""

    dtypes = {"shape": "S", "alpha": "T"}
    S = dt.INDEX
    T = dt.FLOAT
    host_inputs = ("shape",)
    waits_for_gpu = "numbers that do not fit are drawn again"

    def infer(self, shape: Spec, alpha: Spec, *, seed=0, seed2=0):
        return Spec(alpha.dtype, _samples_shape(shape, alpha))

    def kernel(self, xp, shape, alpha, *, seed=0, seed2=0, state):
        samples = _count(shape)
        if not samples * alpha.size:
            return xp.empty((*shape, *alpha.shape), alpha.dtype)
        taken = state.take(samples * alpha.size * distributions.OUTPUT_BLOCKS)
        drawn = _gamma(xp, taken, samples, alpha.reshape(-1).astype(np.float64))
        return drawn.astype(alpha.dtype).reshape((*shape, *alpha.shape))

    def grad(self, op, dy):
        sample_shape, alpha = op.inputs
        each = dy * RandomGammaGrad.build(alpha, op.outputs[0])
        return None, reduce_sum(each, range_of(size(sample_shape)))


def _gamma(xp, state, samples, alpha):
    """float64 (samples, alphas)."""
    count = samples * len(alpha)
    alpha = xp.repeat(alpha, samples)  # the samples of one alpha stand together
    streams = _Streams(xp, state, count, np.dtype(np.float64))
    result = xp.empty(count, np.float64)
    exponential = alpha == 1
    who = xp.flatnonzero(exponential)
    if len(who):
        result[who] = -xp.log(1.0 - streams.uniform(who))
    small = alpha < 1  # drawn for alpha + 1, and multiplied by uniform^(1 / alpha)
    d = alpha + xp.where(small, 2.0 / 3, -1.0 / 3)
    c = 1.0 / 3 / xp.sqrt(d)
    who = xp.flatnonzero(~exponential)
    while len(who):
        x = streams.normal(who)
        v = 1 + c[who] * x
        good = v > 0
        tried, x, v = who[good], x[good], v[good] ** 3
        u = streams.uniform(tried)
        bound = 0.5 * x * x + d[tried] * (1 - v + xp.log(v))
        accepted = xp.log(xp.maximum(u, 1e-300)) < bound
        done = tried[accepted]
        result[done] = d[done] * v[accepted]
        less = done[small[done]]
        if len(less):
            result[less] *= streams.uniform(less) ** (1 / alpha[less])
        open_ = xp.ones(count, bool)
        open_[done] = False
        who = who[open_[who]]
    return result.reshape(-1, samples).T


def random_gamma(shape, alpha, beta=None, dtype=dt.float32, seed=None, name=None):
    """Draws gamma numbers.

    Args:
        shape: 1-D integer tensor, or list of sizes: how many numbers for each distribution.
        alpha: shape of the distributions, positive, of `dtype`.
        beta: inverse scale, of `dtype`; default 1. Broadcasts with `alpha`.
        dtype: float16, float32 or float64.
        seed: int, for the same numbers in every session.
        name: name of the scope.

    Returns:
        A tensor of `shape` followed by the shape of `alpha + beta`; new numbers in each run. Its
        gradient for `alpha` says how each number moves if its share of the distribution stays.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.random_gamma([1000], alpha=[2.0, 5.0], seed=1)
        >>> print(fg.Session().run(fg.reduce_mean(x, 0)).round())
        [2. 5.]
    """
    dtype = dt.as_dtype(dtype)
    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        shape = _int32(shape)
        alpha = convert_to_tensor(alpha, dtype, name="alpha")
        beta = convert_to_tensor(1 if beta is None else beta, dtype, name="beta")
        drawn = RandomGamma.build(shape, alpha + zeros_like(beta),
                                  **node_seeds(seed, "RandomGamma"))
        return maximum(np.finfo(dtype.as_numpy_dtype).tiny, drawn / beta)


# ---- Poisson -------------------------------------------------------------------------------------


class RandomPoissonV2(RandomOp):
    """Poisson numbers: `shape` of them for each entry of `rate`."""

    dtypes = {"shape": "S", "rate": "R"}
    S = dt.INDEX
    R = _NUMBERS
    host_inputs = ("shape",)
    waits_for_gpu = "numbers that do not fit are drawn again"

    def infer(self, shape: Spec, rate: Spec, *, dtype, seed=0, seed2=0):
        return Spec(dtype, _samples_shape(shape, rate))

    def kernel(self, xp, shape, rate, *, dtype, seed=0, seed2=0, state):
        samples = _count(shape)
        if not samples * rate.size:
            return xp.empty((*shape, *rate.shape), dtype.numpy)
        taken = state.take(samples * rate.size * distributions.OUTPUT_BLOCKS)
        work = np.dtype(np.float32 if rate.dtype in (np.float16, np.float32) else np.float64)
        drawn = _poisson(xp, taken, samples, rate.reshape(-1).astype(work), dtype.max)
        return drawn.astype(dtype.numpy).reshape((*shape, *rate.shape))


def _poisson(xp, state, samples, rate, largest):
    """Whole numbers as floats, (samples, rates)."""
    if not bool((rate >= 0).all()) or not bool(xp.isfinite(rate).all()):
        raise InvalidArgumentError(None, None, "rate must be finite and not negative")
    count = samples * len(rate)
    rate = xp.repeat(rate, samples)
    streams = _Streams(xp, state, count, rate.dtype)
    result = xp.zeros(count, rate.dtype)
    _multiply_uniforms(xp, streams, rate, xp.flatnonzero(rate < 10), result)
    _transformed_rejection(xp, streams, rate, xp.flatnonzero(rate >= 10), result, float(largest))
    return result.reshape(-1, samples).T


def _multiply_uniforms(xp, streams, rate, who, result):
    product = xp.ones(len(result), rate.dtype)
    bound = xp.exp(-rate)
    while len(who):
        product[who] *= streams.uniform(who)
        who = who[product[who] > bound[who]]
        result[who] += 1


def _transformed_rejection(xp, streams, rate, who, result, largest):
    number = rate.dtype.type
    while len(who):
        r = rate[who]
        b = number(0.931) + number(2.53) * xp.sqrt(r)
        a = number(-0.059) + number(0.02483) * b
        u = streams.uniform(who) - number(0.5)
        v = streams.uniform(who)
        edge = number(0.5) - xp.absolute(u)
        # at the edge the proposal is infinite: a finite one beyond every dtype stands for it
        safe = xp.maximum(edge, number(1e-30))
        k = xp.floor((number(2) * a / safe + b) * u + r + number(0.43))
        fits = k <= largest
        sure = fits & (edge >= number(0.07)) & (v <= number(0.9277) - number(3.6224)
                                                / (b - number(2)))
        maybe = fits & ~sure & (k >= 0) & ~((edge < number(0.013)) & (v > edge))
        inverse = number(1.1239) + number(1.1328) / (b - number(3.4))
        k_safe = xp.where(maybe, k, number(0))
        with_log = xp.log(xp.maximum(v * inverse / (a / (safe * safe) + b), number(1e-37)))
        density = k_safe * xp.log(r) - r - op_def(Lgamma.type).kernel(xp, k_safe + number(1))
        accepted = sure | (maybe & (with_log <= density))
        result[who[accepted]] = k[accepted]
        who = who[~accepted]


def random_poisson(lam, shape, dtype=dt.float32, seed=None, name=None):
    """Draws Poisson numbers.

    Args:
        lam: rates, not negative.
        shape: 1-D integer tensor, or list of sizes: how many numbers for each rate.
        dtype: float16, float32, float64, int32 or int64.
        seed: int, for the same numbers in every session.
        name: name of the scope.

    Returns:
        A tensor of `shape` followed by the shape of `lam`; new numbers in each run.

    Raises:
        InvalidArgumentError: when run, if a rate is negative or not finite.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.random_poisson([2.0, 50.0], [1000], seed=1)
        >>> print(fg.Session().run(fg.reduce_mean(x, 0)).round())
        [ 2. 50.]
    """
    dtype = dt.as_dtype(dtype)
    if dtype not in _NUMBERS:
        raise TypeError(located(f"random_poisson cannot draw {dtype.name}; it draws "
                                f"{_NUMBERS.name}"))
    with name_scope(name, "random_poisson", [lam, shape]):
        shape = _int32(shape)
        if not is_tensor_like(lam):
            lam = convert_to_tensor(lam, preferred_dtype=dt.float64)
        return RandomPoissonV2.build(shape, lam, dtype=dtype, **node_seeds(seed, "RandomPoissonV2"))


# ---- helpers -------------------------------------------------------------------------------------


def _samples_shape(shape, parameters):
    front = shape_rules.shape_from_value(shape)
    if front is None or parameters.shape is None:
        return None
    return (*front, *parameters.shape)


def _count(shape):
    return int(np.prod(shape, dtype=np.int64))


def _int32(shape):
    if is_tensor_like(shape):
        return shape
    return convert_to_tensor(shape, dt.int32, name="shape")
