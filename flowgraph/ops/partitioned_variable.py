"""Variables cut into parts along one axis, for tables too large for one piece.

`tf.get_variable("w", [5, 2], partitioner=tf.fixed_size_partitioner(2))` makes the variables
"w/part_0" (3 rows) and "w/part_1" (2 rows) and gives a `PartitionedVariable` of both. Each part
knows by its `SaveSliceInfo` where in the whole it stands; checkpoints hold the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.errors import DTypeError
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import register_tensor_conversion_function
from flowgraph.ops.identity import identity
from flowgraph.ops.join import concat
from flowgraph.ops.split import split


class PartitionInfo:
    """Which part of a variable an initializer is asked for.

    Args:
        full_shape: list of the sizes of the whole variable.
        var_offset: list of where the part begins, along each axis.
    """

    def __init__(self, full_shape: Sequence[int], var_offset: Sequence[int]) -> None:
        if len(full_shape) != len(var_offset):
            raise ValueError(located(f"Expected equal lengths, but full_shape is {full_shape} and "
                                     f"var_offset is {var_offset}."))
        for offset, size in zip(var_offset, full_shape, strict=True):
            if offset < 0 or offset >= size:
                raise ValueError(located(f"Expected 0 <= offset < shape, but found offset {offset} "
                                         f"in the shape {full_shape}."))
        self._full_shape, self._var_offset = full_shape, var_offset

    @property
    def full_shape(self) -> Sequence[int]:
        """The sizes of the whole variable."""
        return self._full_shape

    @property
    def var_offset(self) -> Sequence[int]:
        """Where the part begins, along each axis."""
        return self._var_offset

    def single_offset(self, shape: Sequence[int]) -> int:
        """Where a part of this shape begins along the axis that is cut; 0 when none is."""
        axis = self.single_slice_dim(shape)
        return 0 if axis is None else self._var_offset[axis]

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """The axis along which a part of this shape was cut off; None when it is the whole."""
        if not isinstance(shape, (tuple, list)):
            raise TypeError(located(f"shape must be a list or tuple of sizes, not {shape!r:.100}"))
        if len(shape) != len(self._full_shape):
            raise ValueError(located(f"Expected equal lengths, but received shape {shape} of the "
                                     f"full shape {self._full_shape}."))
        cut = [axis for axis, size in enumerate(shape) if size < self._full_shape[axis]]
        if len(cut) > 1:
            raise ValueError(located(f"Cannot use single_slice_dim() with shape {shape} of the "
                                     f"full shape {self._full_shape}: it is cut along more than "
                                     "one axis."))
        return cut[0] if cut else None


class PartitionedVariable:
    """A variable in parts, which can stand for the whole tensor.

    Args:
        name: name of the whole.
        shape: TensorShape of the whole.
        dtype: dtype of the whole.
        variable_list: the parts; each has a SaveSliceInfo.
        partitions: how many parts along each axis.

    Raises:
        TypeError, ValueError: the parts do not make up the whole.
    """

    def __init__(self, name: str, shape: Any, dtype: DType, variable_list: Any,
                 partitions: Any) -> None:
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(located("variable_list is not a list or tuple: "
                                    f"{variable_list!r:.100}"))
        if not isinstance(partitions, (list, tuple)):
            raise TypeError(located(f"partitions is not a list or tuple: {partitions!r:.100}"))
        if not all(count >= 1 for count in partitions):
            raise ValueError(located(f"partition values must be positive: {partitions}"))
        if not variable_list:
            raise ValueError(located("variable_list may not be empty"))
        shape = TensorShape(shape)
        if len(shape) != len(partitions):
            raise ValueError(located(f"len(shape) != len(partitions): {shape} vs. {partitions}"))
        infos = [variable._get_save_slice_info() for variable in variable_list]
        if any(info is None for info in infos):
            raise ValueError(located("All variables must have a save_slice_info available: "
                                     f"{[variable.name for variable in variable_list]}"))
        if any(info.full_shape != shape.as_list() for info in infos):
            raise ValueError(located(f"All variables' full shapes must match shape: {shape}"))
        self._variable_list = sorted(variable_list,
                                     key=lambda v: v._get_save_slice_info().var_offset)
        self._name, self._shape, self._dtype = name, shape, as_dtype(dtype)
        self._partitions = partitions

    def __iter__(self) -> Iterator[Any]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        if len(self._partition_axes()) > 1:
            raise ValueError(located("Cannot get a length for more than one partition axis"))
        return len(self._variable_list)

    @property
    def name(self) -> str:
        """Name of the whole."""
        return self._name

    @property
    def dtype(self) -> DType:
        """dtype of the whole."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """Shape of the whole."""
        return self._shape

    @property
    def graph(self) -> Any:
        """The graph of its parts."""
        return self._variable_list[0].graph

    def get_shape(self) -> TensorShape:
        """Shape of the whole."""
        return self._shape

    def as_tensor(self) -> Tensor:
        """The whole, as a tensor."""
        with control_dependencies(None):
            whole = self._variable_list[0]
            if len(self._variable_list) > 1:
                with name_scope(self._name + "/ConcatPartitions/"):
                    whole = concat(self._variable_list, self._partition_axis())
            with name_scope(None):
                return identity(whole, name=self._name)

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None,
               read_value: bool = True) -> list[Any]:
        """Sets all parts.

        Args:
            value: the whole, or a list of parts, or another PartitionedVariable.
            use_locking: accepted; runs are atomic anyway.
            name: name of the nodes.
            read_value: False returns operations instead of the variables after them.
        """
        return self._each("assign", value, use_locking, name, read_value)

    def assign_add(self, value: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> list[Any]:
        """Adds to all parts; arguments as for `assign`."""
        return self._each("assign_add", value, use_locking, name, read_value)

    def assign_sub(self, value: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> list[Any]:
        """Subtracts from all parts; arguments as for `assign`."""
        return self._each("assign_sub", value, use_locking, name, read_value)

    def _each(self, method: str, value: Any, *options: Any) -> list[Any]:
        axis = self._partition_axis()
        if isinstance(value, (list, PartitionedVariable)):
            parts = list(value)
            if len(parts) != len(self._variable_list):
                raise ValueError(located(f"{self._name!r} has {len(self._variable_list)} parts, "
                                         f"got {len(parts)} values"))
        else:
            sizes = [variable.shape[axis].value for variable in self._variable_list]
            parts = split(value, sizes, axis=axis)
        return [getattr(variable, method)(part, *options)
                for variable, part in zip(self._variable_list, parts, strict=True)]

    def _partition_axes(self) -> list[int]:
        return [axis for axis, count in enumerate(self._partitions) if count > 1] or [0]

    def _partition_axis(self) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise NotImplementedError(located(f"{self._name!r} is cut along several axes: {axes}"))
        return axes[0]

    def _get_variable_list(self) -> list[Any]:
        return self._variable_list

    def _get_partitions(self) -> Any:
        return self._partitions

    def _as_graph_element(self) -> Tensor:
        return self.as_tensor()

    def __repr__(self) -> str:
        return (f"<tf.PartitionedVariable {self._name!r} shape={self._shape} "
                f"dtype={self._dtype.name} parts={len(self._variable_list)}>")


def _convert(variable: PartitionedVariable, dtype: Any = None, name: str | None = None,
             as_ref: bool = False) -> Tensor:
    if dtype is not None and not as_dtype(dtype).is_compatible_with(variable.dtype):
        raise DTypeError(located(f"expected a {as_dtype(dtype).name} tensor, got the partitioned "
                                 f"variable {variable.name!r} of {variable.dtype.name}",
                                 section="dtype-error"))
    if as_ref:
        raise NotImplementedError(located("PartitionedVariable doesn't support being used as a "
                                          "reference."))
    return variable.as_tensor()


register_tensor_conversion_function(PartitionedVariable, _convert)


# ---- cutting -------------------------------------------------------------------------------------


def partitions_of(partitioner: Callable[..., Any], shape: TensorShape, dtype: DType) -> list[int]:
    """How many parts a partitioner asks for along each axis, checked.

    Raises:
        ValueError: it returns something else, or cuts along more than one axis.
    """
    if not shape.is_fully_defined():
        raise ValueError(located("Shape of a new partitioned variable must be fully defined, but "
                                 f"instead was {shape}."))
    if len(shape) < 1:
        raise ValueError(located("A partitioned Variable must have rank at least 1, shape: "
                                 f"{shape}"))
    counts = partitioner(shape=shape, dtype=dtype)
    if not isinstance(counts, Sequence):
        raise ValueError(located(f"Partitioner must return a sequence, but saw: {counts!r:.100}"))
    if len(counts) != len(shape):
        raise ValueError(located("Partitioner returned a partition list that does not match the "
                                 f"Variable's rank: {counts} vs. {shape}"))
    if any(count < 1 for count in counts):
        raise ValueError(located(f"Partitioner returned zero partitions for some axes: {counts}"))
    if sum(count > 1 for count in counts) > 1:
        raise ValueError(located(f"Can only slice a variable along one dimension: shape: {shape}, "
                                 f"partitioning: {counts}"))
    return list(counts)


def parts_of(shape: list[int], partitions: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    """(offset, shape) of each part; where the sizes do not come out even the first are larger."""
    axis = next((i for i, count in enumerate(partitions) if count > 1), 0)
    count = partitions[axis]
    least, larger = divmod(shape[axis], count)
    start = 0
    for i in range(count):
        size = least + (i < larger)
        yield ([start if j == axis else 0 for j in range(len(shape))],
               [size if j == axis else n for j, n in enumerate(shape)])
        start += size
