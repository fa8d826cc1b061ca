"""Whether a CUDA graph has computed what its kernels have, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_same(one: Any, other: Any) -> bool:
    """Whether two arrays have equal numbers, or floats that are as near as roundings allow.

    Sums of atomic additions come in any order, so that floats may differ by a part of the largest
    of them: the square root of the dtype's precision, 3e-4 for float32.

    Args:
        one, other: arrays of NumPy, or numbers.

    Example:
        >>> is_same(np.float32([1, 2]), np.float32([1, 2.0001]))
        True
        >>> is_same(np.float32([1, 2]), np.float32([1, np.nan]))
        False
    """
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind not in "fc":
        return bool((one == other).all())
    finite = np.isfinite(one)
    if not (finite == np.isfinite(other)).all():
        return False
    if one.size == 0 or not finite.any():
        return True
    wide = np.promote_types(one.dtype, np.float64)
    a, b = one[finite].astype(wide), other[finite].astype(wide)
    return bool(np.abs(a - b).max() <= np.abs(a).max() * np.sqrt(np.finfo(one.dtype).eps))
