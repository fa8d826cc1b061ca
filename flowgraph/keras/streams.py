"""Training of models on batches that come from elsewhere: Datasets, pipelines' tensors, generators.

Each of these becomes an iterator of (x, y) in NumPy, and each batch one `train_on_batch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count, islice
from typing import Any

import numpy as np

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.errors import OutOfRangeError
from flowgraph.graph.tensor import Tensor
from flowgraph.keras import callbacks as callback_classes
from flowgraph.keras.backend import get_session
from flowgraph.keras.graph_state import state_of

_WITHOUT_EFFECT = ("workers", "max_queue_size", "use_multiprocessing", "shuffle")


def is_stream(x: Any) -> bool:
    """Whether batches come from this: a Dataset, an iterator of one, tensors, a generator.

    Args:
        x: what a Model was given as its inputs.
    """
    return (_is_dataset(x) or hasattr(x, "get_next") or hasattr(x, "__next__")
            or hasattr(x, "on_epoch_end")  # keras.utils.Sequence
            or any(isinstance(part, Tensor) for part in nest.flatten(x)))


class Batches:
    """What batches come from.

    Args:
        x: as for `is_stream`.
        y: tensors of true outputs, where `x` is tensors of inputs.
        sample_weight: tensor of one weight for each row.
    """

    def __init__(self, x: Any, y: Any = None, sample_weight: Any = None) -> None:
        self.source: Any = (x if y is None else
                            (x, y) if sample_weight is None else (x, y, sample_weight))
        self.sequence = hasattr(x, "__getitem__") and hasattr(x, "__len__") and not any(
            isinstance(part, Tensor) for part in nest.flatten(x))

    def steps(self, given: int | None, what: str, argument: str) -> int | None:
        """How many batches make an epoch; None for all that there are.

        Args:
            given: what the program said.
            what: the method; for messages.
            argument: its argument for the number.

        Raises:
            ValueError: there is no end, and nothing was said.
        """
        if given is not None or _is_dataset(self.source):
            return given
        if self.sequence:
            return len(self.source)
        raise ValueError(located(f"{what} needs {argument} where batches come from a generator or "
                                 "from tensors", "Say how many batches to take."))

    def begin(self) -> Iterator[Any]:
        """The batches: of a Dataset from its start, of a sequence again and again."""
        if _is_dataset(self.source):
            return _of_dataset(self.source)
        if self.sequence:
            return (self.source[i % len(self.source)] for i in count())
        if hasattr(self.source, "get_next"):
            return _values(self.source.get_next())
        return self.source if hasattr(self.source, "__next__") else _values(self.source)


def _is_dataset(x: Any) -> bool:
    return hasattr(x, "make_initializable_iterator")


def _of_dataset(dataset: Any) -> Iterator[Any]:
    """The batches of a Dataset, by an iterator that is used again when this is over.

    A training has one after another, for its epochs and validations: the graph does not grow.
    """
    free = state_of().iterators.setdefault(dataset, [])
    if not free:
        iterator = dataset.make_initializable_iterator()
        free.append((iterator.initializer, iterator.get_next()))
    initializer, batch = taken = free.pop()
    get_session().run(initializer)
    try:
        yield from _values(batch)
    finally:
        free.append(taken)


def _values(tensors: Any) -> Iterator[Any]:
    session = get_session()
    while True:
        try:
            yield session.run(tensors)
        except OutOfRangeError:
            return


def _parts_of(batch: Any) -> Any:
    """(x, y) or (x, y, sample_weight), which batches to train with or to test are."""
    if not isinstance(batch, (list, tuple)) or len(batch) not in (2, 3):
        found = (f"a {type(batch).__name__} of {len(batch)}" if isinstance(batch, (list, tuple))
                 else f"a {type(batch).__name__}")
        raise ValueError(located("batches must be tuples (x, y) or (x, y, sample_weight), and one "
                                 f"is {found}", "Let what makes them yield (x, y)."))
    return batch


class StreamTraining:
    """The methods of a Model for batches that come from elsewhere."""

    stop_training = False
    train_on_batch: Any  # these are the Model's
    test_on_batch: Any
    predict_on_batch: Any
    evaluate: Any
    metrics_names: Any

    def fit_generator(self, generator: Any, steps_per_epoch: int | None = None, epochs: int = 1,
                      verbose: int = 1, callbacks: Any = None, validation_data: Any = None,
                      validation_steps: int | None = None, initial_epoch: int = 0, **kwargs: Any
                      ) -> Any:
        """Trains the model on batches that a generator yields.

        Args:
            generator: yields (x, y), or (x, y, sample_weight), one batch each; or a Dataset.
            steps_per_epoch: how many batches make an epoch; default the length of `generator`.
            epochs: how many epochs.
            verbose: 0 prints nothing.
            callbacks: list of callbacks.
            validation_data: (x, y), (x, y, sample_weight), or a generator, to validate with after
                each epoch.
            validation_steps: how many batches of that generator.
            initial_epoch: number of the first epoch.
            kwargs: `class_weight`, `validation_freq` as for `fit`; `workers`, `max_queue_size`,
                `use_multiprocessing`, `shuffle`: without effect.
        """
        return self.fit_batches(Batches(generator), "fit_generator", steps_per_epoch, epochs,
                                verbose, callbacks, validation_data,
                                validation_steps=validation_steps, initial_epoch=initial_epoch,
                                **kwargs)

    def fit_batches(self, source: Batches, what: str, steps_per_epoch: int | None, epochs: int,
                    verbose: int, callbacks: Any, validation_data: Any, *,
                    validation_steps: int | None, initial_epoch: int, class_weight: Any = None,
                    validation_freq: Any = 1, **kwargs: Any) -> Any:
        """`fit` and `fit_generator` for batches from elsewhere; `what` is the method's name."""
        refuse(kwargs, what)
        steps = source.steps(steps_per_epoch, what, "steps_per_epoch")
        history = callback_classes.History()
        hooks = [*(callbacks or []), history]
        for hook in hooks:
            hook.set_params({"epochs": epochs, "steps": steps, "verbose": verbose})
            hook.set_model(self)
        self.history, self.stop_training = history, False
        tell(hooks, "on_train_begin")
        batches, take = None, self.train_on_batch
        if class_weight:
            take = partial(take, class_weight=class_weight)
        for epoch in range(initial_epoch, epochs):
            if batches is None or steps is None:
                batches = source.begin()
            tell(hooks, "on_epoch_begin", epoch)
            logs = self._of_batches(batches, steps, take, hooks, "train")
            if not logs:
                break
            if validation_data is not None and validates_after(epoch, validation_freq):
                logs |= self._validated(validation_data, validation_steps, hooks)
            if verbose:
                print(f"Epoch {epoch + 1}/{epochs}" + "".join(
                    f" - {name}: {value:.4f}" for name, value in logs.items()))
            tell(hooks, "on_epoch_end", epoch, logs)
            if hasattr(source.source, "on_epoch_end"):
                source.source.on_epoch_end()
            if self.stop_training:
                break
        tell(hooks, "on_train_end")
        return history

    def _validated(self, data: Any, steps: int | None, hooks: Any, batch_size: int | None = None
                   ) -> dict[str, float]:
        """What to put into the logs of an epoch."""
        if isinstance(data, (list, tuple)) and not is_stream(data[0]):
            x, y, weights = (*data, None)[:3]
            tested = self.evaluate(x, y, batch_size, sample_weight=weights, verbose=0,
                                   callbacks=_Told(hooks))
        else:
            source = Batches(*data) if isinstance(data, (list, tuple)) else Batches(data)
            tested = self.evaluate_batches(source, "validation", steps, "validation_steps", hooks)
        return {f"val_{name}": value for name, value
                in zip(self.metrics_names, as_list(tested), strict=True)}

    def _called_back(self, options: dict[str, Any]) -> list[Any]:
        """The callbacks of a call, taken out of its keywords and told of the model."""
        hooks = options.pop("callbacks", None) or []
        if isinstance(hooks, _Told):
            return hooks.hooks
        for hook in hooks:
            hook.set_params({})
            hook.set_model(self)
        return list(hooks)

    def evaluate_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """Computes the loss and the metrics of batches that a generator yields.

        Args:
            generator: yields (x, y), or (x, y, sample_weight), one batch each; or a Dataset.
            steps: how many batches; default the length of `generator`.
            kwargs: `callbacks`: list of callbacks; others are without effect, as for
                `fit_generator`.
        """
        return self.evaluate_batches(Batches(generator), "evaluate_generator", steps, **kwargs)

    def evaluate_batches(self, source: Batches, what: str, steps: int | None,
                         argument: str = "steps", hooks: Any = (), **kwargs: Any) -> Any:
        """`evaluate` and `evaluate_generator` for batches from elsewhere."""
        kwargs.pop("verbose", None)
        hooks = [*hooks, *self._called_back(kwargs)]
        refuse(kwargs, what)
        steps = source.steps(steps, what, argument)
        tell(hooks, "on_test_begin")
        logs = self._of_batches(source.begin(), steps, self.test_on_batch, hooks, "test")
        tell(hooks, "on_test_end")
        if not logs:
            raise ValueError(located("the generator yields no batch"))
        means = list(logs.values())
        return means if len(means) > 1 else means[0]

    def predict_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """Computes the outputs for batches that a generator yields.

        Args:
            generator: yields x, or (x, y), one batch each; or a Dataset.
            steps: how many batches; default the length of `generator`.
            kwargs: as for `evaluate_generator`.
        """
        return self.predict_batches(Batches(generator), "predict_generator", steps, **kwargs)

    def predict_batches(self, source: Batches, what: str, steps: int | None, hooks: Any = (),
                        **kwargs: Any) -> Any:
        """`predict` and `predict_generator` for batches from elsewhere."""
        kwargs.pop("verbose", None)
        hooks = [*hooks, *self._called_back(kwargs)]
        refuse(kwargs, what)
        steps = source.steps(steps, what, "steps")
        made: list[Any] = []
        tell(hooks, "on_predict_begin")
        for number, batch in enumerate(islice(source.begin(), steps)):
            x = batch[0] if isinstance(batch, tuple) else batch
            logs = {"batch": number, "size": len(nest.flatten(x)[0])}
            tell(hooks, "on_predict_batch_begin", number, logs)
            made.append(self.predict_on_batch(x))
            tell(hooks, "on_predict_batch_end", number, {**logs, "outputs": made[-1]})
        tell(hooks, "on_predict_end")
        if not made:
            raise ValueError(located("the generator yields no batch"))
        if isinstance(made[0], list):
            return [np.concatenate(column) for column in zip(*made, strict=True)]
        return np.concatenate(made)

    def _of_batches(self, batches: Iterator[Any], steps: int | None, take: Any, hooks: Any,
                    what: str) -> dict[str, float]:
        """Means over the rows of what `take` says of each batch; {} where there is none.

        As in TensorFlow, training stops with a warning when the generator ends too early.
        """
        sums, rows = np.zeros(0), 0
        for number in count() if steps is None else range(steps):
            batch = next(batches, None)
            if batch is None:
                if steps is not None:
                    self.stop_training = True
                    logger().warning("The generator ended after %d of %d batches. It must yield at "
                                     "least steps_per_epoch * epochs of them.", number, steps)
                break
            x, y, *weights = _parts_of(batch)
            size = len(nest.flatten(y)[0])
            tell(hooks, f"on_{what}_batch_begin", number, {"batch": number, "size": size})
            values = as_list(take(x, y, *weights))
            sums, rows = (sums if rows else 0.0) + np.array(values, float) * size, rows + size
            tell(hooks, f"on_{what}_batch_end", number, {
                "batch": number, "size": size,
                **dict(zip(self.metrics_names, values, strict=True))})
        if not rows:
            return {}
        return dict(zip(self.metrics_names, (sums / rows).tolist(), strict=True))


