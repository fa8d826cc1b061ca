"""Pictures of numbers: curves of a training, confusion matrices, grids of images.

    plot_runs("logs", "curves.png")                        what a program logged, per tag a panel
    plot_curves({"loss": {"train": losses}}, "loss.svg")   numbers that you have yourself
    plot_confusion_matrix(counts, "matrix.png", class_names=names)
    plot_images(images, "digits.png", titles=guesses)

The suffix of the path says what is written: .png, .svg, .pdf, and for curves .html, one file that
needs no network and tells values under the pointer. Without a path a matplotlib Figure is given
back, which notebooks show. The same numbers give the same file, byte by byte; pyplot and its
current figure are never touched.

To read it, start with `runs` (event files to numbers), then `curves`, `drawing`, `page`.
"""

from flowgraph.core.lazy import lazy as _lazy

__getattr__ = _lazy("tf.plots", globals(), {
    "Curve": "flowgraph.plots.runs:Curve",
    "Run": "flowgraph.plots.runs:Run",
    "plot_confusion_matrix": "flowgraph.plots.matrix:plot_confusion_matrix",
    "plot_curves": "flowgraph.plots.curves:plot_curves",
    "plot_images": "flowgraph.plots.images:plot_images",
    "plot_runs": "flowgraph.plots.curves:plot_runs",
    "read_runs": "flowgraph.plots.runs:read_runs",
    "smooth": "flowgraph.plots.smoothing:smooth",
})
