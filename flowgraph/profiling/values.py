"""Statistics of an array: what it holds, in a few numbers and a few first values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowgraph.ops.tensor_list import TensorList

_FIRST = 6  # values in the sample
_LONGEST = 24  # characters of a string in the sample


@dataclass(frozen=True, slots=True)
class Statistics:
    """What an array holds.

    Attributes:
        size: number of its elements.
        min, max, mean, std: of the finite elements, of bools as 0 and 1; of complex numbers their
            absolute values are taken. None where there are none, and for strings.
        nans, infs, zeros: how many elements are NaN, infinite, zero (an empty string, False).
        sample: the first values as text.

    Example:
        >>> import numpy as np
        >>> from flowgraph.profiling import statistics
        >>> print(statistics(np.array([1.0, 2.0, np.nan], np.float32)))
        min 1  max 2  mean 1.5  std 0.5  1 NaN  [1, 2, nan]
    """

    size: int
    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    nans: int
    infs: int
    zeros: int
    sample: str

    def __str__(self) -> str:
        parts = []
        if self.min is not None:
            numbers = (("min", self.min), ("max", self.max), ("mean", self.mean),
                       ("std", self.std))
            parts = [f"{name} {value:.4g}" for name, value in numbers] if self.size > 1 else []
        for count, name in ((self.nans, "NaN"), (self.infs, "infinite"), (self.zeros, "zero")):
            if count and self.size > 1:
                parts.append("all " + name if count == self.size else f"{count} {name}")
        return "  ".join([*parts, self.sample])


def statistics(value: Any) -> Statistics:
    """The statistics of an array of any dtype; nothing warns.

    Args:
        value: an array, a number, a list of tensors, or anything else that a step makes.

    Example:
        >>> import numpy as np
        >>> from flowgraph.profiling import statistics
        >>> found = statistics(np.array([0.0, np.inf, 4.0]))
        >>> found.max, found.mean, found.infs, found.zeros
        (4.0, 2.0, 1, 1)
    """
    if value is None:
        return Statistics(0, None, None, None, None, 0, 0, 0, "nothing")
    if isinstance(value, TensorList):
        return Statistics(0, None, None, None, None, 0, 0, 0, f"a list of {len(value)} tensors")
    if not hasattr(value, "dtype"):
        return Statistics(0, None, None, None, None, 0, 0, 0, f"{value!r:.60}")
    array = np.asarray(value.get() if hasattr(value, "get") else value)
    sample = _sample(array)
    if array.dtype.kind not in "biufc":
        zeros = sum(1 for item in array.reshape(-1) if not isinstance(item, np.void) and not item)
        return Statistics(array.size, None, None, None, None, 0, 0, zeros, sample)
    if array.size == 1 and array.dtype.kind != "c":  # most values in loops are: a tenth of the time
        number = float(array.reshape(())[()])
        nan, inf = math.isnan(number), math.isinf(number)
        known = None if nan or inf else number
        return Statistics(1, known, known, known, None if known is None else 0.0, int(nan),
                          int(inf), int(number == 0), sample)
    with np.errstate(all="ignore"):
        zeros = array.size - int(np.count_nonzero(array))
        numbers = np.abs(array) if array.dtype.kind == "c" else array
        nans = infs = 0
        if array.dtype.kind in "fc":
            finite = np.isfinite(array)
            if not finite.all():
                nans = int(np.isnan(array).sum())
                infs = array.size - int(finite.sum()) - nans
                numbers = numbers[finite]
        if not numbers.size:
            return Statistics(array.size, None, None, None, None, nans, infs, zeros, sample)
        least, most = float(numbers.min()), float(numbers.max())
        mean = float(numbers.mean(dtype=np.float64))
        # The scale keeps the squares of large numbers finite.
        scale = max(abs(least - mean), abs(most - mean))
        std = scale * float(np.sqrt(np.mean(np.square(
            (numbers.astype(np.float64) - mean) / scale)))) if 0 < scale < np.inf else 0.0
    return Statistics(array.size, least, most, mean, std, nans, infs, zeros, sample)


def _sample(array: np.ndarray) -> str:
    first = [_text(item) for item in array.reshape(-1)[:_FIRST]]
    if not array.ndim:
        return first[0]
    return f"[{', '.join(first)}{', ...' if array.size > _FIRST else ''}]"


def _text(item: Any) -> str:
    if isinstance(item, (bytes, str)):
        text = repr(item)
        return text if len(text) <= _LONGEST else text[:_LONGEST - 4] + "..." + text[-1]
    if isinstance(item, (bool, np.bool_)):
        return str(bool(item))
    if isinstance(item, (float, np.floating)):
        return f"{float(item):.4g}"
    if isinstance(item, (complex, np.complexfloating)):
        return f"{complex(item):.4g}"
    return f"{item!s:.{_LONGEST}}"
