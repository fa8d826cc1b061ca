"""A random box that still shows enough of an object: tf.image.sample_distorted_bounding_box."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.opdef import shape_rules
from flowgraph.ops import philox
from flowgraph.ops.random_ops import RandomOp, node_seeds

_F = np.float32
_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))
_MORE_WORDS = 256

DistortedBox = namedtuple("DistortedBox", ("begin", "size", "bboxes"))


class SampleDistortedBoundingBoxV2(RandomOp):
    """(begin, size, box) of a random part of an image of `image_size`."""

    T = dt.DTypeSet("uint8, int8, int16, int32 or int64",
                    (dt.int32, dt.int64, dt.uint8, dt.int8, dt.int16))
    dtypes = {"bounding_boxes": _FLOAT32, "min_object_covered": _FLOAT32}
    host_only = "boxes are drawn one by one until one fits"
    multiple = True

    def infer(self, image_size, bounding_boxes, min_object_covered, *, seed=0, seed2=0,
              aspect_ratio_range=(0.75, 1.33), area_range=(0.05, 1.0), max_attempts=100,
              use_image_if_no_bounding_boxes=False):
        shape_rules.require_rank(image_size, 1, "an image size")
        shape_rules.require_rank(bounding_boxes, 3, "bounding boxes")
        shape_rules.require_rank(min_object_covered, 0, "min_object_covered")
        if not shapes.compatible(image_size.shape, (3,)) or not shapes.compatible(
                bounding_boxes.shape, (None, None, 4)):
            raise ShapeError("needs an image size (3,) and boxes (batch, boxes, 4), got "
                             f"{shape_text(image_size.shape)} and "
                             f"{shape_text(bounding_boxes.shape)}")
        return (Spec(image_size.dtype, (3,)), Spec(image_size.dtype, (3,)),
                Spec(dt.float32, (1, 1, 4)))

    def kernel(self, xp, image_size, bounding_boxes, min_object_covered, *, seed=0, seed2=0,
               aspect_ratio_range=(0.75, 1.33), area_range=(0.05, 1.0), max_attempts=100,
               use_image_if_no_bounding_boxes=False, state):
        if image_size.shape != (3,) or bounding_boxes.shape[2] != 4:
            raise InvalidArgumentError(None, None, "image_size must contain 3 elements, a box 4, "
                                       f"got {image_size.shape} and {bounding_boxes.shape}")
        height, width, _ = image_size.tolist()
        _check(float(min_object_covered), aspect_ratio_range, area_range, max_attempts)
        objects = _rectangles(bounding_boxes, height, width)
        if not objects:
            if not use_image_if_no_bounding_boxes:
                raise InvalidArgumentError(
                    None, None, "No bounding boxes provided as input. One must enable "
                    "use_image_if_no_bounding_boxes if you wish to not provide any bounding boxes.")
            objects = [(0, 0, height, width)]
        words = _Words(state.take(max_attempts))
        low, high = (_F(r) for r in aspect_ratio_range)
        crop = (0, 0, height, width)
        for _ in range(max_attempts):
            ratio = words.real() * (high - low) + low
            found = _random_crop(words, height, width, *(_F(a) for a in area_range), ratio)
            if found and any(_covers(found, box, _F(min_object_covered)) for box in objects):
                crop = found
                break
        top, left, bottom, right = crop
        sizes = _F(height), _F(width), _F(height), _F(width)
        box = np.array([[[_F(c) / n for c, n in zip(crop, sizes, strict=True)]]], np.float32)
        return (np.array([top, left, 0]).astype(image_size.dtype),
                np.array([bottom - top, right - left, -1]).astype(image_size.dtype), box)


def _check(covered, aspect_ratio_range, area_range, max_attempts):
    for wrong, problem in (
            (covered < 0, f"Min object covered must be non-negative: {covered}"),
            (len(aspect_ratio_range) != 2 or min(aspect_ratio_range) <= 0,
             f"aspect_ratio_range must be 2 numbers above 0: {list(aspect_ratio_range)}"),
            (len(area_range) != 2 or min(area_range) <= 0 or max(area_range) > 1,
             f"area_range must be 2 numbers of (0, 1]: {list(area_range)}"),
            (max_attempts <= 0, f"max_attempts must be above 0: {max_attempts}")):
        if wrong:
            raise InvalidArgumentError(None, None, problem)


def _rectangles(boxes, height, width):
    """(top, left, bottom, right) in pixels of each box."""
    boxes = boxes.reshape(-1, 4)
    if not bool(((boxes >= 0) & (boxes <= 1)).all()):
        raise InvalidArgumentError(None, None, "All bounding box coordinates must be in [0.0, 1.0]")
    scale = np.array([height, width, height, width], np.float32)
    return [tuple(box) for box in (boxes * scale).astype(np.int32).tolist()]


def _area(box):
    return _F((box[2] - box[0]) * (box[3] - box[1]))


def _covers(crop, box, least):
    """Whether the crop shows at least that part of the box; both hold a pixel or more."""
    if _area(crop) < 1 or _area(box) < 1:
        return False
    common = (max(crop[0], box[0]), max(crop[1], box[1]), min(crop[2], box[2]),
              min(crop[3], box[3]))
    inside = common[0] <= common[2] and common[1] <= common[3]
    return (_area(common) if inside else _F(0)) / _area(box) >= least


class _Words:
    """32-bit words of a Philox stream one after the other, as TensorFlow's kernel draws them."""

    def __init__(self, state):
        self.state, self.words, self.used = state, [], 0

    def word(self):
        """The next word."""
        if self.used == len(self.words):
            self.words = philox.bits(np, self.state, len(self.words) + _MORE_WORDS).tolist()
        self.used += 1
        return self.words[self.used - 1]

    def real(self):
        """A float32 of [0, 1)."""
        return _F(self.word() & 0x7FFFFF) * _F(2 ** -23)

    def below(self, n):
        """An int of [0, n), all equally likely: words that would favour some are dropped."""
        if n & (n - 1) == 0:
            return self.word() & max(n - 1, 0)
        least = 0xFFFFFFFF % n + 1
        word = self.word()
        while word < least:
            word = self.word()
        return word % n


