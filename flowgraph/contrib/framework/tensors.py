"""Small things about tensors, shapes and names that `tf.contrib.framework` has."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from flowgraph.core.dtypes import int32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.layers.smart_cond import known_truth
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.compare import equal
from flowgraph.ops.cond import case
from flowgraph.ops.identity import identity
from flowgraph.ops.logic import logical_and, logical_or
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.reduce import reduce_all, reduce_sum
from flowgraph.ops.reshape import reshape, squeeze
from flowgraph.ops.shape import rank as rank_of
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.shape import size as size_of
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.type_checks import assert_scalar
from flowgraph.ops.variable import Variable


def smart_case(pred_fn_pairs: Any, default: Any = None, exclusive: bool = False,
               name: str = "smart_case") -> Any:
    """`tf.case` without the predicates that the graph tells already.

    Args:
        pred_fn_pairs: list of (bool scalar, function) pairs, or a dict of them.
        default: function to run when no predicate is true.
        exclusive: whether at most one predicate may be true.
        name: name scope.

    Returns:
        What the function returns.

    Raises:
        ValueError: no predicate can be true, and there is no `default`; or, with `exclusive`, more
            than one is known to be true.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.smart_case([(False, lambda: 1), (fg.constant(True), lambda: 2)])
        2
    """
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    known = [known_truth(pred) for pred, _ in pairs]
    if exclusive and known.count(True) > 1:
        raise ValueError(located("More than one predicate is true, but `exclusive` is True."))
    open_pairs = []
    for truth, (pred, function) in zip(known, pairs, strict=True):
        if truth and not (exclusive and None in known):
            default = function
            break
        if truth is not False:
            open_pairs.append((pred, function))
    if open_pairs:
        return case(open_pairs, default, exclusive, name=name)
    if default is None:
        raise ValueError(located("No predicate can be true, and there is no `default`."))
    return default()


def assert_scalar_int(tensor: Any, name: str | None = None) -> Any:
    """The tensor, if it is an integer scalar.

    Args:
        tensor: the tensor.
        name: name of the op.

    Raises:
        ValueError: it is not.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.assert_scalar_int(fg.constant(3)).dtype
        tf.int32
    """
    with name_scope(name, "assert_scalar_int", [tensor]) as scope:
        tensor = convert_to_tensor(tensor)
        if not tensor.dtype.base_dtype.is_integer:
            raise ValueError(located(f"Expected integer type for {tensor.name}, received type: "
                                     f"{tensor.dtype.name}."))
        return assert_scalar(tensor, name=scope)


def reduce_sum_n(tensors: Any, name: str | None = None) -> Any:
    """The sum of all elements of several tensors.

    Args:
        tensors: list of tensors.
        name: name of the op.

    Raises:
        ValueError: there are none.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> total = framework.reduce_sum_n([fg.constant([1.0, 2.0]), fg.constant(4.0)])
        >>> fg.Session().run(total)
        np.float32(7.0)
    """
    if not tensors:
        raise ValueError(located("No tensors provided."))
    with name_scope(name, "reduce_sum_n", tensors) as scope:
        sums = [reduce_sum(tensor, name=f"{tensor.op.name}/sum") for tensor in tensors]
        return sums[0] if len(sums) == 1 else add_n(sums, name=scope)


def remove_squeezable_dimensions(predictions: Any, labels: Any,
                                 name: str | None = None) -> tuple[Any, Any]:
    """Takes the last axis, of size 1, off one of two tensors, if the other has one axis less.

    Args:
        predictions, labels: the tensors, of known rank.
        name: name of the ops.

    Returns:
        (predictions, labels).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> a, b = framework.remove_squeezable_dimensions(fg.zeros([3, 1]), fg.zeros([3]))
        >>> a.shape.as_list()
        [3]
    """
    with name_scope(name, "remove_squeezable_dimensions", [predictions, labels]):
        predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
        if predictions.shape.ndims is None or labels.shape.ndims is None:
            return predictions, labels
        more = predictions.shape.ndims - labels.shape.ndims
        if more == 1:
            predictions = squeeze(predictions, [-1])
        elif more == -1:
            labels = squeeze(labels, [-1])
        return predictions, labels


def with_same_shape(expected_tensor: Any, tensor: Any) -> Any:
    """The tensor, whose shape must be that of another; see `with_shape`.

    Args:
        expected_tensor: tensor of the wanted shape.
        tensor: the tensor.

    Raises:
        ValueError: the shapes are known to differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.with_same_shape(fg.zeros([2]), fg.ones([2])).shape.as_list()
        [2]
    """
    with name_scope(f"{tensor.op.name}/", values=[expected_tensor, tensor]):
        shape = expected_tensor.shape
        return with_shape(shape.as_list() if shape.is_fully_defined()
                          else shape_of(expected_tensor, name="expected_shape"), tensor)


def with_shape(expected_shape: Any, tensor: Any) -> Any:
    """The tensor, whose shape must be the wanted one: checked now where it is known, else in a run.

    Args:
        expected_shape: TensorShape, list, or int32 tensor.
        tensor: the tensor.

    Returns:
        A tensor of that shape. A [1] tensor where a scalar is wanted becomes one.

    Raises:
        ValueError: the shapes are known to differ.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> framework.with_shape([2], fg.placeholder(fg.float32)).shape.as_list()
        [2]
    """
    if isinstance(tensor, SparseTensor):
        raise ValueError(located("SparseTensor not supported."))
    if isinstance(expected_shape, (Tensor, Variable)):
        if expected_shape.dtype.base_dtype is not int32:
            raise ValueError(located(f"Invalid dtype {expected_shape.dtype.name} for shape "
                                     f"{expected_shape} expected of tensor {tensor.name}."))
        return _checked_in_a_run(expected_shape, tensor)
    if not isinstance(expected_shape, TensorShape):
        expected_shape = TensorShape([None if size == -1 else int(size)
                                      for size in np.asarray(expected_shape).tolist()])
    if not tensor.shape.is_fully_defined():
        if expected_shape.ndims == 0:
            return reshape(tensor, [])
        result = _checked_in_a_run(expected_shape, tensor)
        result.set_shape(expected_shape)
        return result
    if tensor.shape.is_compatible_with(expected_shape):
        return tensor
    if expected_shape.ndims == 0 and tensor.shape.is_compatible_with([1]):
        return reshape(tensor, [])
    raise ValueError(located(f"Invalid shape for tensor {tensor.name}, expected {expected_shape}, "
                             f"got {tensor.shape}."))


def _checked_in_a_run(expected: Any, tensor: Any) -> Any:
    with name_scope(f"{tensor.op.name}/", values=[tensor]), name_scope("assert_shape"):
        if isinstance(expected, TensorShape):
            expected = [-1 if size is None else size for size in expected.as_list()]
        expected, actual = convert_to_tensor(expected, int32), shape_of(tensor, name="actual")
        sizes = logical_or(equal(expected, -1), equal(expected, actual))
        fits = logical_and(equal(size_of(expected), rank_of(tensor)), reduce_all(sizes))
        check = assert_true(fits, [f"Wrong shape for {tensor.name} [expected] [actual].",
                                   expected, actual])
        with control_dependencies([check]):
            return identity(tensor)


# ---- names and graphs ----------------------------------------------------------------------------


def get_name_scope() -> str:
    """The name scope open now, without its last slash.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> with fg.name_scope("a"), fg.name_scope("b"):
        ...     framework.get_name_scope()
        'a/b'
    """
    return get_default_graph().get_name_scope()


def get_placeholders(graph: Any) -> list[Any]:
    """The placeholders of a graph.

    Args:
        graph: the graph.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> x = fg.placeholder(fg.float32)
        >>> framework.get_placeholders(x.graph) == [x]
        True
    """
    return [op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"]


def get_graph_from_inputs(op_input_list: Any, graph: Any = None) -> Any:
    """The graph of the first tensor in a list, else the default graph.

    Args:
        op_input_list: list of tensors and other values.
        graph: the graph they must be from, or None.

    Raises:
        ValueError: a tensor is from another graph.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import framework
        >>> x = fg.constant(1.0)
        >>> framework.get_graph_from_inputs([3, x]) is x.graph
        True
    """
    for value in op_input_list:
        found = getattr(value, "graph", None)
        if found is None:
            continue
        if graph is not None and found is not graph:
            raise ValueError(located(f"{value!r} is not from the passed-in graph."))
        graph = found
    return graph or get_default_graph()


def prepend_name_scope(name: str, import_scope: str | None) -> str:
    """A name with a scope before it.

    Args:
        name: name of an op, or of a collection's item.
        import_scope: the scope, or None.

    Example:
        >>> from flowgraph.contrib import framework
        >>> framework.prepend_name_scope("a/w", "new")
        'new/a/w'
    """
    if not import_scope:
        return name
    import_scope = import_scope.removesuffix("/")
    return re.sub(r"^(loc:@|\^)?(.*)", rf"\1{import_scope}/\2", name, count=1)


def strip_name_scope(name: str, export_scope: str | None) -> str:
    """A name without the scope before it.

    Args:
        name: name of an op, or of a collection's item.
        export_scope: the scope, or None.

    Example:
        >>> from flowgraph.contrib import framework
        >>> framework.strip_name_scope("new/a/w", "new")
        'a/w'
    """
    if not export_scope:
        return name
    scope = re.escape(export_scope.removesuffix("/"))
    return re.sub(rf"^(loc:@|\^)?{scope}/(.*)", r"\1\2", name, count=1)
