"""The same bits, read as another dtype."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, InvalidArgumentError, ShapeError
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_PLAIN = dt.DTypeSet("a number dtype, or a quantized one",
                     dt.NUMBER.members + dt.QUANTIZED.members)


class Bitcast(OpDef):
    """The bytes of `input` as elements of dtype `type`."""

    T = _PLAIN
    aliases = ("input",)

    def infer(self, input, *, type):
        if type not in _PLAIN.members:
            raise DTypeError(f"cannot read bits as {type.name}", f"It takes {_PLAIN.name}.")
        return Spec(type, _shape(input.shape, input.dtype.numpy.itemsize, type.numpy.itemsize))

    def kernel(self, xp, input, *, type):
        return _read_as(xp, input, type.numpy)

    grad = NotDifferentiable


def _shape(sizes, old, new):
    """The shape after elements of `old` bytes are read as elements of `new` bytes."""
    if sizes is None or old == new:
        return sizes
    if old > new:
        return (*sizes, old // new)
    if not sizes or sizes[-1] not in (None, new // old):
        raise ShapeError(f"cannot read {shape_text(sizes)} elements of {old} bytes as elements of "
                         f"{new}", f"The last axis must have size {new // old}; it goes away.")
    return sizes[:-1]


def _read_as(xp, input, dtype):
    try:
        sizes = _shape(input.shape, input.dtype.itemsize, xp.dtype(dtype).itemsize)
    except ShapeError as error:
        raise InvalidArgumentError(None, None, error.args[0]) from None
    return xp.ascontiguousarray(input).reshape(-1).view(dtype).reshape(sizes)


def bitcast(input, type, name=None):
    """Reads the bits of a tensor as another dtype, without converting the numbers.

    Args:
        input: tensor of a number dtype, or of a quantized one.
        type: such a dtype. If it is smaller, a last axis is added; if it is larger, the last
            axis must hold the parts of one element each, and goes away.
        name: name of the node.

    Raises:
        ValueError: the last axis does not hold whole elements.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.bitcast([1.0], fg.int32)).tolist()
        [1065353216]
    """
    return Bitcast.build(input, type=dt.as_dtype(type).base_dtype, name=name)
