"""Callbacks that write files while a Model trains: weights, tables of losses, event files."""

from __future__ import annotations

import csv
import os
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.keras.callbacks import Callback, sign_of


class ModelCheckpoint(Callback):
    """Saves the model's weights after each epoch, or after the best ones.

    Args:
        filepath: where; may have places for the epoch and numbers, as "w-{epoch:02d}-{loss:.2f}".
        monitor: name of the number that says which epoch is best.
        verbose: whether to say so.
        save_best_only: whether to save only if the number has become better.
        save_weights_only: without effect: `load_weights` reads the file in any case.
        mode: "min", "max", or "auto": names with "acc" grow, others shrink.
        save_freq: "epoch", or after how many samples.
        kwargs: `period`: every how manieth epoch; `load_weights_on_restart`: whether to go on from
            the file, where it is there.

    Raises:
        TypeError: another keyword.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.callbacks.ModelCheckpoint("best.npz", save_best_only=True).monitor
        'val_loss'
    """

    def __init__(self, filepath: str, monitor: str = "val_loss", verbose: int = 0,
                 save_best_only: bool = False, save_weights_only: bool = False,
                 mode: str = "auto", save_freq: Any = "epoch", **kwargs: Any) -> None:
        super().__init__()
        self.filepath, self.monitor, self.verbose = filepath, monitor, verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.period = kwargs.pop("period", 1)
        self.load_weights_on_restart = kwargs.pop("load_weights_on_restart", False)
        if kwargs:
            raise TypeError(located(f"Unrecognized keyword arguments: {kwargs}"))
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(located(f"Unrecognized save_freq: {save_freq}"))
        self.save_freq = save_freq
        self._sign = sign_of(monitor, mode)
        self.best = self._sign * np.inf
        self._epochs = self._samples = self._epoch = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Goes on from the file, if that was wanted."""
        if self.load_weights_on_restart and os.path.exists(self.filepath):
            self.model.load_weights(self.filepath)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes the epoch's number."""
        self._epoch = epoch

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Saves after a number of samples, if that was wanted."""
        if isinstance(self.save_freq, int):
            self._samples += (logs or {}).get("size", 1)
            if self._samples >= self.save_freq:
                self._samples = 0
                self._save(self._epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Saves after an epoch."""
        self._epochs += 1
        if self.save_freq == "epoch" and self._epochs >= self.period:
            self._epochs = 0
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: dict[str, Any]) -> None:
        path = self.filepath.format(epoch=epoch + 1, **logs)
        if self.save_best_only:
            value = logs.get(self.monitor)
            if value is None:
                logger().warning("Can save best model only with %s available, skipping.",
                                 self.monitor)
                return
            if not self._sign * value < self._sign * self.best:
                if self.verbose:
                    print(f"\nEpoch {epoch + 1:05d}: {self.monitor} did not improve from "
                          f"{self.best:.5f}")
                return
            if self.verbose:
                print(f"\nEpoch {epoch + 1:05d}: {self.monitor} improved from {self.best:.5f} to "
                      f"{value:.5f}, saving model to {path}")
            self.best = value
        elif self.verbose:
            print(f"\nEpoch {epoch + 1:05d}: saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self.model.save_weights(path)


class CSVLogger(Callback):
    """Writes a line with the losses and metrics of each epoch.

    Args:
        filename: the file.
        separator: between the columns.
        append: whether to go on at its end.

    Example:
        >>> import os, pathlib, tempfile
        >>> import flowgraph as fg
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     table = fg.keras.callbacks.CSVLogger(os.path.join(folder, "log.csv"))
        ...     table.on_train_begin()
        ...     table.on_epoch_end(0, {"loss": 0.5})
        ...     table.on_train_end()
        ...     print(pathlib.Path(table.filename).read_text())
        epoch,loss
        0,0.5
    """

    def __init__(self, filename: str, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename, self.sep, self.append = filename, separator, append
        self._file: Any = None
        self._keys: list[str] = []

    def on_train_begin(self, logs: Any = None) -> None:
        """Opens the file."""
        more = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename)
        self._header = not more
        mode = "a" if self.append else "w"
        self._file = open(self.filename, mode, newline="", encoding="utf-8")  # noqa: SIM115

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the line."""
        self._keys = self._keys or sorted(logs or {})
        table = csv.writer(self._file, delimiter=self.sep, lineterminator="\n")
        if self._header:
            table.writerow(["epoch", *self._keys])
            self._header = False
        table.writerow([epoch, *((logs or {}).get(key, "NA") for key in self._keys)])
        self._file.flush()

    def on_train_end(self, logs: Any = None) -> None:
        """Closes the file."""
        self._file.close()


class TensorBoard(Callback):
    """Writes the graph, losses and metrics for TensorBoard, and histograms of the weights.

    Args:
        log_dir: folder of the event files.
        histogram_freq: every how manieth epoch the weights are written; 0 for never.
        write_graph: whether to write the graph.
        write_images: without effect.
        update_freq: "epoch"; "batch" or a number of samples writes batches too.
        profile_batch, embeddings_freq, embeddings_metadata: without effect.
        kwargs: `batch_size`, `write_grads` and others of older versions, without effect.

    Example:
        >>> import os, tempfile
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> with tempfile.TemporaryDirectory() as folder, fg.Graph().as_default(), fg.Session():
        ...     model = fg.keras.Sequential([fg.keras.layers.Dense(1, input_shape=(1,))])
        ...     model.compile("sgd", "mse")
        ...     history = model.fit(np.ones([4, 1]), np.ones([4]), verbose=0,
        ...                         callbacks=[fg.keras.callbacks.TensorBoard(folder)])
        ...     len(os.listdir(folder))
        1
    """

    def __init__(self, log_dir: str = "logs", histogram_freq: int = 0, write_graph: bool = True,
                 write_images: bool = False, update_freq: Any = "epoch", profile_batch: int = 2,
                 embeddings_freq: int = 0, embeddings_metadata: Any = None, **kwargs: Any) -> None:
        super().__init__()
        self.log_dir, self.histogram_freq, self.write_graph = log_dir, histogram_freq, write_graph
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self._samples = self._steps = 0
        self.writer: Any = None

    def set_model(self, model: Any) -> None:
        """Opens the event file and writes the graph."""
        from flowgraph.keras.backend import get_session
        from flowgraph.summary.file_writer import FileWriter

        super().set_model(model)
        self.writer = FileWriter(self.log_dir, get_session().graph if self.write_graph else None)

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes a batch's losses and metrics, if that was wanted."""
        if self.update_freq == "epoch":
            return
        self._samples += (logs or {}).get("size", 1)
        self._steps += 1
        if self._samples >= self.update_freq:
            self._samples = 0
            self._write({f"batch_{name}": value for name, value in (logs or {}).items()
                         if name not in ("batch", "size")}, self._steps)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes an epoch's losses and metrics, and the weights if it is their turn."""
        self._write({f"epoch_{name}": value for name, value in (logs or {}).items()}, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_histograms(epoch)
        self.writer.flush()

    def on_train_end(self, logs: Any = None) -> None:
        """Closes the event file."""
        self.writer.close()

    def _write(self, numbers: dict[str, Any], step: int) -> None:
        from flowgraph.summary import Summary

        values = [Summary.Value(tag=name, simple_value=float(value))
                  for name, value in numbers.items()]
        self.writer.add_summary(Summary(value=values), step)

    def _write_histograms(self, epoch: int) -> None:
        from flowgraph.keras.backend import get_session
        from flowgraph.summary import histogram

        if not hasattr(self, "_histograms"):
            self._histograms = [histogram(weight.op.name, weight, collections=[])
                                for layer in self.model.layers for weight in layer.weights]
        for summary in get_session().run(self._histograms):
            self.writer.add_summary(summary, epoch)
