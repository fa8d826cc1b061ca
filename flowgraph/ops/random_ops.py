"""Random numbers: uniform, normal, truncated normal, shuffles, draws from categories.

Every node draws from its own Philox stream (`ops/philox.py`), so that nodes and runs never disturb
each other. The node's attributes `seed` and `seed2` are the whole truth about the stream:

    op seed given        (graph seed or 87654321, op seed): the numbers TensorFlow 1 draws
    only a graph seed    (graph seed, hash of the op's name): adding an op changes no other op
    no seed at all       (0, 0): fresh entropy for each session

A Session calls `create_state` once per node and hands the state to every run of the kernel, which
takes its blocks and leaves the state advanced: the next run goes on where this one stopped.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, spec_like
from flowgraph.ops import distributions
from flowgraph.ops.arithmetic import add, multiply, subtract
from flowgraph.ops.philox import TILE, PhiloxState

DEFAULT_GRAPH_SEED = 87654321
_MAX_SEED = 2 ** 31 - 1
_WHOLE = 1 << 40  # tile on a GPU: all at once
_DRAWN = (dt.float16, dt.float32, dt.float64, dt.int32, dt.int64)


# ---- seeds ---------------------------------------------------------------------------------------


def set_random_seed(seed):
    """Sets the seed of the default graph, for all random ops built after it.

    Args:
        seed: int. Ops without a seed of their own draw from it and their name; ops with one draw
            from both seeds.

    Raises:
        TypeError: the seed is no number.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     fg.set_random_seed(1)
        ...     x = fg.random_uniform([])
        ...     bool(fg.Session().run(x) == fg.Session().run(x))
        True
    """
    _check_seed(seed)
    get_default_graph().seed = seed


def _check_seed(seed):
    """Refuses what is no number."""
    if isinstance(seed, (str, bytes, list, tuple)):
        raise TypeError(located(f"a seed must be an int, got {seed!r:.60}"))


def get_seed(op_seed):
    """The two seeds for an op: of the graph and of the op itself.

    Args:
        op_seed: int, or None when the op has no seed of its own.

    Returns:
        A pair of ints, or (None, None) when neither the graph nor the op has a seed.

    Raises:
        TypeError: a seed is no number.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     fg.random.get_seed(3), fg.random.get_seed(None)
        ((87654321, 3), (None, None))
    """
    graph = get_default_graph()
    if graph.seed is None and op_seed is None:
        return None, None
    first = DEFAULT_GRAPH_SEED if graph.seed is None else graph.seed
    second = graph.version if op_seed is None else op_seed
    _check_seed(second)
    return _not_both_zero(first % _MAX_SEED, second % _MAX_SEED)


def node_seeds(op_seed, name):
    """The attributes `seed` and `seed2` of a random op about to be built.

    Args:
        op_seed: the seed the user gave, or None.
        name: the name the op is going to ask for, or a scope with its slash; hashed when there is
            a graph seed only.
    """
    graph = get_default_graph()
    if op_seed is None and graph.seed is not None:
        full_name = (name[:-1] if name.endswith("/")
                     else graph.unique_name(name, mark_as_used=False))
        from hashlib import blake2b  # late: it loads OpenSSL, 5 ms
        digest = blake2b(full_name.encode(), digest_size=8).digest()
        seed, seed2 = graph.seed % _MAX_SEED, int.from_bytes(digest, "little") >> 1
    else:
        seed, seed2 = get_seed(op_seed)
    return {"seed": seed or 0, "seed2": seed2 or 0}


def _not_both_zero(seed, seed2):
    """Both 0 would mean "no seed" to the op."""
    return (0, _MAX_SEED) if seed == seed2 == 0 else (seed, seed2)


# ---- ops -----------------------------------------------------------------------------------------


class RandomOp(OpDef, abstract=True):
    """An op that draws new numbers in each run, from a Philox stream of its own."""

    effects = "random"
    grad = NotDifferentiable

    def create_state(self, attrs):
        """The Session's object for one node; the seeds tell everything, the name included."""
        return PhiloxState.from_seeds(attrs["seed"], attrs["seed2"])


