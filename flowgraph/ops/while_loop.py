"""`tf.while_loop`: repeats a body as long as a condition holds."""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import frames, nest
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape, as_shape, compatible, merge
from flowgraph.core.spec import shape_text
from flowgraph.errors import message
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.ops.arithmetic import add
from flowgraph.ops.compare import less
from flowgraph.ops.identity import identity
from flowgraph.ops.logic import logical_and
from flowgraph.ops.loop import build_while


def while_loop(cond, body, loop_vars, shape_invariants=None, parallel_iterations=10,
               back_prop=True, swap_memory=False, name=None, maximum_iterations=None,
               return_same_structure=False):
    """Repeats `loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` is true.

    Args:
        cond: function from the loop variables to a bool scalar tensor.
        body: function from the loop variables to their new values, in the same structure; only
            the outermost list, tuple or namedtuple may be of another kind.
        loop_vars: list or tuple of tensors, TensorArrays, or nests of them: the first values.
        shape_invariants: shapes that hold in every round, in the structure of `loop_vars`; default
            the shapes of the first values, which the body must keep then.
        parallel_iterations: accepted; rounds run one after another.
        back_prop: whether gradients may go through the loop.
        swap_memory: accepted.
        name: name scope; default "while".
        maximum_iterations: int scalar; the most rounds to run.
        return_same_structure: whether a single tensor is returned in its list.

    Returns:
        The last values of the loop variables, in the structure that the body returns; of a single
        tensor, the value itself.

    Raises:
        TypeError: `cond` or `body` is not callable, or `cond` returns something else than a bool,
            or the body changes a loop variable's dtype, or a list inside to a tuple.
        ValueError: there is no loop variable, or the body returns another structure, or a shape
            that the invariant does not cover.

    Example:
        >>> import flowgraph as fg
        >>> n, product = fg.while_loop(lambda n, p: n > 0, lambda n, p: (n - 1, p * n),
        ...                            [fg.constant(5), fg.constant(1)])
        >>> int(fg.Session().run(product))
        120
    """
    if not callable(cond):
        raise TypeError(located(
            "cond must be callable.",
            "Pass a function of the loop variables that returns a bool tensor."))
    if not callable(body):
        raise TypeError(located(
            "body must be callable.",
            "Pass a function of the loop variables that returns their next values."))
    if parallel_iterations < 1:
        raise TypeError(located("parallel_iterations must be a positive integer."))
    if not nest.is_nested(loop_vars):
        loop_vars = [loop_vars]
    if not nest.flatten(loop_vars):
        raise ValueError(located("No loop variables provided",
                                 "Pass what changes from step to step as loop_vars."))
    with name_scope(name, "while", nest.flatten(loop_vars)):
        bounded = maximum_iterations is not None
        parts = nest.flatten(loop_vars, expand_composites=True)
        one = len(parts) == 1 or (bounded and len(loop_vars) == 1)
        if bounded:
            most = convert_to_tensor(maximum_iterations, name="maximum_iterations")
            if most.spec.rank not in (0, None):
                raise ValueError(located("maximum_iterations must be a scalar, saw shape: "
                                         f"{most.shape}"))
            counter = convert_to_tensor(0, most.dtype, name="iteration_counter")
            cond, body = _bounded(cond, body, most)
            loop_vars = [counter, loop_vars]
            if shape_invariants is not None:
                shape_invariants = [TensorShape([]), shape_invariants]
        result = _Loop(loop_vars, shape_invariants).build(cond, body, back_prop)
        if bounded:
            result = result[1]
    if one and not return_same_structure and isinstance(result, (list, tuple)):
        return result[0]
    return result


def _bounded(cond: Any, body: Any, most: Tensor) -> tuple[Any, Any]:
    """Condition and body with a counter of rounds in front."""
    def call(function: Any, variables: Any) -> Any:
        return (function(**variables) if isinstance(variables, dict) else function(*variables))

    def new_body(counter: Tensor, variables: Any) -> Any:
        new = call(body, variables)
        if not nest.is_nested(new) or (
                len(variables) == 1 and not (isinstance(new, (list, tuple)) and len(new) == 1)):
            new = [new]
        return [add(counter, 1), _like(new, variables)]

    return (lambda counter, variables: logical_and(less(counter, most), call(cond, variables)),
            new_body)


def _like(values: Any, model: Any) -> Any:
    """A list, tuple or namedtuple with its outermost level of the kind of another one."""
    if isinstance(values, (list, tuple)) and isinstance(model, (list, tuple)) and (
            len(values) == len(model)):
        kind = type(model)
        return kind(*values) if nest.is_namedtuple(model) else kind(values)
    return values


