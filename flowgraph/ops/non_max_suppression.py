"""Choosing among boxes that overlap: the best one stays, those that cover it too much go.

    boxes in the order of their scores    chosen    why
    0.9  A                                yes
    0.8  B, overlaps A by 0.7             no        0.7 > iou_threshold
    0.6  C, overlaps A by 0.1             yes

The boxes are gone through one by one, as each depends on those chosen before; the overlaps of a
chosen box with all others are computed at once.
"""

from __future__ import annotations

import heapq
import math
from collections import namedtuple

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_SCORES = dt.DTypeSet("float32 or float16", (dt.float32, dt.float16))
_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_INT32 = dt.DTypeSet("int32", (dt.int32,))
PaddedBoxes = namedtuple("PaddedBoxes", ("selected_indices", "valid_outputs"))
_WHY = "each box waits for the choice of those before it"


# ---- overlaps ------------------------------------------------------------------------------------


def corners(boxes):
    """[..., 4] as (y1, x1, y2, x2), the smaller coordinates first."""
    first, second = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], axis=-1)


def overlaps_with(boxes, areas, one):
    """Intersection over union of box number `one` with each box; 0 where there is no area."""
    top, left, bottom, right = boxes.T  # of 2,000 boxes in a third of the time that pairs take
    height = np.minimum(bottom, bottom[one]) - np.maximum(top, top[one])
    width = np.minimum(right, right[one]) - np.maximum(left, left[one])
    common = np.maximum(height, 0) * np.maximum(width, 0)
    real = (areas > 0) & (areas[one] > 0)
    return np.where(real, common / np.where(real, areas + areas[one] - common, 1), 0)


def _areas(boxes):
    return np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1)


def _by_score(scores, score_threshold):
    """Numbers of the boxes above the threshold, best first; of equal ones the first comes first."""
    able = np.flatnonzero(scores > score_threshold)
    return able[np.argsort(-scores[able], kind="stable")]


def chosen_boxes(overlaps_of, scores, most, threshold, score_threshold):
    """Numbers of the boxes that are chosen, best first.

    Args:
        overlaps_of: from the number of a box to its overlaps with all.
        scores: one per box.
        most: how many at most.
        threshold: a box that overlaps a chosen one by more is not chosen.
        score_threshold: a box must score more.
    """
    waiting = _by_score(scores, score_threshold)
    chosen = []
    while waiting.size and len(chosen) < most:
        best, waiting = int(waiting[0]), waiting[1:]
        chosen.append(best)
        waiting = waiting[~(overlaps_of(best)[waiting] > threshold)]
    return np.array(chosen, np.int32)


def _softly_chosen(overlaps_of, scores, most, score_threshold, sigma):
    """(numbers, scores) of the boxes chosen; overlaps lower scores, and shut out no box.

    A box whose score has been lowered since it was put back waits for its new turn.
    """
    kind = scores.dtype.type
    scale = kind(-0.5) / kind(sigma)
    waiting = [(-score, int(i), 0) for i, score in enumerate(scores) if score > score_threshold]
    heapq.heapify(waiting)
    chosen, kept, seen = [], [], []
    while waiting and len(chosen) < most:
        score, box, compared = heapq.heappop(waiting)
        score = before = -score
        for overlaps in reversed(seen[compared:]):
            score = score * kind(math.exp(scale * overlaps[box] * overlaps[box]))
            if score <= score_threshold:
                break
        if score == before:
            chosen.append(box)
            kept.append(score)
            seen.append(overlaps_of(box))
        elif score > score_threshold:
            heapq.heappush(waiting, (-score, box, len(chosen)))
    return np.array(chosen, np.int32), np.array(kept, scores.dtype)


# ---- checks --------------------------------------------------------------------------------------


def _check_boxes(boxes, scores, most, *numbers):
    """The rules of shapes that all of these ops share."""
    shape_rules.require_rank(boxes, 2, "boxes")
    shape_rules.require_rank(scores, 1, "scores")
    for number, what in zip((most, *numbers), ("max_output_size", "iou_threshold",
                                               "score_threshold", "soft_nms_sigma"), strict=False):
        shape_rules.require_rank(number, 0, what)
    if boxes.shape is not None and boxes.shape[1] not in (None, 4):
        raise ShapeError(f"needs boxes of shape (boxes, 4), got {shape_text(boxes.shape)}",
                         "A box is [y1, x1, y2, x2].")
    _check_counts(boxes, scores)


