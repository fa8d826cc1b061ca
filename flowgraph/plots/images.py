"""Grids of images with a line of text above each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.plots import output
from flowgraph.plots.drawing import label

_WRONG = "#b30000"
_MOST = 400


def plot_images(images: Any, path: Any = None, *, titles: Any = None, wrong: Any = None,
                columns: int | None = None, title: str = "", inverted: bool = False) -> Any:
    """Draws images in a grid.

    Integers are shown as they are, from 0 to 255; so are fractions from 0 to 1. Other fractions are
    stretched, all images by the same amount, so that the least is black and the greatest white.

    Args:
        images: of shape (n, height, width), or (n, height, width, channels) with 1, 3 or 4 of them.
        path: where to write: a name ending in .png, .svg or .pdf; None to get a Figure.
        titles: n texts, one above each image.
        wrong: n booleans: which images to mark, by a red frame and a red title.
        columns: how many stand in a row; default as many as make the grid a little wider than high.
        title: above all images.
        inverted: whether images of one channel are drawn black on white.

    Returns:
        The path, or a matplotlib Figure.

    Raises:
        ValueError: the images are of another shape, or there are not as many titles.
        MissingDependencyError: matplotlib is not installed.
        tf.errors.OpError: the file cannot be written.

    Example:
        >>> import flowgraph as fg, numpy as np, os, tempfile
        >>> images = np.linspace(0, 1, 4 * 8 * 8).reshape(4, 8, 8)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = fg.plots.plot_images(images, folder + "/grid.png", titles="abcd")
        ...     os.path.basename(path)
        'grid.png'
    """
    array = _checked(images)
    count = len(array)
    texts = [""] * count if titles is None else [str(text) for text in titles]
    marks = [False] * count if wrong is None else [bool(mark) for mark in np.asarray(wrong)]
    for given, name in ((texts, "titles"), (marks, "wrong")):
        if len(given) != count:
            raise ValueError(located(f"{count} images need {count} {name}, got {len(given)}"))
    if columns is not None and columns < 1:
        raise ValueError(located(f"columns must be at least 1, got {columns}"))
    across = min(columns or math.ceil(math.sqrt(count * 1.5)), count)
    rows = math.ceil(count / across)
    shape = array.shape[1] / array.shape[2]
    lines = max(label(text, 18).count("\n") + 1 if text else 0 for text in texts)

    def make(matplotlib: Any) -> Any:
        high = min(max(1.5 * shape, 0.5), 4.0) + 0.2 * lines + 0.06
        figure = matplotlib.figure.Figure(
            figsize=(max(1.6 * across, 2.4), high * rows + (0.45 if title else 0.05)),
            layout="constrained")
        for i in range(count):
            axis = figure.add_subplot(rows, across, i + 1)
            axis.imshow(array[i], cmap="gray_r" if inverted else "gray", vmin=0, vmax=1,
                        interpolation="nearest")
            axis.set_xticks([])
            axis.set_yticks([])
            axis.spines[:].set_visible(marks[i])
            axis.spines[:].set(color=_WRONG, linewidth=2.5)
            axis.set_title(label(texts[i], 18), fontsize=9, color=_WRONG if marks[i] else "black")
        if title:
            figure.suptitle(label(title, 16 * across), fontsize=12)
        return figure

    return output.show(path, make)


def _checked(images: Any) -> np.ndarray:
    """The images as fractions from 0 to 1: (n, height, width), or with 3 or 4 channels."""
    try:
        array = np.asarray(images)
    except ValueError:
        raise ValueError(located("the images are of several shapes", "Give images of one shape."
                                 )) from None
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if not (array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (3, 4))) or not array.size:
        raise ValueError(located(
            "images must be of shape (n, height, width) or (n, height, width, channels), got "
            f"{array.shape}", "One image is images[None]; flat ones need a reshape."))
    if len(array) > _MOST:
        raise ValueError(located(f"{len(array)} images are more than can be seen; {_MOST} are the "
                                 "most", f"Give images[:{_MOST}]."))
    if array.dtype.kind == "b":
        return array.astype(np.float64)
    if array.dtype.kind in "ui":
        return np.clip(array / 255.0, 0, 1)
    if array.dtype.kind != "f":
        raise ValueError(located(f"images must be numbers, not {array.dtype}"))
    array = array.astype(np.float64)
    finite = array[np.isfinite(array)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low < 0 or high > 1:
        array = (array - low) / (high - low if high > low else 1.0)
    return np.clip(np.nan_to_num(array), 0, 1)
