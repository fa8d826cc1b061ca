"""Cases of boxes in images: chosen, drawn, cut out; and of glimpses and random boxes."""

from functools import partial

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError, OutOfRangeError
from flowgraph.ops.crop_and_resize import CropAndResizeGradBoxes
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(8)
IMAGE = RNG.normal(size=(2, 5, 6, 2)).astype(np.float32)
ZEROS = np.zeros((2, 4, 5, 2))
BOXES = np.array([[0.1, 0.2, 0.8, 0.85], [0.9, 0.72, 0.2, 0.1], [-0.3, 0.5, 0.6, 1.4]], np.float32)
WHICH = np.array([0, 1, 1], np.int32)
# Boxes 0, 1, 2 overlap each other; 3 and 4 do; 5 has no area.
SIX = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [1, 1.1, 0, 0.1], [0, 5, 1, 6], [0, 5.4, 1, 6.4],
                [3, 3, 3, 4]], np.float32)
SCORES = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3], np.float32)


def iou(a, b):
    a, b = (np.concatenate([np.minimum(x[:2], x[2:]), np.maximum(x[:2], x[2:])]) for x in (a, b))
    areas = [np.prod(x[2:] - x[:2]) for x in (a, b)]
    if min(areas) <= 0:
        return 0.0
    common = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    return common / (sum(areas) - common)


OVERLAPS = np.array([[iou(a, b) for b in SIX] for a in SIX], np.float32)


def softly(sigma, least):
    """(numbers, scores): the best of what is left, again and again."""
    scores, chosen = SCORES.astype(float), []
    while scores.max() > least:
        best = int(scores.argmax())
        chosen.append((best, scores[best]))
        scores = scores * np.exp(-0.5 * OVERLAPS[best]**2 / sigma)
        scores[[number for number, _ in chosen]] = -1
    return [np.array(part) for part in zip(*chosen, strict=True)]


def cropped(image, boxes, which, size, outside=0.0, method="bilinear"):
    """Pixel by pixel."""
    n, m = image.shape[1:3]
    result = np.full((len(boxes), *size, image.shape[3]), float(outside))
    for number, (y1, x1, y2, x2) in enumerate(boxes.astype(float)):
        for i, j in np.ndindex(size):
            y, x = (first * (k - 1) + at * (last - first) * (k - 1) / (count - 1) if count > 1 else
                    (first + last) / 2 * (k - 1) for first, last, at, k, count in
                    ((y1, y2, i, n, size[0]), (x1, x2, j, m, size[1])))
            if not (0 <= y <= n - 1 and 0 <= x <= m - 1):
                continue
            rows, columns = (np.maximum(0, 1 - abs(np.arange(k) - at)) for k, at in
                             ((n, y), (m, x)))
            if method == "nearest":
                rows, columns = (np.arange(k) == np.floor(at + 0.5) for k, at in ((n, y), (m, x)))
            result[number, i, j] = np.einsum("h,w,hwc->c", rows.astype(float),
                                             columns.astype(float), image[which[number]])
    return result


def crops(size, **options):
    return lambda image, boxes=BOXES: fg.image.crop_and_resize(image, boxes, WHICH[:len(BOXES)],
                                                               size, **options)


def drawn(image, box, color):
    """One box drawn by hand."""
    top, left, bottom, right = box
    result = image.copy()
    for row in {top, bottom}:
        result[row, left:right + 1] = color
    for column in {left, right}:
        result[top:bottom + 1, column] = color
    return result


def glimpsed(size, **options):
    return lambda image, offsets: fg.image.extract_glimpse(image, size, offsets, **options)


def check_random_box(results):
    begin, size, (((top, left, bottom, right),),) = results
    height, width, _ = size
    np.testing.assert_allclose([top, left, bottom, right], np.array(
        [begin[0], begin[1], begin[0] + height, begin[1] + width]) / [40, 60, 40, 60], rtol=1e-6)
    assert size[2] == -1
    assert begin[2] == 0
    assert 0.05 * 2400 <= height * width <= 2400
    assert 0.7 <= width / height <= 1.4
    seen = max(min(begin[0] + height, 30) - max(begin[0], 10), 0) * max(
        min(begin[1] + width, 45) - max(begin[1], 15), 0)
    assert seen >= 0.6 * 20 * 30


DRAWN = np.stack([drawn(np.zeros((5, 6, 3), np.float32), (1, 1, 4, 3), [1, 1, 0])] * 2)