def _check_counts(boxes, scores):
    counts = {spec.shape[0] for spec in (boxes, scores) if spec.shape is not None} - {None}
    if len(counts) > 1:
        raise ShapeError(f"needs one score for each box, got {shape_text(boxes.shape)} and "
                         f"{shape_text(scores.shape)}")


def _check_run(boxes, scores, most, threshold):
    """What only the run tells."""
    if boxes.shape[0] != scores.shape[0]:
        raise InvalidArgumentError(None, None, f"scores has incompatible shape: {scores.shape} for "
                                   f"boxes of {boxes.shape}")
    if most < 0:
        raise InvalidArgumentError(None, None, "output size must be non-negative")
    if not 0 <= threshold <= 1:
        raise InvalidArgumentError(None, None, "iou_threshold must be in [0, 1]")


def _chosen(boxes, scores, most, threshold, score_threshold, sigma=0.0):
    """(numbers, scores) of the chosen boxes."""
    _check_run(boxes, scores, most, threshold)
    kind = boxes.dtype.type
    boxes = corners(boxes)
    areas = _areas(boxes)
    if sigma > 0:
        return _softly_chosen(lambda one: overlaps_with(boxes, areas, one), scores, most,
                              score_threshold, sigma)
    numbers = chosen_boxes(lambda one: overlaps_with(boxes, areas, one), scores, most,
                           kind(threshold), score_threshold)
    return numbers, scores[numbers]


def _padded(array, count, pad):
    """The array, filled up with zeros to `count` when asked."""
    return np.concatenate([array, np.zeros(count - len(array), array.dtype)]) if pad else array


# ---- ops -----------------------------------------------------------------------------------------


class NonMaxSuppressionV3(OpDef):
    """Numbers of the boxes chosen by their scores."""

    dtypes = {"max_output_size": _INT32, "iou_threshold": "T_threshold",
              "score_threshold": "T_threshold"}
    T = _SCORES
    T_threshold = _SCORES
    host_inputs = ("max_output_size", "iou_threshold", "score_threshold")
    host_only = _WHY
    grad = NotDifferentiable

    def infer(self, boxes, scores, max_output_size, iou_threshold, score_threshold):
        _check_boxes(boxes, scores, max_output_size, iou_threshold, score_threshold)
        return Spec(dt.int32, (None,))

    def kernel(self, xp, boxes, scores, max_output_size, iou_threshold, score_threshold):
        return _chosen(boxes, scores, max_output_size, iou_threshold, score_threshold)[0]


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5,
                        score_threshold=float("-inf"), name=None):
    """Chooses the best boxes among those that overlap.

    Args:
        boxes: float tensor [boxes, 4]: two opposite corners (y1, x1, y2, x2) of each.
        scores: float tensor [boxes].
        max_output_size: int32 scalar, how many to choose at most.
        iou_threshold: float scalar of [0, 1]: a box whose intersection over union with a chosen
            box is larger is not chosen.
        score_threshold: float scalar; a box must score more.
        name: name scope.

    Returns:
        An int32 tensor of the numbers of the chosen boxes, the best first.

    Raises:
        ValueError: the shapes do not go together.
        InvalidArgumentError: `iou_threshold` is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> boxes = [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.9], [5.0, 5.0, 6.0, 6.0]]
        >>> fg.Session().run(fg.image.non_max_suppression(boxes, [0.6, 0.9, 0.3], 2))
        array([1, 2], dtype=int32)
    """
    with name_scope(name, "non_max_suppression"):
        iou_threshold = convert_to_tensor(iou_threshold, name="iou_threshold")
        score_threshold = convert_to_tensor(score_threshold, name="score_threshold")
        return NonMaxSuppressionV3.build(boxes, scores, max_output_size, iou_threshold,
                                         score_threshold)


