"""Summaries of activations, and of whole collections."""

from __future__ import annotations

import functools
import re
from typing import Any

from flowgraph.core.dtypes import bool_, string
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.cast import cast, to_float
from flowgraph.ops.compare import greater, less
from flowgraph.ops.reduce import reduce_mean
from flowgraph.summary.histograms import histogram
from flowgraph.summary.scalars import scalar


def summarize_tensor(tensor: Any, tag: str | None = None) -> Any:
    """A summary of a tensor: a scalar one for rank 0, else a histogram.

    Args:
        tensor: tensor or variable.
        tag: name of the summary; default that of the op, and "_summary".

    Returns:
        The summary; None for text and bools.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.summarize_tensor(fg.constant(1.0, name="loss")).op.type
        'ScalarSummary'
    """
    if tensor.dtype.base_dtype in (string, bool_):
        return None
    summarize = scalar if tensor.shape.ndims == 0 else histogram
    return summarize(tag or f"{tensor.op.name}_summary", tensor)


def summarize_activation(op: Any) -> Any:
    """A histogram of activations, and how many of them an activation function cut off.

    Args:
        op: the activations, a tensor.

    Returns:
        The histogram.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.summarize_activation(fg.nn.relu(fg.constant([1.0, -1.0]), name="act"))
        >>> [summary.op.name for summary in fg.get_collection(fg.GraphKeys.SUMMARIES)]
        ['act/zeros', 'act/activation']
    """
    kind, name = op.op.type, op.op.name
    if kind in ("Relu", "Softplus", "Relu6"):
        before = op.op.inputs[0]
        scalar(f"{name}/zeros", reduce_mean(to_float(less(before, cast(0.0, before.dtype)))))
    if kind == "Relu6":
        before = op.op.inputs[0]
        scalar(f"{name}/sixes", reduce_mean(to_float(greater(before, cast(6.0, before.dtype)))))
    return histogram(f"{name}/activation", op)


def summarize_tensors(tensors: Any, summarizer: Any = summarize_tensor) -> list[Any]:
    """Summaries of several tensors.

    Args:
        tensors: the tensors.
        summarizer: function from a tensor to a summary.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> len(layers.summarize_tensors([fg.constant(1.0), fg.constant([2.0])]))
        2
    """
    return [summarizer(tensor) for tensor in tensors]


def summarize_collection(collection: str, name_filter: str | None = None,
                         summarizer: Any = summarize_tensor) -> list[Any]:
    """Summaries of what is in a collection.

    Args:
        collection: the collection's name.
        name_filter: regular expression for the beginning of the names; None for all.
        summarizer: function from a tensor to a summary.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.losses.add_loss(fg.constant(1.0))
        >>> len(layers.summarize_collection(fg.GraphKeys.LOSSES))
        1
    """
    return summarize_tensors([item for item in get_default_graph().get_collection(collection)
                              if name_filter is None or re.match(name_filter, item.op.name)],
                             summarizer)


summarize_variables = functools.partial(summarize_collection, GraphKeys.GLOBAL_VARIABLES)
summarize_weights = functools.partial(summarize_collection, GraphKeys.WEIGHTS)
summarize_biases = functools.partial(summarize_collection, GraphKeys.BIASES)


def summarize_activations(name_filter: str | None = None,
                          summarizer: Any = summarize_activation) -> list[Any]:
    """Summaries of what is in the collection ACTIVATIONS.

    Args:
        name_filter, summarizer: as for `summarize_collection`.

    Example:
        >>> from flowgraph.contrib import layers
        >>> layers.summarize_activations()
        []
    """
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)
