"""`tf.keras.utils`: helpers for labels and arrays, batches by number, progress, pictures."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.core.lazy import lazy as _lazy
from flowgraph.datasets.places import folders, keras_folder
from flowgraph.errors import DatasetError


def to_categorical(y: Any, num_classes: int | None = None, dtype: str = "float32") -> Any:
    """Numbers of classes as rows with a 1 at the class.

    Args:
        y: integers, of any shape; a last axis of size 1 is dropped.
        num_classes: how many classes there are; default the largest number plus 1.
        dtype: dtype of the result.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.utils.to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    classes = np.array(y, dtype=int)
    shape = classes.shape[:-1] if classes.ndim > 1 and classes.shape[-1] == 1 else classes.shape
    flat = classes.ravel()
    count = num_classes or (int(flat.max()) + 1 if flat.size else 0)
    rows = np.zeros((flat.size, count), dtype)
    rows[np.arange(flat.size), flat] = 1
    return rows.reshape(*shape, count)


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Rows of an array, each scaled to length 1.

    Args:
        x: an array.
        axis: the axis of the rows.
        order: of the norm, 2 for the usual length.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.utils.normalize([[3.0, 4.0]])
        array([[0.6, 0.8]])
    """
    lengths = np.atleast_1d(np.linalg.norm(x, order, axis))
    lengths[lengths == 0] = 1
    return np.asarray(x) / np.expand_dims(lengths, axis)


class Sequence:
    """Base of data that are made batch by batch: write `__getitem__` and `__len__`.

    Example:
        >>> import flowgraph as fg
        >>> class Squares(fg.keras.utils.Sequence):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         return [index], [index ** 2]
        >>> list(Squares())
        [([0], [0]), ([1], [1]), ([2], [4])]
    """

    def __getitem__(self, index: int) -> Any:
        """The batch with this number."""
        raise NotImplementedError

    def __len__(self) -> int:
        """How many batches there are."""
        raise NotImplementedError

    def on_epoch_end(self) -> None:
        """Called after each epoch."""

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))


class Progbar:
    """A bar that grows in the terminal.

    Args:
        target: how many steps there will be; None if that is unknown.
        width: of the bar, in characters.
        verbose: 0 prints nothing, 2 only the last state.
        interval: accepted.
        stateful_metrics: names of values that are shown as they are, not their means.
        unit_name: accepted.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.utils.Progbar(2, verbose=2).update(2, [("loss", 0.5)])
        2/2 - loss: 0.5000
    """

    def __init__(self, target: int | None, width: int = 30, verbose: int = 1,
                 interval: float = 0.05, stateful_metrics: Any = None, unit_name: str = "step"
                 ) -> None:
        self.target, self.width, self.verbose = target, width, verbose
        self._kept = set(stateful_metrics or [])
        self._sums: dict[str, tuple[float, int]] = {}
        self._seen = 0

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Shows how far it has come.

        Args:
            current: the step.
            values: pairs of names and numbers; means over the steps are shown.
            finalize: whether this is the last time; default whether all steps are done.
        """
        weight = current - self._seen
        for name, value in values or []:
            total, count = (0.0, 0) if name in self._kept else self._sums.get(name, (0.0, 0))
            weight_here = 1 if name in self._kept else weight
            self._sums[name] = total + value * weight_here, count + weight_here
        self._seen = current
        last = current == self.target if finalize is None else finalize
        if not self.verbose or (self.verbose == 2 and not last):
            return
        numbers = "".join(f" - {name}: {total / max(count, 1):.4f}"
                          for name, (total, count) in self._sums.items())
        done = f"{current}/{self.target or 'Unknown'}"
        if self.verbose == 1:
            full = int(self.width * current / self.target) if self.target else 0
            bar = f" [{'=' * full}{'.' * (self.width - full)}]" if self.target else ""
            sys.stdout.write(f"\r{done}{bar}{numbers}" + ("\n" if last else ""))
            sys.stdout.flush()
        else:
            print(done + numbers)

    def add(self, n: int, values: Any = None) -> None:
        """Goes on by some steps.

        Args:
            n: how many.
            values: as for `update`.
        """
        self.update(self._seen + n, values)


def get_file(fname: str, origin: str, untar: bool = False, md5_hash: str | None = None,
             file_hash: str | None = None, cache_subdir: str = "datasets",
             hash_algorithm: str = "auto", extract: bool = False, archive_format: str = "auto",
             cache_dir: str | None = None) -> str:
    """The path of a file in keras's folder. Nothing is downloaded: it must be there.

    Args:
        fname: the file's name, or an absolute path.
        origin: the address that TensorFlow would download from; shown in the error.
        untar: whether the path is that of the unpacked archive, which must be there.
        md5_hash, file_hash, hash_algorithm: without effect.
        cache_subdir: folder in keras's folder.
        extract, archive_format: without effect; the archive must be unpacked beside it.
        cache_dir: keras's folder; default ~/.keras.

    Returns:
        The path.

    Raises:
        DatasetError: the file is not there.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.utils.get_file("no-such-file", "http://example.org/no-such-file")
        Traceback (most recent call last):
        ...
        flowgraph.errors.DatasetError: ...
    """
    paths = [str(folder / fname) for folder in folders((), keras_folder(cache_subdir, cache_dir))]
    for path in paths:
        if os.path.exists(path):
            return path
    unpacked = ", unpacked" if untar else ""
    raise DatasetError(located(
        f"the file {fname!r} is not there, and nothing is downloaded",
        f"Get {origin} yourself and put it{unpacked} at {paths[-1]}.", "dataset-error",
        [("looked for", path) for path in paths]))


def plot_model(model: Any, to_file: str = "model.png", show_shapes: bool = False,
               show_layer_names: bool = True, rankdir: str = "TB", expand_nested: bool = False,
               dpi: int = 96) -> Any:
    """Draws the graph of a model into a file.

    Args:
        model: the model, whose inputs must be known.
        to_file: the file; its ending is the format, as png or svg.
        show_shapes, show_layer_names, rankdir, expand_nested, dpi: without effect: it is drawn as
            flowgraph draws graphs, layers as boxes with their ops folded away.

    Returns:
        The path.

    Raises:
        ValueError: the model has not been built.
    """
    if not model.outputs:
        raise ValueError(located("plot_model needs a model whose inputs are known",
                                 "Give its first layer input_shape, or call fit before."))
    return model.outputs[0].graph.render(to_file, model.outputs)


__getattr__ = _lazy("tf.keras.utils", globals(),
                    {"np_utils": "flowgraph.keras.utils", "vis_utils": "flowgraph.keras.utils"})
