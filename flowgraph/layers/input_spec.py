"""InputSpec: what a layer asks of the dtype, rank and sizes of its inputs."""

from __future__ import annotations

from typing import Any

from flowgraph.core import frames, nest
from flowgraph.core.dtypes import as_dtype
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import ShapeError, message


class InputSpec:
    """What a layer asks of an input; a call with another one raises ValueError.

    Args:
        dtype: the dtype it must have.
        shape: the shape it must have; None for a size that may be anything.
        ndim: the rank it must have.
        max_ndim: the highest rank it may have.
        min_ndim: the lowest rank it may have.
        axes: from axis to the size it must have there.

    Raises:
        TypeError: the keys of `axes` are not integers.
        ValueError: an axis is not below the rank.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.InputSpec(min_ndim=2, axes={-1: 3})
        InputSpec(min_ndim=2, axes={-1: 3})
    """

    def __init__(self, dtype: Any = None, shape: Any = None, ndim: int | None = None,
                 max_ndim: int | None = None, min_ndim: int | None = None,
                 axes: dict[int, Any] | None = None) -> None:
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.shape = shape
        self.ndim = ndim if shape is None else len(shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (ValueError, TypeError):
            raise TypeError(located("The keys in axes must be integers.")) from None
        highest = self.ndim or max_ndim
        if self.axes and highest is not None and max(self.axes) > highest - 1:
            raise ValueError(located(f"Axis {max(self.axes)} is greater than the maximum allowed "
                                     f"value: {highest - 1}"))

    def __repr__(self) -> str:
        shown = [f"{key}={value}" for key, value in self.get_config().items() if value]
        return f"InputSpec({', '.join(shown)})"

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with."""
        return {"dtype": self.dtype, "shape": self.shape, "ndim": self.ndim,
                "max_ndim": self.max_ndim, "min_ndim": self.min_ndim, "axes": self.axes}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """The InputSpec that `get_config` described."""
        return cls(**config)


def check_inputs(input_spec: Any, inputs: Any, layer: str) -> None:
    """Raises ShapeError unless the inputs of `layer` are what its specs ask for."""
    if not input_spec:
        return
    tensors, specs = nest.flatten(inputs), nest.flatten(input_spec)
    if len(tensors) != len(specs):
        raise ShapeError(message(
            f"layer {layer!r} ({frames.user_frame()}) expects {len(specs)} inputs, but received "
            f"{len(tensors)}", advice=_one_of(inputs) if len(specs) == 1 else "",
            section="shape-error"))
    for i, (tensor, spec) in enumerate(zip(tensors, specs, strict=True)):
        problem = "" if spec is None else _problem(spec, tensor)
        if problem:
            raise ShapeError(message(
                f"layer {layer!r} ({frames.user_frame()}) cannot take this input: {problem}",
                [(f"input {i} =", repr(getattr(tensor, "name", "?")),
                  f"{shape_text(tensor.shape.as_tuple())} {tensor.dtype.name}")],
                section="shape-error"))


def _one_of(inputs: Any) -> str:
    """What to write where a layer takes one tensor and was given several."""
    names = getattr(inputs, "_fields", ())  # of a named tuple, such as the state of an LSTM
    if not names:
        return "Make one tensor of them first, as with tf.convert_to_tensor or tf.stack."
    return (f"The input is a {type(inputs).__name__} of {len(names)} tensors: give the layer one "
            f"of its parts, {' or '.join('.' + name for name in names)}.")


def _problem(spec: InputSpec, tensor: Any) -> str:
    """What about `tensor` breaks `spec`; "" if nothing does."""
    shape, rank = tensor.shape.as_tuple(), tensor.shape.ndims
    if rank is None:
        asks_rank = (spec.ndim, spec.min_ndim, spec.max_ndim) != (None, None, None)
        return "its rank is undefined, but the layer requires a defined rank" if asks_rank else ""
    if spec.ndim is not None and rank != spec.ndim:
        return f"expected ndim={spec.ndim}, found ndim={rank}"
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={rank}"
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f"expected min_ndim={spec.min_ndim}, found ndim={rank}"
    if spec.dtype is not None and tensor.dtype != spec.dtype:
        return f"expected dtype={spec.dtype}, found dtype={tensor.dtype.name}"
    for axis, value in spec.axes.items():
        size = getattr(value, "value", value)
        if size is not None and shape[axis] not in (size, None):
            return f"expected axis {axis} to have size {size}, found {shape[axis]}"
    for wanted, size in zip(spec.shape or (), shape, strict=False):
        if None not in (wanted, size) and wanted != size:
            return f"expected shape={spec.shape}, found shape={shape_text(shape)}"
    return ""
