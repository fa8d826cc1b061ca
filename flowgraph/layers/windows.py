"""Arguments of layers that slide windows over images, and the sizes that come out."""

from __future__ import annotations

import operator
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape


def sizes_of(value: Any, rank: int, name: str) -> tuple[int, ...]:
    """An int, or one per axis, as one per axis."""
    try:
        return (operator.index(value),) * rank
    except TypeError:
        pass  # not one int: one per axis, then
    try:
        sizes = tuple(operator.index(size) for size in value)
    except TypeError:
        sizes = ()
    if len(sizes) != rank:
        raise ValueError(located(f"The `{name}` argument must be a tuple of {rank} integers. "
                                 f"Received: {value!r}"))
    return sizes


def padding_of(value: Any, causal: bool = False) -> str:
    """A padding in lower case: "valid" or "same", and where it can be, "causal"."""
    allowed = ("valid", "same", "causal") if causal else ("valid", "same")
    if not isinstance(value, str) or value.lower() not in allowed:
        words = " or ".join(f'"{name}"' for name in allowed)
        raise ValueError(located(f"The `padding` argument must be {words}. Received: {value!r}"))
    return value.lower()


def data_format_of(value: Any) -> str:
    """A data format in lower case; None is "channels_last"."""
    value = "channels_last" if value is None else value
    if not isinstance(value, str) or value.lower() not in ("channels_first", "channels_last"):
        raise ValueError(located('The `data_format` argument must be one of "channels_first", '
                                 f'"channels_last". Received: {value!r}'))
    return value.lower()


def op_format(data_format: str, rank: int) -> str:
    """The data format as ops name it, for windows over `rank` axes: "NHWC", "NCDHW", …"""
    axes = "DHW"[-rank:] if rank > 1 else "W"
    return f"NC{axes}" if data_format == "channels_first" else f"N{axes}C"


def per_op_axis(sizes: tuple[int, ...], data_format: str) -> list[int]:
    """One number for each axis of the input, 1 for batch and channels."""
    return [1, 1, *sizes] if data_format == "channels_first" else [1, *sizes, 1]


def channel_axis(data_format: str) -> int:
    """Where the channels are."""
    return 1 if data_format == "channels_first" else -1


def channels_in(input_shape: TensorShape, data_format: str) -> int:
    """Number of channels of the inputs. Raises ValueError when it is not known."""
    size = input_shape[channel_axis(data_format)].value
    if size is None:
        raise ValueError(located("The channel dimension of the inputs should be defined. Found "
                                 "`None`.",
                                 "Give the placeholder its number of channels, or call set_shape."))
    return size


def split_shape(input_shape: Any, data_format: str) -> tuple[Any, list[Any], Any]:
    """(batch, sizes the windows slide over, channels) of an input's shape."""
    batch, *rest = TensorShape(input_shape).as_list()
    if data_format == "channels_first":
        return batch, rest[1:], rest[0]
    return batch, rest[:-1], rest[-1]


def joined_shape(batch: Any, sizes: list[Any], channels: Any, data_format: str) -> TensorShape:
    """The shape of these parts."""
    if data_format == "channels_first":
        return TensorShape([batch, channels, *sizes])
    return TensorShape([batch, *sizes, channels])


def window_count(size: Any, window: int, padding: str, stride: int, dilation: int = 1) -> Any:
    """How many windows fit into `size`; None for None."""
    if size is None:
        return None
    room = size if padding != "valid" else size - (window - 1) * dilation
    return (room + stride - 1) // stride


def spread_size(size: Any, window: int, padding: str, stride: int) -> Any:
    """The size from which `size` windows come, as transposed convolutions choose it; a tensor
    for a tensor, None for None.
    """
    if size is None:
        return None
    spread = size * stride
    over = max(window - stride, 0)
    return spread + over if padding == "valid" else spread