class _Loop:
    """One while_loop being built.

    Args:
        loop_vars: the nest of first values.
        shape_invariants: a nest of shapes, or None.
    """

    def __init__(self, loop_vars: Any, shape_invariants: Any) -> None:
        self.graph = get_default_graph()
        self.structure = nest.map_structure(_as_variable, loop_vars)
        self.starts = [self.graph.adopt(t) for t in
                       nest.flatten(self.structure, expand_composites=True)]
        self.shapes = [start.spec.shape for start in self.starts]
        if shape_invariants is not None:
            self.shapes = self._invariants(shape_invariants)

    def _invariants(self, given: Any) -> list[Any]:
        nest.assert_same_structure(self.structure, given, check_types=False)
        shapes: list[Any] = []
        for variable, invariant in zip(nest.flatten(self.structure), nest.flatten(given),
                                       strict=True):
            parts = nest.flatten(variable, expand_composites=True)
            if len(parts) > 1:  # a SparseTensor: its parts keep their ranks, not their sizes
                shapes += [None if p.spec.shape is None else (None,) * len(p.spec.shape)
                           for p in parts]
                continue
            start = parts[0]
            shape = as_shape(invariant) if start.dtype is not dt.variant else ()
            if not _covers(shape, start.spec.shape):
                raise ValueError(located(
                    f"the shape invariant specified for {start.name!r} ({start.op.frame}) is not "
                    f"compatible with the initial shape of the loop variable. It enters the loop "
                    f"with shape {shape_text(start.spec.shape)}, but the specified shape invariant "
                    f"is {shape_text(shape)}", section="control-flow"))
            shapes.append(shape)
        return shapes

    def build(self, cond: Any, body: Any, back_prop: bool) -> Any:
        """The loop; its results in the structure of the loop variables.

        Their outermost list, tuple or namedtuple is of the kind that the body returned.
        """
        condition, inside = SubGraph(self.graph), SubGraph(self.graph)
        in_cond, in_body = self._parameters(condition), self._parameters(inside)
        with condition.as_default():
            answer = convert_to_tensor(_call(cond, self._packed(in_cond)))
            _check_answer(answer)
            condition.outputs = [condition.adopt(answer)]
        with inside.as_default():
            result = _call(body, self._packed(in_body))
            result = result if nest.is_nested(result) else [result]
            inside.outputs = self._results(result, inside)
        results = build_while(condition, inside, self.starts, in_cond, in_body, self.shapes,
                              back_prop, name="While")
        exits = [identity(tensor, name="Exit") for tensor in results[:len(self.starts)]]
        return _like(self._packed(exits), result)

    def _parameters(self, graph: SubGraph) -> list[Tensor]:
        return [graph.parameter("Identity", start, shape)
                for start, shape in zip(self.starts, self.shapes, strict=True)]

    def _packed(self, tensors: list[Tensor]) -> Any:
        return nest.pack_sequence_as(self.structure, tensors, expand_composites=True)

    def _results(self, result: Any, graph: SubGraph) -> list[Tensor]:
        """What the body returned, checked against the loop variables."""
        result = _like(result, self.structure)
        try:
            nest.check_same(self.structure, result)
        except (TypeError, ValueError) as error:
            inside = type(result) is type(self.structure)  # else it has another number of parts
            kind = TypeError if inside and isinstance(error, TypeError) else ValueError
            raise kind(located("the body of the while_loop must return its loop variables in the "
                               f"same structure: {error}",
                               f"There are {len(nest.flatten(self.structure))} loop variables; "
                               "return a new value for each.", "control-flow")) from None
        values = nest.flatten(nest.map_structure(_as_variable, result), expand_composites=True)
        return [graph.adopt(self._checked(i, value)) for i, value in enumerate(values)]

    def _checked(self, i: int, value: Tensor) -> Tensor:
        start, shape = self.starts[i], self.shapes[i]
        if value.dtype.base_dtype is not start.dtype.base_dtype:
            raise TypeError(message(
                f"the body of the while_loop ({frames.user_frame()}) changes the dtype of a loop "
                "variable", [("enters as", repr(start.name), start.dtype.base_dtype.name,
                              str(start.op.frame)),
                             ("becomes", repr(value.name), value.dtype.base_dtype.name,
                              str(value.op.frame))],
                f"Write tf.cast(..., tf.{start.dtype.base_dtype.name}) in the body, or start from "
                f"tf.{value.dtype.base_dtype.name}.", "control-flow"))
        if not _covers(shape, value.spec.shape):
            raise ValueError(message(
                f"the body of the while_loop ({frames.user_frame()}) changes the shape of a loop "
                "variable", [("enters as", repr(start.name), shape_text(shape),
                              str(start.op.frame)),
                             ("becomes", repr(value.name), shape_text(value.spec.shape),
                              str(value.op.frame))],
                "Pass shape_invariants=[..., tf.TensorShape([None, ...]), ...] with None for the "
                "sizes that change, or tell the shape with set_shape in the body.",
                "control-flow"))
        return value


def _call(function: Any, variables: Any) -> Any:
    return function(**variables) if isinstance(variables, dict) else function(*variables)


def _as_variable(value: Any) -> Any:
    return value if nest.is_composite(value) else _value(convert_to_tensor(value))


def _value(tensor: Tensor) -> Tensor:
    """The value that a reference has now."""
    return identity(tensor) if tensor.dtype._is_ref_dtype else tensor


def _covers(invariant: Any, shape: Any) -> bool:
    """Whether everything that the invariant says of a shape is known of `shape`."""
    return invariant is None or (compatible(invariant, shape) and shape is not None
                                 and merge(invariant, shape) == shape)


def _check_answer(answer: Tensor) -> None:
    if answer.dtype.base_dtype is not dt.bool_:
        raise TypeError(located("the condition of the while_loop must return a bool, got "
                                f"{answer.name!r} of {answer.dtype.base_dtype.name}",
                                "Compare: tf.less(i, n), or i < n.", "control-flow"))
    if answer.spec.rank not in (0, None):
        raise ValueError(located("the condition of the while_loop must return a scalar, got "
                                 f"{answer.name!r} of shape {answer.shape}",
                                 "Write tf.reduce_any(...) or tf.reduce_all(...).",
                                 "control-flow"))
