"""From the outputs of a CTC network to label sequences: best path, and prefix beam search.

The greedy decoder takes the likeliest class of each time step, merges runs and drops blanks. The
beam search keeps, at each time step, the `beam_width` likeliest *label* sequences, each with the
probability of all its paths that end in a blank and of all that end in its last label:

    P(abb + b) = P(ab ends in blank) P(b)      a label after itself needs a blank in between
    P(ab + c)  = P(ab) P(c)

Decoders work on Python lists of labels, so that they run on the host.
"""

from __future__ import annotations

import heapq
import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import FailedPreconditionError, InvalidArgumentError, ShapeError
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.cast import cast
from flowgraph.ops.ctc_loss import checked_shape
from flowgraph.ops.sparse_tensor import SparseTensor

_FLOAT = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))
_INT32 = dt.DTypeSet("int32", (dt.int32,))
_LENGTHS_VARY = "the decoded sequences are Python lists, of all lengths"


class CTCGreedyDecoder(OpDef):
    """The classes of the likeliest path, without blanks: a sparse tensor's three parts, score."""

    dtypes = {"sequence_length": _INT32}
    T = _FLOAT
    multiple = True
    grad = NotDifferentiable
    host_only = _LENGTHS_VARY

    def infer(self, inputs, sequence_length, *, merge_repeated=False):
        _, batch, _ = checked_shape(inputs, sequence_length)
        return (Spec(dt.int64, (None, 2)), Spec(dt.int64, (None,)), Spec(dt.int64, (2,)),
                Spec(inputs.dtype, (batch, 1)))

    def kernel(self, xp, inputs, sequence_length, *, merge_repeated=False):
        _check(inputs, sequence_length)
        steps, _, classes = inputs.shape
        valid = np.arange(steps)[:, None] < sequence_length
        best = np.argmax(inputs, axis=2)
        largest = np.where(valid, np.max(inputs, axis=2), 0)
        kept = valid & (best != classes - 1)
        if merge_repeated:
            kept[1:] &= best[1:] != best[:-1]
        sequences = [best[kept[:, row], row] for row in range(kept.shape[1])]
        return (*_sparse_parts(sequences), 0 - largest.sum(axis=0, keepdims=True).T)


class CTCBeamSearchDecoder(OpDef):
    """The `top_paths` likeliest label sequences: sparse tensors' parts, log probabilities."""

    dtypes = {"sequence_length": _INT32}
    T = _FLOAT
    multiple = True
    grad = NotDifferentiable
    host_only = _LENGTHS_VARY

    def infer(self, inputs, sequence_length, *, beam_width, top_paths, merge_repeated=True):
        _, batch, _ = checked_shape(inputs, sequence_length)
        for name, value in (("beam_width", beam_width), ("top_paths", top_paths)):
            if value < 1:
                raise ShapeError(f"needs {name} >= 1, got {value}")
        parts = ((None, 2), (None,), (2,))
        return (*(Spec(dt.int64, shape) for shape in parts for _ in range(top_paths)),
                Spec(inputs.dtype, (batch, top_paths)))

    def kernel(self, xp, inputs, sequence_length, *, beam_width, top_paths, merge_repeated=True):
        _check(inputs, sequence_length)
        if top_paths > beam_width:
            raise InvalidArgumentError(None, None, "requested more paths than the beam width: "
                                       f"{top_paths}, with a beam of {beam_width}")
        logits = inputs.astype(np.float64)
        logits -= np.max(logits, axis=2, keepdims=True)
        logits -= np.log(np.sum(np.exp(logits), axis=2, keepdims=True))
        paths, scores = [], []
        for row, steps in enumerate(sequence_length):
            found, score = beam_search(logits[:max(int(steps), 0), row], beam_width, top_paths)
            paths.append([_merged(path) if merge_repeated else path for path in found])
            scores.append(score)
        parts = [_sparse_parts([of_row[i] for of_row in paths]) for i in range(top_paths)]
        return (*(part[j] for j in range(3) for part in parts),
                np.array(scores, inputs.dtype).reshape(len(paths), top_paths))


def _check(inputs, sequence_length):
    steps, batch, _ = inputs.shape
    if not steps:
        raise InvalidArgumentError(None, None, "max_time is 0")
    if len(sequence_length) != batch:
        raise FailedPreconditionError(
            None, None, f"len(sequence_length) is {len(sequence_length)}, but the batch size is "
                        f"{batch}")
    if bool((sequence_length > steps).any()):
        row = int(np.argmax(sequence_length > steps))
        raise FailedPreconditionError(
            None, None, f"sequence_length({row}) is {int(sequence_length[row])}, but there are "
                        f"{steps} time steps")


