"""Values as text: `as_string` element by element, `format` whole tensors into a template."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import ShapeError
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, strings
from flowgraph.ops.strings import as_bytes

# ---- as_string -----------------------------------------------------------------------------------


class AsString(OpDef):
    """Each number as text, as C's printf writes it."""

    T = dt.NUMBER + dt.BOOL
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, input, *, precision=-1, scientific=False, shortest=False, width=-1, fill=""):
        return Spec(dt.string, input.shape)

    def kernel(self, xp, input, *, precision=-1, scientific=False, shortest=False, width=-1,
               fill=""):
        return strings(_texts(input, precision, scientific, shortest, width, fill), input.shape)


def _texts(array, precision, scientific, shortest, width, fill):
    _check_options(array.dtype, precision, scientific, shortest, fill)
    values = array.reshape(-1).tolist()
    if array.dtype.kind == "b":
        return [b"true" if value else b"false" for value in values]
    size = str(width) if width > -1 else ""
    if array.dtype.kind in "iu":
        form = f"%{fill}{size}d"
        return [(form % value).encode() for value in values]
    digits = f".{precision}" if precision > -1 else ""
    letter = "g" if shortest else "e" if scientific else "f"
    form = f"%{fill}{size}{digits}{letter}"
    odd = f"%{fill.replace('0', '')}{size}s"  # no zeros before inf and nan
    if array.dtype.kind == "c":
        return [f"({_real(form, odd, fill, value.real)},{_real(form, odd, fill, value.imag)})"
                .encode() for value in values]
    return [_real(form, odd, fill, value).encode() for value in values]


def _real(form: str, odd: str, fill: str, value: float) -> str:
    if math.isfinite(value):
        return form % value
    sign = "-" if math.copysign(1.0, value) < 0 else fill if fill in ("+", " ") else ""
    return odd.replace("+", "").replace("% ", "%") % (sign + str(abs(value)))


def _check_options(dtype, precision, scientific, shortest, fill):
    if dtype.kind not in "fc" and (scientific or shortest):
        raise invalid(f"scientific and shortest format not supported for datatype {dtype}")
    if dtype.kind not in "fc" and precision > -1:
        raise invalid(f"precision not supported for datatype {dtype}")
    if scientific and shortest:
        raise invalid("Cannot select both scientific and shortest notation")
    if len(fill) > 1:
        raise invalid("Fill string must be one or fewer characters")
    if fill not in ("", " ", "+", "-", "0", "#"):
        raise invalid(f'Fill argument not supported: "{fill}"')


def as_string(input, precision=-1, scientific=False, shortest=False, width=-1, fill="", name=None):
    """Writes each number as text.

    Args:
        input: tensor of numbers or bools.
        precision: digits after the point, for floating and complex dtypes; default 6.
        scientific: whether floats are written as 1.5e+00.
        shortest: whether floats are written as `%g` does.
        width: least number of characters; shorter texts are filled up at the left.
        fill: what fills up: " ", "0", "+" or " " for the sign's place, "-" to fill at the right.
        name: name of the node.

    Returns:
        A string tensor of the same shape.

    Raises:
        InvalidArgumentError: when run, if the options do not go together or with the dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.as_string([3.14159, 2.0], precision=2))
        array([b'3.14', b'2.00'], dtype=object)
    """
    fill = fill.decode() if isinstance(fill, bytes) else fill
    return AsString.build(input, precision=int(precision), scientific=bool(scientific),
                          shortest=bool(shortest), width=int(width), fill=fill, name=name)


# ---- format --------------------------------------------------------------------------------------


class StringFormat(OpDef):
    """`template` with the values of the inputs in the places of `placeholder`."""

    dtypes = {"inputs": dt.ANY}
    lists = ("inputs",)
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, inputs, *, template=b"%s", placeholder=b"%s", summarize=3):
        places = template.count(placeholder)
        if places != len(inputs):
            raise ShapeError(f"has {places} placeholders in its template for {len(inputs)} inputs")
        return Spec(dt.string, ())

    def kernel(self, xp, inputs, *, template=b"%s", placeholder=b"%s", summarize=3):
        return strings([_formatted(inputs, template, placeholder, summarize)], ())


