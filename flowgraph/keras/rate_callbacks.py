"""Callbacks that change the learning rate while a Model trains, or end the training."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.keras.backend import get_value
from flowgraph.keras.callbacks import Callback, sign_of


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    Args:
        schedule: function of the epoch, counted from 0, or of the epoch and the rate; returns the
            new rate.
        verbose: whether to say so.

    Raises:
        ValueError: while training: the function returns no number, or the optimizer has none.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default(), fg.Session():
        ...     model = fg.keras.Sequential([fg.keras.layers.Dense(1, input_shape=(1,))])
        ...     model.compile(fg.keras.optimizers.SGD(1.0), "mse")
        ...     halve = fg.keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr / 2)
        ...     history = model.fit(np.ones([4, 1]), np.ones(4), epochs=3, verbose=0,
        ...                         callbacks=[halve])
        ...     [float(rate) for rate in history.history["lr"]]
        [0.5, 0.25, 0.125]
    """

    def __init__(self, schedule: Any, verbose: int = 0) -> None:
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Sets the rate."""
        before = _rate_of(self.model)
        try:
            rate = self.schedule(epoch, before)
        except TypeError:  # a function of the epoch alone
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.floating)):
            raise ValueError(located('The output of the "schedule" function should be float, got '
                                     f"{rate!r}"))
        self.model.optimizer.lr = float(rate)
        if self.verbose:
            print(f"\nEpoch {epoch + 1:05d}: LearningRateScheduler reducing learning rate to "
                  f"{rate}.")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Notes the rate among the epoch's numbers."""
        (logs if logs is not None else {})["lr"] = _rate_of(self.model)


class ReduceLROnPlateau(Callback):
    """Makes the learning rate smaller when a number has not become better for some epochs.

    Args:
        monitor: name of the number.
        factor: of the rate, below 1.
        patience: how many epochs without a better number are allowed.
        verbose: whether to say so.
        mode: "min", "max", or "auto": names with "acc" grow, others shrink.
        min_delta: what counts as better is more than this.
        cooldown: epochs to wait after a change.
        min_lr: the smallest rate.
        kwargs: `epsilon`, the old name of `min_delta`.

    Raises:
        ValueError: a factor of 1 or more.
        TypeError: another keyword.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.callbacks.ReduceLROnPlateau("loss", factor=0.5).factor
        0.5
    """

    def __init__(self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10,
                 verbose: int = 0, mode: str = "auto", min_delta: float = 1e-4, cooldown: int = 0,
                 min_lr: float = 0, **kwargs: Any) -> None:
        super().__init__()
        if factor >= 1.0:
            raise ValueError(located("ReduceLROnPlateau does not support a factor >= 1.0."))
        self.monitor, self.factor, self.patience = monitor, factor, patience
        self.verbose, self.cooldown, self.min_lr = verbose, cooldown, min_lr
        self.min_delta = kwargs.pop("epsilon", min_delta)
        if kwargs:
            raise TypeError(located(f"Unrecognized keyword arguments: {kwargs}"))
        self._sign = sign_of(monitor, mode)

    def on_train_begin(self, logs: Any = None) -> None:
        """Forgets what was best."""
        self.best, self.wait, self.cooldown_counter = np.inf, 0, 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Makes the rate smaller if it is time."""
        logs = logs if logs is not None else {}
        logs["lr"] = _rate_of(self.model)
        value = logs.get(self.monitor)
        if value is None:
            logger().warning("Reduce LR on plateau conditioned on metric `%s` which is not "
                             "available. Available metrics are: %s", self.monitor, ",".join(logs))
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._sign * value < self.best - self.min_delta:
            self.best, self.wait = self._sign * value, 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            if self.wait >= self.patience and logs["lr"] > self.min_lr:
                rate = max(float(logs["lr"]) * self.factor, self.min_lr)
                self.model.optimizer.lr = rate
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose:
                    print(f"\nEpoch {epoch + 1:05d}: ReduceLROnPlateau reducing learning rate to "
                          f"{rate}.")


class TerminateOnNaN(Callback):
    """Stops the training when the loss is no number.

    Example:
        >>> import types
        >>> import flowgraph as fg
        >>> stop = fg.keras.callbacks.TerminateOnNaN()
        >>> stop.set_model(types.SimpleNamespace(stop_training=False))
        >>> stop.on_batch_end(3, {"loss": float("nan")})
        Batch 3: Invalid loss, terminating training
    """

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Looks at the loss."""
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


def _rate_of(model: Any) -> Any:
    """The learning rate of a model's optimizer."""
    if not hasattr(model.optimizer, "lr"):
        raise ValueError(located('Optimizer must have a "lr" attribute',
                                 "Use an optimizer of tf.keras.optimizers."))
    return get_value(model.optimizer.lr)