CASES = [
    Case("NonMaxSuppressionV3/all", lambda b, s: fg.image.non_max_suppression(b, s, 6),
         (SIX, SCORES), np.array([3, 0, 4, 5])),
    Case("NonMaxSuppressionV3/few", lambda b, s: fg.image.non_max_suppression(b, s, 2, 0.4),
         (SIX, SCORES), np.array([3, 0])),
    Case("NonMaxSuppressionV3/scores", lambda b, s: fg.image.non_max_suppression(
        b, s, 9, 1.0, 0.5), (SIX, SCORES), np.array([3, 0, 1, 2])),
    Case("NonMaxSuppressionV3/ties", lambda b, s: fg.image.non_max_suppression(b, s, 9, 0.4),
         (SIX, np.ones(6, np.float32)), np.array([0, 3, 5])),
    Case("NonMaxSuppressionV3/no_boxes", lambda b, s: fg.image.non_max_suppression(b, s, 3),
         (SIX[:0], SCORES[:0]), np.zeros(0, np.int32)),
    Case("NonMaxSuppressionV4/padded", lambda b, s: list(fg.image.non_max_suppression_padded(
        b, s, 6, pad_to_max_output_size=True)), (SIX, SCORES),
        [np.array([3, 0, 4, 5, 0, 0]), np.array(4)]),
    Case("NonMaxSuppressionV5/hard", lambda b, s: list(fg.image.non_max_suppression_with_scores(
        b, s, 6)), (SIX, SCORES), [np.array([3, 0, 4, 5]), SCORES[[3, 0, 4, 5]]]),
    Case("NonMaxSuppressionV5/soft", lambda b, s: list(fg.image.non_max_suppression_with_scores(
        b, s, 6, 0.5, 0.05, soft_nms_sigma=0.3)), (SIX, SCORES), softly(0.3, 0.05), rtol=1e-5),
    Case("NonMaxSuppressionWithOverlaps/given", lambda o, s: fg.image.non_max_suppression_overlaps(
        o, s, 6), (OVERLAPS, SCORES), np.array([3, 0, 4, 5])),
    Case("CombinedNonMaxSuppression/shared", lambda b, s: list(
        fg.image.combined_non_max_suppression(b, s, 2, 5, clip_boxes=False)),
        (SIX[None, :, None], np.stack([SCORES, SCORES[::-1]], axis=-1)[None]),
        [np.array([[SIX[3], SIX[2], SIX[0], SIX[5], SIX[0] * 0]]),
         np.array([[0.95, 0.95, 0.9, 0.9, 0]]), np.array([[0, 1, 0, 1, 0]]), np.array([4])]),
    Case("CombinedNonMaxSuppression/own", lambda b, s: list(
        fg.image.combined_non_max_suppression(b, s, 2, 5, pad_per_class=True)),
        (np.stack([SIX] * 2, axis=1)[None], np.stack([SCORES, SCORES * 0], axis=-1)[None]),
        [np.clip([[SIX[3], SIX[0], SIX[0], SIX[3]]], 0, 1), np.array([[0.95, 0.9, 0, 0]]),
         np.array([[0, 0, 1, 1]]), np.array([4])]),
    Case("DrawBoundingBoxes/yellow", fg.image.draw_bounding_boxes,
         (DRAWN * 0, np.array([[[0.3, 0.2, 1, 0.6], [0.9, 0, 0.1, 1], [1.5, 0, 2, 1]]] * 2,
                              np.float32)), DRAWN),
    Case("DrawBoundingBoxesV2/own_colours", lambda x, b: fg.image.draw_bounding_boxes(
        x, b, colors=[[0.5, 0.25, 1.0, 0.0]]),
        (DRAWN * 0, np.array([[[0.3, 0.2, 1, 0.6]]] * 2, np.float32)),
        DRAWN[..., :1] * np.array([0.5, 0.25, 1.0])),
    Case("CropAndResize/bilinear", crops((3, 4)), (IMAGE, BOXES),
         cropped(IMAGE, BOXES, WHICH, (3, 4)), rtol=1e-4, atol=1e-5),
    Case("CropAndResize/one_pixel", crops((1, 2), extrapolation_value=7), (IMAGE, BOXES),
         cropped(IMAGE, BOXES, WHICH, (1, 2), 7), rtol=1e-4, atol=1e-5),
    Case("CropAndResize/nearest", crops((4, 3), method="nearest"), (IMAGE, BOXES),
         cropped(IMAGE, BOXES, WHICH, (4, 3), method="nearest")),
    Case("CropAndResize/gradient", crops((3, 4)), (ZEROS,), np.zeros((3, 3, 4, 2)), grad=True),
    Case("CropAndResizeGradImage/squared", lambda x: fg.square(crops((3, 4))(x)), (ZEROS,),
         np.zeros((3, 3, 4, 2)), grad=True),
    Case("CropAndResizeGradImage/nearest", lambda x: fg.square(crops((3, 2), method="nearest")(x)),
         (ZEROS,), np.zeros((3, 3, 2, 2)), grad=True),
    *[Case(f"CropAndResize/{boxes}_boxes_of_depth_{depth}", partial(
        fg.image.crop_and_resize, box_ind=[0] * boxes, crop_size=[2, 3]),
        (np.ones((1, 4, 4, depth), np.float32), np.full((boxes, 4), 0.5, np.float32)),
        np.ones((boxes, 2, 3, depth))) for boxes, depth in ((2, 0), (0, 3))],
    Case("CropAndResize/many", lambda x: fg.image.crop_and_resize(
        x, np.tile(np.float32([[0, 0, 1, 1], [1, 1, 0, 0]]), (30, 1)), [0, 1] * 30, [50, 50]),
        (np.random.default_rng(3).random((2, 50, 50, 2), dtype=np.float32),),
        lambda x: np.tile(np.stack([x[0], x[1, ::-1, ::-1]]), (30, 1, 1, 1)), rtol=1e-5),
    Case("CropAndResizeGradBoxes/ramp", lambda x, b: CropAndResizeGradBoxes.build(
        np.ones((1, 3, 3, 1), np.float32), x, b, [0]),
        (np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1),
         np.array([[0.1, 0.2, 0.7, 0.9]], np.float32)),
        # 9 pixels, each 3 * 4 (rows) or 3 * 1 (columns) per unit, half of it for either corner
        np.array([[54, 13.5, 54, 13.5]]), rtol=1e-5),
    Case("ExtractGlimpse/centered", glimpsed((3, 2)),
         (IMAGE, np.array([[0, 0], [0.3, -0.4]], np.float32)),
         np.stack([IMAGE[0, 1:4, 2:4], IMAGE[1, 1:4, 0:2]])),
    Case("ExtractGlimpse/pixels", glimpsed((2, 2), centered=False, normalized=False),
         (IMAGE, np.array([[1, 1], [3, 5]], np.float32)),
         np.stack([IMAGE[0, 0:2, 0:2], IMAGE[1, 2:4, 4:6]])),
    Case("ExtractGlimpse/noise", glimpsed((4, 4), centered=False, normalized=False),
         (np.stack([np.full((3, 3, 1), 0.25), np.full((3, 3, 1), -1.0)]).astype(np.float32),
          np.array([[0, 0], [9, 9]], np.float32)),
         np.stack([np.full((4, 4, 1), 0.25), np.full((4, 4, 1), -1.0)])),
    Case("SampleDistortedBoundingBoxV2/covers", lambda size, box: list(
        fg.image.sample_distorted_bounding_box(size, box, seed=3, min_object_covered=0.6)),
        (np.array([40, 60, 3], np.int32), np.array([[[0.25, 0.25, 0.75, 0.75]]], np.float32)),
        check=check_random_box),
    # What TensorFlow draws with these seeds.
    Case("SampleDistortedBoundingBoxV2/seeded", lambda size, box: list(
        fg.image.sample_distorted_bounding_box(size, box, seed=1, min_object_covered=0.5))[:2],
        (np.array([40, 60, 3], np.int32), np.array([[[0.2, 0.2, 0.8, 0.8]]], np.float32)),
        [np.array([2, 19, 0]), np.array([26, 32, -1])]),
]