def _formatted(inputs, template, placeholder, summarize):
    first, *rest = template.split(placeholder)
    return first + b"".join(tensor_text(array, summarize) + part
                            for array, part in zip(inputs, rest, strict=True))


def tensor_text(array: Any, summarize: int) -> bytes:
    """A tensor's values in nested brackets, the first and last `summarize` of each axis.

    Args:
        array: the values.
        summarize: how many; all of them when negative.
    """
    ends = array.size if summarize < 0 else min(summarize, array.size)
    if array.dtype.kind == "c":  # TensorFlow shows a question mark for each
        return b"[" + b" ".join([b"?"] * ends) + (b"..." if ends < array.size else b"") + b"]"
    return _nested(array, ends, array.ndim)


def _nested(array, ends, depth):
    if array.ndim == 0:
        return _element(array)
    gap = b"\n" * (array.ndim - 1) + b" " * (depth - array.ndim + 1) if array.ndim > 1 else b" "
    count = len(array)
    parts = [_nested(array[i, ...], ends, depth) for i in range(min(ends, count))]
    if count > 2 * ends:
        parts.append(b"...")
    parts += [_nested(array[i, ...], ends, depth) for i in range(max(ends, count - ends), count)]
    if len(parts) == 1 and parts[0] == b"...":
        parts.insert(0, b"")
    return b"[" + gap.join(parts) + b"]"


def _element(array):
    value = array.tolist()
    if isinstance(value, bytes):
        return b'"' + escaped(value) + b'"'
    if isinstance(value, float):
        few, many = (15, 17) if array.dtype.itemsize == 8 else (6, 9)
        text = f"{value:.{few}g}"
        same = value != value or array.dtype.type(text) == value
        return (text if same else f"{value:.{many}g}").encode()
    return str(int(value)).encode()


_ESCAPES = {**{i: f"\\{i:03o}".encode() for i in (*range(32), 127)},
            10: b"\\n", 13: b"\\r", 9: b"\\t", 34: b'\\"', 39: b"\\'", 92: b"\\\\"}


def escaped(text: bytes) -> bytes:
    """`text` with C's escapes for quotes and control characters; other UTF-8 stays as it is."""
    return b"".join(_ESCAPES.get(byte) or bytes([byte]) for byte in text)


def string_format(template, inputs, placeholder="{}", summarize=3, name=None):
    """Puts the values of tensors into a text.

    Args:
        template: text with a placeholder for each tensor.
        inputs: tensor, or list of tensors.
        placeholder: the text that stands for a tensor.
        summarize: how many elements are shown at the beginning and end of each axis; all of them
            when it is -1.
        name: name of the node.

    Returns:
        A scalar string tensor.

    Raises:
        ValueError: there are more or fewer placeholders than tensors.

    Example:
        >>> import flowgraph as fg
        >>> text = fg.strings.format("x = {}, y = {}", [fg.range(10), [[1.5], [2.0]]])
        >>> print(fg.Session().run(text).decode())
        x = [0 1 2 ... 7 8 9], y = [[1.5]
         [2]]
    """
    if is_tensor_like(inputs) or not isinstance(inputs, (list, tuple)):
        inputs = [inputs]
    template, placeholder = as_bytes(template), as_bytes(placeholder)
    if template.count(placeholder) != len(inputs):
        raise ValueError(located(f"{template.count(placeholder)} placeholder(s) in template does "
                                 f"not match {len(inputs)} tensor(s) provided as input"))
    return StringFormat.build(list(inputs), template=template, placeholder=placeholder,
                              summarize=int(summarize), name=name)
