"""Functions over the rows of tensors: `map_fn`, `scan`, `foldl`, `foldr`.

Each is a `while_loop` over TensorArrays; gradients go through.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.shape import shape
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.while_loop import while_loop


def _rows(elems: list[Any]) -> tuple[list[Tensor], Any]:
    """The tensors, and the number of rows they have: a Python int where it is known."""
    tensors = [convert_to_tensor(elem, name="elem") for elem in elems]
    known = None
    for tensor in tensors:
        sizes = tensor.spec.shape
        if sizes is not None and not sizes:
            raise ValueError(located(
                f"elements must be 1+ dimensional Tensors, not scalars: {tensor!r}",
                "The function is called for each row of the first axis; a scalar has none."))
        if sizes is not None and sizes[0] is not None:
            if known is not None and known != sizes[0]:
                raise ValueError(located(f"Dimensions {known} and {sizes[0]} are not compatible",
                                         "All elements need as many rows."))
            known = sizes[0]
    return tensors, known if known is not None else shape(tensors[0])[0]


def _as_arrays(tensors: list[Tensor], n: Any) -> list[TensorArray]:
    return [TensorArray(t.dtype.base_dtype, n, infer_shape=False, clear_after_read=False,
                        element_shape=None if t.spec.shape is None else t.spec.shape[1:])
            .unstack(t) for t in tensors]


def _check_callable(fn: Any) -> None:
    if not callable(fn):
        raise TypeError(located("fn must be callable.",
                                "Pass a function of the elements, as lambda x: x + 1.0."))


def _check_iterations(parallel_iterations: Any) -> None:
    if parallel_iterations is not None and parallel_iterations < 1:
        raise TypeError(located("parallel_iterations must be a positive integer."))


def map_fn(fn, elems, dtype=None, parallel_iterations=None, back_prop=True, swap_memory=False,
           infer_shape=True, name=None):
    """Applies a function to each row of a tensor, or of several at once.

    Args:
        fn: function from a row (or a nest of rows) to a tensor or nest.
        elems: tensor of rank 1 or more, or a nest of such with as many rows.
        dtype: dtype, or nest of dtypes, of what `fn` returns; needed when it differs from `elems`.
        parallel_iterations: accepted.
        back_prop: whether gradients may go through.
        swap_memory: accepted.
        infer_shape: whether all results have one shape.
        name: name scope; default "map".

    Returns:
        The results as rows.

    Raises:
        TypeError: `fn` is not callable, or returns another structure than `dtype`.
        ValueError: an element is a scalar.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.map_fn(lambda x: x * x, fg.constant([1, 2, 3])))
        array([1, 4, 9], dtype=int32)
    """
    _check_callable(fn)
    _check_iterations(parallel_iterations)
    structure = elems if dtype is None else dtype
    with name_scope(name, "map", nest.flatten(elems)):
        tensors, n = _rows(nest.flatten(elems))
        arrays = _as_arrays(tensors, n)
        dtypes = ([t.dtype.base_dtype for t in tensors] if dtype is None
                  else [dt.as_dtype(d) for d in nest.flatten(dtype)])
        results = [TensorArray(d, n, infer_shape=infer_shape) for d in dtypes]

        def body(i, results):
            row = nest.pack_sequence_as(elems, [array.read(i) for array in arrays])
            made = fn(row)
            nest.assert_same_structure(structure, made)
            return i + 1, [array.write(i, value)
                           for array, value in zip(results, nest.flatten(made), strict=True)]

        _, results = while_loop(lambda i, _: i < n, body, (0, results), back_prop=back_prop,
                                maximum_iterations=n)
        stacked = [array.stack() for array in results]
        _set_rows(stacked, n)
        return nest.pack_sequence_as(structure, stacked)


def _set_rows(stacked: list[Tensor], n: Any) -> None:
    for tensor in stacked:
        if isinstance(n, int) and tensor.spec.shape is not None:
            tensor.set_shape([n, *tensor.spec.shape[1:]])


def scan(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False,
         infer_shape=True, reverse=False, name=None):
    """Folds the rows of a tensor from one end to the other, keeping all results on the way.

    Args:
        fn: function from (result so far, row) to the next result.
        elems: tensor of rank 1 or more, or a nest of such with as many rows.
        initializer: the first result, of the structure that `fn` returns; default the first row.
        parallel_iterations: accepted.
        back_prop: whether gradients may go through.
        swap_memory: accepted.
        infer_shape: whether all results have one shape.
        reverse: whether to go from the last row to the first.
        name: name scope; default "scan".

    Returns:
        The results as rows, in the order of `elems`.

    Raises:
        TypeError: `fn` is not callable.
        ValueError: there are no rows and no initializer.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.scan(lambda total, x: total + x, fg.constant([1, 2, 3])))
        array([1, 3, 6], dtype=int32)
    """
    _check_callable(fn)
    _check_iterations(parallel_iterations)
    structure = elems if initializer is None else initializer
    with name_scope(name, "scan", nest.flatten(elems)):
        tensors, n = _rows(nest.flatten(elems))
        arrays = _as_arrays(tensors, n)
        if initializer is None:
            _need_rows(n)
            start = [array.read((n - 1) if reverse else 0) for array in arrays]
            first = 1
        else:
            start = [convert_to_tensor(value) for value in nest.flatten(initializer)]
            first = 0
        results = [TensorArray(value.dtype.base_dtype, n, infer_shape=infer_shape,
                               element_shape=value.spec.shape if infer_shape else None)
                   for value in start]
        if first:
            results = [array.write((n - 1) if reverse else 0, value)
                       for array, value in zip(results, start, strict=True)]

        def body(i, so_far, results):
            row = nest.pack_sequence_as(elems, [array.read(i) for array in arrays])
            made = fn(nest.pack_sequence_as(structure, so_far), row)
            nest.assert_same_structure(structure, made)
            made = nest.flatten(made)
            return (i - 1 if reverse else i + 1, made,
                    [array.write(i, value) for array, value in zip(results, made, strict=True)])

        i = (n - 1 - first) if reverse else first
        _, _, results = while_loop((lambda i, *_: i >= 0) if reverse else (lambda i, *_: i < n),
                                   body, (convert_to_tensor(i, dt.int32), start, results),
                                   back_prop=back_prop, maximum_iterations=n)
        stacked = [array.stack() for array in results]
        _set_rows(stacked, n)
        return nest.pack_sequence_as(structure, stacked)


def _need_rows(n: Any) -> None:
    if isinstance(n, int) and n == 0:
        raise ValueError(located("there are no rows to start from: pass an initializer"))


def foldl(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False,
          name=None):
    """Folds the rows of a tensor from the first to the last.

    Args:
        fn: function from (result so far, row) to the next result.
        elems: tensor of rank 1 or more, or a nest of such with as many rows.
        initializer: the first result; default the first row.
        parallel_iterations: accepted.
        back_prop: whether gradients may go through.
        swap_memory: accepted.
        name: name scope; default "foldl".

    Returns:
        The last result.

    Raises:
        TypeError: `fn` is not callable.
        ValueError: there are no rows and no initializer.

    Example:
        >>> import flowgraph as fg
        >>> int(fg.Session().run(fg.foldl(lambda a, x: a * 10 + x, fg.constant([1, 2, 3]))))
        123
    """
    return _fold(fn, elems, initializer, parallel_iterations, back_prop, name or "foldl", False)


def foldr(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False,
          name=None):
    """Folds the rows of a tensor from the last to the first.

    Args:
        fn: function from (result so far, row) to the next result.
        elems: tensor of rank 1 or more, or a nest of such with as many rows.
        initializer: the first result; default the last row.
        parallel_iterations: accepted.
        back_prop: whether gradients may go through.
        swap_memory: accepted.
        name: name scope; default "foldr".

    Returns:
        The last result.

    Raises:
        TypeError: `fn` is not callable.
        ValueError: there are no rows and no initializer.

    Example:
        >>> import flowgraph as fg
        >>> int(fg.Session().run(fg.foldr(lambda a, x: a * 10 + x, fg.constant([1, 2, 3]))))
        321
    """
    return _fold(fn, elems, initializer, parallel_iterations, back_prop, name or "foldr", True)


def _fold(fn: Any, elems: Any, initializer: Any, parallel_iterations: Any, back_prop: bool,
          name: str, reverse: bool) -> Any:
    _check_callable(fn)
    _check_iterations(parallel_iterations)
    structure = elems if initializer is None else initializer
    with name_scope(name, None, nest.flatten(elems)):
        tensors, n = _rows(nest.flatten(elems))
        arrays = _as_arrays(tensors, n)
        if initializer is None:
            _need_rows(n)
            start = nest.pack_sequence_as(structure, [array.read((n - 1) if reverse else 0)
                                                      for array in arrays])
        else:
            start = initializer
        first = 0 if initializer is not None else 1

        def body(i, so_far):
            row = nest.pack_sequence_as(elems, [array.read(i) for array in arrays])
            return (i - 1 if reverse else i + 1), fn(so_far, row)

        i = convert_to_tensor((n - 1 - first) if reverse else first, dt.int32)
        return while_loop((lambda i, _: i >= 0) if reverse else (lambda i, _: i < n), body,
                          [i, start], back_prop=back_prop, maximum_iterations=n)[1]
