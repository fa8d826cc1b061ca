"""Confusion matrices: which class is taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.frames import located
from flowgraph.plots import output
from flowgraph.plots.drawing import label

_MOST_TEXTS = 20  # classes up to which each cell says its number
_MOST_NAMES = 60
_LONGEST = 28  # characters of a name where there is no room for a second line
_DARK = 0.55  # rate from which text is white


def plot_confusion_matrix(matrix: Any, path: Any = None, *, class_names: Any = None,
                          title: str = "", what: str = "both") -> Any:
    """Draws a confusion matrix: a row for each true class, a column for each predicted one.

    A cell is the darker the larger its share of the row. A row without examples stays white.

    Args:
        matrix: counts of shape (n, n), as `tf.confusion_matrix` gives them.
        path: where to write: a name ending in .png, .svg or .pdf; None to get a Figure.
        class_names: n names; default the numbers from 0.
        title: above the matrix; default the share of all that is right.
        what: what cells say: "counts", "rates" (of the row, in %) or "both".

    Returns:
        The path, or a matplotlib Figure.

    Raises:
        ValueError: the matrix is not square, holds no counts, or the names are not as many.
        MissingDependencyError: matplotlib is not installed.
        tf.errors.OpError: the file cannot be written.

    Example:
        >>> import flowgraph as fg, os, tempfile
        >>> counts = [[8, 2], [1, 9]]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = fg.plots.plot_confusion_matrix(counts, folder + "/matrix.svg",
        ...                                           class_names=["cat", "dog"])
        ...     os.path.basename(path)
        'matrix.svg'
    """
    counts = _checked(matrix)
    size = len(counts)
    names = [str(i) for i in range(size)] if class_names is None else [str(n) for n in class_names]
    if len(names) != size:
        raise ValueError(located(f"a matrix of {size} classes needs {size} class_names, got "
                                 f"{len(names)}"))
    if what not in ("counts", "rates", "both"):
        raise ValueError(located(f"what must be 'counts', 'rates' or 'both', not {what!r}"))
    totals = counts.sum(axis=1, keepdims=True)
    rates = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    if not title and counts.sum():
        of_all = f" of {counts.sum():,.0f}" if not (counts % 1).any() else ""  # weights are none
        title = f"{np.trace(counts) / counts.sum():.1%}{of_all} right"

    def make(matplotlib: Any) -> Any:
        both = what == "both"
        inches = 2.2 + size * (0.62 if size <= _MOST_TEXTS else 0.16)
        figure = matplotlib.figure.Figure(figsize=(max(inches + 1.4, 4.5), max(inches, 3.5)),
                                          layout="constrained")
        axis = figure.add_subplot()
        image = axis.imshow(rates, cmap="Blues", vmin=0, vmax=1)
        bar = figure.colorbar(image, ax=axis, fraction=0.046, pad=0.03,
                              format=matplotlib.ticker.PercentFormatter(1))
        bar.set_label("share of the true class")
        bar.outline.set_visible(False)
        axis.spines[:].set_visible(False)
        every = -(-size // _MOST_NAMES)
        shown = [label(name, 22) if size <= _MOST_TEXTS else label(_one_line(name), _LONGEST)
                 for name in names[::every]]
        turned = max((len(name) for name in shown), default=0) > 3
        axis.set_xticks(range(0, size, every), shown, rotation=45 if turned else 0,
                        ha="right" if turned else "center", rotation_mode="anchor")
        if not turned:
            axis.tick_params(axis="x", pad=6)
        axis.set_yticks(range(0, size, every), shown)
        axis.tick_params(length=0)
        axis.set_xlabel("predicted class")
        axis.set_ylabel("true class")
        axis.set_title(label(title, 60), fontsize=11)
        for i, j in np.ndindex(*counts.shape if size <= _MOST_TEXTS else (0, 0)):
            if not counts[i, j]:
                continue
            share = f"{rates[i, j]:.0%}" if rates[i, j] >= 0.0995 else f"{rates[i, j]:.1%}"
            number = f"{counts[i, j]:g}"
            text = {"counts": number, "rates": share, "both": f"{number}\n{share}"}[what]
            axis.text(j, i, text, ha="center", va="center", fontsize=8 if both else 9,
                      color="white" if rates[i, j] > _DARK else "#202124", linespacing=1.25)
        return figure

    return output.show(path, make)


def _one_line(name: str) -> str:
    """A name on one line, its middle left out where it is long: ends tell numbered names apart."""
    name = " ".join(name.split())
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST - 12]}…{name[-11:]}"


def _checked(matrix: Any) -> np.ndarray:
    try:
        counts = np.asarray(matrix, np.float64)
    except (TypeError, ValueError):
        raise ValueError(located(f"a confusion matrix holds numbers, not {matrix!r:.60}",
                                 "Give what Session.run gives for tf.confusion_matrix.")) from None
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ValueError(located(f"a confusion matrix is of shape (n, n), got {counts.shape}",
                                 "tf.confusion_matrix(labels, predictions) makes one."))
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError(located("a confusion matrix holds counts; these are negative, NaN or "
                                 "infinite in part"))
    return counts
