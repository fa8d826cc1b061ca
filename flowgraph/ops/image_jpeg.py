"""Images with the blemishes of JPEG files: written with a quality, and read again."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, op_def
from flowgraph.ops.image_codecs import DecodeJpeg, EncodeJpeg
from flowgraph.ops.image_dtype import convert_image_dtype
from flowgraph.ops.random_ops import random_uniform


class EncodeJpegVariableQuality(OpDef):
    """A JPEG file of each image, of a quality that is computed."""

    dtypes = {"images": dt.DTypeSet("uint8", (dt.uint8,)),
              "quality": dt.DTypeSet("int32", (dt.int32,))}
    host_inputs = ("quality",)
    host_only = EncodeJpeg.host_only
    grad = NotDifferentiable

    def infer(self, images, quality):
        shape_rules.require_rank(images, 3, "an image")
        shape_rules.require_rank(quality, 0, "a quality")
        return Spec(dt.string, ())

    def kernel(self, xp, images, quality):
        return op_def("EncodeJpeg").kernel(xp, images, quality=quality)


def adjust_jpeg_quality(image, jpeg_quality, name=None):
    """Gives an image the blemishes of a JPEG file.

    Args:
        image: tensor [height, width, channels] of an integer or floating dtype, 1 or 3 channels.
        jpeg_quality: int of [0, 100], or int32 scalar tensor; the lower the worse.
        name: name scope.

    Returns:
        A tensor of the image's dtype; its static shape tells the channels.

    Raises:
        InvalidArgumentError: the quality is not in [0, 100], or there are not 1 or 3 channels (at
            run).

    Example:
        >>> import flowgraph as fg
        >>> white = fg.ones([8, 8, 3])
        >>> print(fg.Session().run(fg.image.adjust_jpeg_quality(white, 50)).min())
        1.0
    """
    with name_scope(name, "adjust_jpeg_quality", [image]):
        image = convert_to_tensor(image, name="image")
        channels = None if not image.spec.shape else image.spec.shape[-1]
        pixels = convert_image_dtype(image, dt.uint8, saturate=True)
        file = EncodeJpegVariableQuality.build(
            pixels, convert_to_tensor(jpeg_quality, dt.int32, name="quality"))
        return convert_image_dtype(DecodeJpeg.build(file, channels=channels or 0), image.dtype,
                                   saturate=True)


def random_jpeg_quality(image, min_jpeg_quality, max_jpeg_quality, seed=None):
    """Gives an image the blemishes of a JPEG file of random quality.

    Args:
        image: tensor [height, width, channels] of an integer or floating dtype, 1 or 3 channels.
        min_jpeg_quality: int of [0, 100], the least quality.
        max_jpeg_quality: int of [0, 100], the bound that the quality does not reach.
        seed: int, for the same qualities in every session.

    Returns:
        A tensor of the image's dtype.

    Raises:
        ValueError: not 0 <= min_jpeg_quality < max_jpeg_quality <= 100.

    Example:
        >>> import flowgraph as fg
        >>> fg.image.random_jpeg_quality(fg.ones([8, 8, 3]), 50, 90).dtype
        tf.float32
    """
    if not (0 <= min_jpeg_quality <= 100 and 0 <= max_jpeg_quality <= 100):
        raise ValueError(located("jpeg encoding range must be between 0 and 100, got "
                                 f"{min_jpeg_quality} and {max_jpeg_quality}"))
    if min_jpeg_quality >= max_jpeg_quality:
        raise ValueError(located("min_jpeg_quality must be below max_jpeg_quality, got "
                                 f"{min_jpeg_quality} and {max_jpeg_quality}"))
    quality = random_uniform([], min_jpeg_quality, max_jpeg_quality, seed=seed, dtype=dt.int32)
    return adjust_jpeg_quality(image, quality)
