"""`tensorflow.contrib.seq2seq.python.ops.*`: what of them is not public."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.time_major import transpose_batch_time as _transpose_batch_time
from flowgraph.contrib.seq2seq.attention_wrapper import compute_attention as _compute_attention
from flowgraph.contrib.seq2seq.embedding_helpers import drawn
from flowgraph.contrib.seq2seq.helper import rows_of as _unstack_ta
from flowgraph.contrib.seq2seq.mechanisms import BaseAttentionMechanism as _BaseAttentionMechanism
from flowgraph.contrib.seq2seq.mechanisms import bahdanau_score as _bahdanau_score
from flowgraph.contrib.seq2seq.mechanisms import luong_score as _luong_score
from flowgraph.contrib.seq2seq.mechanisms import maybe_masked_score as _maybe_mask_score
from flowgraph.contrib.seq2seq.mechanisms import prepare_memory as _prepare_memory
from flowgraph.contrib.seq2seq.monotonic import (
    MonotonicAttentionMechanism as _BaseMonotonicAttentionMechanism,
)
from flowgraph.contrib.seq2seq.monotonic import (
    monotonic_probability_fn as _monotonic_probability_fn,
)
from flowgraph.core.dtypes import int32
from flowgraph.graph.tensor import Tensor
from flowgraph.nn.rnn_cell.base import zeros_of as _zero_state_tensors
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import less
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.shape import shape as shape_of


def categorical_sample(logits: Any, dtype: Any = int32, seed: int | None = None) -> Tensor:
    """One id for each row of the logits, drawn by its probability.

    Args:
        logits: float matrix.
        dtype: dtype of the ids.
        seed: int, for the same ids in every session.
    """
    return cast(drawn(convert_to_tensor(logits), seed), dtype)


def bernoulli_sample(probs: Any = None, logits: Any = None, dtype: Any = int32,
                     seed: int | None = None) -> Tensor:
    """1 with a probability, else 0, for each of the probabilities by itself.

    Args:
        probs: the probabilities.
        logits: their logits, in place of them.
        dtype: dtype of the result.
        seed: int, for the same numbers in every session.
    """
    probs = sigmoid(convert_to_tensor(logits)) if probs is None else convert_to_tensor(probs)
    return cast(less(random_uniform(shape_of(probs), seed=seed, dtype=probs.dtype), probs), dtype)


__all__ = ["_BaseAttentionMechanism", "_BaseMonotonicAttentionMechanism", "_bahdanau_score",
           "_compute_attention", "_luong_score", "_maybe_mask_score", "_monotonic_probability_fn",
           "_prepare_memory", "_transpose_batch_time", "_unstack_ta", "_zero_state_tensors",
           "bernoulli_sample", "categorical_sample"]