def _sparse_parts(sequences):
    """indices, values and dense_shape of a list of sequences."""
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    rows = np.repeat(np.arange(len(sequences)), lengths)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    values = np.concatenate([np.asarray(s, np.int64) for s in sequences] or [np.zeros(0, np.int64)])
    return (np.stack([rows, places], axis=1), values,
            np.array([len(sequences), lengths.max(initial=0)], np.int64))


def _merged(path):
    return [label for i, label in enumerate(path) if i == 0 or label != path[i - 1]]


# ---- beam search ---------------------------------------------------------------------------------

_NEVER = -math.inf  # the log of 0


class _Sequence:
    """A label sequence: the one it grew from, its last label, and how likely it is by now.

    `blank` and `label` are the log probabilities of its paths that end in a blank and in the last
    label, `total` of both; `was_blank` and `was_total` those of the time step before. The total is
    `_NEVER` for a sequence that is not in the beam.
    """

    __slots__ = ("blank", "children", "label", "last", "parent", "round", "total", "was_blank",
                 "was_total")

    def __init__(self, parent, last):
        self.parent, self.last = parent, last
        self.children = {}
        self.total = self.blank = self.label = self.was_total = self.was_blank = _NEVER
        self.round = -1  # the last time step at which it was in the beam

    def drop(self):
        """Takes it out of the beam."""
        self.total = self.blank = self.label = _NEVER

    def labels(self):
        """All its labels."""
        found, sequence = [], self
        while sequence.parent is not None:
            found.append(sequence.last)
            sequence = sequence.parent
        return found[::-1]


def beam_search(log_probability, beam_width, top_paths):
    """The likeliest label sequences of one example, and their log probabilities.

    Args:
        log_probability: float64 array [time, classes]; the last class is the blank.
        beam_width: how many sequences are kept from step to step.
        top_paths: how many are returned.
    """
    empty = _Sequence(None, -1)
    empty.total = empty.blank = 0.0
    beam = [empty]
    for time, seen in enumerate(log_probability):
        _stay(beam, seen, time)
        beam = _grow(beam, seen, time, beam_width)
    if len(beam) < top_paths:
        raise InvalidArgumentError(
            None, None, f"Less leaves in the beam search than requested: there are {len(beam)} "
                        f"label sequences, top_paths is {top_paths}")
    best = beam[:top_paths]
    return [sequence.labels() for sequence in best], [sequence.total for sequence in best]


def _stay(beam, seen, time):
    """The next time step for the sequences of the beam as they are; best first."""
    for sequence in beam:
        sequence.was_total, sequence.was_blank = sequence.total, sequence.blank
        sequence.round = time
    for sequence in beam:
        parent = sequence.parent
        if parent is not None:
            if parent.total > _NEVER:  # paths of the parent that go on by the last label now
                before = parent.was_blank if parent.last == sequence.last else parent.was_total
                sequence.label = _log_add(sequence.label, before)
            sequence.label += float(seen[sequence.last])
        sequence.blank = sequence.was_total + float(seen[-1])
        sequence.total = _log_add(sequence.blank, sequence.label)


def _grow(beam, seen, time, width):
    """The beam's sequences and all that are longer by a label: the likeliest, best first.

    Sequences push each other out in the order in which they come, and one that was pushed out and
    is met again as another one's growth does not grow itself any more: TensorFlow's beam, exactly.
    """
    kept = [(sequence.total, -i, sequence) for i, sequence in enumerate(beam)]
    heapq.heapify(kept)
    count = len(beam)
    totals = np.array([sequence.was_total for sequence in beam])
    rows = np.flatnonzero([sequence.last >= 0 for sequence in beam])  # all but the empty one
    last = [beam[row].last for row in rows]
    grown_by = totals[:, None] + seen[:-1]
    # a label after itself needs a blank in between
    grown_by[rows, last] = seen[last] + [beam[row].was_blank for row in rows]
    best = grown_by.max(axis=1, initial=_NEVER).tolist()
    for sequence, grown, most in zip(beam, grown_by, best, strict=True):
        least = kept[0][0] if len(kept) == width else _NEVER
        looked_at = [label for label, child in sequence.children.items() if child.round == time]
        if (most <= least and not looked_at) or not _fits(kept, width, sequence.was_total):
            continue
        for label in sorted({*looked_at, *np.flatnonzero(grown > least).tolist()}):
            child = sequence.children.get(label)
            if child is None:
                child = sequence.children[label] = _Sequence(sequence, label)
            if child.total > _NEVER:
                continue
            total = float(grown[label])
            if _fits(kept, width, total):
                if len(kept) == width:
                    heapq.heappop(kept)[2].drop()
                child.blank, child.label, child.total = _NEVER, total, total
                heapq.heappush(kept, (total, -count, child))
                count += 1
            else:
                child.was_total = child.was_blank = _NEVER
    return [entry[2] for entry in sorted(kept, reverse=True)]


