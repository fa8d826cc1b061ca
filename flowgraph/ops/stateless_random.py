"""Random numbers as functions of a seed: the same in every run, and TensorFlow's to the last bit.

The two integers of the seed are scrambled by one Philox block into the key and the counter of a
stream, from which the numbers are drawn as the ops with state draw theirs.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops import distributions
from flowgraph.ops.arithmetic import add, multiply, subtract
from flowgraph.ops.philox import MASK64, PhiloxState, bits
from flowgraph.ops.random_ops import (
    draw_categories,
    draw_floats,
    draw_integers,
    infer_categories,
    shape_tensor,
)

_FLOATS = (dt.float16, dt.float32, dt.float64)
_SCRAMBLER = 0x02461E29_3EC8F720  # the key of the block that makes a stream of a seed


def _stream(seed):
    """The Philox state that a seed of two integers stands for."""
    scrambler = PhiloxState(_SCRAMBLER, (seed[0] & MASK64) | (seed[1] & MASK64) << 64)
    words = [int(word) for word in bits(np, scrambler, 4)]
    return PhiloxState(words[0] | words[1] << 32, (words[2] | words[3] << 32) << 64)


def _check_seed(seed):
    if seed.shape is not None and (len(seed.shape) != 1 or seed.shape[0] not in (None, 2)):
        raise ShapeError(f"needs a seed of two integers, got {shape_text(seed.shape)}")


# ---- ops -----------------------------------------------------------------------------------------


class _Floats(OpDef, abstract=True):
    """Floating numbers of one distribution, of the shape given by `shape`."""

    dtypes = {"shape": "T", "seed": "Tseed"}
    T = dt.INDEX
    Tseed = dt.INDEX
    host_inputs = ("shape", "seed")
    grad = NotDifferentiable

    def infer(self, shape: Spec, seed: Spec, *, dtype):
        _check_seed(seed)
        return Spec(dtype, shape_rules.shape_from_value(shape))


class StatelessRandomUniform(_Floats):
    """Uniform numbers of [0, 1)."""

    def kernel(self, xp, shape, seed, *, dtype):
        return draw_floats(xp, distributions.uniform, shape, dtype, _stream(seed))


class StatelessRandomNormal(_Floats):
    """Normal numbers with mean 0 and standard deviation 1."""

    def kernel(self, xp, shape, seed, *, dtype):
        return draw_floats(xp, distributions.normal, shape, dtype, _stream(seed))


class StatelessTruncatedNormal(_Floats):
    """Normal numbers, those beyond 2 drawn again."""

    waits_for_gpu = "numbers that do not fit are drawn again"

    def kernel(self, xp, shape, seed, *, dtype):
        return draw_floats(xp, distributions.truncated_normal, shape, dtype, _stream(seed))


class StatelessRandomUniformInt(OpDef):
    """Integers of [minval, maxval)."""

    dtypes = {"shape": "T", "seed": "Tseed", "minval": "dtype", "maxval": "dtype"}
    T = dt.INDEX
    Tseed = dt.INDEX
    dtype = dt.INDEX
    host_inputs = ("shape", "seed")
    on_host = frozenset(("minval", "maxval"))
    grad = NotDifferentiable

    def infer(self, shape: Spec, seed: Spec, minval: Spec, maxval: Spec):
        _check_seed(seed)
        shape_rules.require_rank(minval, 0, "minval")
        shape_rules.require_rank(maxval, 0, "maxval")
        return Spec(minval.dtype, shape_rules.shape_from_value(shape))

    def kernel(self, xp, shape, seed, minval, maxval):
        return draw_integers(xp, shape, minval, maxval, _stream(seed))


class StatelessMultinomial(OpDef):
    """Draws `num_samples` classes for each row of unnormalised log-probabilities."""

    dtypes = {"logits": "T", "num_samples": dt.DTypeSet("int32", (dt.int32,)), "seed": "Tseed"}
    T = dt.REAL
    Tseed = dt.INDEX
    host_inputs = ("num_samples", "seed")
    grad = NotDifferentiable

    def infer(self, logits: Spec, num_samples: Spec, seed: Spec, *, output_dtype=dt.int64):
        _check_seed(seed)
        return infer_categories(logits, num_samples, output_dtype)

    def kernel(self, xp, logits, num_samples, seed, *, output_dtype=dt.int64):
        return draw_categories(xp, logits, num_samples, output_dtype, _stream(seed))


# ---- public functions ----------------------------------------------------------------------------


def stateless_random_uniform(shape, seed, minval=0, maxval=None, dtype=dt.float32, name=None):
    """Draws uniform numbers of [minval, maxval), always the same for one seed.

    Args:
        shape: 1-D integer tensor, or list of sizes.
        seed: two integers, or an integer tensor [2].
        minval: the smallest number; default 0.
        maxval: the bound that is not reached; default 1 for floating dtypes, needed for integers.
        dtype: float16, float32, float64, int32 or int64.
        name: name of the node.

    Returns:
        A tensor of `shape` and `dtype`.

    Raises:
        ValueError: another dtype, or an integer dtype without `maxval`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.random.stateless_uniform([2], seed=[1, 2]))
        array([0.8440604 , 0.19204533], dtype=float32)
    """
    dtype = dt.as_dtype(dtype)
    if dtype not in (*_FLOATS, dt.int32, dt.int64):
        raise ValueError(located(f"stateless_uniform cannot draw {dtype.name}; it draws float16, "
                                 "float32, float64, int32 and int64"))
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(located("stateless_uniform needs maxval for the integer dtype "
                                     f"{dtype.name}"))
        maxval = 1
    with name_scope(name, "stateless_random_uniform", [shape, seed, minval, maxval]) as scope:
        shape = shape_tensor(shape)
        minval = convert_to_tensor(minval, dtype, "min")
        maxval = convert_to_tensor(maxval, dtype, "max")
        if dtype.is_integer:
            return StatelessRandomUniformInt.build(shape, seed, minval, maxval, name=scope)
        drawn = StatelessRandomUniform.build(shape, seed, dtype=dtype)
        return add(multiply(drawn, subtract(maxval, minval, name="sub"), name="mul"), minval,
                   name=scope)


def stateless_random_normal(shape, seed, mean=0.0, stddev=1.0, dtype=dt.float32, name=None):
    """Draws normal numbers, always the same for one seed.

    Args:
        shape: 1-D integer tensor, or list of sizes.
        seed: two integers, or an integer tensor [2].
        mean: mean, of `dtype`.
        stddev: standard deviation, of `dtype`.
        dtype: float16, float32 or float64.
        name: name of the node.

    Returns:
        A tensor of `shape` and `dtype`.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.random.stateless_normal([3], seed=[1, 2])
        >>> bool((fg.Session().run(x) == fg.Session().run(x)).all())
        True
    """
    return _normal(StatelessRandomNormal, "stateless_random_normal", shape, seed, mean, stddev,
                   dtype, name)


def stateless_truncated_normal(shape, seed, mean=0.0, stddev=1.0, dtype=dt.float32, name=None):
    """Draws normal numbers within two standard deviations, always the same for one seed.

    Args:
        shape: 1-D integer tensor, or list of sizes.
        seed: two integers, or an integer tensor [2].
        mean: mean, of `dtype`.
        stddev: standard deviation before the numbers beyond are dropped, of `dtype`.
        dtype: float16, float32 or float64.
        name: name of the node.

    Returns:
        A tensor of `shape` and `dtype`.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.random.stateless_truncated_normal([100], seed=[1, 2])
        >>> bool((abs(fg.Session().run(x)) < 2).all())
        True
    """
    return _normal(StatelessTruncatedNormal, "stateless_truncated_normal", shape, seed, mean,
                   stddev, dtype, name)


def _normal(op_class, default_name, shape, seed, mean, stddev, dtype, name):
    dtype = dt.as_dtype(dtype)
    with name_scope(name, default_name, [shape, seed, mean, stddev]) as scope:
        shape = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype, "mean")
        stddev = convert_to_tensor(stddev, dtype, "stddev")
        drawn = op_class.build(shape, seed, dtype=dtype)
        return add(multiply(drawn, stddev, name="mul"), mean, name=scope)


def stateless_multinomial(logits, num_samples, seed, output_dtype=dt.int64, name=None):
    """Draws classes by their unnormalised log-probabilities, always the same for one seed.

    Args:
        logits: 2-D real tensor [rows, classes].
        num_samples: int, how many draws per row.
        seed: two integers, or an integer tensor [2].
        output_dtype: int32 or int64.
        name: name of the scope.

    Returns:
        An integer tensor [rows, num_samples].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.random.stateless_multinomial([[0.0, 100.0]], 3, seed=[1, 2]))
        array([[1, 1, 1]])
    """
    with name_scope(name, "stateless_multinomial", [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        return StatelessMultinomial.build(logits, num_samples, seed,
                                          output_dtype=dt.as_dtype(output_dtype))


def stateless_categorical(logits, num_samples, seed, dtype=dt.int64, name=None):
    """Draws classes by their unnormalised log-probabilities, always the same for one seed.

    Args:
        logits: 2-D real tensor [rows, classes].
        num_samples: int, how many draws per row.
        seed: two integers, or an integer tensor [2].
        dtype: int32 or int64.
        name: name of the scope.

    Returns:
        An integer tensor [rows, num_samples].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.random.stateless_categorical([[100.0, 0.0]], 2, seed=[1, 2]))
        array([[0, 0]])
    """
    with name_scope(name, "stateless_categorical", [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        return StatelessMultinomial.build(logits, num_samples, seed,
                                          output_dtype=dt.as_dtype(dtype))
