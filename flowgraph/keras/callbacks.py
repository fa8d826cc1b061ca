"""`tf.keras.callbacks`: what a Model calls while it trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.lazy import lazy as _lazy


class Callback:
    """Base of callbacks: write the methods for the moments of interest.

    Example:
        >>> import flowgraph as fg
        >>> class Stop(fg.keras.callbacks.Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.model.stop_training = logs["loss"] < 0.1
        >>> Stop().model is None
        True
    """

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}
        self.validation_data: Any = None

    def set_model(self, model: Any) -> None:
        """Called first, with the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called first, with `epochs`, `steps` and more."""
        self.params = params

    def on_train_begin(self, logs: Any = None) -> None:
        """Called before the first epoch."""

    def on_train_end(self, logs: Any = None) -> None:
        """Called after the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Called before an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Called after an epoch, with its losses and metrics."""

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before a batch, counted from 0."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after a batch, with its losses and metrics."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before a batch; default `on_batch_begin`."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after a batch; default `on_batch_end`."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Called before an evaluation, that of an epoch's end included."""

    def on_test_end(self, logs: Any = None) -> None:
        """Called after an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before a batch of an evaluation, counted from 0."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after a batch of an evaluation, with its losses and metrics."""

    def on_predict_begin(self, logs: Any = None) -> None:
        """Called before a prediction."""

    def on_predict_end(self, logs: Any = None) -> None:
        """Called after a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before a batch of a prediction, counted from 0."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after a batch of a prediction, with its `outputs`."""


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin, on_epoch_end, on_batch_begin, on_batch_end, on_train_begin, on_train_end:
            functions with the parameters of the methods of `Callback`, or None.
        kwargs: further attributes.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.callbacks.LambdaCallback(on_epoch_end=print).on_epoch_end(0, {"loss": 1.0})
        0 {'loss': 1.0}
    """

    def __init__(self, on_epoch_begin: Any = None, on_epoch_end: Any = None,
                 on_batch_begin: Any = None, on_batch_end: Any = None, on_train_begin: Any = None,
                 on_train_end: Any = None, **kwargs: Any) -> None:
        super().__init__()
        given = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end,
                 "on_batch_begin": on_batch_begin, "on_batch_end": on_batch_end,
                 "on_train_begin": on_train_begin, "on_train_end": on_train_end}
        vars(self).update(kwargs, **{key: value for key, value in given.items() if value})


class History(Callback):
    """What `fit` returns: losses and metrics of all epochs, by name, in `history`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.callbacks.History().history
        {}
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Notes the epoch's losses and metrics."""
        self.epoch.append(epoch)
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(value)


class EarlyStopping(Callback):
    """Stops the training when a number has not become better for some epochs.

    Args:
        monitor: name of the number, as "val_loss".
        min_delta: what counts as better is more than this.
        patience: how many epochs without a better number are allowed.
        verbose: whether to say so.
        mode: "min", "max", or "auto": names with "acc" grow, others shrink.
        baseline: what the first number must be better than.
        restore_best_weights: whether to go back to the variables of the best epoch.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.callbacks.EarlyStopping("loss", patience=2).patience
        2
    """

    def __init__(self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0,
                 verbose: int = 0, mode: str = "auto", baseline: float | None = None,
                 restore_best_weights: bool = False) -> None:
        super().__init__()
        self.monitor, self.patience, self.verbose = monitor, patience, verbose
        self.min_delta, self.baseline = abs(min_delta), baseline
        self.restore_best_weights = restore_best_weights
        self._sign = sign_of(monitor, mode)
        self.stopped_epoch = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Forgets what was best."""
        self.wait = 0
        self.best = np.inf if self.baseline is None else self._sign * self.baseline
        self.best_weights: Any = None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stops if it is time."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            return
        if self._sign * value < self.best - self.min_delta:
            self.best, self.wait = self._sign * value, 0
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.stopped_epoch, self.model.stop_training = epoch, True
            if self.best_weights is not None:
                self.model.set_weights(self.best_weights)
            if self.verbose:
                print(f"Epoch {epoch + 1:05d}: early stopping")


def sign_of(monitor: str, mode: str) -> float:
    """1.0 where a smaller number is better, -1.0 where a larger one is.

    Args:
        monitor: the number's name.
        mode: "min", "max", or "auto": names with "acc" grow, others shrink.
    """
    return -1.0 if mode == "max" or (mode != "min" and "acc" in monitor) else 1.0


_RATE, _SAVING = "flowgraph.keras.rate_callbacks:", "flowgraph.keras.saving_callbacks:"
__getattr__ = _lazy("tf.keras.callbacks", globals(), {
    **{name: _RATE + name for name in ("LearningRateScheduler", "ReduceLROnPlateau",
                                       "TerminateOnNaN")},
    **{name: _SAVING + name for name in ("CSVLogger", "ModelCheckpoint", "TensorBoard")}})
