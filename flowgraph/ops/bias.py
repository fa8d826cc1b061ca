"""Adding a bias vector to the channels of a tensor, and layers made of that."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.matmul import matmul

_FORMATS = {"NHWC": -1, "NCHW": 1}  # data_format -> the axis of the channels
_BLOCK = 1 << 12  # rows that are added up one by one; in float32, 20 million lose 0.3 % that way


class BiasAdd(OpDef):
    """y = value + bias along the channels: the last axis, or axis 1 for NCHW."""

    T = dt.NUMBER

    def infer(self, value: Spec, bias: Spec, *, data_format="NHWC"):
        shape_rules.require_rank_at_least(value, 2 if data_format == "NHWC" else 3, "a value")
        shape_rules.require_rank(bias, 1, "a bias")
        size = None if bias.shape is None else bias.shape[0]
        if value.shape is None:
            return Spec(value.dtype, None)
        axis = _FORMATS[data_format] % len(value.shape)
        channels = value.shape[axis]
        if channels is None:
            channels = size
        elif size is not None and size != channels:
            raise ShapeError(f"cannot add a bias of size {size} to the {channels} channels of "
                             f"{shape_text(value.shape)}",
                             f"With data_format {data_format!r} the channels are axis {axis}.")
        return Spec(value.dtype, value.shape[:axis] + (channels,) + value.shape[axis + 1:])

    def kernel(self, xp, value, bias, *, data_format="NHWC", out=None):
        return xp.add(value, bias if data_format == "NHWC" else
                      bias.reshape((-1,) + (1,) * (value.ndim - 2)), out=out)

    def grad(self, op, dy):
        return dy, BiasAddGrad.build(dy, data_format=op.attrs["data_format"])


class BiasAddGrad(OpDef):
    """The sum over every axis but the channels."""

    T = dt.NUMBER

    def infer(self, out_backprop: Spec, *, data_format="NHWC"):
        shape_rules.require_rank_at_least(out_backprop, 2, "a gradient")
        if out_backprop.shape is None:
            return Spec(out_backprop.dtype, (None,))
        return Spec(out_backprop.dtype, (out_backprop.shape[_FORMATS[data_format]],))

    def kernel(self, xp, out_backprop, *, data_format="NHWC", out=None):
        if data_format == "NHWC" and out_backprop.dtype.char in "fd":  # 3 to 14 times as fast
            channels = out_backprop.shape[-1]
            rows = out_backprop.reshape(out_backprop.size // max(1, channels), channels)
            while len(rows) > _BLOCK:
                rows = _sums_of_blocks(xp, rows)
            return xp.dot(xp.ones(len(rows), rows.dtype), rows, out=out)
        return xp.sum(out_backprop, _other_axes(data_format, out_backprop.ndim),
                      dtype=out_backprop.dtype, out=out)

    def kernel_cupy(self, xp, out_backprop, *, data_format="NHWC"):
        from flowgraph.ops.like_numpy import channel_sums  # late: few have a GPU
        return channel_sums(xp, out_backprop, _other_axes(data_format, out_backprop.ndim))

    def grad(self, op, dy):
        return BiasAdd.build(zeros_like(op.inputs[0]), dy, data_format=op.attrs["data_format"])


def _sums_of_blocks(xp, rows):
    """The sums of each _BLOCK rows, and of those that are left, one below the other."""
    count = len(rows) // _BLOCK
    blocks = rows[:count * _BLOCK].reshape(count, _BLOCK, rows.shape[1])
    rest = rows[count * _BLOCK:]
    return xp.concatenate([xp.matmul(xp.ones(_BLOCK, rows.dtype), blocks),
                           xp.dot(xp.ones(len(rest), rows.dtype), rest)[None]])


def _other_axes(data_format: str, rank: int) -> tuple[int, ...]:
    channels = _FORMATS[data_format] % rank
    return tuple(axis for axis in range(rank) if axis != channels)


def bias_add(value, bias, data_format=None, name=None):
    """Adds a bias vector to each of the channels of `value`.

    Args:
        value: tensor of rank 2 or more, of a number dtype.
        bias: 1-D tensor of the same dtype, as long as there are channels.
        data_format: "N...C" (channels last; the default) or "NC..." (channels at axis 1).
        name: name of the node.

    Returns:
        A tensor of `value`'s shape and dtype.

    Raises:
        ValueError: the sizes differ, or `data_format` has neither form.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.bias_add([[1.0, 2.0]], [10.0, 20.0]))
        array([[11., 22.]], dtype=float32)
    """
    data_format = _channels_place(data_format or "NHWC")
    with name_scope(name, "BiasAdd", [value, bias]) as scope:
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, value.dtype.base_dtype, name="bias")
        return BiasAdd.build(value, bias, data_format=data_format, name=scope)


def _channels_place(data_format: str) -> str:
    if data_format.startswith("NC"):
        return "NCHW"
    if data_format.startswith("N") and data_format.endswith("C"):
        return "NHWC"
    raise ValueError(located("data_format must be of the form 'N...C' or 'NC...', not "
                             f"{data_format!r}"))


def xw_plus_b(x, weights, biases, name=None):
    """Computes `matmul(x, weights) + biases`.

    Args:
        x: 2-D tensor [batch, in].
        weights: 2-D tensor [in, out].
        biases: 1-D tensor [out].
        name: name of the scope and of the last node.

    Returns:
        A tensor [batch, out].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.xw_plus_b([[1.0, 2.0]], [[3.0], [4.0]], [0.5]))
        array([[11.5]], dtype=float32)
    """
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return BiasAdd.build(matmul(x, weights), biases, name=scope)