class NonMaxSuppressionV4(OpDef):
    """Numbers of the boxes chosen by their scores, and how many there are."""

    dtypes = NonMaxSuppressionV3.dtypes
    T = _SCORES
    T_threshold = _SCORES
    host_inputs = ("max_output_size", "iou_threshold", "score_threshold")
    host_only = _WHY
    multiple = True
    grad = NotDifferentiable

    def infer(self, boxes, scores, max_output_size, iou_threshold, score_threshold, *,
              pad_to_max_output_size=False):
        _check_boxes(boxes, scores, max_output_size, iou_threshold, score_threshold)
        count = max_output_size.value if pad_to_max_output_size else None
        return Spec(dt.int32, (count,)), Spec(dt.int32, ())

    def kernel(self, xp, boxes, scores, max_output_size, iou_threshold, score_threshold, *,
               pad_to_max_output_size=False):
        numbers, _ = _chosen(boxes, scores, max_output_size, iou_threshold, score_threshold)
        return (_padded(numbers, max_output_size, pad_to_max_output_size),
                np.int32(len(numbers)))


def non_max_suppression_padded(boxes, scores, max_output_size, iou_threshold=0.5,
                               score_threshold=float("-inf"), pad_to_max_output_size=False,
                               name=None):
    """Chooses the best boxes among those that overlap, and fills up to a fixed number.

    Args:
        boxes: float tensor [boxes, 4]: two opposite corners (y1, x1, y2, x2) of each.
        scores: float tensor [boxes].
        max_output_size: int32 scalar, how many to choose at most.
        iou_threshold: float scalar of [0, 1], as for `non_max_suppression`.
        score_threshold: float scalar; a box must score more.
        pad_to_max_output_size: whether the result has always `max_output_size` entries.
        name: name scope.

    Returns:
        A named tuple (selected_indices, valid_outputs): an int32 tensor of the numbers of the
        chosen boxes, filled up with 0; and an int32 scalar, how many are chosen.

    Example:
        >>> import flowgraph as fg
        >>> boxes = [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.9], [5.0, 5.0, 6.0, 6.0]]
        >>> chosen = fg.image.non_max_suppression_padded(boxes, [0.6, 0.9, 0.3], 4,
        ...                                              pad_to_max_output_size=True)
        >>> numbers, count = fg.Session().run(chosen)
        >>> numbers.tolist(), int(count)
        ([1, 2, 0, 0], 2)
    """
    with name_scope(name, "non_max_suppression_padded"):
        iou_threshold = convert_to_tensor(iou_threshold, name="iou_threshold")
        score_threshold = convert_to_tensor(score_threshold, name="score_threshold")
        return PaddedBoxes(*NonMaxSuppressionV4.build(
            boxes, scores, max_output_size, iou_threshold, score_threshold,
            pad_to_max_output_size=pad_to_max_output_size))


