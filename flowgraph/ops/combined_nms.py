"""Choosing boxes for batches of images and several classes: tf.image's combined suppression."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.non_max_suppression import chosen_boxes, corners, overlaps_with

_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_INT32 = dt.DTypeSet("int32", (dt.int32,))

CombinedBoxes = namedtuple("CombinedBoxes", ("nmsed_boxes", "nmsed_scores", "nmsed_classes",
                                             "valid_detections"))


class CombinedNonMaxSuppression(OpDef):
    """The best boxes of each image over all classes, those that overlap in one class left out."""

    dtypes = {"boxes": _FLOAT32, "scores": _FLOAT32, "max_output_size_per_class": _INT32,
              "max_total_size": _INT32, "iou_threshold": _FLOAT32, "score_threshold": _FLOAT32}
    host_inputs = ("max_output_size_per_class", "max_total_size", "iou_threshold",
                   "score_threshold")
    host_only = "each box waits for the choice of those before it"
    multiple = True
    grad = NotDifferentiable

    def infer(self, boxes, scores, max_output_size_per_class, max_total_size, iou_threshold,
              score_threshold, *, pad_per_class=False, clip_boxes=True):
        shape_rules.require_rank(boxes, 4, "boxes")
        shape_rules.require_rank(scores, 3, "scores")
        for number, what in ((max_output_size_per_class, "max_output_size_per_class"),
                             (max_total_size, "max_total_size"), (iou_threshold, "iou_threshold"),
                             (score_threshold, "score_threshold")):
            shape_rules.require_rank(number, 0, what)
        b, s = boxes.shape or (None,) * 4, scores.shape or (None,) * 3
        if b[3] not in (None, 4) or any(m is not None and n is not None and m != n
                                        for m, n in zip(b[:2], s[:2], strict=True)) or (
                b[2] not in (None, 1) and s[2] is not None and b[2] != s[2]):
            raise ShapeError(f"cannot choose among boxes {shape_text(b)} by scores {shape_text(s)}",
                             "Boxes are [batch, boxes, 1 or classes, 4], scores [batch, boxes, "
                             "classes].")
        total, each = max_total_size.value, max_output_size_per_class.value
        if total is not None and total <= 0:
            raise ShapeError(f"has max_total_size {total}", "It must be above 0.")
        if pad_per_class and each is not None and each <= 0:
            raise ShapeError(f"has max_output_size_per_class {each}", "It must be above 0.")
        if pad_per_class:
            total = None if None in (total, each, s[2]) else min(total, each * s[2])
        return (Spec(dt.float32, (b[0], total, 4)), Spec(dt.float32, (b[0], total)),
                Spec(dt.float32, (b[0], total)), Spec(dt.int32, (b[0],)))

    def kernel(self, xp, boxes, scores, max_output_size_per_class, max_total_size, iou_threshold,
               score_threshold, *, pad_per_class=False, clip_boxes=True):
        _check(boxes, scores, max_output_size_per_class, max_total_size, iou_threshold)
        batch, classes = boxes.shape[0], scores.shape[2]
        total = max_total_size
        if pad_per_class:
            total = min(total, max_output_size_per_class * classes)
        results = (np.zeros((batch, total, 4), np.float32), np.zeros((batch, total), np.float32),
                   np.zeros((batch, total), np.float32), np.zeros(batch, np.int32))
        for image in range(batch):
            found = _of_image(boxes[image], scores[image], max_output_size_per_class,
                              np.float32(iou_threshold), score_threshold, total)
            count = results[3][image] = len(found[1])
            for result, part in zip(results, found, strict=False):
                result[image, :count] = part
        if clip_boxes:
            np.clip(results[0], 0, 1, out=results[0])
        return results


def _check(boxes, scores, each, total, iou_threshold):
    """What only the run tells."""
    for wrong, problem in (
            (boxes.shape[:2] != scores.shape[:2], "boxes and scores must have the same batch size "
             f"and number of boxes, got {boxes.shape} and {scores.shape}"),
            (boxes.shape[2] not in (1, scores.shape[2]), "third dimension of boxes must be either "
             f"1 or num classes, got {boxes.shape[2]}"),
            (each <= 0, "max_size_per_class must be positive"),
            (total <= 0, "max_total_size must be > 0"),
            (not 0 <= iou_threshold <= 1, "iou_threshold must be in [0, 1]")):
        if wrong:
            raise InvalidArgumentError(None, None, problem)


def _of_image(boxes, scores, each, threshold, score_threshold, total):
    """(boxes, scores, classes) chosen in one image, best first."""
    numbers, kinds = [], []
    for kind in range(scores.shape[1]):
        ordered = corners(boxes[:, kind % boxes.shape[1]])
        areas = np.prod(ordered[:, 2:] - ordered[:, :2], axis=-1)
        chosen = chosen_boxes(lambda one, ordered=ordered, areas=areas:
                              overlaps_with(ordered, areas, one),
                              scores[:, kind], each, threshold, score_threshold)
        numbers.append(chosen)
        kinds.append(np.full(len(chosen), kind))
    numbers, kinds = np.concatenate(numbers or [[]]), np.concatenate(kinds or [[]])
    numbers, kinds = numbers.astype(np.intp), kinds.astype(np.intp)
    best = np.argsort(-scores[numbers, kinds], kind="stable")[:total]
    numbers, kinds = numbers[best], kinds[best]
    return boxes[numbers, kinds % boxes.shape[1]], scores[numbers, kinds], kinds


def combined_non_max_suppression(boxes, scores, max_output_size_per_class, max_total_size,
                                 iou_threshold=0.5, score_threshold=float("-inf"),
                                 pad_per_class=False, clip_boxes=True, name=None):
    """Chooses the best boxes of each image over all classes; overlaps count within a class.

    Args:
        boxes: float32 tensor [batch, boxes, q, 4]: two opposite corners (y1, x1, y2, x2) of each;
            q is 1 for boxes that all classes share, or the number of classes.
        scores: float32 tensor [batch, boxes, classes].
        max_output_size_per_class: int32 scalar, how many to choose at most in a class.
        max_total_size: int32 scalar, how many to choose at most in an image.
        iou_threshold: float scalar of [0, 1]: a box whose intersection over union with a chosen
            box of its class is larger is not chosen.
        score_threshold: float scalar; a box must score more.
        pad_per_class: whether the result is filled up to no more than
            `max_output_size_per_class * classes`, instead of `max_total_size`.
        clip_boxes: whether coordinates are clipped to [0, 1].
        name: name scope.

    Returns:
        A named tuple (nmsed_boxes, nmsed_scores, nmsed_classes, valid_detections): float32 tensors
        [batch, total, 4], [batch, total] and [batch, total], filled up with 0, and int32 [batch],
        how many boxes are chosen in each image.

    Raises:
        ValueError: the shapes do not go together.

    Example:
        >>> import flowgraph as fg
        >>> boxes = [[[[0.0, 0.0, 0.5, 0.5]], [[0.0, 0.0, 0.5, 0.4]], [[0.5, 0.5, 1.0, 1.0]]]]
        >>> chosen = fg.image.combined_non_max_suppression(boxes, [[[0.6], [0.9], [0.3]]], 3, 3)
        >>> _, scores, _, count = fg.Session().run(chosen)
        >>> scores.tolist()[0][:2] == [0.8999999761581421, 0.30000001192092896], count.tolist()
        (True, [2])
    """
    with name_scope(name, "combined_non_max_suppression"):
        iou_threshold = convert_to_tensor(iou_threshold, dt.float32, name="iou_threshold")
        score_threshold = convert_to_tensor(score_threshold, dt.float32, name="score_threshold")
        return CombinedBoxes(*CombinedNonMaxSuppression.build(
            boxes, scores, max_output_size_per_class, max_total_size, iou_threshold,
            score_threshold, pad_per_class=pad_per_class, clip_boxes=clip_boxes))
