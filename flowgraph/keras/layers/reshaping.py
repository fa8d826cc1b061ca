"""Layers that move elements about: Flatten, Reshape, padding, cropping, repeating."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.keras.layer import Layer
from flowgraph.layers import core
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.windows import data_format_of, sizes_of
from flowgraph.ops.image_resize import resize_bilinear, resize_nearest_neighbor
from flowgraph.ops.join import concat, stack, tile
from flowgraph.ops.pad import pad
from flowgraph.ops.reshape import expand_dims, reshape, transpose
from flowgraph.ops.shape import shape as shape_of


class Flatten(core.Flatten, Layer):
    """Makes a matrix of the inputs: one row for each element of the batch.

    Args:
        data_format: "channels_last" keeps the order; "channels_first" moves the channels to the
            end first.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Flatten()(fg.ones([2, 3, 4])).shape.as_list()
        [2, 12]
    """


class Reshape(Layer):
    """Gives each element of the batch another shape.

    Args:
        target_shape: the shape without the batch; one size may be -1.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Reshape((3, -1))(fg.ones([2, 12])).shape.as_list()
        [2, 3, 4]
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        outputs = reshape(inputs, (shape_of(inputs)[0], *self.target_shape))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Batch and `target_shape`, with -1 worked out."""
        batch, *sizes = list[Any](TensorShape(input_shape).as_list())
        target: list[Any] = list(self.target_shape)
        if -1 in target:
            others = math.prod(size for size in target if size != -1)
            known = None not in sizes and others
            target[target.index(-1)] = math.prod(sizes) // others if known else None
        if None not in sizes and None not in target and math.prod(sizes) != math.prod(target):
            raise ValueError(located("total size of new array must be unchanged: "
                                     f"{tuple(sizes)} cannot become {self.target_shape}"))
        return TensorShape([batch, *target])


class Permute(Layer):
    """Puts the axes of each element of the batch in another order.

    Args:
        dims: the axes counted from 1, in their new order.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Permute((2, 1))(fg.ones([2, 3, 4])).shape.as_list()
        [2, 4, 3]
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(located("Invalid permutation `dims` for Permute Layer: "
                                     f"{self.dims}. The set of indices in `dims` must be "
                                     "consecutive and start from 1."))
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return transpose(inputs, perm=(0, *self.dims))


class RepeatVector(Layer):
    """Repeats each row.

    Args:
        n: how often.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.RepeatVector(3)(fg.ones([2, 4])).shape.as_list()
        [2, 3, 4]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return tile(expand_dims(inputs, 1), stack([1, self.n, 1]))


class _Edges(Layer):
    """Adds or cuts edges; a subclass says over how many axes."""

    rank = 2

    def __init__(self, edges: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(edges, int):
            edges = (edges,) * self.rank if self.rank > 1 else ((edges, edges),)
        elif self.rank == 1:
            edges = (tuple(edges),)
        self._edges = [(edge, edge) if isinstance(edge, int) else tuple(edge) for edge in edges]
        if len(self._edges) != self.rank or any(len(edge) != 2 for edge in self._edges):
            raise ValueError(located(f"layer {self.name!r} needs {self.rank} pairs of sizes, got "
                                     f"{edges!r}"))
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _per_axis(self, other: Any) -> list[Any]:
        """The edges of every axis, `other` for batch and channels."""
        if self.data_format == "channels_first":
            return [other, other, *self._edges]
        return [other, *self._edges, other]


class _ZeroPadding(_Edges):
    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)
        self.padding = padding

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return pad(inputs, self._per_axis((0, 0)))


class ZeroPadding1D(_ZeroPadding):
    """Puts zeros before and after series.

    Args:
        padding: how many at each end, or a pair.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.ZeroPadding1D(2)(fg.ones([1, 3, 4])).shape.as_list()
        [1, 7, 4]
    """

    rank = 1

    def __init__(self, padding: Any = 1, **kwargs: Any) -> None:
        super().__init__(padding, **kwargs)


class ZeroPadding2D(_ZeroPadding):
    """Puts zeros around images.

    Args:
        padding: how many at each side, one per axis, or a pair per axis.
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.ZeroPadding2D(((1, 2), (3, 4)))(fg.ones([1, 3, 3, 1])).shape.as_list()
        [1, 6, 10, 1]
    """


class ZeroPadding3D(_ZeroPadding):
    """Puts zeros around volumes.

    Args:
        padding: how many at each side, one per axis, or a pair per axis.
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.ZeroPadding3D(1)(fg.ones([1, 2, 2, 2, 1])).shape.as_list()
        [1, 4, 4, 4, 1]
    """

    rank = 3


class _Cropping(_Edges):
    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)
        self.cropping = cropping

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return inputs[tuple(slice(None) if edge is None else slice(edge[0], -edge[1] or None)
                            for edge in self._per_axis(None))]


class Cropping1D(_Cropping):
    """Cuts the ends off series.

    Args:
        cropping: how many steps at each end, or a pair.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Cropping1D(1)(fg.ones([1, 5, 4])).shape.as_list()
        [1, 3, 4]
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, **kwargs)


