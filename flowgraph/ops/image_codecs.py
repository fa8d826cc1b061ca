"""Images as files: decode_image and its like, encode_png, encode_jpeg."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import DTypeError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known
from flowgraph.ops import image_formats as formats
from flowgraph.ops.compare import Equal
from flowgraph.ops.string_elements import invalid, strings
from flowgraph.ops.strings import substr

_ON_HOST = "image files are read by Python libraries"


def _image_spec(contents, channels, dtype=dt.uint8):
    shape_rules.require_rank(contents, 0, "contents")
    if channels < 0:
        raise ShapeError(f"needs channels >= 0, got {channels}")
    return Spec(dtype, (None, None, channels or None))


def _file(contents):
    if contents.ndim:
        raise invalid(f"contents must be scalar, got shape {shape_text(contents.shape)}")
    return contents.item()


def _single(contents, channels, dtype="uint8", ratio=1, recover=False):
    """The pixels of a PNG or JPEG file, or of a GIF with one frame; `dtype` is for PNG."""
    file = _file(contents)
    kind = formats.format_of(file)
    if kind == formats.PNG:
        return formats.read_png(file, channels, dtype)
    if kind == formats.JPEG:
        pixels = formats.read_jpeg(file, channels, ratio, recover)
    elif kind == formats.BMP:
        raise invalid("Trying to decode BMP format using a wrong op. Use `decode_bmp` or "
                      "`decode_image` instead.")
    else:
        frames = formats.read_gif(file)
        if len(frames) > 1:
            raise invalid(f"Got {len(frames)} frames, but animated gifs can only be decoded by "
                          "tf.io.decode_gif or tf.io.decode_image")
        if channels not in (0, 3):
            raise invalid(f"channels must be 0 or 3 for GIF images, got {channels}")
        pixels = frames[0]
    return pixels if dtype == "uint8" else pixels.astype(np.uint16) * np.uint16(257)


class DecodePng(OpDef):
    """The pixels of a PNG file."""

    T = dt.STRING
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, contents, *, channels=0, dtype=dt.uint8):
        if dtype not in (dt.uint8, dt.uint16):
            raise DTypeError(f"cannot decode into {dtype.name}", "It takes uint8 or uint16.")
        return _image_spec(contents, channels, dtype)

    def kernel(self, xp, contents, *, channels=0, dtype=dt.uint8):
        return _single(contents, channels, dtype.name)


def decode_png(contents, channels=0, dtype=dt.uint8, name=None):
    """Reads a PNG image (needs Pillow, extra `images`).

    Args:
        contents: scalar string, the file.
        channels: 1, 3 or 4; 0 for as many as the file has.
        dtype: uint8 or uint16.
        name: name of the node.

    Returns:
        A tensor [height, width, channels] of `dtype`.

    Raises:
        InvalidArgumentError: when run, if the file is damaged.

    Example:
        >>> import flowgraph as fg
        >>> file = fg.image.encode_png(fg.constant([[[1], [2]]], fg.uint8))
        >>> fg.Session().run(fg.image.decode_png(file))[:, :, 0]
        array([[1, 2]], dtype=uint8)
    """
    return DecodePng.build(contents, channels=channels or 0, dtype=dt.as_dtype(dtype), name=name)


class DecodeJpeg(OpDef):
    """The pixels of a JPEG file."""

    T = dt.STRING
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, contents, *, channels=0, ratio=1, fancy_upscaling=True,
              try_recover_truncated=False, acceptable_fraction=1.0, dct_method=""):
        return _image_spec(contents, channels)

    def kernel(self, xp, contents, *, channels=0, ratio=1, fancy_upscaling=True,
               try_recover_truncated=False, acceptable_fraction=1.0, dct_method=""):
        return _single(contents, channels, "uint8", _checked_ratio(ratio), try_recover_truncated)


def _checked_ratio(ratio):
    if ratio not in (1, 2, 4, 8):
        raise invalid(f"ratio must be 1, 2, 4, or 8, got {ratio}")
    return ratio


def decode_jpeg(contents, channels=0, ratio=1, fancy_upscaling=True, try_recover_truncated=False,
                acceptable_fraction=1, dct_method="", name=None):
    """Reads a JPEG image (needs Pillow, extra `images`).

    Args:
        contents: scalar string, the file.
        channels: 1 or 3; 0 for as many as the file has.
        ratio: 1, 2, 4 or 8: the image is made so many times smaller.
        fancy_upscaling: accepted; colours are always upscaled smoothly.
        try_recover_truncated: whether a file that is cut off is read as far as it goes.
        acceptable_fraction: accepted.
        dct_method: accepted; the exact integer method is used.
        name: name of the node.

    Returns:
        A uint8 tensor [height, width, channels].

    Raises:
        InvalidArgumentError: when run, if the file is damaged.

    Example:
        >>> import flowgraph as fg
        >>> file = fg.image.encode_jpeg(fg.fill([8, 16, 3], fg.constant(7, fg.uint8)))
        >>> fg.Session().run(fg.image.decode_jpeg(file)).shape
        (8, 16, 3)
    """
    return DecodeJpeg.build(contents, channels=channels or 0, ratio=ratio, name=name,
                            fancy_upscaling=bool(fancy_upscaling), dct_method=dct_method,
                            try_recover_truncated=bool(try_recover_truncated),
                            acceptable_fraction=float(acceptable_fraction))


class DecodeAndCropJpeg(OpDef):
    """The pixels in a window of a JPEG file."""

    dtypes = {"contents": dt.STRING, "crop_window": dt.DTypeSet("int32", (dt.int32,))}
    host_inputs = ("crop_window",)
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, contents, crop_window, *, channels=0, ratio=1, fancy_upscaling=True,
              try_recover_truncated=False, acceptable_fraction=1.0, dct_method=""):
        shape_rules.require_rank(crop_window, 1, "crop_window")
        if crop_window.shape is not None and crop_window.shape[0] not in (None, 4):
            raise ShapeError(f"needs a crop_window of 4 numbers, got {crop_window.shape[0]}")
        spec = _image_spec(contents, channels)
        window = crop_window.value
        return Spec(dt.uint8, (*window[2:], spec.shape[2])) if is_known(window) else spec

    def kernel(self, xp, contents, crop_window, *, channels=0, ratio=1, fancy_upscaling=True,
               try_recover_truncated=False, acceptable_fraction=1.0, dct_method=""):
        file = _file(contents)
        if not file.startswith(formats.JPEG):
            raise invalid("DecodeAndCropJpeg operation can run on JPEG only")
        pixels = formats.read_jpeg(file, channels, _checked_ratio(ratio), try_recover_truncated)
        top, left, height, width = crop_window
        if min(top, left) < 0 or min(height, width) <= 0 or top + height > pixels.shape[0] \
                or left + width > pixels.shape[1]:
            raise invalid(f"Invalid JPEG data or crop window: {crop_window} in an image of "
                          f"{shape_text(pixels.shape)}")
        return pixels[top:top + height, left:left + width].copy()


def decode_and_crop_jpeg(contents, crop_window, channels=0, ratio=1, fancy_upscaling=True,
                         try_recover_truncated=False, acceptable_fraction=1, dct_method="",
                         name=None):
    """Reads a window of a JPEG image (needs Pillow, extra `images`).

    Args:
        contents: scalar string, the file.
        crop_window: int32 vector: first row, first column, height, width.
        channels: 1 or 3; 0 for as many as the file has.
        ratio: 1, 2, 4 or 8: the image is made so many times smaller before it is cut.
        fancy_upscaling: accepted; colours are always upscaled smoothly.
        try_recover_truncated: whether a file that is cut off is read as far as it goes.
        acceptable_fraction: accepted.
        dct_method: accepted.
        name: name of the node.

    Returns:
        A uint8 tensor [height, width, channels].

    Example:
        >>> import flowgraph as fg
        >>> file = fg.image.encode_jpeg(fg.fill([8, 16, 3], fg.constant(7, fg.uint8)))
        >>> fg.Session().run(fg.image.decode_and_crop_jpeg(file, [0, 4, 5, 6])).shape
        (5, 6, 3)
    """
    return DecodeAndCropJpeg.build(contents, crop_window, channels=channels or 0, ratio=ratio,
                                   fancy_upscaling=bool(fancy_upscaling), dct_method=dct_method,
                                   try_recover_truncated=bool(try_recover_truncated),
                                   acceptable_fraction=float(acceptable_fraction), name=name)


class DecodeGif(OpDef):
    """The frames of a GIF file."""

    T = dt.STRING
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, contents):
        shape_rules.require_rank(contents, 0, "contents")
        return Spec(dt.uint8, (None, None, None, 3))

    def kernel(self, xp, contents):
        file = _file(contents)
        if formats.format_of(file) != formats.GIF:
            return _single(contents, 3)[None]
        return formats.read_gif(file)


def decode_gif(contents, name=None):
    """Reads the frames of a GIF image (needs Pillow, extra `images`).

    Args:
        contents: scalar string, the file.
        name: name of the node.

    Returns:
        A uint8 tensor [frames, height, width, 3].

    Raises:
        InvalidArgumentError: when run, if the file is damaged.

    Example:
        >>> import flowgraph as fg
        >>> fg.image.decode_gif(fg.placeholder(fg.string, [])).shape.as_list()
        [None, None, None, 3]
    """
    return DecodeGif.build(contents, name=name)


class DecodeBmp(OpDef):
    """The pixels of a BMP file."""

    T = dt.STRING
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, contents, *, channels=0):
        return _image_spec(contents, channels)

    def kernel(self, xp, contents, *, channels=0):
        return formats.read_bmp(_file(contents), channels)


def decode_bmp(contents, channels=0, name=None):
    """Reads a BMP image.

    Args:
        contents: scalar string, the file.
        channels: 1, 3 or 4, which must be what the file has; or 0.
        name: name of the node.

    Returns:
        A uint8 tensor [height, width, channels].

    Raises:
        InvalidArgumentError: when run, if the file is damaged or has other channels.

    Example:
        >>> import flowgraph as fg
        >>> fg.image.decode_bmp(fg.placeholder(fg.string, []), channels=3).shape.as_list()
        [None, None, 3]
    """
    return DecodeBmp.build(contents, channels=channels or 0, name=name)


class DecodeImage(OpDef):
    """The pixels of a JPEG, PNG, GIF or BMP file."""

    T = dt.STRING
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, contents, *, channels=0, dtype=dt.uint8, expand_animations=True):
        spec = _image_spec(contents, channels, dtype)
        return Spec(dtype, None) if expand_animations else spec

    def kernel(self, xp, contents, *, channels=0, dtype=dt.uint8, expand_animations=True):
        file = _file(contents)
        deep = "uint8" if dtype is dt.uint8 else "uint16"
        kind = formats.format_of(file)
        if kind == formats.GIF:
            if channels not in (0, 3):
                raise invalid("Channels must be in (None, 0, 3) when decoding GIF images")
            frames = formats.read_gif(file)
            return _as_dtype(frames if expand_animations else frames[0], dtype)
        if kind == formats.PNG:
            return _as_dtype(formats.read_png(file, channels, deep), dtype)
        if kind == formats.BMP:
            return _as_dtype(formats.read_bmp(file, channels), dtype)
        return _as_dtype(_single(contents, channels), dtype)


def _as_dtype(pixels, dtype):
    """Pixels as another dtype, its range filled as `convert_image_dtype` does."""
    if pixels.dtype == dtype.numpy:
        return pixels
    if dtype.is_floating:
        return (pixels * dtype.numpy.type(1 / np.iinfo(pixels.dtype).max)).astype(dtype.numpy)
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(dtype.numpy)
    return pixels.astype(dtype.numpy) * dtype.numpy.type(256)


def decode_image(contents, channels=None, dtype=dt.uint8, name=None, expand_animations=True):
    """Reads a JPEG, PNG, GIF or BMP image (needs Pillow, extra `images`).

    Args:
        contents: scalar string, the file.
        channels: 1, 3 or 4, as far as the format knows them; 0 or None for as many as the file has.
        dtype: uint8, uint16, or a floating dtype, whose range is [0, 1].
        name: name of the node.
        expand_animations: whether a GIF gives all its frames, [frames, height, width, 3]; False
            for the first one.

    Returns:
        A tensor [height, width, channels] of `dtype`. Its static rank is unknown unless
        `expand_animations` is False.

    Raises:
        InvalidArgumentError: when run, if the file is damaged or of another format.

    Example:
        >>> import flowgraph as fg
        >>> file = fg.image.encode_png(fg.constant([[[255], [0]]], fg.uint8))
        >>> fg.Session().run(fg.image.decode_image(file, dtype=fg.float32))[:, :, 0]
        array([[1., 0.]], dtype=float32)
    """
    dtype = dt.as_dtype(dtype)
    if channels not in (None, 0, 1, 3, 4):
        raise ValueError(located(f"channels must be in (None, 0, 1, 3, 4), got {channels!r}"))
    if dtype not in (dt.uint8, dt.uint16, dt.float16, dt.float32, dt.float64):
        raise DTypeError(located(f"decode_image cannot make {dtype.name}; it makes uint8, uint16 "
                                 "and floating dtypes", section="dtype-error"))
    return DecodeImage.build(contents, channels=channels or 0, dtype=dtype,
                             expand_animations=bool(expand_animations), name=name)


class ExtractJpegShape(OpDef):
    """Height, width and channels of a JPEG file, from its header."""

    T = dt.STRING
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, contents, *, output_type=dt.int32):
        shape_rules.require_rank(contents, 0, "contents")
        if output_type not in (dt.int32, dt.int64):
            raise DTypeError(f"cannot give sizes as {output_type.name}", "Take int32 or int64.")
        return Spec(output_type, (3,))

    def kernel(self, xp, contents, *, output_type=dt.int32):
        return xp.array(formats.jpeg_shape(_file(contents)), output_type.numpy)


def extract_jpeg_shape(contents, output_type=dt.int32, name=None):
    """Reads the size of a JPEG image without decoding it.

    Args:
        contents: scalar string, the file.
        output_type: int32 or int64.
        name: name of the node.

    Returns:
        A vector: height, width, channels.

    Example:
        >>> import flowgraph as fg
        >>> file = fg.image.encode_jpeg(fg.fill([8, 16, 3], fg.constant(7, fg.uint8)))
        >>> fg.Session().run(fg.image.extract_jpeg_shape(file))
        array([ 8, 16,  3], dtype=int32)
    """
    return ExtractJpegShape.build(contents, output_type=dt.as_dtype(output_type), name=name)


def is_jpeg(contents, name=None):
    """Says whether a file is a JPEG image, by its first bytes.

    Args:
        contents: string tensor, files.
        name: name of the scope.

    Returns:
        A bool tensor of the same shape.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.image.is_jpeg("GIF89a")))
        False
    """
    with name_scope(name, "is_jpeg"):
        return Equal.build(substr(contents, 0, 3), formats.JPEG, name="Equal")


# ---- encoding ------------------------------------------------------------------------------------


class EncodePng(OpDef):
    """A PNG file of an image."""

    T = dt.DTypeSet("uint8 or uint16", (dt.uint8, dt.uint16))
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, image, *, compression=-1):
        shape_rules.require_rank(image, 3, "an image")
        return Spec(dt.string, ())

    def kernel(self, xp, image, *, compression=-1):
        if image.ndim != 3 or not 1 <= image.shape[2] <= 4 or 0 in image.shape:
            raise invalid("image must be 3-dimensional, not empty, with 1 to 4 channels, got "
                          f"{shape_text(image.shape)}")
        if not -1 <= compression <= 9:
            raise invalid(f"compression should be in [-1,9], got {compression}")
        return strings([formats.write_png(image, compression)], ())


def encode_png(image, compression=-1, name=None):
    """Writes an image as a PNG file.

    Args:
        image: uint8 or uint16 tensor [height, width, channels]; 1 channel is gray, 2 gray with
            alpha, 3 RGB, 4 RGB with alpha.
        compression: 0 to 9, from fast to small; -1 for the middle.
        name: name of the node.

    Returns:
        A scalar string tensor.

    Example:
        >>> import flowgraph as fg
        >>> file = fg.image.encode_png(fg.zeros([2, 2, 3], fg.uint8))
        >>> fg.Session().run(file)[:4]
        b'\\x89PNG'
    """
    return EncodePng.build(image, compression=int(compression), name=name)


class EncodeJpeg(OpDef):
    """A JPEG file of an image."""

    T = dt.DTypeSet("uint8", (dt.uint8,))
    host_only = _ON_HOST
    grad = NotDifferentiable

    def infer(self, image, *, format="", quality=95, progressive=False, optimize_size=False,
              chroma_downsampling=True, density_unit="in", x_density=300, y_density=300,
              xmp_metadata=b""):
        shape_rules.require_rank(image, 3, "an image")
        return Spec(dt.string, ())

    def kernel(self, xp, image, *, format="", quality=95, progressive=False, optimize_size=False,
               chroma_downsampling=True, density_unit="in", x_density=300, y_density=300,
               xmp_metadata=b""):
        _check_jpeg(image, format, quality)
        per_inch = 1.0 if density_unit == "in" else 2.54
        return strings([formats.write_jpeg(
            image, quality=quality, progressive=progressive, optimize=optimize_size,
            subsampling=2 if chroma_downsampling else 0,
            dpi=(round(x_density * per_inch), round(y_density * per_inch)), xmp=xmp_metadata)], ())


def _check_jpeg(image, format, quality):
    wanted = {"": (1, 3), "grayscale": (1,), "rgb": (3,)}.get(format)
    if wanted is None:
        raise invalid(f"format must be '', grayscale or rgb, got {format}")
    if image.ndim != 3 or image.shape[2] not in wanted or 0 in image.shape:
        raise invalid(f"image must be 3-dimensional, not empty, with {wanted} channels, got "
                      f"{shape_text(image.shape)}")
    if not 0 <= quality <= 100:
        raise invalid(f"quality must be in [0,100], got {quality}")


def encode_jpeg(image, format="", quality=95, progressive=False, optimize_size=False,
                chroma_downsampling=True, density_unit="in", x_density=300, y_density=300,
                xmp_metadata="", name=None):
    """Writes an image as a JPEG file (needs Pillow, extra `images`).

    Args:
        image: uint8 tensor [height, width, 1 or 3].
        format: "grayscale", "rgb", or "" for what the channels say.
        quality: 0 to 100.
        progressive: whether the file shows coarsely before it is there completely.
        optimize_size: whether time is taken to make the file smaller.
        chroma_downsampling: whether colours are kept at half the resolution.
        density_unit: "in" or "cm", the unit of the next two.
        x_density: pixels per unit across.
        y_density: pixels per unit down.
        xmp_metadata: XMP text to put into the file.
        name: name of the node.

    Returns:
        A scalar string tensor.

    Example:
        >>> import flowgraph as fg
        >>> file = fg.image.encode_jpeg(fg.zeros([2, 2, 3], fg.uint8))
        >>> fg.Session().run(file)[:3]
        b'\\xff\\xd8\\xff'
    """
    xmp = xmp_metadata.encode() if isinstance(xmp_metadata, str) else xmp_metadata
    return EncodeJpeg.build(image, format=format, quality=int(quality),
                            progressive=bool(progressive), optimize_size=bool(optimize_size),
                            chroma_downsampling=bool(chroma_downsampling),
                            density_unit=density_unit, x_density=int(x_density),
                            y_density=int(y_density), xmp_metadata=xmp, name=name)