class NonMaxSuppressionV5(OpDef):
    """Numbers and scores of the boxes chosen, and how many; overlaps may lower scores."""

    dtypes = {"max_output_size": _INT32}
    T = _SCORES
    host_inputs = ("max_output_size", "iou_threshold", "score_threshold", "soft_nms_sigma")
    host_only = _WHY
    multiple = True
    grad = NotDifferentiable

    def infer(self, boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma,
              *, pad_to_max_output_size=False):
        _check_boxes(boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
        count = max_output_size.value if pad_to_max_output_size else None
        return Spec(dt.int32, (count,)), Spec(boxes.dtype, (count,)), Spec(dt.int32, ())

    def kernel(self, xp, boxes, scores, max_output_size, iou_threshold, score_threshold,
               soft_nms_sigma, *, pad_to_max_output_size=False):
        if soft_nms_sigma < 0:
            raise InvalidArgumentError(None, None, "soft_nms_sigma must be >= 0")
        numbers, kept = _chosen(boxes, scores, max_output_size, iou_threshold, score_threshold,
                                soft_nms_sigma)
        return (_padded(numbers, max_output_size, pad_to_max_output_size),
                _padded(kept, max_output_size, pad_to_max_output_size), np.int32(len(numbers)))


def non_max_suppression_with_scores(boxes, scores, max_output_size, iou_threshold=0.5,
                                    score_threshold=float("-inf"), soft_nms_sigma=0.0, name=None):
    """Chooses the best boxes among those that overlap, by scores that overlaps may lower.

    Args:
        boxes: float tensor [boxes, 4]: two opposite corners (y1, x1, y2, x2) of each.
        scores: float tensor [boxes].
        max_output_size: int32 scalar, how many to choose at most.
        iou_threshold: float scalar of [0, 1], as for `non_max_suppression`.
        score_threshold: float scalar; a box must score more.
        soft_nms_sigma: float scalar; above 0, an overlap o with a chosen box multiplies the score
            of a box by `exp(-o**2 / (2 * soft_nms_sigma))`, and `iou_threshold` is not looked at.
        name: name scope.

    Returns:
        A pair: an int32 tensor of the numbers of the chosen boxes, and their scores.

    Example:
        >>> import flowgraph as fg
        >>> boxes = [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.0], [5.0, 5.0, 6.0, 6.0]]
        >>> chosen = fg.image.non_max_suppression_with_scores(boxes, [0.9, 0.8, 0.7], 3, 1.0,
        ...                                                   soft_nms_sigma=0.5)
        >>> [part.tolist() for part in fg.Session().run(chosen)][0]
        [0, 2, 1]
    """
    with name_scope(name, "non_max_suppression_with_scores"):
        numbers = [convert_to_tensor(number, name=what) for number, what in (
            (iou_threshold, "iou_threshold"), (score_threshold, "score_threshold"),
            (soft_nms_sigma, "soft_nms_sigma"))]
        return tuple(NonMaxSuppressionV5.build(boxes, scores, max_output_size, *numbers,
                                               pad_to_max_output_size=False)[:2])


class NonMaxSuppressionWithOverlaps(OpDef):
    """Numbers of the boxes chosen by their scores, the overlaps given."""

    dtypes = {"overlaps": _FLOAT32, "scores": _FLOAT32, "max_output_size": _INT32,
              "overlap_threshold": _FLOAT32, "score_threshold": _FLOAT32}
    host_inputs = ("max_output_size", "overlap_threshold", "score_threshold")
    host_only = _WHY
    grad = NotDifferentiable

    def infer(self, overlaps, scores, max_output_size, overlap_threshold, score_threshold):
        shape_rules.require_rank(overlaps, 2, "overlaps")
        shape_rules.require_rank(scores, 1, "scores")
        for number, what in ((max_output_size, "max_output_size"),
                             (overlap_threshold, "overlap_threshold"),
                             (score_threshold, "score_threshold")):
            shape_rules.require_rank(number, 0, what)
        if overlaps.is_static and overlaps.shape[0] != overlaps.shape[1]:
            raise ShapeError(f"needs as many rows as columns, got {shape_text(overlaps.shape)}")
        _check_counts(overlaps, scores)
        return Spec(dt.int32, (None,))

    def kernel(self, xp, overlaps, scores, max_output_size, overlap_threshold, score_threshold):
        if overlaps.shape[0] != overlaps.shape[1]:
            raise InvalidArgumentError(None, None, f"overlaps must be square: {overlaps.shape}")
        _check_run(overlaps, scores, max_output_size, 0)
        return chosen_boxes(lambda one: overlaps[:, one], scores, max_output_size,
                            np.float32(overlap_threshold), score_threshold)


def non_max_suppression_overlaps(overlaps, scores, max_output_size, overlap_threshold=0.5,
                                 score_threshold=float("-inf"), name=None):
    """Chooses the best boxes among those that overlap, the overlaps given.

    Args:
        overlaps: float32 tensor [boxes, boxes]: how much each overlaps each.
        scores: float32 tensor [boxes].
        max_output_size: int32 scalar, how many to choose at most.
        overlap_threshold: float scalar; a box that overlaps a chosen one by more is not chosen.
        score_threshold: float scalar; a box must score more.
        name: name scope.

    Returns:
        An int32 tensor of the numbers of the chosen boxes, the best first.

    Raises:
        ValueError: the shapes do not go together.

    Example:
        >>> import flowgraph as fg
        >>> overlaps = [[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 1.0]]
        >>> fg.Session().run(fg.image.non_max_suppression_overlaps(overlaps, [0.6, 0.9, 0.3], 3))
        array([1, 2], dtype=int32)
    """
    with name_scope(name, "non_max_suppression_overlaps"):
        overlap_threshold = convert_to_tensor(overlap_threshold, name="overlap_threshold")
        return NonMaxSuppressionWithOverlaps.build(overlaps, scores, max_output_size,
                                                   overlap_threshold, score_threshold)