BAD = [
    BadCase("NonMaxSuppressionV3/counts", lambda: fg.image.non_max_suppression(
        SIX, SCORES[:3], 3), ValueError, ("one score for each box",)),
    BadCase("NonMaxSuppressionV3/threshold", lambda b: fg.image.non_max_suppression(
        b, SCORES, 3, 1.5), InvalidArgumentError, ("[0, 1]",), (SIX,), "run"),
    BadCase("NonMaxSuppressionV4/boxes", lambda: fg.image.non_max_suppression_padded(
        SIX[:, :3], SCORES, 3), ValueError, ("(6, 3)",)),
    BadCase("NonMaxSuppressionV5/sigma", lambda b: fg.image.non_max_suppression_with_scores(
        b, SCORES, 3, soft_nms_sigma=-1.0), InvalidArgumentError, ("sigma",), (SIX,), "run"),
    BadCase("NonMaxSuppressionWithOverlaps/square", lambda: fg.image.non_max_suppression_overlaps(
        OVERLAPS[:, :3], SCORES, 3), ValueError, ("(6, 3)",)),
    BadCase("CombinedNonMaxSuppression/total", lambda: fg.image.combined_non_max_suppression(
        SIX[None, :, None], SCORES[None, :, None], 2, 0), ValueError, ("max_total_size",)),
    BadCase("DrawBoundingBoxes/channels", lambda: fg.image.draw_bounding_boxes(
        IMAGE, BOXES[None]), ValueError, ("1, 3 or 4",)),
    BadCase("DrawBoundingBoxesV2/colors", lambda x: fg.image.draw_bounding_boxes(
        x, BOXES[None], colors=[[1.0]]), InvalidArgumentError, ("colors",), (DRAWN[:1],), "run"),
    BadCase("CropAndResize/method", lambda: crops((2, 2), method="cubic")(IMAGE), ValueError,
            ("cubic",)),
    BadCase("CropAndResize/which", lambda x: fg.image.crop_and_resize(x, BOXES, [0, 1, 2], [2, 2]),
            OutOfRangeError, ("batch_size",), (IMAGE,), "run"),
    BadCase("ExtractGlimpse/offsets", lambda: fg.image.extract_glimpse(IMAGE, [2, 2], [[0.0]]),
            ValueError, ("offsets (batch, 2)",)),
    BadCase("SampleDistortedBoundingBoxV2/no_boxes", lambda box:
            fg.image.sample_distorted_bounding_box([4, 4, 3], box).begin, InvalidArgumentError,
        ("use_image_if_no_bounding_boxes",), (np.zeros((1, 0, 4), np.float32),), "run"),
]
