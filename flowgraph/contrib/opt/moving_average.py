"""An optimizer that keeps moving averages of what it trains, and a Saver that saves these."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies
from flowgraph.ops.identity import group
from flowgraph.ops.variable_lists import global_variables
from flowgraph.train.moving_averages import ExponentialMovingAverage
from flowgraph.train.optimizer import Optimizer
from flowgraph.train.saver import Saver


class MovingAverageOptimizer(Optimizer):
    """Trains with another optimizer, and keeps a moving average of each variable.

    Args:
        opt: the optimizer.
        average_decay: how much of an average stays at each step.
        num_updates: tensor that counts steps, so that averages follow faster at first.
        sequential_update: whether the averages are moved after the step, as they should be.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import opt
        >>> w = fg.get_variable("w", initializer=4.0)
        >>> sgd = fg.train.GradientDescentOptimizer(0.25)
        >>> optimizer = opt.MovingAverageOptimizer(sgd, average_decay=0.5)
        >>> step = optimizer.minimize(w * w)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     sess.run(step)
        ...     sess.run([w, *fg.global_variables("w/ExponentialMovingAverage")])
        [np.float32(2.0), np.float32(3.0)]
    """

    def __init__(self, opt: Any, average_decay: Any = 0.9999, num_updates: Any = None,
                 sequential_update: bool = True) -> None:
        super().__init__(False, "MovingAverageOptimizer")
        self._optimizer = opt
        self._averages = ExponentialMovingAverage(average_decay, num_updates=num_updates)
        self._swapped: dict[str, str] | None = None  # from a variable's name to its average's
        self._sequential_update = sequential_update

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """The other optimizer's gradients.

        Args:
            args, kwargs: as for `Optimizer.compute_gradients`.
        """
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None,
                        name: Any = None) -> Any:
        """Trains a step and moves the averages.

        Args:
            grads_and_vars, global_step, name: as for `Optimizer.apply_gradients`.
        """
        grads_and_vars = list(grads_and_vars)
        train = self._optimizer.apply_gradients(grads_and_vars, global_step=global_step, name=name)
        trained = [variable for gradient, variable in grads_and_vars if gradient is not None]
        with control_dependencies([train] if self._sequential_update else []):
            move = self._averages.apply(trained)
        self._swapped = {}
        for variable in trained:
            average: Any = self._averages.average(variable)
            self._swapped[variable.op.name] = average.op.name
            self._swapped[average.op.name] = variable.op.name
        return group(train, move, name="train_with_avg")

    def swapping_saver(self, var_list: Any = None, name: str = "swapping_saver",
                       **kwargs: Any) -> Saver:
        """A Saver that saves the averages under the variables' names, and the other way round.

        Args:
            var_list: list of variables, or dict from names to variables; default all.
            name: name of its ops.
            kwargs: further arguments of `tf.train.Saver`.

        Raises:
            RuntimeError: `minimize` or `apply_gradients` was not called yet.
            ValueError: an average is not among the variables.
        """
        if self._swapped is None:
            raise RuntimeError(located("Must call apply_gradients or minimize before creating the "
                                       "swapping_saver"))
        if var_list is None:
            var_list = global_variables()
        by_name = (dict(var_list) if isinstance(var_list, dict)
                   else {variable.op.name: variable for variable in var_list})
        swapped = {}
        for key, variable in by_name.items():
            other = self._swapped.get(key)
            if other is not None and other not in by_name:
                raise ValueError(located(f"Variable to swap {other} is not part of variables to "
                                         "save. This breaks MovingAverageOptimizer."))
            swapped[key] = variable if other is None else by_name[other]
        return Saver(swapped, name=name, **kwargs)
