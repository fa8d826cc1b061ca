"""Moving averages: variables that follow other variables, or tensors, smoothly.

    average = tf.train.ExponentialMovingAverage(0.999)
    with tf.control_dependencies([train]):
        train = average.apply([w])          # each run: shadow -= (1 - 0.999) * (shadow - w)
    smooth = average.average(w)             # the shadow: a variable named "w/ExponentialMoving..."
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import minimum
from flowgraph.ops.arithmetic import pow as power_of
from flowgraph.ops.cast import cast
from flowgraph.ops.identity import group
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.state import assign, assign_sub
from flowgraph.ops.variable import Variable
from flowgraph.ops.variable_lists import (
    global_variables,
    moving_average_variables,
    trainable_variables,
)
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope
from flowgraph.train.slots import make_slot, make_zeros_slot


def assign_moving_average(variable, value, decay, zero_debias=True, name=None):
    """Moves a variable towards a value: variable -= (1 - decay) * (variable - value).

    Args:
        variable: the average, a variable.
        value: tensor of its shape.
        decay: float scalar near one.
        zero_debias: the variable starts from zero: divide the average by 1 - decay**updates, so
            that it is one of the values alone. The undivided average and the number of updates
            are kept in two more variables.
        name: name of the node; default "AssignMovingAvg".

    Returns:
        The variable after the move, as a tensor.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.train.moving_averages import assign_moving_average
        >>> average = fg.Variable(1.0)
        >>> up = assign_moving_average(average, 5.0, decay=0.75, zero_debias=False)
        >>> with fg.Session() as sess:
        ...     sess.run(average.initializer)
        ...     sess.run(up)
        np.float32(2.0)
    """
    with name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        rest = cast(convert_to_tensor(1.0 - decay, name="decay"), variable.dtype.base_dtype)
        if zero_debias:
            return _without_bias(variable, value, rest)
        return assign_sub(variable, (variable - value) * rest, name=scope)


def _without_bias(variable, value, rest):
    """Sets a variable to the average of the values so far, with no trace of its first zero.

    After t updates with the value c, an average that starts from zero is c * (1 - decay**t).
    """
    dtype = variable.dtype.base_dtype
    with variable_scope(variable.op.name, values=[variable, value, rest]):
        biased = get_variable(_unused("biased"), shape=variable.get_shape(), dtype=dtype,
                              initializer=Zeros(), trainable=False)
        updates = get_variable(_unused("local_step"), shape=[], dtype=dtype, initializer=Zeros(),
                               trainable=False)
    average = assign_sub(biased, (biased - value) * rest)
    weight = 1 - power_of(1.0 - rest, updates.assign_add(1))
    return assign(variable, average / weight, name=get_default_graph().get_name_scope() + "/")


def _unused(name: str) -> str:
    """The name of a variable not in the open scope yet, unless the scope reuses variables."""
    scope = get_variable_scope()
    if scope.reuse:
        return name
    used = {variable.op.name for variable in scope.global_variables()}
    numbered, count = name, 0
    while f"{scope.name}/{numbered}" in used:
        count += 1
        numbered = f"{name}_{count}"
    return numbered


class ExponentialMovingAverage:
    """Keeps moving averages of variables or tensors: shadow -= (1 - decay) * (shadow - value).

    The shadow of a variable starts from the variable's initial value, that of a tensor from zero.

    Args:
        decay: float near one.
        num_updates: number of updates so far; the decay is then at most
            (1 + num_updates) / (10 + num_updates), so that averages move faster at first.
        zero_debias: correct the averages of tensors for their start from zero.
        name: name scope of the updates, and last part of the shadows' names.

    Example:
        >>> import flowgraph as fg
        >>> w = fg.Variable(0.0, name="w")
        >>> averages = fg.train.ExponentialMovingAverage(0.5)
        >>> with fg.control_dependencies([w.assign_add(4.0)]):
        ...     update = averages.apply([w])
        >>> averages.average(w).op.name
        'w/ExponentialMovingAverage'
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(update)
        ...     sess.run(averages.average(w))
        np.float32(2.0)
    """

    def __init__(self, decay: Any, num_updates: Any = None, zero_debias: bool = False,
                 name: str = "ExponentialMovingAverage") -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Operation | Tensor, Variable] = {}

    @property
    def name(self) -> str:
        """The last part of the shadows' names."""
        return self._name

    def apply(self, var_list: Iterable[Variable | Tensor] | None = None) -> Operation:
        """Makes the shadows that are not there yet, and the operation that updates them.

        Args:
            var_list: variables and tensors of floating dtypes; default all trainable variables.

        Returns:
            The operation.

        Raises:
            TypeError: a variable is not of a floating dtype.
        """
        followed = trainable_variables() if var_list is None else list(var_list)
        debias = [self._follow(value) for value in followed]
        with name_scope(self._name) as scope:
            decay = convert_to_tensor(self._decay, name="decay")
            if self._num_updates is not None:
                count = cast(self._num_updates, float32, name="num_updates")
                decay = minimum(decay, (1.0 + count) / (10.0 + count))
            return group(*(assign_moving_average(self._averages[_key(value)], value, decay, first)
                           for value, first in zip(followed, debias, strict=True)), name=scope)

    def _follow(self, value: Variable | Tensor) -> bool:
        """Makes the shadow of `value`; whether it is to be corrected for its start from zero."""
        if not value.dtype.base_dtype.is_floating:
            raise TypeError(located(f"The variables must be half, float, or double: {value.name} "
                                    f"is {value.dtype.base_dtype.name}"))
        if _key(value) in self._averages:
            return False
        with control_dependencies(None):
            if isinstance(value, Variable):
                shadow = make_slot(value, value.initialized_value(), self._name)
                value.graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, value)
            else:
                shadow = make_zeros_slot(value, self._name)
        self._averages[_key(value)] = shadow
        return self._zero_debias and not isinstance(value, Variable)

    def average(self, var: Variable | Tensor) -> Variable | None:
        """The shadow of a variable or tensor; None when there is none.

        Args:
            var: what was given to `apply`.
        """
        return self._averages.get(_key(var))

    def average_name(self, var: Variable | Tensor) -> str:
        """The name of the shadow of `var`, or the name it will get.

        Args:
            var: a variable or tensor.
        """
        shadow = self.average(var)
        if shadow is not None:
            return shadow.op.name
        return get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(
            self, moving_avg_variables: Iterable[Variable] | None = None) -> dict[str, Variable]:
        """Names in a checkpoint, such that restoring gives variables the values of their shadows.

        Args:
            moving_avg_variables: variables to restore from their shadows; default all trainable
                variables and those that have a shadow. All others get their own values.

        Returns:
            {name: variable}, for `tf.train.Saver`.
        """
        if moving_avg_variables is None:
            moving_avg_variables = trainable_variables() + moving_average_variables()
        smooth = list(dict.fromkeys(moving_avg_variables))
        names = {self.average_name(var): var for var in smooth}
        by_name = {var.name for var in smooth}
        for var in global_variables():
            if var.name not in by_name:
                names.setdefault(var.op.name, var)
        return names


def _key(value: Variable | Tensor) -> Operation | Tensor:
    return value.op if isinstance(value, Variable) else value
