"""Attention mechanisms: how much a decoder's query attends to each step of a memory.

    keys = memory . memory_layer/kernel                         made once
    score = query . keys                                        Luong
    score = sum(v * tanh(query . query_layer/kernel + keys))    Bahdanau
    alignments = softmax(score), with steps behind a row's end left out
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core import nest
from flowgraph.core.dtypes import as_dtype, float32
from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.layers.base import Layer
from flowgraph.layers.core import Dense
from flowgraph.layers.named import ZEROS
from flowgraph.nn.rnn_cell.base import zeros_of
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.argmax import argmax
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.exponential import tanh
from flowgraph.ops.initializers import Constant, Ones
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims, squeeze
from flowgraph.ops.select import one_hot, sequence_mask, where_v2
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.softmax import softmax
from flowgraph.ops.unary import rsqrt, square
from flowgraph.ops.variable_scope import get_variable, variable_scope


class AttentionMechanism:
    """Base of attention mechanisms: give `alignments_size` and `state_size`, and be callable.

    Example:
        >>> import flowgraph as fg
        >>> issubclass(fg.contrib.seq2seq.LuongAttention, fg.contrib.seq2seq.AttentionMechanism)
        True
    """

    @property
    def alignments_size(self) -> Any:
        """How many steps the memory has."""
        raise NotImplementedError(located(f"{type(self).__name__} has no alignments_size"))

    @property
    def state_size(self) -> Any:
        """Size of the mechanism's state."""
        raise NotImplementedError(located(f"{type(self).__name__} has no state_size"))


