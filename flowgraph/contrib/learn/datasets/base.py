"""`tf.contrib.learn.datasets.base`: CSV files, and files that would be downloaded."""

from __future__ import annotations

import os
from typing import Any

from flowgraph.core.frames import located
from flowgraph.datasets.batches import Datasets
from flowgraph.datasets.tables import (
    Dataset,
    load_boston,
    load_csv_with_header,
    load_csv_without_header,
    load_iris,
)

__all__ = ["Dataset", "Datasets", "load_boston", "load_csv_with_header", "load_csv_without_header",
           "load_iris", "maybe_download"]


def maybe_download(filename: str, work_directory: Any, source_url: str) -> str:
    """The path of a file that is there; nothing is downloaded.

    Args:
        filename: its name.
        work_directory: its folder.
        source_url: where it can be had.

    Returns:
        The path.

    Raises:
        FileNotFoundError: it is not there.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> folder = tempfile.mkdtemp()
        >>> open(os.path.join(folder, "data.txt"), "w").close()
        >>> path = fg.contrib.learn.datasets.base.maybe_download("data.txt", folder, "")
        >>> os.path.basename(path)
        'data.txt'
    """
    path = os.path.join(os.fsdecode(work_directory), filename)
    if not os.path.exists(path):
        raise FileNotFoundError(located(f"There is no {path}; flowgraph downloads nothing.",
                                        f"Get the file from {source_url} and put it there."))
    return path