class _Floats(RandomOp, abstract=True):
    """Floating numbers of one distribution, of the shape given by `shape`."""

    T = dt.INDEX
    host_inputs = ("shape",)

    def infer(self, shape: Spec, *, dtype, seed=0, seed2=0):
        if dtype not in dt.FLOAT.members:
            raise DTypeError(f"cannot draw {dtype.name}", f"It draws {dt.FLOAT.name}.")
        return Spec(dtype, shape_rules.shape_from_value(shape))


class RandomUniform(_Floats):
    """Uniform numbers of [0, 1)."""

    def kernel(self, xp, shape, *, dtype, seed=0, seed2=0, state):
        return draw_floats(xp, distributions.uniform, shape, dtype, state)

    def kernel_cupy(self, xp, shape, *, dtype, seed=0, seed2=0, state):
        return draw_floats(xp, distributions.uniform, shape, dtype, state, _WHOLE)


class RandomStandardNormal(_Floats):
    """Normal numbers with mean 0 and standard deviation 1."""

    def kernel(self, xp, shape, *, dtype, seed=0, seed2=0, state):
        return draw_floats(xp, distributions.normal, shape, dtype, state)

    def kernel_cupy(self, xp, shape, *, dtype, seed=0, seed2=0, state):
        return draw_floats(xp, distributions.normal, shape, dtype, state, _WHOLE)


class TruncatedNormal(_Floats):
    """Normal numbers as RandomStandardNormal, those beyond 2 drawn again."""

    waits_for_gpu = "numbers that do not fit are drawn again"

    def kernel(self, xp, shape, *, dtype, seed=0, seed2=0, state):
        return draw_floats(xp, distributions.truncated_normal, shape, dtype, state)

    def kernel_cupy(self, xp, shape, *, dtype, seed=0, seed2=0, state):
        return draw_floats(xp, distributions.truncated_normal, shape, dtype, state, _WHOLE)


class RandomUniformInt(RandomOp):
    """Integers of [minval, maxval)."""

    dtypes = {"shape": "T", "minval": "Tout", "maxval": "Tout"}
    T = dt.INDEX
    Tout = dt.INDEX
    host_inputs = ("shape",)
    on_host = frozenset(("minval", "maxval"))

    def infer(self, shape: Spec, minval: Spec, maxval: Spec, *, seed=0, seed2=0):
        shape_rules.require_rank(minval, 0, "minval")
        shape_rules.require_rank(maxval, 0, "maxval")
        return Spec(minval.dtype, shape_rules.shape_from_value(shape))

    def kernel(self, xp, shape, minval, maxval, *, seed=0, seed2=0, state):
        return draw_integers(xp, shape, minval, maxval, state, TILE)

    def kernel_cupy(self, xp, shape, minval, maxval, *, seed=0, seed2=0, state):
        return draw_integers(xp, shape, minval, maxval, state, _WHOLE)


