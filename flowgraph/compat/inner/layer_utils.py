"""`tensorflow.python.layers.utils` and keras's `conv_utils`: arguments of layers."""

from __future__ import annotations

import sys
from typing import Any

from flowgraph.core.frames import located
from flowgraph.layers.smart_cond import known_truth as smart_constant_value
from flowgraph.layers.smart_cond import smart_cond as smart_cond

constant_value = smart_constant_value
smart_module = sys.modules[__name__]


def normalize_tuple(value: Any, n: int, name: str) -> tuple[int, ...]:
    """A whole number or n of them as a tuple of n.

    Args:
        value: what was given.
        n: how many.
        name: of the argument; for the message.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, int):
        return (value,) * n
    try:
        numbers = tuple(int(item) for item in value)
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) != n:
        raise ValueError(located(f"The `{name}` argument must be a tuple of {n} integers. "
                                 f"Received: {value!r:.100}"))
    return numbers


def _one_of(value: Any, choices: tuple[str, ...], name: str) -> str:
    if str(value).lower() not in choices:
        raise ValueError(located(f"The `{name}` argument must be one of {', '.join(choices)}. "
                                 f"Received: {value!r:.100}"))
    return str(value).lower()


def normalize_data_format(value: Any) -> str:
    """"channels_last" or "channels_first", checked; None is "channels_last"."""
    return _one_of("channels_last" if value is None else value,
                   ("channels_first", "channels_last"), "data_format")


def normalize_padding(value: Any) -> str:
    """"same", "valid" or "causal", checked."""
    return _one_of(value, ("valid", "same", "causal"), "padding")


def convert_data_format(data_format: str, ndim: int) -> str:
    """"channels_last" and its like as ops call it: "NHWC".

    Args:
        data_format: "channels_last" or "channels_first".
        ndim: 3 for signals, 4 for images, 5 for volumes.
    """
    letters = {3: "W", 4: "HW", 5: "DHW"}[ndim]
    return f"N{letters}C" if normalize_data_format(data_format) == "channels_last" else (
        f"NC{letters}")


def conv_output_length(input_length: int | None, filter_size: int, padding: str, stride: int,
                       dilation: int = 1) -> int | None:
    """The size of what a convolution gives, None if the input's is unknown."""
    if input_length is None:
        return None
    reach = filter_size + (filter_size - 1) * (dilation - 1)
    length = input_length if padding in ("same", "causal") else input_length - reach + 1
    if padding == "full":
        length = input_length + reach - 1
    return (length + stride - 1) // stride


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int
                      ) -> int | None:
    """The size of what a convolution takes to give so much."""
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_output_length(input_length: int | None, filter_size: int, padding: str, stride: int
                         ) -> int | None:
    """The size of what a transposed convolution gives."""
    if input_length is None:
        return None
    length = input_length * stride
    if padding == "valid":
        length += max(filter_size - stride, 0)
    elif padding == "full":
        length -= stride + filter_size - 2
    return length