class BaseAttentionMechanism(AttentionMechanism):
    """What mechanisms with layers for query and memory share.

    Args:
        query_layer: layer for the queries, or None.
        memory: tensor `[batch_size, steps, size]`, or a nested structure of such.
        probability_fn: function from (score, state) to alignments.
        memory_sequence_length: int vector, how many steps of each row count; default all.
        memory_layer: layer for the memory, which gives the keys; None for the memory itself.
        check_inner_dims_defined: whether the memory's sizes after the second must be known.
        score_mask_value: score of the steps that do not count; default -inf.
        custom_key_value_fn: function from (keys, values) to those to use.
        name: name of the scope.

    Raises:
        TypeError: a layer is no layer, or `probability_fn` cannot be called.
        ValueError: sizes of the memory are unknown.
    """

    def __init__(self, query_layer: Any, memory: Any, probability_fn: Any,
                 memory_sequence_length: Any = None, memory_layer: Any = None,
                 check_inner_dims_defined: bool = True, score_mask_value: Any = None,
                 custom_key_value_fn: Any = None, name: str | None = None) -> None:
        for what, layer in (("query_layer", query_layer), ("memory_layer", memory_layer)):
            if layer is not None and not isinstance(layer, Layer):
                raise TypeError(located(f"{what} is not a Layer: {type(layer).__name__}"))
        if not callable(probability_fn):
            raise TypeError(located("probability_fn must be callable, saw type: "
                                    f"{type(probability_fn).__name__}"))
        self._query_layer, self._memory_layer = query_layer, memory_layer
        with name_scope(name, "BaseAttentionMechanismInit", nest.flatten(memory)):
            self._values = prepare_memory(memory, memory_sequence_length,
                                          check_inner_dims_defined=check_inner_dims_defined)
            self._keys = memory_layer(self._values) if memory_layer else self._values
            if custom_key_value_fn is not None:
                self._keys, self._values = custom_key_value_fn(self._keys, self._values)
            self._batch_size, self._alignments_size = (
                shape_of(self._keys)[axis] if self._keys.shape[axis].value is None
                else self._keys.shape[axis].value for axis in (0, 1))
            self.dtype = (memory_layer.dtype if memory_layer
                          else nest.flatten(self._values)[0].dtype.name)
            # Once for all steps of the decoder.
            mask = (None if memory_sequence_length is None
                    else checked_mask(memory_sequence_length, self._alignments_size))

        def masked_probability(score: Any, state: Any) -> Any:
            if mask is not None:
                score = masked_score(score, mask, score_mask_value)
            return probability_fn(score, state)

        self._probability_fn = masked_probability

    @property
    def memory_layer(self) -> Any:
        """The layer for the memory, or None."""
        return self._memory_layer

    @property
    def query_layer(self) -> Any:
        """The layer for the queries, or None."""
        return self._query_layer

    @property
    def values(self) -> Any:
        """The memory, with 0 behind each row's end."""
        return self._values

    @property
    def keys(self) -> Any:
        """What queries are compared with."""
        return self._keys

    @property
    def batch_size(self) -> Any:
        """The memory's batch size: int or scalar tensor."""
        return self._batch_size

    @property
    def alignments_size(self) -> Any:
        """How many steps the memory has: int or scalar tensor."""
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        """Size of the state: the last alignments."""
        return self._alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        """Alignments before the first step: zeros.

        Args:
            batch_size: int or scalar tensor.
            dtype: their dtype.
        """
        return zeros_of(batch_size, self._alignments_size, dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state before the first step.

        Args:
            batch_size: int or scalar tensor.
            dtype: its dtype.
        """
        return self.initial_alignments(batch_size, dtype)


class LuongAttention(BaseAttentionMechanism):
    """Multiplicative attention ("Effective Approaches to Attention-based Neural Machine
    Translation").

    Args:
        num_units: size of the keys; that of the queries is the same.
        memory: tensor `[batch_size, steps, size]`, as an encoder's outputs.
        memory_sequence_length: int vector, how many steps of each row count; default all.
        scale: whether the score is multiplied by a variable, `attention_g`.
        probability_fn: function from scores to alignments; default softmax. `hardmax` is another.
        score_mask_value: score of the steps that do not count; default -inf.
        dtype: dtype of the memory layer; default float32.
        custom_key_value_fn: function from (keys, values) to those to use.
        name: name of the scope.

    Raises:
        ValueError: a query has another size than the keys (at a call).

    Example:
        >>> import flowgraph as fg
        >>> attention = fg.contrib.seq2seq.LuongAttention(4, fg.ones([2, 5, 3]), [5, 2])
        >>> alignments, state = attention(fg.ones([2, 4]), attention.initial_state(2, fg.float32))
        >>> alignments.shape.as_list(), fg.trainable_variables()[0].name
        ([2, 5], 'memory_layer/kernel:0')
    """

    def __init__(self, num_units: int, memory: Any, memory_sequence_length: Any = None,
                 scale: bool = False, probability_fn: Any = None, score_mask_value: Any = None,
                 dtype: Any = None, custom_key_value_fn: Any = None,
                 name: str = "LuongAttention") -> None:
        super().__init__(
            None, memory, without_state(probability_fn or softmax), memory_sequence_length,
            Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or float32),
            score_mask_value=score_mask_value, custom_key_value_fn=custom_key_value_fn, name=name)
        self._num_units = num_units
        self._scale = scale
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """Alignments for a query.

        Args:
            query: tensor `[batch_size, num_units]`.
            state: the last alignments; not used.

        Returns:
            The alignments, and the next state, which is the same.
        """
        with variable_scope(None, "luong_attention", [query]):
            alignments = self._probability_fn(
                luong_score(query, self._keys, luong_scale(self._scale, query.dtype)), state)
        return alignments, alignments


class BahdanauAttention(BaseAttentionMechanism):
    """Additive attention ("Neural Machine Translation by Jointly Learning to Align and Translate").

    Args:
        num_units: size of the keys, to which queries are brought as well.
        memory: tensor `[batch_size, steps, size]`, as an encoder's outputs.
        memory_sequence_length: int vector, how many steps of each row count; default all.
        normalize: whether `attention_v` is normalized, with a gain `attention_g` and a bias
            `attention_b`.
        probability_fn: function from scores to alignments; default softmax. `hardmax` is another.
        score_mask_value: score of the steps that do not count; default -inf.
        dtype: dtype of the layers; default float32.
        custom_key_value_fn: function from (keys, values) to those to use.
        name: name of the scope.

    Example:
        >>> import flowgraph as fg
        >>> attention = fg.contrib.seq2seq.BahdanauAttention(4, fg.ones([2, 5, 3]))
        >>> alignments, state = attention(fg.ones([2, 7]), attention.initial_state(2, fg.float32))
        >>> [v.name for v in fg.trainable_variables()[1:]]
        ['bahdanau_attention/query_layer/kernel:0', 'bahdanau_attention/attention_v:0']
    """

    def __init__(self, num_units: int, memory: Any, memory_sequence_length: Any = None,
                 normalize: bool = False, probability_fn: Any = None, score_mask_value: Any = None,
                 dtype: Any = None, custom_key_value_fn: Any = None,
                 name: str = "BahdanauAttention") -> None:
        super().__init__(
            Dense(num_units, name="query_layer", use_bias=False, dtype=dtype or float32), memory,
            without_state(probability_fn or softmax), memory_sequence_length,
            Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or float32),
            score_mask_value=score_mask_value, custom_key_value_fn=custom_key_value_fn, name=name)
        self._num_units = num_units
        self._normalize = normalize
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """Alignments for a query.

        Args:
            query: tensor `[batch_size, size]`.
            state: the last alignments; not used.

        Returns:
            The alignments, and the next state, which is the same.
        """
        with variable_scope(None, "bahdanau_attention", [query]):
            alignments = self._probability_fn(bahdanau_query_score(self, query), state)
        return alignments, alignments


# ---- scores --------------------------------------------------------------------------------------


def luong_scale(scale: bool, dtype: Any) -> Any:
    """The variable that multiplies the score, or None."""
    return get_variable("attention_g", (), dtype, initializer=Ones()) if scale else None


def luong_score(query: Any, keys: Any, scale: Any) -> Any:
    """query . keys, for each step of the memory.

    Args:
        query: tensor `[batch_size, size]`.
        keys: tensor `[batch_size, steps, size]`.
        scale: scalar to multiply by, or None.

    Returns:
        A tensor `[batch_size, steps]`.
    """
    if query.shape[-1].value != keys.shape[-1].value:
        raise ValueError(located(
            f"Incompatible or unknown inner dimensions between query and keys.  Query "
            f"({query.name}) has units: {query.shape[-1]}.  Keys ({keys.name}) have units: "
            f"{keys.shape[-1]}.  Perhaps you need to set num_units to the keys' dimension "
            f"({query.shape[-1]})?"))
    score = squeeze(matmul(expand_dims(query, 1), keys, transpose_b=True), [1])
    return score if scale is None else scale * score


def bahdanau_query_score(mechanism: Any, query: Any) -> Any:
    """The score of a mechanism's keys for a query, with the variables of the open scope."""
    units = mechanism._num_units
    processed = mechanism.query_layer(query) if mechanism.query_layer else query
    v, g, b = get_variable("attention_v", [units], query.dtype), None, None
    if mechanism._normalize:
        g = get_variable("attention_g", (), query.dtype,
                         initializer=Constant(math.sqrt(1.0 / units)))
        b = get_variable("attention_b", [units], query.dtype, initializer=ZEROS)
    return bahdanau_score(processed, mechanism.keys, v, g, b)


def bahdanau_score(processed_query: Any, keys: Any, attention_v: Any, attention_g: Any = None,
                   attention_b: Any = None) -> Any:
    """sum(v * tanh(query + keys)), for each step of the memory.

    Args:
        processed_query: tensor `[batch_size, size]`.
        keys: tensor `[batch_size, steps, size]`.
        attention_v: vector `[size]`.
        attention_g: scalar, the length of the vector once it is normalized; or None.
        attention_b: vector `[size]`, a bias; or None.

    Returns:
        A tensor `[batch_size, steps]`.
    """
    total = keys + expand_dims(processed_query, 1)
    if attention_g is not None and attention_b is not None:
        attention_v = attention_g * attention_v * rsqrt(reduce_sum(square(attention_v)))
        total = total + attention_b
    return reduce_sum(attention_v * tanh(total), [2])


def without_state(probability_fn: Any) -> Any:
    """A function of (score, state) from one of the score alone; what is no function stays."""
    if not callable(probability_fn):
        return probability_fn
    return lambda score, state: probability_fn(score)


def hardmax(logits: Any, name: str | None = None) -> Any:
    """1 at the greatest entry of each row, 0 elsewhere; has no gradient.

    Args:
        logits: float tensor.
        name: name of the scope.

    Returns:
        A tensor like `logits`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.contrib.seq2seq.hardmax([[1.0, 3.0, 2.0]]))
        array([[0., 1., 0.]], dtype=float32)
    """
    with name_scope(name, "Hardmax", [logits]):
        logits = convert_to_tensor(logits, name="logits")
        depth = logits.shape[-1].value
        return one_hot(argmax(logits, -1), shape_of(logits)[-1] if depth is None else depth,
                       dtype=logits.dtype)


# ---- memory --------------------------------------------------------------------------------------


def prepare_memory(memory: Any, memory_sequence_length: Any = None, memory_mask: Any = None,
                   check_inner_dims_defined: bool = True) -> Any:
    """The memory with 0 behind each row's end.

    Args:
        memory: tensor `[batch_size, steps, ...]`, or a nested structure of such.
        memory_sequence_length: int vector, how many steps of each row count; default all.
        memory_mask: bool tensor `[batch_size, steps]` in place of the lengths.
        check_inner_dims_defined: whether the sizes after the second must be known.

    Raises:
        ValueError: they are unknown, or both lengths and mask are given.
    """
    memory = nest.map_structure(lambda m: convert_to_tensor(m, name="memory"), memory)
    if memory_sequence_length is not None and memory_mask is not None:
        raise ValueError(located("memory_sequence_length and memory_mask can't be provided at same "
                                 "time."))
    for m in nest.flatten(memory) if check_inner_dims_defined else ():
        if not m.shape[2:].is_fully_defined():
            raise ValueError(located(f"Expected memory {m.name} to have fully defined inner dims, "
                                     f"but saw shape: {m.shape}; call set_shape, or give the "
                                     "placeholder its last sizes"))
    if memory_sequence_length is None and memory_mask is None:
        return memory
    first = nest.flatten(memory)[0]
    if memory_mask is None:
        steps = first.shape[1].value
        memory_mask = sequence_mask(memory_sequence_length,
                                    shape_of(first)[1] if steps is None else steps)

    def masked(m: Any) -> Any:
        mask = memory_mask
        for _ in range(m.shape.ndims - 2):
            mask = expand_dims(mask, -1)
        return where_v2(mask, m, np.zeros((), m.dtype.as_numpy_dtype))

    return nest.map_structure(masked, memory)


def checked_mask(lengths: Any, steps: Any) -> Any:
    """True at the steps that count, after a check at run that each row has at least one."""
    lengths = convert_to_tensor(lengths, name="memory_sequence_length")
    known = known_value(lengths) if isinstance(lengths, Tensor) else None
    if known is not None and None not in known and all(n > 0 for n in known):
        return sequence_mask(lengths, steps)
    check = assert_positive(
        lengths, message="All values in memory_sequence_length must be greater than zero.")
    with control_dependencies([check]):
        return sequence_mask(lengths, steps)


def masked_score(score: Any, mask: Any, score_mask_value: Any = None) -> Any:
    """The score, with a value where the mask is False; default -inf."""
    value = -math.inf if score_mask_value is None else score_mask_value
    if not isinstance(value, Tensor):
        value = as_dtype(score.dtype).as_numpy_dtype(value)
    return where_v2(mask, score, value)


def maybe_masked_score(score: Any, memory_sequence_length: Any = None, memory_mask: Any = None,
                       score_mask_value: Any = None) -> Any:
    """The score, with a value at the steps that do not count.

    Args:
        score: tensor `[batch_size, steps]`.
        memory_sequence_length: int vector, how many steps of each row count; default all.
        memory_mask: bool tensor `[batch_size, steps]` in place of the lengths.
        score_mask_value: score of the steps that do not count; default -inf.
    """
    if memory_sequence_length is None and memory_mask is None:
        return score
    if memory_mask is None:
        memory_mask = checked_mask(memory_sequence_length, shape_of(score)[1])
    return masked_score(score, memory_mask, score_mask_value)
