"""Parameters of distributions: logits and probabilities, checks for runs, derived seeds."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import dimension_value
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.assertions import (
    assert_equal,
    assert_greater_equal,
    assert_less_equal,
    assert_near,
    assert_non_negative,
)
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant
from flowgraph.ops.exponential import log, log1p, sigmoid
from flowgraph.ops.gamma import lgamma
from flowgraph.ops.identity import with_dependencies
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.shape_checks import assert_rank_at_least
from flowgraph.ops.softmax import softmax

_INTEGER_OF = {dt.float16: dt.int16, dt.float32: dt.int32, dt.float64: dt.int64}


def new_seed(seed: int | None, salt: str) -> int | None:
    """The seed of a second op of a distribution, derived from the seed the user gave."""
    if seed is None:
        return None
    digest = hashlib.md5(f"{seed}{salt}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) & 0x7FFFFFFF


def logits_and_probs(logits: Any, probs: Any, validate_args: bool, name: str,
                     multidimensional: bool = False) -> tuple[Tensor, Tensor]:
    """Both forms of the probabilities, from the one that was given.

    Args:
        logits: log-odds, or unnormalised log-probabilities of classes; or None.
        probs: probabilities; or None.
        validate_args: whether runs check that `probs` are probabilities.
        name: the scope.
        multidimensional: whether the last axis holds classes.
    """
    with name_scope(name, values=[probs, logits]):
        if (probs is None) == (logits is None):
            raise ValueError(located("Must pass probs or logits, but not both."))
        if probs is None:
            logits = _floating("logits", logits)
            if not multidimensional:
                return logits, sigmoid(logits, name="probs")
            logits = with_classes(logits) if validate_args else logits
            return logits, softmax(logits, name="probs")
        probs = _floating("probs", probs)
        if validate_args:
            probs = _checked_probs(probs, multidimensional)
        with name_scope("logits"):
            if multidimensional:
                return log(probs), probs
            return log(probs) - log1p(-1.0 * probs), probs


def _floating(name: str, value: Any) -> Any:
    tensor = convert_to_tensor(value, name=name)
    if not tensor.dtype.is_floating:
        raise TypeError(located(f"{name} must have a floating dtype, not {tensor.dtype.name}",
                                section="dtype-error"))
    return tensor


def _checked_probs(probs: Any, multidimensional: bool) -> Any:
    with name_scope("validate_probs"):
        one = constant(1.0, probs.dtype)
        checks = [assert_non_negative(probs)]
        if multidimensional:
            probs = with_classes(probs)
            checks.append(assert_near(reduce_sum(probs, -1), one,
                                      message="probs does not sum to 1."))
        else:
            checks.append(assert_less_equal(probs, one,
                                            message="probs has components greater than 1."))
        return with_dependencies(checks, probs)


def with_classes(parameter: Any, name: str = "embed_check_categorical_event_shape") -> Any:
    """The parameter, whose last axis holds two or more classes, as many as its dtype can count."""
    with name_scope(name, values=[parameter]):
        x = convert_to_tensor(parameter, name="categorical_param")
        if not x.dtype.base_dtype.is_floating:
            raise TypeError(located("Unable to validate size of unrecognized dtype "
                                    f"({x.dtype.name})."))
        most = 2 ** (np.finfo(x.dtype.as_numpy_dtype).nmant + 1)
        if x.shape.ndims == 0:
            raise ValueError(located("A categorical-distribution parameter must have at least 1 "
                                     "dimension."))
        classes = None if x.shape.ndims is None else dimension_value(x.shape[-1])
        if classes is None:
            count = shape_of(x, name="x_shape")[-1]
            return with_dependencies([
                assert_rank_at_least(x, 1, message="A categorical-distribution parameter must have "
                                                   "at least 1 dimension."),
                assert_greater_equal(count, 2, message="A categorical-distribution parameter must "
                                                       "have at least 2 events."),
                assert_less_equal(count, min(most, 2 ** 31 - 1),
                                  message="Number of classes exceeds `dtype` precision")], x)
        if classes < 2:
            raise ValueError(located("A categorical-distribution parameter must have at least 2 "
                                     "events."))
        if classes > most:
            raise ValueError(located("Number of classes exceeds `dtype` precision: "
                                     f"{x.dtype.name} counts up to {most}, there are {classes}"))
        return x


def whole_numbers(x: Any, name: str = "embed_check_nonnegative_integer_form") -> Any:
    """The tensor; a run fails where one of its numbers is negative or has a fraction."""
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        checks = [assert_non_negative(x, message=f"'{x}' must be non-negative.")]
        if not x.dtype.is_integer:
            checks.append(_no_fraction(x, _INTEGER_OF[x.dtype.base_dtype],
                                       f"'{x}' cannot contain fractional components."))
        return with_dependencies(checks, x)


def castable(x: Any, target: dt.DType, name: str = "embed_check_casting_closed") -> Any:
    """The tensor; a run fails where one of its numbers is negative or no number of `target`."""
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        checks = [assert_non_negative(x, message="Elements must be non-negative.")]
        if x.dtype.is_floating:
            checks.append(_no_fraction(x, target,
                                       f"Elements must be {target.name}-equivalent."))
        elif _largest(x.dtype) > _largest(target):
            checks.append(assert_less_equal(x, constant(_largest(target), x.dtype),
                                            message=f"Elements cannot exceed {_largest(target)}."))
        return with_dependencies(checks, x)


def _no_fraction(x: Any, integer: dt.DType, message: str) -> Any:
    with name_scope("assert_integer_form", values=[x]):
        return assert_equal(x, cast(cast(x, integer), x.dtype), message=message)


def _largest(dtype: dt.DType) -> int:
    return 1 if dtype.base_dtype is dt.bool_ else int(np.iinfo(dtype.as_numpy_dtype).max)


def log_combinations(n: Any, counts: Any, name: str = "log_combinations") -> Any:
    """The logarithm of the number of sequences of `n` draws that have these counts."""
    with name_scope(name, values=[n, counts]):
        n = convert_to_tensor(n, name="n")
        counts = convert_to_tensor(counts, name="counts")
        return lgamma(n + 1) - reduce_sum(lgamma(counts + 1), axis=[-1])
