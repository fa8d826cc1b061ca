"""`slim.summaries`: summaries named after tensors, one or many at once."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.ops.counting import zero_fraction
from flowgraph.summary.histograms import histogram
from flowgraph.summary.images import image
from flowgraph.summary.scalars import scalar


def _name(tensor: Any, name: str | None, prefix: str | None, postfix: str | None = None) -> str:
    return "/".join(part for part in (prefix, name or tensor.op.name, postfix) if part)


def _printed(summarize: Any, tensor: Any, name: str, print_summary: bool) -> Any:
    """A summary in the collection SUMMARIES, or one that is printed when it is computed."""
    if not print_summary:
        return summarize(name, tensor)
    from flowgraph.ops.print_and_assert import print_tensor
    summary = print_tensor(summarize(name, tensor, collections=[]), [tensor], name)
    get_default_graph().add_to_collection(GraphKeys.SUMMARIES, summary)
    return summary


def add_histogram_summary(tensor: Any, name: str | None = None, prefix: str | None = None) -> Any:
    """A summary of how a tensor's values are distributed.

    Args:
        tensor: the tensor.
        name: the summary's name; default that of the tensor's op.
        prefix: what stands before it.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.summaries.add_histogram_summary(fg.zeros([3], name="x"), prefix="seen").op.name
        'seen/x'
    """
    return histogram(_name(tensor, name, prefix), tensor)


def add_image_summary(tensor: Any, name: str | None = None, prefix: str | None = None,
                      print_summary: bool = False) -> Any:
    """A summary of images.

    Args:
        tensor: [batch, height, width, channels] tensor.
        name, prefix: as for `add_histogram_summary`.
        print_summary: whether the tensor is printed.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.summaries.add_image_summary(fg.zeros([1, 2, 2, 1], name="x")).op.type
        'ImageSummary'
    """
    return _printed(image, tensor, _name(tensor, name, prefix), print_summary)


def add_scalar_summary(tensor: Any, name: str | None = None, prefix: str | None = None,
                       print_summary: bool = False) -> Any:
    """A summary of a number.

    Args:
        tensor: scalar tensor.
        name, prefix: as for `add_histogram_summary`.
        print_summary: whether the number is printed.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.summaries.add_scalar_summary(fg.constant(1.0, name="loss"), "total").op.name
        'total'
    """
    return _printed(scalar, tensor, _name(tensor, name, prefix), print_summary)


def add_zero_fraction_summary(tensor: Any, name: str | None = None, prefix: str | None = None,
                              print_summary: bool = False) -> Any:
    """A summary of how many of a tensor's values are 0.

    Args:
        tensor: the tensor.
        name, prefix: as for `add_histogram_summary`.
        print_summary: whether the fraction is printed.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.summaries.add_zero_fraction_summary(fg.zeros([3], name="x")).op.name
        'x/Fraction_of_Zero_Values'
    """
    name = _name(tensor, name, prefix, "Fraction_of_Zero_Values")
    return add_scalar_summary(zero_fraction(tensor), name, print_summary=print_summary)


def add_histogram_summaries(tensors: Any, prefix: str | None = None) -> list[Any]:
    """`add_histogram_summary` for several tensors.

    Args:
        tensors: the tensors.
        prefix: what stands before the names.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.summaries.add_histogram_summaries([])
        []
    """
    return [add_histogram_summary(tensor, prefix=prefix) for tensor in tensors]


def add_image_summaries(tensors: Any, prefix: str | None = None) -> list[Any]:
    """`add_image_summary` for several tensors.

    Args:
        tensors: the tensors.
        prefix: what stands before the names.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.summaries.add_image_summaries([])
        []
    """
    return [add_image_summary(tensor, prefix=prefix) for tensor in tensors]


def add_scalar_summaries(tensors: Any, prefix: str | None = None,
                         print_summary: bool = False) -> list[Any]:
    """`add_scalar_summary` for several tensors.

    Args:
        tensors: the tensors.
        prefix: what stands before the names.
        print_summary: whether the numbers are printed.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.summaries.add_scalar_summaries([])
        []
    """
    return [add_scalar_summary(tensor, prefix=prefix, print_summary=print_summary)
            for tensor in tensors]


def add_zero_fraction_summaries(tensors: Any, prefix: str | None = None) -> list[Any]:
    """`add_zero_fraction_summary` for several tensors.

    Args:
        tensors: the tensors.
        prefix: what stands before the names.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.summaries.add_zero_fraction_summaries([])
        []
    """
    return [add_zero_fraction_summary(tensor, prefix=prefix) for tensor in tensors]
