"""Training of models: `compile` chooses loss and optimizer, `fit` runs the steps.

The step is built at the first call that needs it: placeholders for the true values, the losses, the
optimizer's ops. Each batch is one `Session.run` of that graph, with the learning phase fed.
"""

from __future__ import annotations

import time
from itertools import repeat
from typing import Any

import numpy as np

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.graph.tensor import Tensor
from flowgraph.keras import callbacks as callback_classes
from flowgraph.keras import optimizers
from flowgraph.keras.backend import get_session
from flowgraph.keras.step import Step, label_of, name_of, phase_fed
from flowgraph.keras.streams import (
    Batches,
    StreamTraining,
    is_stream,
    refuse,
    refuse_beside,
    tell,
    validated_on,
    validates_after,
)


class Training(StreamTraining):
    """The methods of a Model that train and use it."""

    _step: Any = None  # what one run of the graph needs, once it is built
    _inputs_of_graph: Any
    _outputs_of_graph: Any
    outputs: Any
    name: Any

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None,
                loss_weights: Any = None, **kwargs: Any) -> None:
        """Chooses how the model is trained.

        Args:
            optimizer: an optimizer of keras or of `tf.train`, or a name as "adam".
            loss: a loss, its name, or one for each output: a list, or a dict from the outputs'
                names; an output that the dict leaves out is not trained.
            metrics: list of functions or names, as "accuracy"; or a dict from outputs to these.
            loss_weights: one number for each output, in a list or a dict.
            kwargs: `sample_weight_mode`, `weighted_metrics`, `target_tensors`: only None.
        """
        for option, value in kwargs.items():
            if value is not None:
                raise ValueError(located(f"compile does not take {option} here"))
        self.optimizer, self.loss = optimizers.get(optimizer), loss
        self._metric_names = dict(metrics) if isinstance(metrics, dict) else list(metrics or [])
        self.loss_weights = loss_weights
        self._step = None

    # ---- use -------------------------------------------------------------------------------------

    def fit(self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1,
            verbose: int = 1, callbacks: Any = None, validation_split: float = 0.0,
            validation_data: Any = None, shuffle: bool = True, class_weight: Any = None,
            sample_weight: Any = None, initial_epoch: int = 0, **kwargs: Any) -> Any:
        """Trains the model.

        Args:
            x: array of inputs, a list of arrays, or a dict from the inputs' names to arrays; or
                what yields batches: a Dataset, tensors of a pipeline, a generator.
            y: array of true outputs, a list, or a dict; None where x yields both.
            batch_size: rows in a step, default 32.
            epochs: how often to go through the data.
            verbose: 0 prints nothing.
            callbacks: list of callbacks.
            validation_split: share of the rows, at the end, to validate with.
            validation_data: (x, y), (x, y, sample_weight) or what yields batches, to validate
                with after each epoch.
            shuffle: whether each epoch has another order, drawn with NumPy's global generator.
            class_weight: dict from class to the weight of its rows.
            sample_weight: one weight for each row.
            initial_epoch: number of the first epoch.
            kwargs: `steps_per_epoch`, `validation_steps`: how many batches to take of what yields
                them; each step with arrays takes all rows, as in TensorFlow. `validation_freq`:
                after how many epochs to validate, or a list of the epochs, counted from 1.
                `workers` and the like are without effect.

        Returns:
            A History: its `history` has the loss and the metrics of each epoch.

        Raises:
            ValueError: arguments that do not go together, or arrays that do not fit the model.
        """
        steps = kwargs.pop("steps_per_epoch", None)
        of_stream = {"validation_steps": kwargs.pop("validation_steps", None),
                     "initial_epoch": initial_epoch,
                     "validation_freq": kwargs.pop("validation_freq", 1)}
        if is_stream(x):
            refuse_beside(x, {"y": y, "batch_size": batch_size, "sample_weight": sample_weight,
                              "validation_split": validation_split or None})
            return self.fit_batches(Batches(x, y, sample_weight), "fit", steps, epochs, verbose,
                                    callbacks, validation_data, class_weight=class_weight,
                                    **of_stream, **kwargs)
        refuse(kwargs, "fit")
        step = self._ready(x, y)
        xs, ys = self._arrays(x, y)
        weights = _row_weights(ys, class_weight, sample_weight)
        if validation_data is None and validation_split:
            cut = int(len(xs[0]) * (1.0 - validation_split))
            validation_data = ([a[cut:] for a in xs], [a[cut:] for a in ys], weights[cut:])
            xs, ys, weights = [a[:cut] for a in xs], [a[:cut] for a in ys], weights[:cut]
        if steps is not None:
            return self.fit_batches(Batches(repeat((xs, ys, weights))), "fit", steps, epochs,
                                    verbose, callbacks, validation_data, **of_stream)
        batch_size = batch_size or 32
        history = callback_classes.History()
        hooks = [*(callbacks or []), history]
        rows = len(xs[0])
        for hook in hooks:
            hook.set_params({"epochs": epochs, "batch_size": batch_size, "samples": rows,
                             "steps": -(-rows // batch_size), "verbose": verbose,
                             "do_validation": validation_data is not None, "metrics": step.names})
            hook.set_model(self)
        self.history, self.stop_training = history, False
        if verbose:
            print(f"Train on {rows} samples{validated_on(validation_data)}")
        tell(hooks, "on_train_begin")
        for epoch in range(initial_epoch, epochs):
            tell(hooks, "on_epoch_begin", epoch)
            start = time.perf_counter()
            order = np.random.permutation(rows) if shuffle else np.arange(rows)
            logs = self._epoch(step, xs, ys, weights, order, batch_size, hooks)
            if validation_data is not None and validates_after(epoch,
                                                               of_stream["validation_freq"]):
                logs |= self._validated(validation_data, of_stream["validation_steps"], hooks,
                                        batch_size)
            if verbose:
                print(f"Epoch {epoch + 1}/{epochs} - {time.perf_counter() - start:.0f}s"
                      + "".join(f" - {name}: {value:.4f}" for name, value in logs.items()))
            tell(hooks, "on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        tell(hooks, "on_train_end")
        return history

    def _epoch(self, step: Any, xs: Any, ys: Any, weights: Any, order: Any, batch_size: int,
               hooks: Any) -> dict[str, float]:
        """One pass over the data; returns means over the rows."""
        session, sums = get_session(), np.zeros(len(step.names))
        for number, begin in enumerate(range(0, len(order), batch_size)):
            chosen = order[begin:begin + batch_size]
            tell(hooks, "on_train_batch_begin", number, {"batch": number, "size": len(chosen)})
            feed = step.feed([a[chosen] for a in xs], [a[chosen] for a in ys], weights[chosen],
                             True)
            values = session.run([*step.results, step.train], feed)[:-1]
            sums += np.array(values, float) * len(chosen)
            tell(hooks, "on_train_batch_end", number, {
                "batch": number, "size": len(chosen), **dict(zip(step.names, values, strict=True))})
            if self.stop_training:
                break
        return dict(zip(step.names, (sums / max(len(order), 1)).tolist(), strict=True))

    def evaluate(self, x: Any = None, y: Any = None, batch_size: int | None = None,
                 verbose: int = 1, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Computes the loss and the metrics.

        Args:
            x: array of inputs, a list of arrays or a dict; or what yields batches, as for `fit`.
            y: array of true outputs, a list, or a dict; None where x yields both.
            batch_size: rows in a run, default 32.
            verbose: accepted.
            sample_weight: one weight for each row.
            kwargs: `steps`: how many batches to take of what yields them; `callbacks`: list of
                callbacks; `workers` and the like are without effect.

        Returns:
            The loss; a list of the loss and the metrics where there are such.
        """
        steps, hooks = kwargs.pop("steps", None), self._called_back(kwargs)
        if is_stream(x):
            refuse_beside(x, {"y": y, "batch_size": batch_size, "sample_weight": sample_weight})
            return self.evaluate_batches(Batches(x, y, sample_weight), "evaluate", steps,
                                         hooks=hooks, **kwargs)
        refuse(kwargs, "evaluate")
        step = self._ready(x, y)
        xs, ys = self._arrays(x, y)
        weights = _row_weights(ys, None, sample_weight)
        session, sums = get_session(), np.zeros(len(step.names))
        rows, size = len(xs[0]), batch_size or 32
        tell(hooks, "on_test_begin")
        for number, begin in enumerate(range(0, rows, size)):
            part = slice(begin, begin + size)
            logs = {"batch": number, "size": len(xs[0][part])}
            tell(hooks, "on_test_batch_begin", number, logs)
            feed = step.feed([a[part] for a in xs], [a[part] for a in ys], weights[part], False)
            values = session.run(step.results, feed)
            sums += np.array(values, float) * logs["size"]
            tell(hooks, "on_test_batch_end", number,
                 {**logs, **dict(zip(step.names, values, strict=True))})
        tell(hooks, "on_test_end")
        means = (sums / max(rows, 1)).tolist()
        return means if len(means) > 1 else means[0]

    def predict(self, x: Any, batch_size: int | None = None, verbose: int = 0, **kwargs: Any
                ) -> Any:
        """Computes the outputs for arrays.

        Args:
            x: array of inputs, a list of arrays or a dict; or what yields batches, as for `fit`.
            batch_size: rows in a run, default 32.
            verbose: accepted.
            kwargs: `steps`, `callbacks` and others as for `evaluate`.

        Returns:
            An array, or a list of arrays.
        """
        hooks = self._called_back(kwargs)
        if is_stream(x):
            refuse_beside(x, {"batch_size": batch_size})
            return self.predict_batches(Batches(x), "predict", kwargs.pop("steps", None),
                                        hooks=hooks, **kwargs)
        refuse(kwargs, "predict")
        self._build_for(x)
        xs, _ = self._arrays(x, None)
        inputs, outputs = nest.flatten(self._inputs_of_graph), nest.flatten(self._outputs_of_graph)
        parts, size = [], batch_size or 32
        tell(hooks, "on_predict_begin")
        for number, begin in enumerate(range(0, max(len(xs[0]), 1), size)):
            feed = phase_fed(dict(zip(inputs, [a[begin:begin + size] for a in xs],
                                       strict=True)), False)
            logs = {"batch": number, "size": len(xs[0][begin:begin + size])}
            tell(hooks, "on_predict_batch_begin", number, logs)
            parts.append(get_session().run(outputs, feed))
            tell(hooks, "on_predict_batch_end", number, {**logs, "outputs": parts[-1]})
        tell(hooks, "on_predict_end")
        joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return joined if isinstance(self._outputs_of_graph, (list, tuple)) else joined[0]

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None,
                       class_weight: Any = None, **kwargs: Any) -> Any:
        """Takes one step.

        Args:
            x: array of inputs, or a list of arrays.
            y: array of true outputs, or a list.
            sample_weight: one weight for each row.
            class_weight: dict from class to the weight of its rows.
            kwargs: refused.

        Returns:
            The loss; a list of the loss and the metrics where there are such.
        """
        refuse(kwargs, "train_on_batch")
        step = self._ready(x, y)
        xs, ys = self._arrays(x, y)
        feed = step.feed(xs, ys, _row_weights(ys, class_weight, sample_weight), True)
        values = get_session().run([*step.results, step.train], feed)[:-1]
        return values if len(values) > 1 else values[0]

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        """The loss and the metrics of one batch.

        Args:
            x: array of inputs, or a list of arrays.
            y: array of true outputs, or a list.
            sample_weight: one weight for each row.
            kwargs: refused.
        """
        refuse(kwargs, "test_on_batch")
        rows = len(nest.flatten(x if isinstance(x, (list, tuple, dict)) else [x])[0])
        return self.evaluate(x, y, max(rows, 1), 0, sample_weight)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch.

        Args:
            x: array of inputs, or a list of arrays.
        """
        rows = len(nest.flatten(x)[0]) if isinstance(x, (list, tuple, dict)) else len(x)
        return self.predict(x, max(rows, 1))

    # ---- building --------------------------------------------------------------------------------

    @property
    def metrics_names(self) -> list[str]:
        """What the numbers of `evaluate` are."""
        several = isinstance(self._metric_names, dict) or len(self.outputs) > 1
        if self._step is None and self._outputs_of_graph is not None and several:
            self._step = Step(self)
        return self._step.names if self._step else ["loss", *map(label_of, self._metric_names)]

    def _build_for(self, x: Any) -> None:
        """Makes the graph of a model that does not know its inputs yet."""
        from flowgraph.keras.layers.core import Input

        if self._outputs_of_graph is not None:
            return
        arrays = [np.asarray(a) for a in (x if isinstance(x, (list, tuple))
                                          and hasattr(x[0], "shape") else [x])]
        made = [Input(a.shape[1:], dtype="float32" if a.dtype.kind == "f" else a.dtype.name)
                for a in arrays]
        inputs = made[0] if len(made) == 1 else made
        outputs = self(inputs)  # type: ignore[operator]
        self._inputs_of_graph, self._outputs_of_graph = inputs, outputs

    def _arrays(self, x: Any, y: Any) -> tuple[list[Any], list[Any]]:
        """Inputs and true outputs as one array for each placeholder."""
        inputs = nest.flatten(self._inputs_of_graph)
        xs = [np.asarray(a, t.dtype.as_numpy_dtype)
              for a, t in zip(_columns(x, [*map(name_of, inputs)], "x"), inputs, strict=True)]
        xs = [a[:, None] if a.ndim == 1 and t.shape.ndims == 2 else a
              for a, t in zip(xs, inputs, strict=True)]
        for a, placeholder_ in zip(xs, inputs, strict=True):
            if not placeholder_.shape[1:].is_compatible_with(a.shape[1:]):
                raise ValueError(located(
                    f"Error when checking input: expected {placeholder_.op.name} to have shape "
                    f"{placeholder_.shape[1:]} but got array with shape {a.shape[1:]}"))
        ys = [] if y is None else [np.asarray(a) for a in _columns(y, self._step.outputs, "y")]
        ys = [a[:, None] if a.ndim == 1 else a for a in ys]
        lengths = {len(a) for a in (*xs, *ys)}
        if len(lengths) > 1:
            raise ValueError(located("All input arrays (x) and target arrays (y) should have the "
                                     f"same number of samples, got {sorted(lengths)}"))
        return xs, ys

    def _ready(self, x: Any, y: Any) -> Any:
        if not hasattr(self, "optimizer"):
            raise RuntimeError(located("You must compile your model before training/testing. Use "
                                       "`model.compile(optimizer, loss)`."))
        if isinstance(x, Tensor) or y is None:
            raise ValueError(located("fit and evaluate need y, unless x yields both",
                                     "Pass the true outputs."))
        self._build_for(x)
        if self._step is None:
            self._step = Step(self)
        return self._step


def _columns(data: Any, names: list[str], what: str) -> list[Any]:
    count = len(names)
    if isinstance(data, dict):
        lacking = [name for name in names if name not in data]
        if lacking:
            raise ValueError(located(f"the model needs an array for {lacking[0]!r}, and {what} has "
                                     f"arrays for {', '.join(map(repr, data))}"))
        return [data[name] for name in names]
    if isinstance(data, (Tensor, str)) or hasattr(data, "make_one_shot_iterator"):
        raise TypeError(located(f"{what} must be a NumPy array or a list of arrays, not "
                                f"{type(data).__name__}"))
    if count == 1 and not (isinstance(data, (list, tuple)) and len(data) == 1
                           and np.ndim(data[0]) > 1):
        return [data]
    if len(data) != count:
        raise ValueError(located(f"the model needs {count} arrays for {what}, got {len(data)}"))
    return list(data)


def _row_weights(ys: Any, class_weight: Any, sample_weight: Any) -> Any:
    if isinstance(sample_weight, (dict, list)) and np.ndim(next(iter(nest.flatten(sample_weight)))):
        raise ValueError(located("sample_weight is one array here, for all outputs"))
    rows = len(ys[0]) if ys else 0
    weights = np.ones(rows, np.float32) if sample_weight is None else np.asarray(
        sample_weight, np.float32)
    if len(weights) != rows:
        raise ValueError(located(f"sample_weight has {len(weights)} weights for {rows} rows"))
    if class_weight:
        y = ys[0]
        classes = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(rows)
        weights = weights * np.array([class_weight[int(c)] for c in classes], np.float32)
    return weights
