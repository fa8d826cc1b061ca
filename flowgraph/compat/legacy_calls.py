"""Functions whose arguments stood in another order before TensorFlow 1.0, and old summaries.

Each takes today's order too.
"""

from __future__ import annotations

from typing import Any

import flowgraph as tf
from flowgraph.core.frames import user_frame
from flowgraph.core.logger import logger
from flowgraph.core.shapes import Dimension
from flowgraph.graph.collections import GraphKeys
from flowgraph.summary.histograms import HistogramSummary
from flowgraph.summary.images import ImageSummary
from flowgraph.summary.scalars import ScalarSummary
from flowgraph.summary.sounds import AudioSummaryV2

told: set[str] = set()  # old names and orders that the log has


def tell(old: str, today: str) -> None:
    """Logs what to write today, once for each old name or order of arguments.

    Args:
        old: as it was, below `tf`.
        today: as it is.
    """
    if old not in told:
        told.add(old)
        logger().warning("%s: tf.%s of before TensorFlow 1.0 is %s today", user_frame(), old, today)


def _is_number(value: Any) -> bool:
    """Whether an argument is a whole number, also as a tensor: an axis, and no list of values."""
    if isinstance(value, tf.Tensor):
        return value.shape.ndims == 0 and value.dtype.is_integer
    return isinstance(value, (int, Dimension)) or getattr(value, "ndim", None) == 0


def concat(*args: Any, **kwargs: Any) -> Any:
    """`tf.concat(values, axis)`, or `tf.concat(concat_dim, values)` as before 1.0."""
    named = {"concat_dim": "axis"}
    kwargs = {named.get(key, key): value for key, value in kwargs.items()}
    if args and _is_number(args[0]):
        tell("concat(axis, values)", "tf.concat(values, axis)")
        old = dict(zip(("axis", "values", "name"), args))
        return tf.concat(**{**old, **kwargs})
    return tf.concat(*args, **kwargs)


def split(*args: Any, **kwargs: Any) -> Any:
    """`tf.split(value, number, axis)`, or `tf.split(split_dim, num_split, value)` as before 1.0."""
    named = {"split_dim": "axis", "num_split": "num_or_size_splits"}
    kwargs = {named.get(key, key): value for key, value in kwargs.items()}
    if args and _is_number(args[0]):
        tell("split(axis, number, value)", "tf.split(value, number, axis)")
        old = dict(zip(("axis", "num_or_size_splits", "value", "name"), args))
        return tf.split(**{**old, **kwargs})
    return tf.split(*args, **kwargs)


def reverse(tensor: Any, axis: Any = None, name: Any = None, dims: Any = None) -> Any:
    """`tf.reverse(tensor, axes)`, or with a bool for each axis as before 1.0."""
    axis = dims if axis is None else axis
    flags = tf.get_static_value(tf.convert_to_tensor(axis))
    if flags is not None and flags.dtype == bool:
        tell("reverse(tensor, [False, True])", "tf.reverse(tensor, [1])")
        axis = [i for i, flag in enumerate(flags) if flag]
        if not axis:
            return tf.identity(tensor, name)
    return tf.reverse(tensor, axis, name)


# ---- losses --------------------------------------------------------------------------------------


def softmax_cross_entropy_with_logits(*args: Any, **kwargs: Any) -> Any:
    """Today's, by name; by position the logits come first, as before 1.0."""
    return tf.nn.softmax_cross_entropy_with_logits(
        **_by_name(("logits", "labels", "dim", "name"), args, kwargs))


def sparse_softmax_cross_entropy_with_logits(*args: Any, **kwargs: Any) -> Any:
    """Today's, by name; by position the logits come first, as before 1.0."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(
        **_by_name(("logits", "labels", "name"), args, kwargs))


def sigmoid_cross_entropy_with_logits(*args: Any, **kwargs: Any) -> Any:
    """Today's, by name; by position the logits come first, as before 1.0."""
    return tf.nn.sigmoid_cross_entropy_with_logits(
        **_by_name(("logits", "labels", "name"), args, kwargs))


def weighted_cross_entropy_with_logits(*args: Any, **kwargs: Any) -> Any:
    """By position the logits come first, as before 1.0."""
    return tf.nn.weighted_cross_entropy_with_logits(
        **_by_name(("logits", "labels", "pos_weight", "name"), args, kwargs))


def _by_name(names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
             ) -> dict[str, Any]:
    """Arguments by today's names; `targets` were called labels later.

    Args:
        names: of the arguments that are given by position.
        args: given by position; where today's function begins with a guard, the None for it.
        kwargs: given by name.
    """
    if args and args[0] is None:
        args, names = args[1:], ("labels", "logits", *names[2:])
    elif args:
        tell("nn: cross entropies of (logits, labels)", "(labels=labels, logits=logits)")
    given = {**dict(zip(names, args)), **kwargs}
    if "targets" in given:
        given["labels"] = given.pop("targets")
    return given


def nce_loss(weights: Any, biases: Any, *args: Any, **kwargs: Any) -> Any:
    """Today's; before 1.0 the inputs stood in front of the labels."""
    return tf.nn.nce_loss(weights, biases, *_labels_first(args), **kwargs)