class RandomShuffle(RandomOp):
    """The rows of `value` (its slices along axis 0) in random order."""

    aliases = ("value",)

    def infer(self, value: Spec, *, seed=0, seed2=0):
        return spec_like(value)

    def kernel(self, xp, value, *, seed=0, seed2=0, state):
        rows = value.shape[0] if value.ndim else 0
        if rows <= 1:
            return value
        taken = state.take((rows + 2) // 4)  # one word per row but the last
        order = distributions.permutation(np, taken, rows)  # Python looks at each
        return xp.take(value, xp.asarray(order), axis=0)


class Multinomial(RandomOp):
    """Draws `num_samples` classes for each row of unnormalised log-probabilities."""

    dtypes = {"logits": "T", "num_samples": dt.DTypeSet("int32", (dt.int32,))}
    T = dt.REAL
    host_inputs = ("num_samples",)

    def infer(self, logits: Spec, num_samples: Spec, *, seed=0, seed2=0, output_dtype=dt.int64):
        return infer_categories(logits, num_samples, output_dtype)

    def kernel(self, xp, logits, num_samples, *, seed=0, seed2=0, output_dtype=dt.int64, state):
        return draw_categories(xp, logits, num_samples, output_dtype, state)


def infer_categories(logits, num_samples, output_dtype):
    """The Spec of `num_samples` classes for each row of `logits`."""
    shape_rules.require_rank(logits, 2, "logits")
    shape_rules.require_rank(num_samples, 0, "num_samples")
    if num_samples.value is not None and num_samples.value < 0:
        raise ShapeError(f"has num_samples {num_samples.value}; it must not be negative")
    rows = None if logits.shape is None else logits.shape[0]
    return Spec(output_dtype, (rows, num_samples.value))


def draw_categories(xp, logits, num_samples, output_dtype, state):
    """`num_samples` classes for each row of `logits`, from the stream of `state`."""
    if num_samples < 0:
        raise InvalidArgumentError(None, None, f"num_samples should be >= 0, got {num_samples}")
    if logits.shape[1] == 0 and logits.shape[0] and num_samples:
        raise InvalidArgumentError(None, None, "num_classes should be positive, got 0")
    rows = logits.shape[0]
    blocks = rows * 2 * ((num_samples + 3) // 4 * 4) * distributions.OUTPUT_BLOCKS
    uniform = distributions.uniform(xp, state.take(blocks), rows * num_samples,
                                    np.dtype(np.float64), TILE).reshape(rows, num_samples)
    # Classes that are not finite have no probability, and do not disturb the others.
    finite = xp.isfinite(logits)
    numbers = xp.where(finite, logits, -xp.inf).astype(np.float64)
    if logits.shape[1]:
        peak = xp.max(numbers, axis=1, keepdims=True)
        numbers = xp.where(finite, xp.exp(numbers - peak), 0.0)
    up_to = xp.cumsum(numbers, axis=1)
    wanted = uniform * up_to[:, -1:]
    classes = xp.empty(wanted.shape, output_dtype.numpy)
    for row in range(rows):
        classes[row] = xp.searchsorted(up_to[row], wanted[row], side="right")
    return classes


def draw_floats(xp, distribution, shape, dtype, state, tile=TILE):
    """An array of `shape`; reserves as many blocks as TensorFlow's kernels do."""
    count = _size(shape)
    taken = state.take(count * distributions.OUTPUT_BLOCKS)
    return distribution(xp, taken, count, dtype.numpy, tile).reshape(shape)


def draw_integers(xp, shape, minval, maxval, state, tile=TILE):
    """Integers of [minval, maxval), from the stream of `state`."""
    low, high, count = int(minval), int(maxval), _size(shape)
    if count and low >= high:
        raise InvalidArgumentError(None, None, f"Need minval < maxval, got {low} >= {high}")
    taken = state.take(count * distributions.OUTPUT_BLOCKS)
    return distributions.integers(xp, taken, count, low, high, minval.dtype, tile).reshape(shape)


def _size(shape):
    if any(n < 0 for n in shape):
        raise InvalidArgumentError(None, None, f"Dimension {min(shape)} must be >= 0: the shape is "
                                               f"{shape}")
    count = 1
    for n in shape:
        count *= n
    return count


# ---- public functions ----------------------------------------------------------------------------


def random_uniform(shape, minval=0, maxval=None, dtype=dt.float32, seed=None, name=None):
    """Draws uniform numbers of [minval, maxval).

    Args:
        shape: 1-D integer tensor, or list of sizes.
        minval: the smallest number; default 0.
        maxval: the bound that is not reached; default 1 for floating dtypes, needed for integers.
        dtype: float16, float32, float64, int32 or int64.
        seed: int, for the same numbers in every session.
        name: name of the node.

    Returns:
        A tensor of `shape` and `dtype`; new numbers in each run.

    Raises:
        ValueError: another dtype, or an integer dtype without `maxval`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.random_uniform([3], seed=1))
        array([0.2390374 , 0.92039955, 0.05051243], dtype=float32)
    """
    dtype = dt.as_dtype(dtype)
    if dtype not in _DRAWN:
        raise ValueError(located(f"random_uniform cannot draw {dtype.name}; it draws "
                                 f"{', '.join(d.name for d in _DRAWN)}"))
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(located("random_uniform needs maxval for the integer dtype "
                                     f"{dtype.name}"))
        maxval = 1
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
        shape = shape_tensor(shape)
        minval = convert_to_tensor(minval, dtype, "min")
        maxval = convert_to_tensor(maxval, dtype, "max")
        if dtype.is_integer:
            return RandomUniformInt.build(shape, minval, maxval, name=scope,
                                          **node_seeds(seed, scope))
        drawn = RandomUniform.build(shape, dtype=dtype, **node_seeds(seed, "RandomUniform"))
        scaled = multiply(drawn, subtract(maxval, minval, name="sub"), name="mul")
        return add(scaled, minval, name=scope)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=dt.float32, seed=None, name=None):
    """Draws normal numbers.

    Args:
        shape: 1-D integer tensor, or list of sizes.
        mean: mean, of `dtype`.
        stddev: standard deviation, of `dtype`.
        dtype: float16, float32 or float64.
        seed: int, for the same numbers in every session.
        name: name of the node.

    Returns:
        A tensor of `shape` and `dtype`; new numbers in each run.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.random_normal([2], seed=1))
        array([-0.8113182,  1.4845988], dtype=float32)
    """
    return _normal(RandomStandardNormal, "random_normal", shape, mean, stddev, dtype, seed, name)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=dt.float32, seed=None, name=None):
    """Draws normal numbers within two standard deviations of the mean.

    Args:
        shape: 1-D integer tensor, or list of sizes.
        mean: mean, of `dtype`.
        stddev: standard deviation before the numbers beyond are dropped, of `dtype`.
        dtype: float16, float32 or float64.
        seed: int, for the same numbers in every session.
        name: name of the node.

    Returns:
        A tensor of `shape` and `dtype`; new numbers in each run.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.truncated_normal([2], seed=1))
        array([-0.8113182,  1.4845988], dtype=float32)
    """
    return _normal(TruncatedNormal, "truncated_normal", shape, mean, stddev, dtype, seed, name)


