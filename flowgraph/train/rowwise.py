"""RowwiseOptimizer: optimizers whose rule treats each row of a variable by itself.

Their subclasses write the rule once. It is given a `Part`, which for a dense gradient is the whole
variable with its slots, and for a sparse one the rows that the gradient names:

    hyperparameters = ("learning_rate",)

    def _rule(self, grad, part, rate):
        total = part.add("accumulator", grad * grad)
        part.step(grad * rate / sqrt(total))
"""

from __future__ import annotations

from typing import ClassVar

from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import group
from flowgraph.ops.scatter import scatter_add, scatter_sub, scatter_update
from flowgraph.ops.state import assign, assign_add, assign_sub
from flowgraph.ops.variable import Variable
from flowgraph.train.optimizer import Optimizer


class Part:
    """What one update reads and writes: a whole variable and its slots.

    Reads give the values from before the run; writes give the values after them.
    """

    def __init__(self, var: Variable, slots: dict[str, Variable]) -> None:
        self._refs = {name: slot._ref() for name, slot in slots.items()}
        self._var = var._ref()
        self._writes: list[Tensor] = []

    def read(self, slot: str) -> Tensor:
        """A slot."""
        return self._value(self._refs[slot])

    def add(self, slot: str, delta: Tensor) -> Tensor:
        """A slot after `delta` has been added to it."""
        ref = self._refs[slot]
        return self._written(assign_add(ref, delta))

    def write(self, slot: str, value: Tensor) -> Tensor:
        """A slot after it has been set."""
        return self._written(assign(self._refs[slot], value))

    @property
    def variable(self) -> Tensor:
        """The variable."""
        return self._value(self._var)

    def step(self, delta: Tensor) -> None:
        """Subtracts from the variable."""
        self._written(assign_sub(self._var, delta))

    def become(self, value: Tensor) -> None:
        """Sets the variable."""
        self._written(assign(self._var, value))

    def done(self) -> Operation:
        """The operation that makes all the writes."""
        return self._writes[0].op if len(self._writes) == 1 else group(*self._writes)

    def _value(self, ref: Tensor) -> Tensor:
        return ref

    def _written(self, after: Tensor) -> Tensor:
        self._writes.append(after)
        return after


class Rows(Part):
    """Some rows of a variable and of its slots; each row is named once."""

    def __init__(self, var: Variable, slots: dict[str, Variable], indices: Tensor) -> None:
        super().__init__(var, slots)
        self._indices = indices

    def add(self, slot, delta):
        """The rows of a slot after `delta` has been added to them."""
        return self._value(self._written(scatter_add(self._refs[slot], self._indices, delta)))

    def write(self, slot: str, value: Tensor) -> Tensor:
        """The rows of a slot after they have been set."""
        self._written(scatter_update(self._refs[slot], self._indices, value))
        return value

    def step(self, delta: Tensor) -> None:
        """Subtracts from the rows of the variable."""
        self._written(scatter_sub(self._var, self._indices, delta))

    def become(self, value: Tensor) -> None:
        """Sets the rows of the variable."""
        self._written(scatter_update(self._var, self._indices, value))

    def _value(self, ref: Tensor) -> Tensor:
        return gather(ref, self._indices)


class RowwiseOptimizer(Optimizer):
    """An optimizer with one rule for whole variables and for rows.

    `hyperparameters` names its attributes (without the first underscore) that are numbers, scalar
    tensors, or functions that return these; `_rule` gets them in this order as tensors of the
    variable's dtype.
    """

    hyperparameters: ClassVar[tuple[str, ...]] = ()

    def _prepare(self) -> None:
        self._tensors = tuple(self._scalar(getattr(self, f"_{name}"), name)
                              for name in self.hyperparameters)
        self._by_dtype: dict[DType, tuple[Tensor, ...]] = {}
        self._scope = get_default_graph().get_name_scope() + "/"

    def _numbers(self, dtype: DType) -> tuple[Tensor, ...]:
        """The hyperparameters in a dtype, for all variables of it."""
        if dtype not in self._by_dtype:
            with get_default_graph().name_scope(self._scope):
                self._by_dtype[dtype] = tuple(cast(tensor, dtype) for tensor in self._tensors)
        return self._by_dtype[dtype]

    def _slots_of(self, var: Variable) -> dict[str, Variable]:
        return {name: slots[var.op] for name, slots in self._slots.items() if var.op in slots}

    def _apply_dense(self, grad: Tensor, var: Variable) -> Operation:
        return self._apply(grad, Part(var, self._slots_of(var)), var)

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Operation:
        return self._apply(grad.values, Rows(var, self._slots_of(var), grad.indices), var)

    def _apply(self, grad: Tensor, part: Part, var: Variable) -> Operation:
        self._rule(grad, part, *self._numbers(var.dtype.base_dtype))
        return part.done()

    def _rule(self, grad: Tensor, part: Part, *numbers: Tensor) -> None:
        """Makes one update of `part` by a gradient of its shape."""
        raise NotImplementedError(located(f"{type(self).__name__} has no _rule"))