def sampled_softmax_loss(weights: Any, biases: Any, *args: Any, **kwargs: Any) -> Any:
    """Today's; before 1.0 the inputs stood in front of the labels."""
    return tf.nn.sampled_softmax_loss(weights, biases, *_labels_first(args), **kwargs)


def _labels_first(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """(labels, inputs, ...): the inputs are numbers with a point, the labels whole ones."""
    if len(args) >= 2:
        first = tf.convert_to_tensor(args[0])
        if first.dtype.is_floating and tf.convert_to_tensor(args[1]).dtype.is_integer:
            tell("nn: losses of (weights, biases, inputs, labels)",
                 "(weights, biases, labels, inputs)")
            return (args[1], args[0], *args[2:])
    return args


def ctc_loss(*args: Any, **kwargs: Any) -> Any:
    """Today's; before 1.0 the inputs stood in front of the labels, which are sparse."""
    if len(args) >= 2 and isinstance(args[1], tf.SparseTensor):
        tell("nn.ctc_loss(inputs, labels)", "tf.nn.ctc_loss(labels, inputs)")
        args = (args[1], args[0], *args[2:])
    return tf.nn.ctc_loss(*args, **kwargs)


def resize_images(images: Any, *args: Any, **kwargs: Any) -> Any:
    """Today's; before 1.0 height and width were two arguments."""
    if "new_height" in kwargs:
        kwargs["size"] = [kwargs.pop("new_height"), kwargs.pop("new_width")]
    if len(args) >= 2 and _is_number(args[0]) and _is_number(args[1]):
        tell("image.resize_images(images, height, width)",
             "tf.image.resize_images(images, [height, width])")
        args = ([args[0], args[1]], *args[2:])
    return tf.image.resize_images(images, *args, **kwargs)


# ---- summaries -----------------------------------------------------------------------------------


def _collected(summary: Any, collections: Any) -> Any:
    for key in [GraphKeys.SUMMARIES] if collections is None else collections:
        tf.add_to_collection(key, summary)
    return summary


def scalar_summary(tags: Any, values: Any, collections: Any = None, name: Any = None) -> Any:
    """A summary of a number for each tag; the tags are taken as they are.

    Args:
        tags: text, or one for each value.
        values: as many numbers.
        collections: where the summary goes; the graph's summaries.
        name: name of the node.
    """
    return _collected(ScalarSummary.build(tags, values, name=name), collections)


def histogram_summary(tag: Any, values: Any, collections: Any = None, name: Any = None) -> Any:
    """A summary of how values are distributed; the tag is taken as it is.

    Args:
        tag: text.
        values: the values.
        collections: where the summary goes; the graph's summaries.
        name: name of the node.
    """
    return _collected(HistogramSummary.build(tag, values, name=name), collections)


def image_summary(tag: Any, tensor: Any, max_images: int = 3, collections: Any = None,
                  name: Any = None, max_outputs: Any = None) -> Any:
    """A summary of images; the tag is taken as it is.

    Args:
        tag: text.
        tensor: images [batch, height, width, channels].
        max_images: how many of the batch.
        collections: where the summary goes; the graph's summaries.
        name: name of the node.
        max_outputs: later name of max_images.
    """
    summary = ImageSummary.build(tag, tensor, max_images=max_outputs or max_images, name=name)
    return _collected(summary, collections)


def audio_summary(tag: Any, tensor: Any, sample_rate: Any, max_outputs: int = 3,
                  collections: Any = None, name: Any = None) -> Any:
    """A summary of sounds; the tag is taken as it is.

    Args:
        tag: text.
        tensor: sounds [batch, frames] or [batch, frames, channels].
        sample_rate: in hertz.
        max_outputs: how many of the batch.
        collections: where the summary goes; the graph's summaries.
        name: name of the node.
    """
    summary = AudioSummaryV2.build(tag, tensor, sample_rate, max_outputs=max_outputs, name=name)
    return _collected(summary, collections)


def SummaryWriter(logdir: Any, graph: Any = None, max_queue: int = 10, flush_secs: Any = 120,
                  graph_def: Any = None) -> Any:
    """`tf.summary.FileWriter`; the second argument may be a GraphDef, as it was at first.

    Args:
        logdir: folder of the log.
        graph: a Graph, or a GraphDef.
        max_queue: how many events may wait.
        flush_secs: for how long.
        graph_def: a GraphDef.
    """
    if graph is not None and not isinstance(graph, tf.Graph):
        graph, graph_def = None, graph
    return tf.summary.FileWriter(logdir, graph, max_queue, flush_secs, graph_def)


def _select(condition: Any, t: Any, e: Any, name: Any = None) -> Any:
    return tf.where(condition, t, e, name)


def _batch_matmul(x: Any, y: Any, adj_x: bool = False, adj_y: bool = False, name: Any = None
                  ) -> Any:
    return tf.matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y, name=name)


def _op_scope(values: Any, name: Any, default_name: Any = None) -> Any:
    return tf.name_scope(name, default_name, values)


# Functions with arguments of their own, under their old names.
OWN = {"select": _select, "batch_matmul": _batch_matmul, "op_scope": _op_scope}
