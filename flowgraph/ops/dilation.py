"""Morphology of images: Dilation2D and erosion2d, maxima and minima of windows with a structure
added or taken away.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import either
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.arithmetic import negative
from flowgraph.ops.padding import windows
from flowgraph.ops.pooling import taken
from flowgraph.ops.select import reverse

_ALL = slice(None)


class Dilation2D(OpDef):
    """y[b, i, j, c] = the largest x[b, i + di, j + dj, c] + filter[di, dj, c] of the window."""

    T = dt.REAL

    def infer(self, input: Spec, filter: Spec, *, strides, rates, padding):
        return _dilated(input, filter, strides, rates, padding)

    def kernel(self, xp, input, filter, *, strides, rates, padding):
        return _highest(xp, input, filter, windows(filter.shape[:2], "NHWC", strides, padding,
                                                   rates))

    def grad(self, op, dy):
        x, w = op.inputs
        return (Dilation2DBackpropInput.build(x, w, dy, **op.attrs),
                Dilation2DBackpropFilter.build(x, w, dy, **op.attrs))


def _dilated(input, filter, strides, rates, padding):
    """The Spec of a dilation."""
    shape_rules.require_rank(input, 4, "an input")
    shape_rules.require_rank(filter, 3, "a filter")
    sizes, window = input.shape or (None,) * 4, filter.shape or (None,) * 3
    if sizes[3] is not None and window[2] is not None and sizes[3] != window[2]:
        raise ShapeError(
            f"cannot dilate {shape_text(input.shape)} by a filter {shape_text(filter.shape)}",
            f"The input has {sizes[3]} channels, the filter {window[2]}; the two must be equal.")
    place = windows(window[:2], "NHWC", strides, padding, rates)
    channels = window[2] if sizes[3] is None else sizes[3]
    counts = place.results(sizes[1:3])
    if None in (*sizes[1:3], *window[:2]):
        counts = None, None  # as TensorFlow tells it
    return Spec(input.dtype, (sizes[0], *counts, channels))


class Dilation2DBackpropInput(OpDef):
    """The gradient of Dilation2D with respect to its input: to the first maximum of each window."""

    T = dt.REAL
    grad = NotDifferentiable

    def infer(self, input: Spec, filter: Spec, out_backprop: Spec, *, strides, rates, padding):
        shape_rules.merge("out_backprop and the dilation", out_backprop,
                          _dilated(input, filter, strides, rates, padding))
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input, filter, out_backprop, *, strides, rates, padding):
        place = windows(filter.shape[:2], "NHWC", strides, padding, rates)
        dx = xp.zeros(input.shape, input.dtype)
        for part, sources in _shared_out(xp, input, filter, place, out_backprop):
            dx[(_ALL, *sources)] += part
        return dx


class Dilation2DBackpropFilter(OpDef):
    """The gradient of Dilation2D with respect to its filter."""

    T = dt.REAL
    grad = NotDifferentiable

    def infer(self, input: Spec, filter: Spec, out_backprop: Spec, *, strides, rates, padding):
        shape_rules.merge("out_backprop and the dilation", out_backprop,
                          _dilated(input, filter, strides, rates, padding))
        return Spec(filter.dtype, filter.shape)

    def kernel(self, xp, input, filter, out_backprop, *, strides, rates, padding):
        place = windows(filter.shape[:2], "NHWC", strides, padding, rates)
        dw = xp.zeros((filter.shape[0] * filter.shape[1], filter.shape[2]), filter.dtype)
        for i, (part, _) in enumerate(_shared_out(xp, input, filter, place, out_backprop)):
            dw[i] = xp.sum(part, (0, 1, 2))
        return dw.reshape(filter.shape)


def _highest(xp, x, w, place):
    """The dilation of x by w."""
    counts, _ = place.place(x.shape[1:3])
    if x.shape[3] != w.shape[2]:
        raise InvalidArgumentError(None, None, f"the input has {x.shape[3]} channels, the filter "
                                               f"{w.shape[2]}")
    lowest = -xp.inf if x.dtype.kind == "f" else xp.iinfo(x.dtype).min
    y = xp.full((x.shape[0], *counts, x.shape[3]), lowest, x.dtype)
    elements = w.reshape(-1, w.shape[2])
    for element, (results, sources) in zip(elements, place.all_taps(x.shape[1:3]), strict=True):
        part = y[(_ALL, *results)]
        xp.maximum(part, x[(_ALL, *sources)] + element, out=part)
    return y


def _shared_out(xp, x, w, place, dy):
    """For each element of the window: the part of dy whose maxima it made, and those inputs."""
    y = _highest(xp, x, w, place)
    if dy.shape != y.shape:
        raise InvalidArgumentError(None, None, f"out_backprop has shape {dy.shape}, not {y.shape}")
    left = dy.copy()
    elements = w.reshape(-1, w.shape[2])
    for element, (results, sources) in zip(elements, place.all_taps(x.shape[1:3]), strict=True):
        at = (_ALL, *results)
        yield taken(xp, left[at], x[(_ALL, *sources)] + element == y[at]), sources


def dilation2d(input, filter=None, strides=None, rates=None, padding=None, name=None, filters=None,
               dilations=None):
    """Dilates images by a structure: the largest sum of pixel and structure in each window.

    Args:
        input: [batch, height, width, channels] tensor of a real dtype.
        filter: [height, width, channels] tensor of the same dtype.
        strides: list of 4 ints: how far the window moves.
        rates: list of 4 ints: distance between the elements of the window.
        padding: "SAME" or "VALID".
        name: name of the node.
        filters: other name of `filter`.
        dilations: other name of `rates`.

    Returns:
        A [batch, height, width, channels] tensor.

    Raises:
        ValueError: the channels differ, or a VALID window is larger than the input.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 2.0, 3.0, 4.0], [1, 2, 2, 1])
        >>> y = fg.nn.dilation2d(x, fg.zeros([2, 2, 1]), [1] * 4, [1] * 4, "SAME")
        >>> fg.Session().run(y)[0, :, :, 0]
        array([[4., 4.],
               [4., 4.]], dtype=float32)
    """
    return Dilation2D.build(
        input, either("filters", filters, "filter", filter), strides=list(strides),
        rates=list(either("dilations", dilations, "rates", rates)), padding=padding, name=name)


def erosion2d(value, kernel, strides, rates, padding, name=None):
    """Erodes images by a structure: the smallest difference of pixel and structure in each window.

    Args:
        value: [batch, height, width, channels] tensor of a real dtype.
        kernel: [height, width, channels] tensor of the same dtype.
        strides: list of 4 ints: how far the window moves.
        rates: list of 4 ints: distance between the elements of the window.
        padding: "SAME" or "VALID".
        name: name of the scope of the nodes.

    Returns:
        A [batch, height, width, channels] tensor.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.reshape([1.0, 2.0, 3.0, 4.0], [1, 2, 2, 1])
        >>> y = fg.nn.erosion2d(x, fg.zeros([2, 2, 1]), [1] * 4, [1] * 4, "SAME")
        >>> fg.Session().run(y)[0, :, :, 0]
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """
    with name_scope(name, "erosion2d", [value, kernel]) as scope:
        value = convert_to_tensor(value, name="value")
        kernel = convert_to_tensor(kernel, value.dtype.base_dtype, name="kernel")
        return negative(Dilation2D.build(negative(value), reverse(kernel, [0, 1]),
                                         strides=list(strides), rates=list(rates),
                                         padding=padding, name=scope))
