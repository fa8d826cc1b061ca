"""Monotonic attention: each step of the decoder attends to where the last one did, or further.

    p[i] is how likely the decoder stops at step i of the memory, if it gets there; the alignments
    are how likely it stops there at all.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from flowgraph.contrib.seq2seq.mechanisms import (
    BaseAttentionMechanism,
    bahdanau_query_score,
    luong_scale,
    luong_score,
)
from flowgraph.core.dtypes import float32, int32
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.layers.core import Dense
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.compare import greater
from flowgraph.ops.constant import ones_like, zeros, zeros_like
from flowgraph.ops.cumulative import cumprod, cumsum
from flowgraph.ops.exponential import exp, log, sigmoid
from flowgraph.ops.functional import scan
from flowgraph.ops.initializers import Constant
from flowgraph.ops.join import concat
from flowgraph.ops.random_ops import random_normal
from flowgraph.ops.reshape import transpose
from flowgraph.ops.select import one_hot
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.variable_scope import get_variable, variable_scope


def safe_cumprod(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Cumulative product of numbers in [0, 1], by way of logarithms, so that its gradient is
    finite at 0.

    Args:
        x: float tensor.
        args, kwargs: as for `tf.cumsum`: axis, exclusive, reverse.

    Returns:
        A tensor like x.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.contrib.seq2seq.safe_cumprod([0.5, 0.5, 1.0])).round(4)
        array([0.5 , 0.25, 0.25], dtype=float32)
    """
    with name_scope(None, "SafeCumprod", [x]):
        x = convert_to_tensor(x, name="x")
        tiny = np.finfo(x.dtype.as_numpy_dtype).tiny
        return exp(cumsum(log(clip_by_value(x, tiny, 1)), *args, **kwargs))


def monotonic_attention(p_choose_i: Any, previous_attention: Any, mode: str) -> Any:
    """Alignments from the probabilities of stopping, and the last alignments.

    Args:
        p_choose_i: tensor `[batch_size, steps]`, how likely the decoder stops at each step of the
            memory if it gets there.
        previous_attention: tensor `[batch_size, steps]`, the last alignments.
        mode: "recursive" (exact, slow), "parallel" (exact but for rounding), or "hard" (for
            probabilities that are 0 or 1, and alignments with a single 1).

    Returns:
        The alignments, `[batch_size, steps]`.

    Raises:
        ValueError: another mode.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.contrib.seq2seq.monotonic_attention(
        ...     [[0.5, 0.5, 1.0]], [[1.0, 0.0, 0.0]], "recursive"))
        array([[0.5 , 0.25, 0.25]], dtype=float32)
    """
    p: Any = convert_to_tensor(p_choose_i, name="p_choose_i")
    previous: Any = convert_to_tensor(previous_attention, name="previous_attention")
    if mode == "recursive":
        go_on = concat([ones_like(p[:, :1]), 1 - p[:, :-1]], 1)
        reached = scan(lambda last, one: one[0] * last + one[1],
                       [transpose(go_on), transpose(previous)], zeros_like(p[:, 0]))
        return p * transpose(reached)
    if mode == "parallel":
        passed = safe_cumprod(1 - p, axis=1, exclusive=True)
        # The bound keeps the quotient finite where hardly anything gets.
        return p * passed * cumsum(previous / clip_by_value(passed, 1e-10, 1.0), axis=1)
    if mode == "hard":
        p = p * cumsum(previous, axis=1)
        return p * cumprod(1 - p, axis=1, exclusive=True)
    raise ValueError(located("mode must be 'recursive', 'parallel', or 'hard'.", f"Got {mode!r}."))


def monotonic_probability_fn(score: Any, previous_alignments: Any, sigmoid_noise: float,
                             mode: str, seed: int | None = None) -> Any:
    """Alignments from scores.

    Args:
        score: tensor `[batch_size, steps]`.
        previous_alignments: tensor `[batch_size, steps]`.
        sigmoid_noise: standard deviation of noise added to the scores.
        mode: as for `monotonic_attention`.
        seed: int, for the same noise in every session.

    Returns:
        The alignments, `[batch_size, steps]`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.contrib.seq2seq.monotonic_probability_fn(
        ...     fg.constant([[-1.0, 2.0]]), fg.constant([[1.0, 0.0]]), 0.0, "hard"))
        array([[0., 1.]], dtype=float32)
    """
    if sigmoid_noise > 0:
        score = score + sigmoid_noise * random_normal(shape_of(score), dtype=score.dtype,
                                                      seed=seed)
    p = cast(greater(score, 0), score.dtype) if mode == "hard" else sigmoid(score)
    return monotonic_attention(p, previous_alignments, mode)