def _fits(kept, width, total):
    """Whether a sequence of this log probability gets into the beam."""
    return total > _NEVER and (len(kept) < width or total > kept[0][0])


def _log_add(a, b):
    """log(e^a + e^b)."""
    if a < b:
        a, b = b, a
    return a if b == _NEVER else a + math.log1p(math.exp(b - a))


# ---- public --------------------------------------------------------------------------------------


def ctc_greedy_decoder(inputs, sequence_length, merge_repeated=True):
    """Decodes a CTC network's output by its likeliest path.

    Args:
        inputs: logits, float tensor `[max_time, batch_size, num_classes]`; the last class is the
            blank.
        sequence_length: int32 vector, the number of time steps of each example.
        merge_repeated: whether a run of one class gives one label.

    Returns:
        A list of one int64 SparseTensor `[batch_size, longest]` with the labels, and a float
        tensor `[batch_size, 1]`: minus the sum of the largest logits of each example.

    Raises:
        FailedPreconditionError: a length is greater than the number of time steps (at run).

    Example:
        >>> import flowgraph as fg
        >>> logits = fg.one_hot([[0], [0], [2], [0], [1]], 3)
        >>> decoded, _ = fg.nn.ctc_greedy_decoder(logits, [5])
        >>> fg.Session().run(decoded[0].values)
        array([0, 0, 1])
    """
    inputs, kind = _as_float(inputs)
    indices, values, shape, score = CTCGreedyDecoder.build(
        inputs, sequence_length, merge_repeated=bool(merge_repeated))
    return [SparseTensor(indices, values, shape)], cast(score, kind)


def ctc_beam_search_decoder(inputs, sequence_length, beam_width=100, top_paths=1,
                            merge_repeated=True):
    """Decodes a CTC network's output into its likeliest label sequences.

    Args:
        inputs: logits, float tensor `[max_time, batch_size, num_classes]`; the last class is the
            blank.
        sequence_length: int32 vector, the number of time steps of each example.
        beam_width: how many label sequences are kept from step to step.
        top_paths: how many are returned, at most `beam_width`.
        merge_repeated: whether equal labels side by side in a *decoded* sequence are merged, which
            makes "aab" of "ab" impossible; `ctc_beam_search_decoder_v2` does not.

    Returns:
        A list of `top_paths` int64 SparseTensors `[batch_size, longest]`, best first, and a float
        tensor `[batch_size, top_paths]` with their log probabilities.

    Raises:
        InvalidArgumentError: there are fewer label sequences than `top_paths` (at run).
        FailedPreconditionError: a length is greater than the number of time steps (at run).

    Example:
        >>> import flowgraph as fg
        >>> logits = fg.log([[[0.3, 0.7]], [[0.4, 0.6]]])
        >>> decoded, score = fg.nn.ctc_beam_search_decoder(logits, [2])
        >>> fg.Session().run([decoded[0].values, fg.exp(score)])
        [array([0]), array([[0.58]], dtype=float32)]
    """
    inputs, kind = _as_float(inputs)
    outputs = CTCBeamSearchDecoder.build(
        inputs, sequence_length, beam_width=int(beam_width), top_paths=int(top_paths),
        merge_repeated=bool(merge_repeated))
    parts = [outputs[i * top_paths:(i + 1) * top_paths] for i in range(3)]
    return [SparseTensor(*three) for three in zip(*parts, strict=True)], cast(outputs[-1], kind)


def ctc_beam_search_decoder_v2(inputs, sequence_length, beam_width=100, top_paths=1):
    """Decodes a CTC network's output into its likeliest label sequences, with repeated labels.

    Args:
        inputs: logits, float tensor `[max_time, batch_size, num_classes]`; the last class is the
            blank.
        sequence_length: int32 vector, the number of time steps of each example.
        beam_width: how many label sequences are kept from step to step.
        top_paths: how many are returned, at most `beam_width`.

    Returns:
        A list of `top_paths` int64 SparseTensors `[batch_size, longest]`, best first, and a float
        tensor `[batch_size, top_paths]` with their log probabilities.

    Raises:
        InvalidArgumentError: there are fewer label sequences than `top_paths` (at run).
        FailedPreconditionError: a length is greater than the number of time steps (at run).

    Example:
        >>> import flowgraph as fg
        >>> logits = 9.0 * fg.one_hot([[0], [2], [0]], 3)
        >>> decoded, _ = fg.nn.ctc_beam_search_decoder_v2(logits, [3])
        >>> fg.Session().run(decoded[0].values)
        array([0, 0])
    """
    return ctc_beam_search_decoder(inputs, sequence_length, beam_width, top_paths, False)


def _as_float(inputs):
    """The logits as float32 or float64, and the dtype they came in."""
    inputs = convert_to_tensor(inputs)
    kind = inputs.dtype.base_dtype
    return (cast(inputs, dt.float32) if kind is dt.float16 else inputs), kind
