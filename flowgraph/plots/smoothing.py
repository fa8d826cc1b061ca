"""Smoothing of noisy curves, as TensorBoard does it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core.frames import located


def smooth(values: Any, weight: float) -> np.ndarray:
    """The exponential moving average of values, without the pull towards 0 at their beginning.

    Each result is the mean of the values up to there, the newest with weight 1, the one before with
    `weight`, then `weight ** 2` and so on. NaN and infinity stay where they are, and do not touch
    what follows.

    Args:
        values: numbers of shape (n,).
        weight: how much of the past is kept, from 0 (nothing is changed) to below 1.

    Returns:
        A float64 array of shape (n,).

    Raises:
        ValueError: the weight is not in [0, 1).

    Example:
        >>> import flowgraph as fg
        >>> fg.plots.smooth([0.0, 3.0, 3.0], 0.5)
        array([0.        , 2.        , 2.57142857])
    """
    weight = float(weight)
    if not 0 <= weight < 1:
        raise ValueError(located(f"the smoothing weight must be in [0, 1), got {weight:g}"))
    array = np.asarray(values, np.float64)
    if weight == 0 or not len(array):
        return array.copy()
    smoothed, mean, weights = [], 0.0, 0.0
    for value in array.tolist():
        if math.isfinite(value):
            # A running mean, which is exact where all values are the same.
            weights = weights * weight + 1
            mean += (value - mean) / weights
            value = mean
        smoothed.append(value)
    return np.array(smoothed)