class MonotonicAttentionMechanism(BaseAttentionMechanism):
    """A mechanism that attends to the first step of the memory before it was asked."""

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        """Alignments before the first step: 1 at the memory's first step.

        Args:
            batch_size: int or scalar tensor.
            dtype: their dtype.
        """
        return one_hot(zeros([batch_size], int32), self._alignments_size, dtype=dtype)


class BahdanauMonotonicAttention(MonotonicAttentionMechanism):
    """Monotonic attention with Bahdanau's score.

    Args:
        num_units: size of the keys, to which queries are brought as well.
        memory: tensor `[batch_size, steps, size]`, as an encoder's outputs.
        memory_sequence_length: int vector, how many steps of each row count; default all.
        normalize: whether `attention_v` is normalized.
        score_mask_value: score of the steps that do not count; default -inf.
        sigmoid_noise: standard deviation of noise added to the scores.
        sigmoid_noise_seed: int, for the same noise in every session.
        score_bias_init: first value of what is added to the scores.
        mode: as for `monotonic_attention`.
        dtype: dtype of the layers; default float32.
        name: name of the scope.

    Example:
        >>> import flowgraph as fg
        >>> attention = fg.contrib.seq2seq.BahdanauMonotonicAttention(4, fg.ones([2, 5, 3]))
        >>> alignments, _ = attention(fg.ones([2, 7]), attention.initial_state(2, fg.float32))
        >>> alignments.shape.as_list()
        [2, 5]
    """

    def __init__(self, num_units: int, memory: Any, memory_sequence_length: Any = None,
                 normalize: bool = False, score_mask_value: Any = None,
                 sigmoid_noise: float = 0.0, sigmoid_noise_seed: int | None = None,
                 score_bias_init: float = 0.0, mode: str = "parallel", dtype: Any = None,
                 name: str = "BahdanauMonotonicAttention") -> None:
        super().__init__(
            Dense(num_units, name="query_layer", use_bias=False, dtype=dtype or float32), memory,
            partial(monotonic_probability_fn, sigmoid_noise=sigmoid_noise, mode=mode,
                    seed=sigmoid_noise_seed), memory_sequence_length,
            Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or float32),
            score_mask_value=score_mask_value, name=name)
        self._num_units = num_units
        self._normalize = normalize
        self._score_bias_init = score_bias_init
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """Alignments for a query.

        Args:
            query: tensor `[batch_size, size]`.
            state: the last alignments.

        Returns:
            The alignments, and the next state, which is the same.
        """
        with variable_scope(None, "bahdanau_monotonic_attention", [query]):
            score = bahdanau_query_score(self, query) + _bias(self, query)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


class LuongMonotonicAttention(MonotonicAttentionMechanism):
    """Monotonic attention with Luong's score.

    Args:
        num_units: size of the keys; that of the queries is the same.
        memory: tensor `[batch_size, steps, size]`, as an encoder's outputs.
        memory_sequence_length: int vector, how many steps of each row count; default all.
        scale: whether the score is multiplied by a variable, `attention_g`.
        score_mask_value: score of the steps that do not count; default -inf.
        sigmoid_noise: standard deviation of noise added to the scores.
        sigmoid_noise_seed: int, for the same noise in every session.
        score_bias_init: first value of what is added to the scores.
        mode: as for `monotonic_attention`.
        dtype: dtype of the memory layer; default float32.
        name: name of the scope.

    Example:
        >>> import flowgraph as fg
        >>> attention = fg.contrib.seq2seq.LuongMonotonicAttention(4, fg.ones([2, 5, 3]))
        >>> alignments, _ = attention(fg.ones([2, 4]), attention.initial_state(2, fg.float32))
        >>> alignments.shape.as_list()
        [2, 5]
    """

    def __init__(self, num_units: int, memory: Any, memory_sequence_length: Any = None,
                 scale: bool = False, score_mask_value: Any = None, sigmoid_noise: float = 0.0,
                 sigmoid_noise_seed: int | None = None, score_bias_init: float = 0.0,
                 mode: str = "parallel", dtype: Any = None,
                 name: str = "LuongMonotonicAttention") -> None:
        super().__init__(
            None, memory,
            partial(monotonic_probability_fn, sigmoid_noise=sigmoid_noise, mode=mode,
                    seed=sigmoid_noise_seed), memory_sequence_length,
            Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or float32),
            score_mask_value=score_mask_value, name=name)
        self._num_units = num_units
        self._scale = scale
        self._score_bias_init = score_bias_init
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """Alignments for a query.

        Args:
            query: tensor `[batch_size, num_units]`.
            state: the last alignments.

        Returns:
            The alignments, and the next state, which is the same.
        """
        with variable_scope(None, "luong_monotonic_attention", [query]):
            score = luong_score(query, self._keys, luong_scale(self._scale, query.dtype))
            score = score + _bias(self, query)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


def _bias(mechanism: Any, query: Any) -> Any:
    return get_variable("attention_score_bias", (), query.dtype,
                        initializer=Constant(mechanism._score_bias_init))