def _random_crop(words, height, width, least, most, ratio):
    """A random (top, left, bottom, right) with an area of [least, most] of the image and
    width / height = ratio; None when rounding to pixels breaks these bounds.

    Every step in float32 with halves to even: the numbers decide how many words are drawn.
    """
    if most <= 0 or ratio <= 0 or width <= 0 or height <= 0 or least > most:
        return None

    def rounded(x):
        return int(np.rint(_F(x)))

    smallest, largest = (share * _F(width) * _F(height) for share in (least, most))
    tall = rounded(np.sqrt(smallest / ratio))
    limit = rounded(np.sqrt(largest / ratio))
    if rounded(_F(limit) * ratio) > width:
        limit = int((width + 0.5 - float(_F(0.0000001))) / float(ratio))
    limit = min(limit, height)
    tall = min(tall, limit)
    if tall < limit:
        tall += words.below(limit - tall + 1)
    wide = rounded(_F(tall) * ratio)
    if _F(wide * tall) < smallest:
        tall += 1
        wide = rounded(_F(tall) * ratio)
    if _F(wide * tall) > largest:
        tall -= 1
        wide = rounded(_F(tall) * ratio)
    if not smallest <= _F(wide * tall) <= largest or not 0 < wide <= width or not (
            0 < tall <= height):
        return None
    top = words.below(height - tall) if tall < height else 0
    left = words.below(width - wide) if wide < width else 0
    return top, left, top + tall, left + wide


def sample_distorted_bounding_box(image_size, bounding_boxes, seed=None, seed2=None,
                                  min_object_covered=0.1, aspect_ratio_range=None,
                                  area_range=None, max_attempts=None,
                                  use_image_if_no_bounding_boxes=None, name=None):
    """Draws a random part of an image that shows enough of one of the objects in it.

    Args:
        image_size: integer tensor of 3 elements: height, width and channels.
        bounding_boxes: float32 tensor [batch, boxes, 4]: (y_min, x_min, y_max, x_max) of each
            object, as parts of height and width.
        seed: int, for the same boxes in every session.
        seed2: a second int for it.
        min_object_covered: float32 scalar, the least part of one of the objects that is shown.
        aspect_ratio_range: two floats, bounds of width / height; default (0.75, 1.33).
        area_range: two floats, bounds of the part's area; default (0.05, 1).
        max_attempts: int, how often to try before the whole image is taken; default 100.
        use_image_if_no_bounding_boxes: whether the whole image stands for the object when there
            are no boxes; else that is an error.
        name: name scope.

    Returns:
        A named tuple (begin, size, bboxes): `tf.slice(image, begin, size)` cuts the part out;
        `bboxes` [1, 1, 4] shows it with `tf.image.draw_bounding_boxes`.

    Raises:
        ValueError: the shapes do not go together.
        InvalidArgumentError: there are no boxes, or one is not in [0, 1] (at run).

    Example:
        >>> import flowgraph as fg
        >>> box = fg.image.sample_distorted_bounding_box([40, 60, 3], [[[0.2, 0.2, 0.8, 0.8]]],
        ...                                              seed=1, min_object_covered=0.5)
        >>> begin, size = fg.Session().run([box.begin, box.size])
        >>> begin.tolist(), size.tolist()
        ([2, 19, 0], [26, 32, -1])
    """
    with name_scope(name, "sample_distorted_bounding_box"):
        seeds = {"seed": seed or 0, "seed2": seed2 or 0}
        if not any(seeds.values()) and get_default_graph().seed is not None:
            seeds = node_seeds(None, "SampleDistortedBoundingBoxV2")
        given = {"aspect_ratio_range": aspect_ratio_range, "area_range": area_range,
                 "max_attempts": max_attempts,
                 "use_image_if_no_bounding_boxes": use_image_if_no_bounding_boxes}
        given = {key: tuple(value) if key.endswith("range") else value
                 for key, value in given.items() if value is not None}
        return DistortedBox(*SampleDistortedBoundingBoxV2.build(
            image_size, bounding_boxes, min_object_covered, name=name, **seeds, **given))
