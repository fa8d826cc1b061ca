"""SparseTensor: a tensor that is mostly zeros, kept as three dense ones.

    indices      [[0, 0], [1, 2]]      row i says where values[i] stands
    values       [1, 2]                                            1 0 0 0
    dense_shape  [3, 4]                the whole tensor's shape    0 0 2 0
                                                                   0 0 0 0

It is no node of the graph: its parts are. Functions that take one build ops on the three parts.
By convention the rows of `indices` are sorted and differ; most ops rely on it, and
`tf.sparse.reorder` sorts them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.nest import register_composite
from flowgraph.core.shapes import TensorShape, compatible
from flowgraph.core.spec import shape_text
from flowgraph.errors import DTypeError, ShapeError
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.tensor import Tensor, evaluate, is_tensor_like
from flowgraph.opdef.convert import convert_to_tensor, to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.placeholder import placeholder


class SparseTensorValue(NamedTuple):
    """The three parts of a sparse tensor as arrays: what fetching gives and feeding takes.

    Args:
        indices: [N, ndims] int64 array.
        values: [N] array.
        dense_shape: [ndims] int64 array.

    Example:
        >>> import flowgraph as fg
        >>> fg.SparseTensorValue([[0], [2]], [1.0, 2.0], [4]).dense_shape
        [4]
    """

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensor:
    """A tensor given by the places and values of its entries; all others are 0.

    Args:
        indices: [N, ndims] int64 tensor; row i is the place of `values[i]`.
        values: [N] tensor of any dtype.
        dense_shape: [ndims] int64 tensor.

    Raises:
        ValueError: a part has another rank, or their sizes do not go together.

    Example:
        >>> import flowgraph as fg
        >>> s = fg.SparseTensor([[0, 0], [1, 2]], [1, 2], dense_shape=[2, 4])
        >>> fg.Session().run(fg.sparse.to_dense(s))
        array([[1, 0, 0, 0],
               [0, 0, 2, 0]], dtype=int32)
    """

    __slots__ = ("__weakref__", "_dense_shape", "_indices", "_values")
    __array_priority__ = 100  # so that numpy_array * sparse asks the sparse tensor

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self._indices = convert_to_tensor(indices, dt.int64, "indices")
            self._values = convert_to_tensor(values, name="values")
            self._dense_shape = convert_to_tensor(dense_shape, dt.int64, "dense_shape")
        entries, count, rank = (part.spec.shape for part in
                                (self._indices, self._values, self._dense_shape))
        for part, shape, want in (("indices", entries, 2), ("values", count, 1),
                                  ("dense_shape", rank, 1)):
            if shape is not None and len(shape) != want:
                raise _misfit(self, f"needs {part} of rank {want}, got {shape_text(shape)}")
        if entries is not None:
            if not compatible(entries[:1], count):
                raise _misfit(self, "needs one row of indices per value")
            if not compatible(entries[1:], rank):
                raise _misfit(self, "needs one column of indices per entry of dense_shape")

    @classmethod
    def from_value(cls, sparse_tensor_value: SparseTensor | SparseTensorValue) -> SparseTensor:
        """A SparseTensor of these parts.

        Args:
            sparse_tensor_value: SparseTensorValue or SparseTensor.

        Raises:
            TypeError: it is neither.
        """
        if not is_sparse(sparse_tensor_value):
            raise DTypeError(located("Neither a SparseTensor nor SparseTensorValue: "
                                     f"{sparse_tensor_value!r:.100}", section="dtype-error"))
        return cls(*(getattr(sparse_tensor_value, part) for part in SparseTensorValue._fields))

    @property
    def indices(self) -> Tensor:
        """The places of the entries, [N, ndims]."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The entries, [N]."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the whole tensor, [ndims]."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """What the graph tells of the shape of the whole tensor."""
        return self.get_shape()

    @property
    def dtype(self) -> DType:
        """The dtype of the entries."""
        return self._values.dtype

    @property
    def op(self) -> Any:
        """The operation that makes `values`."""
        return self._values.op

    @property
    def name(self) -> str:
        """The name of `values`."""
        return self._values.name

    @property
    def graph(self) -> Any:
        """The graph of the parts."""
        return self._indices.graph

    def get_shape(self) -> TensorShape:
        """What the graph tells of the shape of the whole tensor."""
        return TensorShape(static_shape(self._dense_shape))

    def consumers(self) -> list[Any]:
        """The operations that take a part as an input."""
        return list(dict.fromkeys(op for part in (self._indices, self._values, self._dense_shape)
                                  for op in part.consumers()))

    def eval(self, feed_dict: dict[Any, Any] | None = None,
             session: Any = None) -> SparseTensorValue:
        """Runs the parts in `session`, or in the default session.

        Args:
            feed_dict: values by tensor, as for `Session.run`.
            session: the Session; default the innermost `with sess:` one.

        Raises:
            ValueError: no session is given and there is no default one.
        """
        return evaluate(self, feed_dict, session, "eval")

    def __mul__(self, other: Any) -> SparseTensor:
        return self._with_dense("mul", other)

    def __rmul__(self, other: Any) -> SparseTensor:
        return self._with_dense("mul", other) if is_tensor_like(other) else NotImplemented

    def __truediv__(self, other: Any) -> SparseTensor:
        return self._with_dense("truediv", other)

    def _with_values(self, values: Any) -> SparseTensor:
        """The same places with other values; what functions of single elements give."""
        return SparseTensor(self._indices, values, self._dense_shape)

    def _with_dense(self, operator: str, other: Any) -> SparseTensor:
        from flowgraph.ops.sparse_arithmetic import with_dense  # that file builds SparseTensors
        return with_dense(operator, self, other)

    def __repr__(self) -> str:
        return (f"SparseTensor(indices={self._indices}, values={self._values}, "
                f"dense_shape={self._dense_shape})")


def _misfit(sparse: SparseTensor, problem: str) -> ShapeError:
    rows = [(f"{part} =", repr(tensor.name), f"{shape_text(tensor.spec.shape)} {tensor.dtype.name}",
             str(tensor.op.frame))
            for part, tensor in (("indices", sparse.indices), ("values", sparse.values),
                                 ("dense_shape", sparse.dense_shape))]
    return ShapeError(located(f"SparseTensor {problem}",
                              "For N entries of a tensor of rank R: indices (N, R), values (N,), "
                              "dense_shape (R,).", "shape-error", rows))


def is_sparse(x: Any) -> bool:
    """Whether x is a SparseTensor or a SparseTensorValue."""
    return isinstance(x, (SparseTensor, SparseTensorValue))


def as_sparse(x: Any) -> SparseTensor:
    """x as a SparseTensor.

    Raises:
        TypeError: x is neither a SparseTensor nor a SparseTensorValue.
    """
    if isinstance(x, SparseTensor):
        return x
    if isinstance(x, SparseTensorValue):
        return SparseTensor.from_value(x)
    raise DTypeError(located(f"Input must be a SparseTensor, got {x!r:.100}",
                             "Write tf.sparse.from_dense(x) for a dense tensor.", "dtype-error"))


def static_shape(dense_shape: Tensor) -> tuple[int | None, ...] | None:
    """The shape that a 1-D tensor of sizes stands for, as far as the graph tells."""
    value, length = known_value(dense_shape), dense_shape.spec.shape
    if isinstance(value, tuple):
        return tuple(None if n is None or n < 0 else n for n in value)
    return None if length is None or length[0] is None else (None,) * length[0]


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """Makes a SparseTensor whose value is given in `feed_dict` when it is run.

    Args:
        dtype: the dtype of the values.
        shape: shape of the whole tensor; None, and None for sizes, where a run tells.
        name: prefix for the parts: `name/shape`, `name/values`, `name/indices`.

    Returns:
        A SparseTensor that must be fed a SparseTensorValue, or a tuple of indices, values and
        dense_shape.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.sparse_placeholder(fg.float32)
        >>> y = fg.sparse_reduce_sum(x)
        >>> fg.Session().run(y, feed_dict={x: ([[0, 1], [2, 0]], [1.0, 2.0], [3, 2])})
        np.float32(3.0)
    """
    def part(suffix: str) -> str | None:
        return None if name is None else f"{name}/{suffix}"

    dense_shape, rank = _sparse_shape(shape, part("shape"))
    if dense_shape is None:
        dense_shape = placeholder(dt.int64, [rank], part("shape"))
    values = placeholder(dtype, [None], part("values"))
    indices = placeholder(dt.int64, [None, rank], part("indices"))
    return SparseTensor(indices, values, dense_shape)


def _sparse_shape(shape: Any, name: str | None) -> tuple[Tensor | None, int | None]:
    """The dense_shape of a sparse placeholder, None where it is to be fed; and its rank."""
    if shape is None:
        return None, None
    if isinstance(shape, Tensor):
        length = shape.spec.shape[0] if shape.spec.shape else None
        return to_tensor(get_default_graph(), shape, dt.int64, name), length
    sizes = shape.as_list() if isinstance(shape, TensorShape) else [
        getattr(n, "value", n) for n in shape]
    if None in sizes:
        return None, len(sizes)
    return convert_to_tensor(sizes, dt.int64, name), len(sizes)


def convert_to_tensor_or_sparse_tensor(value: Any, dtype: Any = None,
                                       name: str | None = None) -> Tensor | SparseTensor:
    """Makes a Tensor of `value`, or a SparseTensor where it is sparse.

    Args:
        value: SparseTensor, SparseTensorValue, or what `tf.convert_to_tensor` takes.
        dtype: the dtype it must have.
        name: name of the node made, if one is made.

    Returns:
        A SparseTensor or a Tensor.

    Raises:
        RuntimeError: `value` is sparse and has another dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.convert_to_tensor_or_sparse_tensor([1.0]).dtype
        tf.float32
    """
    dtype = None if dtype is None else as_dtype(dtype)
    if not is_sparse(value):
        return convert_to_tensor(value, dtype, name)
    value = as_sparse(value)
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise RuntimeError(located(f"Sparse dtype: requested = {dtype.name}, actual = "
                                   f"{value.dtype.name}", section="dtype-error"))
    return value


def convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None,
                                        name: str | None = None) -> Tensor | IndexedSlices:
    """Makes a Tensor of `value`; an IndexedSlices stays what it is.

    Args:
        value: IndexedSlices, or what `tf.convert_to_tensor` takes.
        dtype: the dtype it must have.
        name: name of the node made, if one is made.

    Returns:
        A Tensor or an IndexedSlices.

    Raises:
        ValueError: a tensor or IndexedSlices has another dtype.

    Example:
        >>> import flowgraph as fg
        >>> rows = fg.IndexedSlices(fg.constant([[1.0]]), fg.constant([0]))
        >>> fg.convert_to_tensor_or_indexed_slices(rows) is rows
        True
    """
    if not isinstance(value, IndexedSlices):
        return convert_to_tensor(value, dtype, name)
    if dtype is not None and not as_dtype(dtype).is_compatible_with(value.dtype):
        raise ValueError(located(f"Tensor conversion requested dtype {as_dtype(dtype).name} for an "
                                 f"IndexedSlices of {value.dtype.name}"))
    return value


def sparse_parts(sparse: SparseTensor) -> tuple[Tensor, Tensor, Tensor]:
    """The three parts in the order in which ops take them."""
    return sparse.indices, sparse.values, sparse.dense_shape


register_composite(SparseTensor, lambda sparse: list(sparse_parts(sparse)),
                   lambda sparse, parts: SparseTensor(*parts))
