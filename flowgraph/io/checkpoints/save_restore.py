"""The ops that write and read checkpoints: SaveV2 and RestoreV2; `tf.train.Saver` builds them."""

from __future__ import annotations

import os

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.io.checkpoints.bundle import dtype_name
from flowgraph.io.checkpoints.bundle_entries import parse_shape_and_slice, slice_shape
from flowgraph.io.checkpoints.bundle_writer import write_bundle
from flowgraph.io.checkpoints.first_format import open_checkpoint
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_ON_HOST = "files are written and read on the host"


def _check_names(prefix: Spec, tensor_names: Spec, shape_and_slices: Spec, count: int) -> None:
    shape_rules.require_rank(prefix, 0, "a prefix")
    for spec, what in ((tensor_names, "tensor_names"), (shape_and_slices, "shape_and_slices")):
        shape_rules.require_rank(spec, 1, what)
        if spec.shape is not None and spec.shape[0] not in (None, count):
            raise ShapeError(f"has {spec.shape[0]} {what} for {count} tensors")


def _place(text: bytes):
    """(shape of the whole, part) in a text of shape_and_slices; None where it is empty."""
    if not text:
        return None
    try:
        return parse_shape_and_slice(text.decode("utf-8", "replace"))
    except ValueError as error:
        raise ShapeError(f"has a wrong shape_and_slice: {error}") from None


def _place_at_run(text):
    try:
        return _place(text)
    except ShapeError as error:
        raise InvalidArgumentError(None, None, str(error)) from None


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


class SaveV2(OpDef):
    """Writes tensors to a checkpoint, in place of the one of that name; all or nothing."""

    dtypes = {"prefix": dt.STRING, "tensor_names": dt.STRING, "shape_and_slices": dt.STRING,
              "tensors": dt.ANY}
    lists = ("tensors",)
    multiple = True
    effects = "io"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, prefix, tensor_names, shape_and_slices, tensors):
        _check_names(prefix, tensor_names, shape_and_slices, len(tensors))
        return ()

    def kernel(self, xp, prefix, tensor_names, shape_and_slices, tensors):
        rows = []
        for name, text, array in zip(tensor_names.tolist(), shape_and_slices.tolist(), tensors,
                                     strict=True):
            place, array = _place_at_run(text), np.asarray(array)
            if place is not None and slice_shape(*place) != array.shape:
                raise InvalidArgumentError(None, None, (
                    f"the part {text.decode()!r} of {_text(name)} does not have the shape "
                    f"{shape_text(array.shape)} of the tensor"))
            rows.append((_text(name), place, array))
        write_bundle(os.fsdecode(prefix.item()), rows)
        return ()


def save_v2(prefix, tensor_names, shape_and_slices, tensors, name=None):
    """Writes tensors to a checkpoint, in place of the one of that name; all or nothing.

    Args:
        prefix: string scalar, what the names of its files begin with.
        tensor_names: string vector, the names to save the tensors under.
        shape_and_slices: string vector: "" for a whole tensor; for a part of one, the sizes of the
            whole and the part's beginning and length along each axis, as "5 2 0,3:-".
        tensors: list of tensors.
        name: name of the node.

    Returns:
        The Operation.

    Raises:
        InvalidArgumentError: when run, if a name is there twice or a part has another shape.
        NotFoundError: when run, if the folder above that of the checkpoint is missing.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> from flowgraph.io.checkpoints.save_restore import restore_v2, save_v2
        >>> prefix = os.path.join(tempfile.mkdtemp(), "model")
        >>> fg.Session().run(save_v2(prefix, ["w"], [""], [fg.constant([1.0, 2.0])]))
        >>> fg.Session().run(restore_v2(prefix, ["w"], [""], [fg.float32]))
        [array([1., 2.], dtype=float32)]
    """
    return SaveV2.build(prefix, tensor_names, shape_and_slices, tensors, name=name)


class RestoreV2(OpDef):
    """Tensors from a checkpoint."""

    dtypes = {"prefix": dt.STRING, "tensor_names": dt.STRING, "shape_and_slices": dt.STRING}
    host_inputs = ("shape_and_slices",)
    multiple = True
    effects = "io"
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, prefix, tensor_names, shape_and_slices, *, dtypes):
        _check_names(prefix, tensor_names, shape_and_slices, len(dtypes))
        texts = shape_and_slices.value
        if not isinstance(texts, tuple):
            texts = (None,) * len(dtypes)
        places = [_place(text) if text else None for text in texts]
        return tuple(Spec(dtype, None if place is None else slice_shape(*place))
                     for dtype, place in zip(dtypes, places, strict=True))

    def kernel(self, xp, prefix, tensor_names, shape_and_slices, *, dtypes):
        reader = open_checkpoint(os.fsdecode(prefix.item()))
        names = [_text(name) for name in tensor_names.tolist()]
        for name, dtype in zip(names, dtypes, strict=True):
            stored = reader.entry(name).dtype
            if stored != dtype.as_datatype_enum:
                raise InvalidArgumentError(None, None, (
                    f"the checkpoint {reader.prefix} holds {name} as {dtype_name(stored)}, not "
                    f"{dtype.name}"))
        return tuple(_restored(reader, name, _place_at_run(text))
                     for name, text in zip(names, shape_and_slices, strict=True))


def _restored(reader, name, place):
    if place is None:
        return reader.read(name)
    shape, part = place
    if reader.entry(name).shape != shape:
        raise InvalidArgumentError(None, None, (
            f"a part of {name} of shape {shape_text(shape)} is wanted, but the checkpoint "
            f"{reader.prefix} holds it with shape {shape_text(reader.entry(name).shape)}"))
    return reader.read(name, part)


def restore_v2(prefix, tensor_names, shape_and_slices, dtypes, name=None):
    """Reads tensors from a checkpoint.

    Args:
        prefix: string scalar, what the names of its files begin with.
        tensor_names: string vector, the tensors' names.
        shape_and_slices: string vector: "" for a whole tensor; for a part of one, the sizes of the
            whole and the part's beginning and length along each axis, as "5 2 0,3:-".
        dtypes: list of the tensors' dtypes.
        name: name of the node.

    Returns:
        A list of tensors, of unknown shape where the whole is read.

    Raises:
        NotFoundError: when run, if there is no such checkpoint, or no tensor of that name in it.
        InvalidArgumentError: when run, if a tensor has another dtype, or no such part.
        DataLossError: when run, if the files are damaged.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.io.checkpoints.save_restore import restore_v2
        >>> restore_v2("/tmp/model", ["w"], ["5 2 0,3:-"], [fg.float32])
        [<tf.Tensor 'RestoreV2:0' shape=(3, 2) dtype=float32>]
    """
    return RestoreV2.build(prefix, tensor_names, shape_and_slices, name=name,
                           dtypes=tuple(dt.as_dtype(dtype).base_dtype for dtype in dtypes))
