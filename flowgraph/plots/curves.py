"""`plot_curves` and `plot_runs`: loss and metric curves as a picture, or as a page to explore."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.plots import output
from flowgraph.plots.runs import read_runs
from flowgraph.plots.sheet import Line, Panel, Sheet, checked, line

FORMATS = (*output.PICTURES, "html")


def plot_curves(curves: Any, path: Any = None, *, title: str = "", xlabel: str = "step",
                smoothing: float = 0.0, log: bool = False) -> Any:
    """Draws curves: a panel for each quantity, in it a line for each name.

    Args:
        curves: a dict of panels; each is the values of one line, or a dict of lines by name. The
            values of a line are numbers of shape (n,), at steps 1 to n, or a tuple of two such:
            steps and values.
        path: where to write: a name ending in .png, .svg, .pdf or .html; None to get a Figure.
        title: above all panels.
        xlabel: what a step is, as "epoch".
        smoothing: weight of the moving average, from 0 (none) to below 1; see `smooth`. The values
            themselves stay visible, paler.
        log: whether the vertical axis is logarithmic.

    Returns:
        The path, or a matplotlib Figure.

    Raises:
        ValueError: an argument is wrong, or values are no numbers.
        MissingDependencyError: matplotlib is not installed; ".html" does not need it.
        tf.errors.OpError: the file cannot be written.

    Example:
        >>> import flowgraph as fg, os, tempfile
        >>> losses = {"training": [0.9, 0.4, 0.2], "test": [0.9, 0.5, 0.4]}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = fg.plots.plot_curves({"loss": losses}, folder + "/loss.png", xlabel="epoch")
        ...     os.path.basename(path)
        'loss.png'
    """
    if not isinstance(curves, dict):
        raise ValueError(located(f"curves must be a dict of panels, not {curves!r:.60}",
                                 'Give {"loss": values}.'))
    panels = []
    for name, given in curves.items():
        lines = given.items() if isinstance(given, dict) else [("", given)]
        panels.append(Panel(str(name), tuple(line(str(label), values, str(name))
                                             for label, values in lines)))
    return draw(Sheet(tuple(panels), title, xlabel, "step", smoothing, log), path)


def plot_runs(logdirs: Any, path: Any = None, *, tags: str | None = None, smoothing: float = 0.6,
              x: str = "step", log: bool = False, title: str = "") -> Any:
    """Draws the scalars that programs have logged: a panel for each tag, a line for each run.

    Args:
        logdirs: a folder with event files in it or below it, an event file, a list of these, or a
            dict of them by the name that each is to have; see `read_runs`.
        path: where to write: a name ending in .png, .svg, .pdf or .html; None to get a Figure.
        tags: a regular expression; only tags in which it is found are drawn.
        smoothing: weight of the moving average, from 0 (none) to below 1, as in TensorBoard.
        x: what the horizontal axis shows: "step", "time", or "relative", the time since the run
            began.
        log: whether the vertical axis is logarithmic.
        title: above all panels.

    Returns:
        The path, or a matplotlib Figure.

    Raises:
        NotFoundError: a folder is not there.
        ValueError: an argument is wrong, or no event file holds such a scalar.
        MissingDependencyError: matplotlib is not installed; ".html" does not need it.
        tf.errors.OpError: the file cannot be written.

    Example:
        >>> import flowgraph as fg, os, tempfile
        >>> with tempfile.TemporaryDirectory() as logs:
        ...     with fg.summary.FileWriter(logs) as writer:
        ...         for step in range(5):
        ...             loss = fg.Summary.Value(tag="loss", simple_value=0.5 ** step)
        ...             writer.add_summary(fg.Summary(value=[loss]), step)
        ...     os.path.basename(fg.plots.plot_runs(logs, os.path.join(logs, "curves.html")))
        'curves.html'
    """
    if path is not None:
        output.format_of(path, FORMATS)  # before long files are read
    return draw(sheet_of(read_runs(logdirs, tags), title=title, x=x, smoothing=smoothing, log=log),
                path)


def sheet_of(runs: Any, **options: Any) -> Sheet:
    """The sheet of Runs: a panel per tag.

    Args:
        runs: Runs.
        options: as for Sheet.
    """
    by_tag: dict[str, list[Line]] = {}
    for run in runs:
        for tag, curve in run.curves.items():
            by_tag.setdefault(tag, []).append(
                Line(run.name, curve.steps.astype(float), curve.values, curve.times))
    return Sheet(tuple(Panel(tag, tuple(lines)) for tag, lines in sorted(by_tag.items())),
                 **options)


def draw(sheet: Sheet, path: Any) -> Any:
    """Draws a sheet; gives the path, or the Figure where there is none."""
    checked(sheet)
    if path is not None and output.format_of(path, FORMATS) == "html":
        from flowgraph.plots.page import page
        return output.write(path, page(sheet).encode("utf-8"))

    def make(matplotlib: Any) -> Any:
        from flowgraph.plots.drawing import figure
        return figure(matplotlib, sheet)

    return output.show(path, make)