# ---- helpers of all training ---------------------------------------------------------------------

def refuse(options: dict[str, Any], method: str) -> None:
    """Raises for options that are not offered.

    Args:
        options: further keywords of a call.
        method: whose.
    """
    for option, value in options.items():
        if value is not None and option not in _WITHOUT_EFFECT:
            raise TypeError(located(f"{method} has no argument {option!r} here"))


def refuse_beside(x: Any, given: dict[str, Any]) -> None:
    """Raises for arguments that only arrays go with.

    Args:
        x: what yields batches.
        given: from the argument to its value, None where it was left out.
    """
    if any(isinstance(part, Tensor) for part in nest.flatten(x)):
        given = {name: given[name] for name in ("validation_split",) if name in given}
    for name, value in given.items():
        if value is not None:
            raise ValueError(located(
                f"{name}= does not go with {type(x).__name__}, which yields whole batches",
                {"y": "Let each batch be (x, y).",
                 "sample_weight": "Let each batch be (x, y, sample_weight).",
                 "batch_size": "Leave it out.",
                 "validation_split": "Pass validation_data=."}[name]))


def validates_after(epoch: int, frequency: Any) -> bool:
    """Whether an epoch ends with a validation.

    Args:
        epoch: counted from 0.
        frequency: after how many epochs, or which epochs counted from 1.
    """
    if isinstance(frequency, (int, np.integer)):
        return (epoch + 1) % int(frequency) == 0
    return epoch + 1 in frequency


def validated_on(data: Any) -> str:
    """What the first line of a training says of validation data, "" for batches and for None."""
    if not isinstance(data, (list, tuple)) or is_stream(data[0]):
        return ""
    return f", validate on {len(nest.flatten(data[0])[0])} samples"


class _Told(list):
    """Callbacks of a training that evaluates: they know the model already."""

    def __init__(self, hooks: list[Any]) -> None:
        super().__init__(hooks)
        self.hooks = hooks


def tell(hooks: Any, moment: str, *args: Any) -> None:
    """Calls a method of all callbacks."""
    for hook in hooks:
        getattr(hook, moment)(*args)


def as_list(value: Any) -> list[Any]:
    """A list of one for what is none."""
    return value if isinstance(value, list) else [value]
