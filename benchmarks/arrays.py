"""Data and first values of the workloads as arrays, for engines with programs of their own.

A workload draws its numbers in some order; a program that draws in the same order gets the same.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from workloads import _Numbers


class Arrays(_Numbers):
    """What `_Numbers` gives, but arrays in place of variables."""

    def __init__(self) -> None:
        super().__init__(None)

    def weights(self, *shape: int) -> np.ndarray:
        """Small normals."""
        return self.normal(*shape, scale=0.05)

    def zeros(self, *shape: int) -> np.ndarray:
        """float32 zeros."""
        return np.zeros(shape, np.float32)

    def layers(self, *sizes: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Weights and biases of dense layers."""
        return [(self.weights(inputs, units), self.zeros(units))
                for inputs, units in pairwise(sizes)]
