"""N-grams: the runs of n neighbours in rows of strings."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.core.text import as_bytes
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_elements import ON_HOST, invalid, strings


class StringNGrams(OpDef):
    """The runs of neighbours in rows of strings, which stand one after the other in `data`."""

    dtypes = {"data": dt.STRING, "data_splits": "Tsplits"}
    Tsplits = dt.DTypeSet("int32 or int64", (dt.int32, dt.int64))
    multiple = True
    host_only = ON_HOST
    grad = NotDifferentiable

    def infer(self, data, data_splits, *, separator, ngram_widths, left_pad, right_pad, pad_width,
              preserve_short_sequences):
        shape_rules.require_rank(data, 1, "data")
        shape_rules.require_rank(data_splits, 1, "data_splits")
        return (Spec(dt.string, (None,)),
                Spec(data_splits.dtype, (None,) if data_splits.shape is None
                     else data_splits.shape))

    def kernel(self, xp, data, data_splits, *, separator, ngram_widths, left_pad, right_pad,
               pad_width, preserve_short_sequences):
        words, splits = data.tolist(), data_splits.tolist()
        _check(len(words), splits, ngram_widths)
        found, ends = [], splits[:1]
        for start, end in pairwise(splits):
            row = words[start:end]
            before = len(found)
            for width in ngram_widths:
                pads = width - 1 if pad_width < 0 else min(pad_width, width - 1)
                found += _runs(row, width, pads, as_bytes(left_pad), as_bytes(right_pad))
            if preserve_short_sequences and row and len(found) == before:
                pads = max(pad_width, 0)
                found += _runs(row, len(row) + 2 * pads, pads, as_bytes(left_pad),
                               as_bytes(right_pad))
            ends.append(len(found))
        joined = strings([as_bytes(separator).join(run) for run in found], (len(found),))
        return joined, np.array(ends, data_splits.dtype)


def _check(count, splits, widths):
    if any(width < 1 for width in widths):
        raise invalid(f"ngram_widths must be positive, got {tuple(widths)}")
    if splits and splits[0] != 0:
        raise invalid(f"First split value must be 0, got {splits[0]}")
    for start, end in pairwise(splits):
        if not start <= end <= count:
            raise invalid(f"Invalid split value {end}, must be in [{start}, {count}]")
    if splits and splits[-1] != count:
        raise invalid(f"Last split value must be data size. Expected {count}, got {splits[-1]}")


def _runs(row, width, pads, left, right):
    """The runs of `width` neighbours in a row with so many pads at each end."""
    padded = [left] * pads + row + [right] * pads
    return [padded[start:start + width] for start in range(len(padded) - width + 1)]


def string_ngrams(data, data_splits, ngram_widths, separator=" ", left_pad="", right_pad="",
                  pad_width=0, preserve_short_sequences=False, name=None):
    """The runs of n neighbours in rows of strings, each joined to one string.

    Args:
        data: string vector, the rows one after the other.
        data_splits: int32 or int64 vector, where the rows begin, and at last their end.
        ngram_widths: list of the ns, each of which is at least 1.
        separator: what stands between the strings of a run.
        left_pad, right_pad: what is put before and after each row.
        pad_width: how many times, at most n - 1; -1 for that.
        preserve_short_sequences: whether a row too short for any run becomes one run.
        name: name of the node.

    Returns:
        (runs, splits): string vector, and where the runs of each row begin, as `data_splits`.

    Raises:
        InvalidArgumentError: when run, if the splits do not fit the data.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.ops.string_ngrams import string_ngrams
        >>> fg.Session().run(string_ngrams(["a", "b", "c", "d"], [0, 3, 4], [2]))
        [array([b'a b', b'b c'], dtype=object), array([0, 2, 2], dtype=int32)]
    """
    return StringNGrams.build(
        data, data_splits, name=name, separator=separator, ngram_widths=tuple(ngram_widths),
        left_pad=left_pad, right_pad=right_pad, pad_width=pad_width,
        preserve_short_sequences=preserve_short_sequences)