class Cropping2D(_Cropping):
    """Cuts the edges off images.

    Args:
        cropping: how much at each side, one per axis, or a pair per axis.
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Cropping2D((1, 2))(fg.ones([1, 5, 5, 1])).shape.as_list()
        [1, 3, 1, 1]
    """

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None,
                 **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cuts the edges off volumes.

    Args:
        cropping: how much at each side, one per axis, or a pair per axis.
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Cropping3D(1)(fg.ones([1, 4, 4, 4, 1])).shape.as_list()
        [1, 2, 2, 2, 1]
    """

    rank = 3

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None,
                 **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


class _UpSampling(Layer):
    """Repeats elements along the axes that windows slide over."""

    rank = 2

    def __init__(self, size: Any = 2, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = sizes_of(size, self.rank, "size")
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        start = 2 if self.data_format == "channels_first" else 1
        for axis, times in enumerate(self.size, start):
            inputs = _repeated(inputs, times, axis)
        return inputs


def _repeated(x: Any, times: int, axis: int) -> Any:
    """Each element `times` times in a row along an axis."""
    sizes = [fixed if fixed is not None else shape_of(x)[i]
             for i, fixed in enumerate(x.shape.as_list())]
    sizes[axis] = sizes[axis] * times
    copies = concat([expand_dims(x, axis + 1)] * times, axis + 1)
    return reshape(copies, sizes)


class UpSampling1D(_UpSampling):
    """Repeats each step of series.

    Args:
        size: how often.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.UpSampling1D(2)(fg.ones([1, 3, 4])).shape.as_list()
        [1, 6, 4]
    """

    rank = 1

    def __init__(self, size: Any = 2, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)


class UpSampling2D(_UpSampling):
    """Enlarges images.

    Args:
        size: how many times, one number or one per axis.
        data_format: "channels_last" or "channels_first".
        interpolation: "nearest" repeats pixels, "bilinear" goes gradually from one to the next.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.UpSampling2D((2, 3))(fg.ones([1, 3, 3, 1])).shape.as_list()
        [1, 6, 9, 1]
    """

    def __init__(self, size: Any = (2, 2), data_format: str | None = None,
                 interpolation: str = "nearest", **kwargs: Any) -> None:
        super().__init__(size, data_format, **kwargs)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(located("`interpolation` argument should be one of \"nearest\" or "
                                     f"\"bilinear\", not {interpolation!r}"))
        self.interpolation = interpolation

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        first = self.data_format == "channels_first"
        images = transpose(inputs, [0, 2, 3, 1]) if first else inputs
        sizes = shape_of(images)
        wanted = [size * times if size is not None else sizes[axis] * times
                  for axis, size, times in zip((1, 2), images.shape.as_list()[1:3], self.size,
                                               strict=True)]
        resized = (resize_nearest_neighbor if self.interpolation == "nearest"
                   else resize_bilinear)
        larger = resized(images, wanted)
        return transpose(larger, [0, 3, 1, 2]) if first else larger


class UpSampling3D(_UpSampling):
    """Enlarges volumes.

    Args:
        size: how many times, one number or one per axis.
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.UpSampling3D(2)(fg.ones([1, 2, 2, 2, 1])).shape.as_list()
        [1, 4, 4, 4, 1]
    """

    rank = 3