def _normal(op_class, default_name, shape, mean, stddev, dtype, seed, name):
    dtype = dt.as_dtype(dtype)
    with name_scope(name, default_name, [shape, mean, stddev]) as scope:
        shape = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype, "mean")
        stddev = convert_to_tensor(stddev, dtype, "stddev")
        drawn = op_class.build(shape, dtype=dtype, **node_seeds(seed, op_class.type))
        return add(multiply(drawn, stddev, name="mul"), mean, name=scope)


def random_shuffle(value, seed=None, name=None):
    """Puts the rows of a tensor (its slices along axis 0) in random order.

    Args:
        value: tensor of any dtype.
        seed: int, for the same order in every session.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.random_shuffle([0, 1, 2, 3, 4], seed=1))
        array([2, 4, 0, 3, 1], dtype=int32)
    """
    return RandomShuffle.build(value, name=name, **node_seeds(seed, name or "RandomShuffle"))


def multinomial(logits, num_samples, seed=None, name=None, output_dtype=None):
    """Draws classes by their unnormalised log-probabilities.

    Args:
        logits: 2-D real tensor [rows, classes].
        num_samples: int, how many draws per row.
        seed: int, for the same numbers in every session.
        name: name of the node.
        output_dtype: int32 or int64; default int64.

    Returns:
        An integer tensor [rows, num_samples].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.multinomial([[0.0, 100.0]], 3, seed=1))
        array([[1, 1, 1]])
    """
    deprecated("Use `tf.random.categorical` instead.")
    return _categories("multinomial", logits, num_samples, output_dtype, seed, name)


def categorical(logits, num_samples, dtype=None, seed=None, name=None):
    """Draws classes by their unnormalised log-probabilities.

    Args:
        logits: 2-D real tensor [rows, classes].
        num_samples: int, how many draws per row.
        dtype: int32 or int64; default int64.
        seed: int, for the same numbers in every session.
        name: name of the node.

    Returns:
        An integer tensor [rows, num_samples].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.random.categorical([[100.0, 0.0]], 2, seed=1))
        array([[0, 0]])
    """
    return _categories("categorical", logits, num_samples, dtype, seed, name)


def _categories(default_name, logits, num_samples, dtype, seed, name):
    dtype = dt.int64 if dtype is None else dt.as_dtype(dtype)
    with name_scope(name, default_name, [logits]):
        logits = convert_to_tensor(logits, name="logits")
        return Multinomial.build(logits, num_samples, output_dtype=dtype,
                                 **node_seeds(seed, "Multinomial"))


def shape_tensor(shape):
    """`shape` as an integer tensor called "shape"; an empty list is a scalar's shape.

    NumPy's narrow integers are sizes too: `max(labels) + 1` of uint8 labels was an int64 before
    NumPy 2.
    """
    if isinstance(shape, Tensor):
        return shape
    plain = isinstance(shape, (list, tuple)) and all(
        isinstance(size, np.integer) and size.dtype.itemsize < 4 for size in shape)
    return convert_to_tensor(shape, dt.int32 if plain else None, "shape")
