"""One step of training as a graph: true values, losses, metrics, and the optimizer's ops."""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.keras import losses, metrics
from flowgraph.keras.backend import learning_phase
from flowgraph.keras.graph_state import state_of
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones
from flowgraph.ops.identity import group
from flowgraph.ops.placeholder import placeholder, placeholder_with_default
from flowgraph.ops.reduce import reduce_mean
from flowgraph.ops.shape import shape as shape_of


class Step:
    """The part of the graph that trains a model, and what to feed it with."""

    def __init__(self, model: Any) -> None:
        self.inputs = nest.flatten(model._inputs_of_graph)
        outputs = nest.flatten(model._outputs_of_graph)
        every = [name_of(output) for output in outputs]
        chosen = _for_each(model.loss, every, "loss", None)
        scales = _for_each(model.loss_weights, every, "loss_weights", 1.0)
        measured = _metrics_for_each(model._metric_names, every)
        self.targets: list[Any] = []
        self.outputs: list[str] = []  # names of those that are trained
        parts, names, results, each, loss_names = [], [], [], [], ["loss"]
        with name_scope("training"):
            self.weights = placeholder_with_default(
                ones(shape_of(outputs[0])[:1]), [None], name="sample_weights")
            for i, (output, given) in enumerate(zip(outputs, chosen, strict=True)):
                loss = losses.get(given)
                if loss is None:
                    continue
                self.outputs.append(every[i])
                target = _target_for(output, loss)
                self.targets.append(target)
                lost = self._weighed(loss, target, output)
                parts.append(lost if scales[i] is None else scales[i] * lost)
                prefix = ""
                if len(outputs) > 1:
                    prefix = f"{every[i]}_"
                    loss_names.append(f"{prefix}loss")
                    each.append(lost)
                for metric in measured[i]:
                    function = _metric_function(metric, target, output, loss)
                    names.append(prefix + label_of(metric))
                    results.append(reduce_mean(cast(function(target, output), "float32")))
            if not parts:
                raise ValueError(located("The model cannot be compiled because it has no loss "
                                         "to optimize."))
            parts += model.losses
            total = add_n(parts) if len(parts) > 1 else parts[0]
            self.names, self.results = [*loss_names, *names], [total, *each, *results]
            trained = model.trainable_weights
            with control_dependencies(self.results):  # metrics are those before the step
                update = model.optimizer.minimize(total, var_list=trained)
            self.train = group(update, *model.updates)
        _start_values(model.optimizer)

    def _weighed(self, loss: Any, target: Any, output: Any) -> Any:
        if hasattr(loss, "reduction"):
            return loss(target, output, self.weights)
        rows = loss(target, output)
        if rows.shape.ndims == 0:
            return rows
        if rows.shape.ndims is not None and rows.shape.ndims > 1:
            rows = reduce_mean(rows, list(range(1, rows.shape.ndims)))
        return reduce_mean(rows * cast(self.weights, rows.dtype))

    def feed(self, xs: Any, ys: Any, weights: Any, training: bool) -> dict[Any, Any]:
        """What to feed for one batch."""
        values = dict(zip(self.inputs, xs, strict=True))
        values |= dict(zip(self.targets, ys, strict=True))
        values[self.weights] = weights
        return phase_fed(values, training)


def phase_fed(feed: dict[Any, Any], training: bool) -> dict[Any, Any]:
    phase = learning_phase()
    return feed | {phase: training} if isinstance(phase, Tensor) else feed


def _for_each(given: Any, names: list[str], what: str, default: Any) -> list[Any]:
    """What `compile` was given, for each output in order."""
    if isinstance(given, dict):
        _check_names(given, names, what)
        return [given.get(name, default) for name in names]
    if not isinstance(given, (list, tuple)):
        return [default if given is None else given] * len(names)
    if len(given) != len(names):
        raise ValueError(located(f"compile: {what} has {len(given)} items, and the model "
                                 f"{len(names)} outputs: {', '.join(names)}"))
    return list(given)


def _metrics_for_each(given: Any, names: list[str]) -> list[list[Any]]:
    """The metrics of each output in order."""
    in_lists = bool(given) and all(isinstance(part, (list, tuple)) for part in given)
    each = (_for_each(given, names, "metrics", []) if isinstance(given, dict) or in_lists
            else [given] * len(names))
    return [[] if part is None else list(part) if isinstance(part, (list, tuple)) else [part]
            for part in each]


def _check_names(given: dict[str, Any], names: list[str], what: str) -> None:
    for name in given:
        if name not in names:
            raise ValueError(located(
                f"compile: {what} names the output {name!r}, and the model has the outputs "
                f"{', '.join(map(repr, names))}"))


def _start_values(optimizer: Any) -> None:
    """Lets keras initialise the optimizer's variables."""
    known = state_of().variables
    known += [v for v in optimizer.variables() if all(v is not other for other in known)]


def _target_for(output: Any, loss: Any) -> Any:
    """The placeholder of the true values."""
    shape = output.shape.as_list() if output.shape.ndims is not None else None
    name = getattr(loss, "__name__", None) or getattr(loss, "name", "") or ""
    if "sparse" in name and shape is not None:
        shape = [*shape[:-1], None] if len(shape) == 2 else None
    label = f"{name_of(output)}_target"
    return placeholder("float32", shape, name=label)


def name_of(output: Any) -> str:
    """The name of the layer that an input or output comes from.

    Args:
        output: the tensor.
    """
    call = state_of(output.graph).calls.get(output)
    return output.op.name.split("/")[0] if call is None else call.layer.name


def _metric_function(metric: Any, target: Any, output: Any, loss: Any) -> Any:
    if metric in ("accuracy", "acc"):
        return metrics.accuracy_for(target, output, loss)
    if metric in ("crossentropy", "ce"):
        name = metrics.accuracy_for(target, output, loss).__name__
        return getattr(losses, name.replace("accuracy", "crossentropy"))
    return metrics.get(metric)


def label_of(metric: Any) -> str:
    """The name of a metric in logs, as TensorFlow 1.15 chooses it."""
    if metric in ("accuracy", "acc"):
        return "acc"
    if metric in ("crossentropy", "ce"):
        return "ce"
    return getattr(metrics.get(metric), "__name__", "metric")
