"""Optimizer: the base of all optimizers, and how they keep their own variables.

`minimize` is `compute_gradients` (the graph's gradients) and `apply_gradients` (ops that write to
the variables). A subclass says how one variable is updated, in `_apply_dense` and `_apply_sparse`;
every update reads the values from before the run.

Variables of an optimizer are of two kinds: *slots*, one for each trained variable and named after
it ("w/Momentum"), and others such as Adam's "beta1_power".
"""

from __future__ import annotations

from collections.abc import Iterable, ValuesView
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.errors import ShapeError
from flowgraph.gradients.gradients import gradients
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.subgraph import outermost
from flowgraph.ops.cast import cast
from flowgraph.ops.gather import unsorted_segment_sum
from flowgraph.ops.identity import group
from flowgraph.ops.identity import tuple as gate
from flowgraph.ops.shape import size
from flowgraph.ops.state import assign_add
from flowgraph.ops.unique import unique
from flowgraph.ops.variable import Variable
from flowgraph.ops.variable_lists import trainable_variables
from flowgraph.train.slots import make_filled_slot, make_slot, make_zeros_slot

_VALID_DTYPES = (dt.float16, dt.float32, dt.float64, dt.complex64, dt.complex128)


class Optimizer:
    """Base of all optimizers.

    Args:
        use_locking: accepted; runs are atomic anyway.
        name: name scope of the update ops, and name of the slots.

    Raises:
        ValueError: `name` is empty.

    Example:
        >>> import flowgraph as fg
        >>> class SignDescent(fg.train.Optimizer):
        ...     def _apply_dense(self, grad, var):
        ...         return var.assign_sub(0.5 * fg.sign(grad)).op
        >>> w = fg.Variable(3.0)
        >>> step = SignDescent(use_locking=False, name="SignDescent").minimize(w * w)
        >>> with fg.Session() as sess:
        ...     sess.run(w.initializer)
        ...     sess.run(step)
        ...     sess.run(w)
        np.float32(2.5)
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError(located("Must specify the optimizer name", "Pass a name, as 'Mine'."))
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Operation, Variable]] = {}
        self._others: dict[tuple[str, Any], Variable] = {}

    def get_name(self) -> str:
        """The name given to the optimizer."""
        return self._name

    # ---- training --------------------------------------------------------------------------------

    def minimize(self, loss: Tensor, global_step: Any = None, var_list: Any = None,
                 gate_gradients: int = GATE_OP, aggregation_method: int | None = None,
                 colocate_gradients_with_ops: bool = False, name: str | None = None,
                 grad_loss: Any = None) -> Operation:
        """An operation that makes `loss` smaller by one step.

        Args:
            loss: tensor to make smaller.
            global_step: variable that is increased by one.
            var_list: variables to change; default all trainable ones.
            gate_gradients, aggregation_method, colocate_gradients_with_ops: as for
                `compute_gradients`.
            name: name of the operation; default the optimizer's.
            grad_loss: gradient of the loss itself; default one.

        Raises:
            ValueError: the loss depends on none of the variables.

        Example:
            >>> import flowgraph as fg
            >>> with fg.Graph().as_default(), fg.Session() as sess:
            ...     w = fg.Variable(3.0)
            ...     step = fg.train.GradientDescentOptimizer(0.25).minimize(w * w)
            ...     sess.run(fg.global_variables_initializer())
            ...     sess.run(step)
            ...     sess.run(w)
            np.float32(1.5)
        """
        grads_and_vars = self.compute_gradients(
            loss, var_list, gate_gradients, aggregation_method, colocate_gradients_with_ops,
            grad_loss)
        if all(grad is None for grad, _ in grads_and_vars):
            raise _no_gradients(loss, [var for _, var in grads_and_vars])
        return self.apply_gradients(grads_and_vars, global_step, name)

    def compute_gradients(self, loss: Tensor, var_list: Any = None, gate_gradients: int = GATE_OP,
                          aggregation_method: int | None = None,
                          colocate_gradients_with_ops: bool = False,
                          grad_loss: Any = None) -> list[tuple[Any, Any]]:
        """The gradients of `loss`, one pair (gradient, variable) per variable.

        Args:
            loss: tensor to differentiate, or a function without arguments that makes it; then only
                the variables that it depends on are given back, unless there is a `var_list`.
            var_list: variables; default all trainable ones.
            gate_gradients: GATE_GRAPH computes all gradients before any is used.
            aggregation_method: accepted; see `tf.AggregationMethod`.
            colocate_gradients_with_ops: give each gradient op its forward op's device.
            grad_loss: gradient of the loss itself; default one.

        Returns:
            List of pairs; the gradient is a Tensor, IndexedSlices, or None where the loss does not
            depend on the variable.

        Raises:
            TypeError: `var_list` holds something other than variables.
            ValueError: there are no variables, or the loss is not of a floating dtype.
        """
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(located("gate_gradients must be one of: Optimizer.GATE_NONE, "
                                     "Optimizer.GATE_OP, Optimizer.GATE_GRAPH. Not "
                                     f"{gate_gradients}"))
        made_here = callable(loss) and not isinstance(loss, Variable)
        if made_here:
            loss = convert_to_tensor(loss())  # type: ignore[operator]
        self._assert_valid_dtypes([loss] if grad_loss is None else [loss, grad_loss])
        if var_list is None:
            variables = trainable_variables() + get_default_graph().get_collection(
                GraphKeys.TRAINABLE_RESOURCE_VARIABLES)
        else:
            variables = list(_flat(var_list))
        if not variables:
            raise ValueError(located("No variables to optimize.",
                                     "Make a trainable tf.Variable first, or pass var_list."))
        grads = gradients(loss, variables, grad_ys=grad_loss,
                          colocate_gradients_with_ops=colocate_gradients_with_ops,
                          gate_gradients=gate_gradients == self.GATE_OP,
                          aggregation_method=aggregation_method)
        if gate_gradients == self.GATE_GRAPH:
            grads = gate(grads)
        pairs = list(zip(grads, variables, strict=True))
        reached = [(grad, var) for grad, var in pairs if grad is not None]
        self._assert_valid_dtypes([var for _, var in reached])
        return reached if made_here and var_list is None else pairs

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]], global_step: Any = None,
                        name: str | None = None) -> Operation:
        """An operation that applies gradients to variables.

        Args:
            grads_and_vars: pairs (gradient, variable) as from `compute_gradients`; pairs whose
                gradient is None are left out.
            global_step: variable that is increased by one.
            name: name of the operation; default the optimizer's.

        Raises:
            TypeError: a gradient is neither a tensor nor IndexedSlices.
            ValueError: there is no pair, or no pair with a gradient.
        """
        pairs = [(_as_gradient(grad), var) for grad, var in grads_and_vars]
        if not pairs:
            raise ValueError(located("No variables provided.",
                                     "Pass the (gradient, variable) pairs of compute_gradients."))
        for _, var in pairs:
            if isinstance(var, Tensor):
                raise NotImplementedError(located(f"Trying to update a Tensor {var!r}; pass the "
                                                  "Variable"))
            if not isinstance(var, Variable):
                raise NotImplementedError(located("Trying to optimize unsupported type "
                                                  f"{var!r:.100}"))
        used = [(grad, var) for grad, var in pairs if grad is not None]
        if not used:
            raise _no_gradients(None, [var for _, var in pairs])
        with control_dependencies(None):
            self._create_slots([var for _, var in used])
        with name_scope(name, self._name) as scope:
            self._prepare()
            updates = [self._update(grad, var) for grad, var in used]
            if global_step is None:
                train = self._finish(updates, scope)
            else:
                with control_dependencies([self._finish(updates, "update")]):
                    train = assign_add(global_step, 1, name=scope).op
        train_ops = train.graph.get_collection_ref(GraphKeys.TRAIN_OP)
        if train not in train_ops:
            train_ops.append(train)
        return train

    def _update(self, grad: Tensor | IndexedSlices, var: Variable) -> Operation:
        """The operation that updates one variable, and then holds it to its constraint."""
        with name_scope("update_" + var.op.name), _beside(var):
            if isinstance(grad, Tensor):
                update = self._apply_dense(grad, var)
            elif var.constraint is not None:
                raise RuntimeError(located("Cannot use a constraint function on a sparse "
                                           "variable."))
            else:
                update = self._apply_sparse_duplicate_indices(grad, var)
            if var.constraint is None:
                return getattr(update, "op", update)
            with control_dependencies([update]):
                return var.assign(var.constraint(var.read_value())).op

    # ---- the optimizer's variables ---------------------------------------------------------------

    def get_slot(self, var: Variable, name: str) -> Variable | None:
        """The slot called `name` for a trained variable; None when there is no such.

        Args:
            var: a variable given to `minimize` or `apply_gradients`.
            name: as in `get_slot_names()`.
        """
        return self._slots.get(name, {}).get(var.op)

    def get_slot_names(self) -> list[str]:
        """The names of the slots, sorted."""
        return sorted(self._slots)

    def variables(self) -> list[Variable]:
        """The optimizer's own variables in the default graph, sorted by name."""
        graph = outermost(get_default_graph())
        own = [slot for slots in self._slots.values() for slot in slots.values()]
        return sorted((var for var in [*own, *self._others.values()] if var.graph is graph),
                      key=lambda var: var.name)

    def _slot_dict(self, slot_name: str) -> dict[Operation, Variable]:
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var: Variable, val: Tensor, slot_name: str,
                          op_name: str) -> Variable:
        """The slot, started from the tensor `val`."""
        slots = self._slot_dict(slot_name)
        if var.op not in slots:
            slots[var.op] = make_slot(var, val, op_name)
        return slots[var.op]

    def _get_or_make_slot_with_initializer(self, var: Variable, initializer: Any, shape: Any,
                                           dtype: Any, slot_name: str, op_name: str) -> Variable:
        """The slot, started by an initializer."""
        slots = self._slot_dict(slot_name)
        if var.op not in slots:
            slots[var.op] = make_slot(var, initializer, op_name, shape, dtype)
        return slots[var.op]

    def _zeros_slot(self, var: Variable, slot_name: str, op_name: str) -> Variable:
        """The slot, started from zeros."""
        slots = self._slot_dict(slot_name)
        if var.op not in slots:
            slots[var.op] = make_zeros_slot(var, op_name)
        return slots[var.op]

    def _filled_slot(self, var: Variable, value: float, slot_name: str, op_name: str) -> Variable:
        """The slot, started from `value`s."""
        slots = self._slot_dict(slot_name)
        if var.op not in slots:
            slots[var.op] = make_filled_slot(var, value, op_name)
        return slots[var.op]

    def _create_non_slot_variable(self, initial_value: Any, name: str,
                                  colocate_with: Variable) -> Variable:
        """A variable of the optimizer that belongs to no single trained variable."""
        key = name, colocate_with.graph
        if key not in self._others:
            with _beside(colocate_with):
                self._others[key] = Variable(initial_value, name=name, trainable=False)
        return self._others[key]

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Variable | None:
        return self._others.get((name, graph))

    # ---- what subclasses say ---------------------------------------------------------------------

    def _valid_dtypes(self) -> tuple[dt.DType, ...]:
        return _VALID_DTYPES

    def _assert_valid_dtypes(self, tensors: Iterable[Any]) -> None:
        """Raises ValueError unless all tensors have dtypes that can be optimized."""
        valid = self._valid_dtypes()
        for tensor in tensors:
            dtype = convert_to_tensor(tensor).dtype.base_dtype
            if dtype not in valid:
                raise ValueError(located(
                    f"Invalid type {dtype.name} for {getattr(tensor, 'name', tensor)}, expected: "
                    f"{', '.join(d.name for d in valid)}.",
                    advice="Only floating variables can be trained; write tf.cast(..., "
                           "tf.float32), or tf.Variable(1.0) in place of tf.Variable(1).",
                    section="value-error"))

    def _call_if_callable(self, param: Any) -> Any:
        """A hyperparameter, or what the function given for it returns."""
        return param() if callable(param) and not isinstance(param, Variable) else param

    def _scalar(self, param: Any, name: str) -> Tensor:
        """A hyperparameter, or what the function given for it returns, as a tensor."""
        tensor = convert_to_tensor(self._call_if_callable(param), name=name)
        if tensor.shape.ndims:
            raise ShapeError(located(
                f"{name} must be a scalar, got {tensor.name!r} ({tensor.op.frame}) of shape "
                f"{tensor.shape}", advice="To train variables at different rates, give each group "
                "an optimizer of its own.", section="shape-error"))
        return tensor

    def _create_slots(self, var_list: list[Variable]) -> None:
        """Makes all slots that the variables need."""

    def _prepare(self) -> None:
        """Makes tensors of the hyperparameters, before the updates are built."""

    def _apply_dense(self, grad: Tensor, var: Variable) -> Any:
        """The update of `var` by a gradient of its shape."""
        return self._resource_apply_dense(grad, var)

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Variable) -> Any:
        """The update by a gradient of rows; a row that occurs twice is added up first."""
        values, indices = _deduplicate(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Any:
        """The update of `var` by a gradient of rows, each of which occurs once."""
        return self._resource_apply_sparse(grad.values, var, grad.indices)

    # TensorFlow calls these for resource variables; here there is one kind of variable.

    def _resource_apply_dense(self, grad: Tensor, handle: Variable) -> Any:
        """The update by a gradient of the variable's shape, for who has no `_apply_dense`."""
        raise NotImplementedError(located(f"{type(self).__name__} has no _apply_dense"))

    def _resource_apply_sparse(self, grad: Tensor, handle: Variable, indices: Tensor) -> Any:
        """The update by a gradient of rows, for who has no `_apply_sparse`."""
        raise NotImplementedError(located(f"{type(self).__name__} has no _apply_sparse"))

    def _finish(self, update_ops: list[Operation], name_scope: str) -> Operation:
        """The operation that runs all updates, called `name_scope`."""
        return group(*update_ops, name=name_scope)


def cast_like(hyperparameter: Tensor, var: Variable) -> Tensor:
    """A hyperparameter in the dtype of a variable."""
    return cast(hyperparameter, var.dtype.base_dtype)


def _deduplicate(values: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of gradients with those of equal index added up, and the distinct indices."""
    distinct, places = unique(indices)
    return unsorted_segment_sum(values, places, size(distinct)), distinct


def _beside(var: Variable) -> Any:
    """Asks for the device of `var`, or none where it has none."""
    return var.graph.colocate_with(var.op)


def _as_gradient(grad: Any) -> Any:
    if grad is None or isinstance(grad, (Tensor, IndexedSlices)):
        return grad
    try:
        return convert_to_tensor(grad)
    except (TypeError, ValueError):
        raise TypeError(located("Gradient must be convertible to a Tensor or IndexedSlices, or "
                                f"None: {grad!r:.100}")) from None


def _no_gradients(loss: Any, variables: list[Any]) -> ValueError:
    of = "" if loss is None else f" of loss {loss.name!r} ({loss.op.frame})"
    return ValueError(located(
        f"No gradients provided for any variable{of}: the loss does not depend on them through "
        "ops that have gradients",
        "tf.explain_gradient(loss, variable) says where the path between them ends.",
        "no-gradient", [(repr(var.name), str(var.op.frame)) for var in variables[:10]]))


def _flat(values: Any) -> Iterable[Any]:
    if isinstance(values, dict):
        values = [values[key] for key in sorted(values)]
    if isinstance(values, (list, tuple, set, ValuesView)):
        for value in values:
            yield from _flat(value)
    else:
        yield values
